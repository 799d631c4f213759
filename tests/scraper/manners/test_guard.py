from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import psutil
import pytest
import rawweb
from probing import ask
from twisted.internet.address import IPv4Address

from newsroom.errors import Refused
from scraper import job
from scraper import settings as scrapy_settings
from scraper.crawl import crawl
from scraper.manners import guard
from scraper.manners.guard import GuardedResolver, check_url, is_public

PUBLIC = [
    "8.8.8.8", "1.1.1.1", "93.184.215.14", "100.128.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1",
    "223.255.255.254", "2606:4700:4700::1111", "2001:4860:4860::8888", "2001:200::1", "2a00:1450::1",
    "64:ff9b::808:808", "2002:808:808::1", "2606:4700::5efe:808:808",
]  # fmt: skip
PRIVATE = [
    # IPv4: each block of the registry by its first, a middle or its last address
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
    "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.100",
    "192.0.0.171", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1",
    "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
    # IPv6: not hosts
    "::", "::1", "100::1", "100:0:0:1::1", "2001::1", "2001:1::1", "2001:2::1", "2001:3::1",
    "2001:4:112::1", "2001:10::1", "2001:20::1", "2001:30::1", "2001:db8::1", "2620:4f:8000::1",
    "3fff::1", "3fff:fff::1", "4000::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0",
    "2606:4700::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    # IPv6 around an IPv4 address: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "64:ff9b:1::808:808", "2002:7f00:1::",
    "2002:a00:1::", "2002:c0a8:101::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:a00:1", "fe80::5efe:7f00:1",
    # not addresses
    "not an address", "", "1.2.3", "0177.0.0.1", "8.8.8.8 ", "８.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.com/x", "data:text/html,x", "javascript:1", "//example.com/",
        "http://", "http:///x", "http://example.com:8080/", "https://example.com:22/", "http://a:b@example.com/",
        "http://example.com:99999/", "http://[::1/", "gopher://example.com/", "http://example.com/" + "a" * 2100,
        "http:/127.0.0.1/", "http:127.0.0.1", "http:\\\\127.0.0.1\\", "http://127.0.0.1/", "http://2130706433/",
        "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.0.1./", "http://[::1]/",
        "http://[::ffff:8.8.8.8]/", "http://[fe80::1%25eth0]/", "http://example.com@127.0.0.1/",
        "http://@example.com/", "http://:80/", "http://a:80:80/",
    ],
)  # fmt: skip
def test_addresses_that_may_not_be_asked(url: str) -> None:
    with pytest.raises(Refused) as caught:
        check_url(url)
    assert caught.value.code == "bad-url"


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://example.com:443/a?b=c", "http://EXAMPLE.com:80"]
)
def test_addresses_that_may(url: str) -> None:
    check_url(url)


class _Receiver:
    def __init__(self) -> None:
        self.addresses: list[tuple[str, int]] = []
        self.done = False

    def resolutionBegan(self, resolution: object) -> None:
        pass

    def addressResolved(self, address: IPv4Address) -> None:
        self.addresses.append((address.host, address.port))

    def resolutionComplete(self) -> None:
        self.done = True


class _Names:
    """A name server that answers something else each time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def resolveHostName(self, receiver, name, port=0, types=None, semantics="TCP"):  # type: ignore[no-untyped-def]
        receiver.resolutionBegan(None)
        for host in self.answers.pop(0):
            receiver.addressResolved(IPv4Address("TCP", host, port))
        receiver.resolutionComplete()


def _resolve(resolver: GuardedResolver, name: str, port: int) -> list[tuple[str, int]]:
    receiver = _Receiver()
    resolver.resolveHostName(receiver, name, port)
    assert receiver.done
    return receiver.addresses


DEMO = {"quay.test": ("127.0.0.1", 4567)}


def test_rebinding_name_server_is_checked_each_time() -> None:
    names = _Names(["8.8.8.8"], ["127.0.0.1"], ["8.8.8.8", "10.0.0.1"])
    resolver = GuardedResolver(SimpleNamespace(nameResolver=names), DEMO)
    assert _resolve(resolver, "evil.com", 80) == [("8.8.8.8", 80)]
    assert _resolve(resolver, "evil.com", 80) == []
    assert _resolve(resolver, "evil.com", 443) == [("8.8.8.8", 443)]


@pytest.mark.parametrize("port", [22, 4567, 5432, 8000])
def test_other_ports_are_nowhere(port: int) -> None:
    resolver = GuardedResolver(SimpleNamespace(nameResolver=_Names()), DEMO)
    assert _resolve(resolver, "evil.com", port) == []
    assert _resolve(resolver, "quay.test", port) == []


def test_demo_name_leads_to_exactly_the_demo_server() -> None:
    resolver = GuardedResolver(SimpleNamespace(nameResolver=_Names(["127.0.0.1"])), DEMO)
    assert _resolve(resolver, "quay.test", 80) == [("127.0.0.1", 4567)]
    assert _resolve(resolver, "quay.test", 443) == []
    assert _resolve(resolver, "sub.quay.test", 80) == []


def test_demo_names_must_be_reserved(make_outlet, settings) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from newsroom.errors import Misconfigured

    outlet = make_outlet()
    forged = replace(outlet, publisher=replace(outlet.publisher, domain="cnn.com"))
    asked = job.Job(
        settings=settings, outlets=(forged,), demo_address=("127.0.0.1", 1), revisit=False,
        limit=None, doors=(), timeout_s=None,
    )  # fmt: skip
    with pytest.raises(Misconfigured, match="reserved"):
        asked.demo_hosts()


LOOPBACK = [
    "http://127.0.0.1:{p}/", "http://localhost:{p}/", "http://2130706433:{p}/", "http://0x7f000001:{p}/",
    "http://127.1:{p}/", "http://0177.0.0.1:{p}/", "http://[::ffff:127.0.0.1]:{p}/", "http://[::1]:{p}/",
    "http://0.0.0.0:{p}/", "http://127.0.0.1.nip.test:{p}/",
    "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f000001/", "http://127.1/",
    "http://0177.0.0.1/", "http://017700000001/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://0.0.0.0/",
    "http://127.0.0.1./", "http://127.255.255.254/", "http://LOCALHOST/", "http://①②⑦.0.0.1/",
    "http://10.0.0.1/", "http://192.168.0.1/", "http://172.16.0.1/", "http://169.254.169.254/latest/meta-data/",
    "http://[fd00::1]/", "http://[fe80::1]/", "http://100.64.0.1/", "http://224.0.0.1/",
    "https://127.0.0.1/", "https://localhost/", "http://user@127.0.0.1/", "http://127.0.0.1:80@quay.test/",
    "http://127%2e0%2e0%2e1/",
]  # fmt: skip

AUDIT = str(Path(rawweb.__file__).parent / "audit")
# An address that the crawler's own rules refuse is not even looked up; these come to the resolver.
NAMES = ["http://inside.example/", "http://10.inside.example/", "http://localhost./", "http://ip6-localhost/"]  # fmt: skip


@pytest.fixture
def inside() -> Iterator[tuple[int, list[str]]]:
    """A listener that must never hear anything."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                heard.append(str(peer))
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture
def connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[str]]:
    """Every address that a Python process started in this test connected to."""
    file = tmp_path / "connected"
    file.touch()
    monkeypatch.setenv("AUDIT_FILE", str(file))
    support = str(Path(rawweb.__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((AUDIT, support)))
    return lambda: set(file.read_text(encoding="utf-8").split("\n")) - {""}


def _listings(forms: list[str]) -> dict[str, str]:
    """Every form at every place where a listing names an address."""
    entries = [escape(form, quote=True) for form in forms]
    items = "".join(
        f"<item><title>x</title><link>{f}</link><guid>{f}</guid><comments>{f}</comments>"
        f"<enclosure url='{f}' type='audio/mpeg' length='1'/><source url='{f}'>x</source></item>"
        f"<item><link>http://quay.test/to/{n}-a-story-of-1234</link></item>"
        for n, f in enumerate(entries)
    )
    return {
        "/feed": f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>",
        "/map": "<urlset>" + "".join(f"<url><loc>{f}</loc></url>" for f in entries) + "</urlset>",
        "/index": "<sitemapindex>"
        + "".join(f"<sitemap><loc>{f}</loc></sitemap>" for f in entries)
        + "</sitemapindex>",
        "/": "<html><head><base href='http://quay.test/'>"
        + "".join(f"<link rel=stylesheet href='{f}'>" for f in entries)
        + "</head><body>"
        + "".join(
            f"<p><a href='{f}'>A headline of five words</a><img src='{f}'><iframe src='{f}'></iframe></p>"
            for f in entries
        )
        + "<p><a href='/the-only-good-story-1234'>A headline of five words</a></p></body></html>",
    }


def test_nothing_inside_is_reached(
    web: Any, inside: Any, connected: Any, make_outlet: Any, settings: Any, story: Any, db: Any,
    monkeypatch: Any,
) -> None:  # fmt: skip
    """S1 and S15: 40 forms × (start, redirect, sitemap, feed), and other doors, in a real crawl.

    Counted are the connections of the crawling process, whoever listens: the only ones go to the
    demo server. The demo's own port is inside too when an address names it in place of the name.
    """
    port, heard = inside
    forms = [form.format(p=port if n % 2 else web.address[1]) for n, form in enumerate(LOOPBACK)]
    forms += NAMES
    assert len(set(forms)) >= 40
    for path, body in _listings(forms).items():
        web.add(path, body, host="quay.test")
    for number, url in enumerate(forms):
        location = quote(url, safe=":/?#[]@!$&'()*+,;=%")
        web.add(f"/to/{number}-a-story-of-1234", status=302, Location=location, host="quay.test")
    head = f"<link rel=canonical href='{forms[0]}'><meta http-equiv=refresh content='0;url={forms[0]}'>"
    web.add("/the-only-good-story-1234", story(head=head), host="quay.test")
    for number, form in enumerate(forms):
        web.add(f"/robots.txt?{number}", status=302, Location=form, host="robots.test")
    web.add("/robots.txt", status=302, Location=forms[0], host="robots.test")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    quay = make_outlet(
        feeds=("http://quay.test/feed", *forms),
        sitemaps=("http://quay.test/map", "http://quay.test/index", *forms),
    )
    listening: set[str] = set()
    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        me = psutil.Process()
        while not over.wait(0.2):
            for child in me.children(recursive=True):
                with suppress(psutil.Error):
                    if "scraper." in " ".join(child.cmdline()):
                        seen.append(child.pid)
                        at = child.net_connections(kind="inet")
                        listening.update(str(c.laddr) for c in at if c.status == psutil.CONN_LISTEN)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        report = crawl(settings, [quay, make_outlet("robots")], demo_address=web.address)
    finally:
        over.set()
        watcher.join()

    assert heard == []
    assert connected() == {str(web.address)}
    assert {host for host, _ in web.hits} == {"quay.test", "robots.test"}
    assert web.asked("robots.test") == ["/robots.txt"]
    assert sum(path.startswith("/to/") for path in web.asked("quay.test")) == len(forms)
    assert report.outlets[0].fetched == 1
    assert sum(report.outlets[0].refused.values()) >= len(forms)
    with db.transaction() as conn:
        urls = conn.execute("SELECT url, canonical_url FROM articles").fetchall()
    assert [set(row.values()) for row in urls] == [
        {"http://quay.test/the-only-good-story-1234", "https://quay.test/the-only-good-story-1234"}
    ]
    assert seen
    assert listening == set()


def test_only_the_web_is_handled(settings) -> None:  # type: ignore[no-untyped-def]
    values = scrapy_settings.build(settings, [], {})
    handler = "scraper.manners.handler.BoundedHandler"
    assert values["DOWNLOAD_HANDLERS"] == {
        "http": handler, "https": handler, "file": None, "ftp": None, "s3": None, "data": None,
    }  # fmt: skip
    assert values["TWISTED_DNS_RESOLVER"] == f"{guard.__name__}.{GuardedResolver.__name__}"
    assert values["DNSCACHE_ENABLED"] is False
    assert values["HTTPPROXY_ENABLED"] is False
    assert values["TELNETCONSOLE_ENABLED"] is False
    assert values["REMOTE_CONTROL_ENABLED"] is False
    assert values["DOWNLOAD_VERIFY_CERTIFICATES"] is True


@pytest.mark.parametrize(
    "handler",
    ["scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler",
     "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler"],
)  # fmt: skip
def test_a_handler_that_resolves_names_by_itself_cannot_reach_the_demo(
    handler: str, web: Any, make_outlet: Any, settings: Any
) -> None:
    """So that a swapped handler fails every test that crawls, before it reaches anything else."""
    web.add("/ok", "fine")
    values = {"DOWNLOAD_HANDLERS": {"http": handler}}
    answers = ask(settings, [make_outlet()], ["http://quay.test/ok"],
                  demo_address=web.address, shared=False, values=values)  # fmt: skip
    assert "error" in answers["http://quay.test/ok"]
    assert not web.hits
