"""Chromium measures what it is given, asks nobody, and is replaced when it goes wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from newsroom.errors import Refused
from scraper.frontpage import browser as browsers
from scraper.frontpage import page
from scraper.frontpage.browser import Browser, Document, find
from scraper.frontpage.links import Entry
from scraper.frontpage.page import Front
from scraper.outlets.registry import Outlet

Stories = Callable[..., str]


def document(body: str) -> Document:
    return Document(
        url="https://gull.test/", content_type="text/html; charset=utf-8", body=body.encode()
    )


def read(
    browser: Browser, outlet: Outlet, body: str, sheets: dict[str, bytes] | None = None
) -> list[Entry]:
    captured = browser.lay_out(document(body), sheets or {})
    front = Front(body=body.encode(), url="https://gull.test/", content_type=None, outlet=outlet)
    return list(page.read(replace(front, captured=captured.answer)).entries)


def numbers(entries: list[Entry]) -> list[int]:
    return [int(e.canonical_url.split("number-")[1].split("-")[0]) for e in entries if e.rank]


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port on the inside, and who connected to it."""
    seen: list[object] = []
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                seen.append(server.accept()[1])
            except OSError:
                return

    thread = threading.Thread(target=accept)
    thread.start()
    yield server.getsockname()[1], seen
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_it_connects_to_nobody_and_runs_no_script(
    browser: Browser, outlet: Outlet, stories: Stories, listener: tuple[int, list[object]]
) -> None:
    port, seen = listener
    inside = f"http://127.0.0.1:{port}"
    body = f"""<!doctype html><link rel=preconnect href={inside}><link rel=dns-prefetch href={inside}>
    <link rel=prefetch href={inside}/a><link rel=preload as=script href={inside}/b><link rel=modulepreload href={inside}/c>
    <link rel=icon href={inside}/d><link rel=manifest href={inside}/e><link rel=stylesheet href={inside}/f.css>
    <meta http-equiv=refresh content="0;url={inside}/g"><style>@import url({inside}/h.css);
    @font-face{{font-family:x;src:url({inside}/i.woff2)}} body{{font-family:x;background:url({inside}/j.png)}}</style>
    <img src={inside}/k.png srcset="{inside}/l.png 2x"><iframe src={inside}/m></iframe><object data={inside}/n></object>
    <embed src={inside}/o><video src={inside}/p autoplay></video><audio src={inside}/q autoplay></audio>
    <script src={inside}/r.js></script><script>document.body.innerHTML = ""; fetch("{inside}/s")</script>
    <form action={inside}/t><input type=image src={inside}/u></form><svg><image href={inside}/v /></svg>
    {stories(1, 2)}"""
    captured = browser.lay_out(document(body), {})
    assert set(captured.wanted) == {f"{inside}/f.css", f"{inside}/h.css"}
    assert numbers(read(browser, outlet, body)) == [1, 2]
    assert not seen


def test_what_cannot_be_seen_is_not_on_the_page(
    browser: Browser, outlet: Outlet, stories: Stories
) -> None:
    hidden = (
        "display:none", "visibility:hidden", "opacity:0", "position:absolute;left:-9999px",
        "position:absolute;top:-5000px", "position:absolute;left:1e30px", "font-size:0",
        "position:absolute;width:1px;height:1px;overflow:hidden", "height:0;overflow:hidden",
        "transform:scale(0)",
    )  # fmt: skip
    body = stories(1) + "".join(
        f"<div style='{style}'>{stories(n)}</div>" for n, style in enumerate(hidden, start=50)
    )
    assert numbers(read(browser, outlet, f"<!doctype html>{body}{stories(2)}")) == [1, 2]


def test_hostile_styles_give_finite_places(
    browser: Browser, outlet: Outlet, stories: Stories
) -> None:
    styles = (
        "position:absolute;top:1e38px", "margin-top:calc(1e30px * 1e30)", "font-size:1e20px",
        "width:calc(1px / 0)", "transform:rotate(45deg) skew(80deg)", "zoom:1000", "line-height:1e9",
        "letter-spacing:-1e9px", "columns:1000", "position:fixed;inset:0",
    )  # fmt: skip
    body = "".join(
        f"<div style='{style}'>{stories(n)}</div>" for n, style in enumerate(styles, start=1)
    )
    entries = read(browser, outlet, f"<!doctype html>{stories(99)}{body}")
    assert 99 in numbers(entries)
    for entry in entries:
        assert entry.box is not None
        assert all(abs(v) < 1e9 for v in (entry.box.x, entry.box.y, entry.box.area**0.5))
        assert 0 < entry.score < 1e12


def test_stylesheets_that_were_fetched_decide(
    browser: Browser, outlet: Outlet, stories: Stories
) -> None:
    sheet = "https://cdn.gull.test/x.css"
    body = f"<!doctype html><link rel=stylesheet href={sheet}>{stories(1, tag='p')}{stories(2, tag='h4')}"
    plain = read(browser, outlet, body)
    assert numbers(read(browser, outlet, body, {sheet: b"h4 { font-size: 60px }"})) == [2, 1]
    assert numbers(plain) == [1, 2]
    assert browser.lay_out(document(body), {}).wanted == (sheet,)
    assert browser.lay_out(document(body), {sheet: b""}).wanted == ()


@pytest.mark.parametrize(
    ("program", "code"),
    [("/nonexistent/chromium", "browser-failed"), ("/bin/false", "browser-failed")],
)
def test_a_browser_that_does_not_start(program: str, code: str) -> None:
    with Browser(program, timeout_s=10.0) as broken, pytest.raises(Refused) as caught:
        broken.lay_out(document("<p>x"), {})
    assert caught.value.code == code


def test_a_browser_that_hangs_or_eats_memory_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Browser("/bin/sh", timeout_s=0.5) as slow:
        monkeypatch.setattr(browsers, "FLAGS", ("-c", "sleep 60"))
        with pytest.raises(Refused, match="in time") as caught:
            slow.lay_out(document("<p>x"), {})
    assert caught.value.code == "browser-timeout"
    eater = "x=$(head -c 60000000 /dev/zero | tr '\\0' x); sleep 60"
    monkeypatch.setattr(browsers, "FLAGS", ("-c", eater))
    monkeypatch.setattr(browsers, "MEMORY_BYTES", 40_000_000)
    with Browser("/bin/sh", timeout_s=60.0) as greedy, pytest.raises(Refused) as caught:
        greedy.lay_out(document("<p>x"), {})
    assert caught.value.code == "browser-memory"


def test_after_a_failure_the_next_page_gets_a_new_browser(
    browser: Browser, outlet: Outlet, stories: Stories
) -> None:
    browser._timeout_s, before = 0.0, browser._timeout_s
    with pytest.raises(Refused):
        browser.lay_out(document("<p>x"), {})
    browser._timeout_s = before
    assert numbers(read(browser, outlet, f"<!doctype html>{stories(1)}")) == [1]


def test_which_browser() -> None:
    assert find("off") is None
    assert find("/some/where") == "/some/where"
