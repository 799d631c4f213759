from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from probing import ask

from newsroom import settings as settings_module
from newsroom.settings import Settings
from newsroom.store.hosts import RobotsFile
from scraper import settings as scrapy_settings
from scraper.manners.robots import (
    ASK_AGAIN,
    FRESH,
    LAST_GOOD,
    PARSED_BYTES,
    heard,
    rules_of,
    standing,
)
from scraper.outlets.registry import Outlet

SITE = "https://quay.test"
PAGE = f"{SITE}/story/1"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DENY = b"User-agent: *\nDisallow: /\n"
ALL = "User-agent: *\nDisallow: "


@pytest.mark.parametrize("status", [200, 203, 206])
def test_rules_are_obeyed(status: int) -> None:
    rules = rules_of(status, b"User-agent: *\nDisallow: /private/\n")
    assert rules.allows(PAGE)
    assert not rules.allows(f"{SITE}/private/1")


@pytest.mark.parametrize("status", [400, 402, 404, 405, 410, 418, 451])
def test_no_file_no_rules(status: int) -> None:
    assert rules_of(status, DENY).allows(PAGE)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503, 504, 520, 301, 304, None])
def test_a_no_and_silence_mean_stop(status: int | None) -> None:
    rules = rules_of(status)
    assert not rules.allows(PAGE)
    assert rules.keep_out


CASES: list[tuple[str, str | bytes, str, bool]] = [
    # name, file, path, allowed
    ("our group wins", "User-agent: *\nDisallow: /\n\nUser-agent: newsroombot\nDisallow: /x", "/a", True),
    ("our group forbids", "User-agent: NewsroomBot\nDisallow: /", "/a", False),
    ("our group with a version", "User-agent: NewsroomBot/2026.11\nDisallow: /", "/a", False),
    ("a shorter name is not ours", "User-agent: News\nDisallow: /", "/a", True),
    ("nor does it free us", "User-agent: News\nAllow: /\n\nUser-agent: *\nDisallow: /", "/a", False),
    ("a longer name is not ours", "User-agent: NewsroomBotImages\nDisallow: /", "/a", True),
    ("our groups are one", "User-agent: NewsroomBot\nDisallow: /a\n\nUser-agent: newsroombot\nDisallow: /b", "/b", False),
    ("a group of several names", "User-agent: Other\nUser-agent: NewsroomBot\nDisallow: /a", "/a", False),
    ("names after rules start a group", "User-agent: Other\nDisallow: /\nUser-agent: NewsroomBot\nDisallow: /x", "/a", True),
    ("an empty rule still starts a group", "User-agent: Other\nDisallow:\nUser-agent: *\nDisallow: /", "/a", False),
    ("empty disallow", ALL, "/a", True),
    ("rules before any group", "Disallow: /\nUser-agent: Other\nDisallow: /", "/a", True),
    ("the longest match decides", ALL + "/a\nAllow: /a/b", "/a/b/c", True),
    ("whatever the order", "User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/b/c", True),
    ("equal length: allowed", ALL + "/page\nAllow: /page", "/page", True),
    ("paths have cases", ALL + "/Private", "/private", True),
    ("keywords have none", "uSeR-aGeNt: *\ndIsAlLoW: /a", "/a", False),
    ("wildcard", ALL + "/*.pdf", "/docs/paper.pdf?x=1", False),
    ("wildcard in the middle", ALL + "/*/print/", "/2026/print/7", False),
    ("end of the address", ALL + "/*.php$", "/index.php?x=1", True),
    ("end of the address, matched", ALL + "/*.php$", "/index.php", False),
    ("a dollar inside is a character", ALL + "/pay$now", "/pay$now", False),
    ("query", ALL + "/*?print=", "/story?print=1", False),
    ("percent-encoding is one spelling", ALL + "/caf%C3%A9", "/café", False),
    ("letters are one with their escapes", ALL + "/%61bc", "/abc", False),
    ("an escaped slash is none", ALL + "/a%2Fb", "/a/b", True),
    ("not UTF-8", "User-agent: *\nDisallow: /café".encode("latin-1"), "/café", False),
    ("UTF-8 with a mark", codecs.BOM_UTF8 + DENY, "/a", False),
    ("UTF-16", DENY.decode().encode("utf-16"), "/a", False),
    ("old line ends", "User-agent: *\rDisallow: /a\r", "/a", False),
    ("comments", "# all\nUser-agent: * # everyone\nDisallow: /a # that", "/a", False),
    ("spaces", "  User-agent :  *\n\tDisallow :\t/a", "/a", False),
    ("a vertical tab ends no line", "User-agent: *\nAllow: /x\x0bDisallow: /", "/a", True),
    ("a sitemap between names splits no group", "User-agent: NewsroomBot\nSitemap: http://x/s.xml\nUser-agent: Other\nDisallow: /a", "/a", False),
    ("unknown lines", "User-agent: *\nNoindex: /x\nDisallow: /a", "/a", False),
    ("a page served as rules", "<html><body>User-agent: none of this is a rule</body></html>", "/a", True),
    ("nonsense", b"\xff\xfe\x00garbage\x00\x00", "/a", True),
    ("empty", b"", "/a", True),
    ("robots.txt itself", DENY, "/robots.txt", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "path", "allowed"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_rules(body: str | bytes, path: str, allowed: bool) -> None:
    data = body.encode() if isinstance(body, str) else body
    assert rules_of(200, data).allows(SITE + path) is allowed


def test_crawl_delay_up_to_a_minute() -> None:
    assert rules_of(200, b"User-agent: *\nCrawl-delay: 12\n").crawl_delay_s == 12
    too_slow = rules_of(200, b"User-agent: *\nCrawl-delay: 61\n")
    assert not too_slow.allows(PAGE)
    assert "61" in (too_slow.keep_out or "")


def test_only_the_first_500_kib_count() -> None:
    padding = b"# " + b"x" * PARSED_BYTES + b"\n"
    assert rules_of(200, padding + DENY).allows(PAGE)
    # A rule that the limit cuts says nothing: half of it would say something else.
    start = b"User-agent: *\nDisallow: /\n"
    padding = b"#" * (PARSED_BYTES - len(start) - len(b"Allow: /p") - 1) + b"\n"
    assert not rules_of(200, start + padding + b"Allow: /private-no-more").allows(f"{SITE}/p/1")


def _allows(file: RobotsFile, now: datetime) -> bool | None:
    known = standing(file, now)
    return None if known is None else known.rules.allows(PAGE)


def test_a_good_answer_is_kept_for_hours() -> None:
    file = heard(None, SITE, 200, b"", NOW)
    assert _allows(file, NOW) is True
    assert _allows(file, NOW + FRESH - timedelta(seconds=1)) is True
    assert _allows(file, NOW + FRESH) is None  # time to ask
    assert _allows(file, NOW - timedelta(seconds=1)) is None  # the clock was set back
    assert standing(None, NOW) is None


@pytest.mark.parametrize("status", [500, 503, None, 302])
def test_silence_leaves_the_last_good_answer_for_a_day(status: int | None) -> None:
    good = heard(None, SITE, 200, b"User-agent: *\nDisallow: /private/", NOW)
    later = NOW + FRESH
    file = heard(good, SITE, status, b"", later)
    known = standing(file, later)
    assert known is not None
    assert known.good_for == ASK_AGAIN
    assert known.rules.allows(PAGE)
    assert not known.rules.allows(f"{SITE}/private/1")
    assert _allows(file, later + ASK_AGAIN) is None
    old = heard(good, SITE, status, b"", NOW + LAST_GOOD)
    assert _allows(old, NOW + LAST_GOOD) is False
    assert _allows(heard(None, SITE, status, b"", NOW), NOW) is False


def test_a_no_ends_the_last_good_answer() -> None:
    good = heard(None, SITE, 404, b"", NOW)
    assert good.good_body == b""
    no = heard(good, SITE, 403, b"", NOW)
    assert _allows(no, NOW) is False
    assert _allows(replace(no, status=500), NOW) is True


def test_asked_followed_kept_and_obeyed_after_redirects(
    web: Any, make_outlet: Callable[..., Outlet], settings: Settings, database_url: str
) -> None:
    names = ("plain", "moved", "other", "chain", "five", "inside", "target", "big")
    for path in ("/story", "/private"):
        web.add(path, "text")
    web.add("/robots.txt", "User-agent: *\nDisallow: /private", host="plain.test")
    web.add("/robots.txt", status=301, Location="http://target.test/r", host="moved.test")
    web.add("/r", "User-agent: *\nDisallow: /private", host="target.test")
    web.add("/robots.txt", "User-agent: *\nDisallow: /", host="other.test")
    for hop in range(6):
        target = f"/robots.txt?{hop + 1}"
        for host, last in (("chain.test", 6), ("five.test", 5)):
            path = f"/robots.txt?{hop}" if hop else "/robots.txt"
            if hop < last:
                web.add(path, status=302, Location=target, host=host)
            else:
                web.add(path, "User-agent: *\nDisallow: /private", host=host)
    address = f"http://127.0.0.1:{web.address[1]}/robots.txt"
    web.add("/robots.txt", status=302, Location=address, host="inside.test")
    web.add("/robots.txt", b"#" * 20_000_000, host="big.test")
    web.add("/to-other", status=302, Location="http://other.test/story", host="plain.test")
    urls = ["http://plain.test/story", "http://plain.test/private", "http://plain.test/to-other"]
    urls += [f"http://{name}.test/{p}" for name in names[1:] for p in ("story", "private")]
    outlets = [make_outlet(name) for name in names]
    answers = ask(settings, outlets, urls, demo_address=web.address)
    got = {
        url.removeprefix("http://").replace(".test", ""): a.get("status") or a["error"]
        for url, a in answers.items()
    }
    assert got == {
        "plain/story": 200, "plain/private": "robots",
        "plain/to-other": "robots",  # the rules of the host that it leads to
        "moved/story": 200, "moved/private": "robots",
        "other/story": "robots", "other/private": "robots",
        "chain/story": "robots", "chain/private": "robots",  # a sixth hop is silence
        "five/story": 200, "five/private": "robots",
        "inside/story": "robots", "inside/private": "robots",
        "target/story": 200, "target/private": 200,
        "big/story": "robots", "big/private": "robots",
    }  # fmt: skip
    assert "/story" not in web.asked("other.test")
    assert not [host for host, _ in web.hits if not host.endswith(".test")]
    asked = [h for h in web.hits if h[1] == "/robots.txt"]
    assert all(web.hits[h] == 1 for h in asked)
    assert len(asked) == len(names)

    # An hour later all of it is known; five hours later the good ones are asked again.
    web.hits.clear()
    with psycopg.connect(database_url) as conn:
        conn.execute("UPDATE robots SET asked_at = asked_at - interval '29 minutes'")
    ask(settings, outlets, urls[:2], demo_address=web.address)
    assert web.asked("plain.test") == ["/story"]
    web.add("/robots.txt", "away", status=503, host="plain.test")
    with psycopg.connect(database_url) as conn:
        conn.execute(
            "UPDATE robots SET asked_at = asked_at - interval '5 h', good_at = good_at - interval '5 h'"
        )
    answers = ask(settings, outlets, urls[:2], demo_address=web.address)
    assert [a.get("status") or a["error"] for a in answers.values()] == [200, "robots"]
    assert sorted(web.asked("plain.test")) == ["/robots.txt", "/story", "/story"]


def test_no_switch_ignores_robots(settings: Settings) -> None:
    names = " ".join(name for name, _, _ in settings_module.variables()).lower()
    assert "robot" not in names
    values = scrapy_settings.build(settings, [], {})
    assert "scraper.manners.robots.RobotsMiddleware" in values["DOWNLOADER_MIDDLEWARES"]  # type: ignore[operator]
    folder = Path(scrapy_settings.__file__).parent
    options = [
        line
        for path in folder.rglob("*commands.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"robot|polite|ignore", line, re.IGNORECASE) and "Option" in line
    ]
    assert options == []
    # ``meta["robots"]`` frees the question for robots.txt itself, and nothing else may set it.
    setters = [
        path.name
        for path in folder.rglob("*.py")
        if re.search(r"""["']robots["']\s*[:\]]\s*[:=]?\s*True""", path.read_text(encoding="utf-8"))
    ]
    assert setters == ["robots.py"]
