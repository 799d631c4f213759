from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from newsroom.db import Database
from newsroom.errors import Misconfigured
from newsroom.records import Via
from newsroom.settings import Settings
from scraper.archives.warc import LocalFile, responses
from scraper.crawl import crawl
from scraper.demo.server import DemoServer
from scraper.intake import STAGES
from scraper.outlets import registry
from scraper.outlets.registry import Outlet

Snapshot = Callable[[], dict[str, list[Any]]]
MakeOutlet = Callable[..., Outlet]


def _links(*paths: str) -> str:
    anchors = "".join(f'<p><a href="{path}">A headline of five words</a></p>' for path in paths)
    return f"<html><body>{anchors}</body></html>"


def test_outlets_of_every_temper(
    web: Any,
    make_outlet: MakeOutlet,
    settings: Settings,
    snapshot: Snapshot,
    story: Callable[..., str],
) -> None:
    """One crawl over outlets that behave well, badly and not at all."""
    web.add("/", _links("/story-number-one-1001", "/story-number-two-1002", "/private/story-three-1003",
                        "/gone-for-good-1004", "/moves-to-one-1005", "/to-the-inside-1006", "/loops-for-ever-1007",
                        "/breaks-down-now-1008", "/a-picture-story-1009"), host="good.test")  # fmt: skip
    web.add(
        "/robots.txt",
        "User-agent: *\nDisallow: /private/",
        host="good.test",
        Content_Type="text/plain",
    )
    web.add("/story-number-one-1001", story("Story one of the day"), host="good.test")
    web.add("/story-number-two-1002", story("Story two of the day"), host="good.test")
    web.add("/gone-for-good-1004", "gone", host="good.test", status=410)
    web.add(
        "/moves-to-one-1005",
        host="good.test",
        status=301,
        Location="http://good.test/story-number-one-1001",
    )
    web.add(
        "/to-the-inside-1006",
        host="good.test",
        status=302,
        Location=f"http://127.0.0.1:{web.address[1]}/secret",
    )
    web.add(
        "/loops-for-ever-1007",
        host="good.test",
        status=302,
        Location="/loops-for-ever-1007?again=1",
    )
    web.add(
        "/loops-for-ever-1007?again=1",
        host="good.test",
        status=302,
        Location="/loops-for-ever-1007?again=2",
    )
    web.add(
        "/loops-for-ever-1007?again=2",
        host="good.test",
        status=302,
        Location="/loops-for-ever-1007?again=1",
    )
    web.add("/breaks-down-now-1008", "broken", host="good.test", status=500)
    web.add("/a-picture-story-1009", b"\x89PNG", host="good.test", Content_Type="image/png")
    web.add("/secret", story("A secret from the inside"))

    web.add("/robots.txt", "try later", host="silent.test", status=503)
    web.add("/robots.txt", host="maze.test", status=302, Location="/robots.txt?n=1")
    web.add("/robots.txt?n=1", host="maze.test", status=302, Location="/robots.txt?n=2")
    web.add("/robots.txt?n=2", host="maze.test", status=302, Location="/robots.txt?n=1")
    web.add("/robots.txt", "User-agent: *\nCrawl-delay: 3600", host="slow.test")

    web.add("/", _links(*(f"/no-you-may-not-{n}" for n in range(2001, 2010))), host="stern.test")
    for n in range(2001, 2010):
        web.add(f"/no-you-may-not-{n}", "no", host="stern.test", status=403)
    web.add("/", _links("/busy-at-the-moment-3001", "/calm-at-the-moment-3002"), host="busy.test")
    web.add("/busy-at-the-moment-3001", "later", host="busy.test", status=429, Retry_After="90000")
    web.add("/calm-at-the-moment-3002", story("Calm"), host="busy.test")

    names = ("good", "silent", "maze", "slow", "stern", "busy")
    rings: list[int] = []
    pages: list[int] = []
    report = crawl(
        settings, [make_outlet(name) for name in names], demo_address=web.address,
        ring=rings.append, progress=pages.append,
    )  # fmt: skip
    good, silent, maze, slow, stern, busy = report.outlets

    assert sum(good.stored.values()) == 3
    assert good.stored["unchanged"] == 1  # the redirect leads to a story that was there
    assert good.stored["same-text"] >= 1
    assert good.refused == {"robots": 1, "http-status": 2, "bad-url": 1, "not-html": 1}
    assert sum(good.failed.values()) == 1  # the redirect loop
    assert web.asked("good.test").count("/private/story-three-1003") == 0
    assert web.hits["good.test", "/robots.txt"] == 1
    assert ("127.0.0.1", "/secret") not in web.hits
    assert sum(rings) == 2
    assert pages[-1] == len(pages)

    for outlet, name in ((silent, "silent"), (maze, "maze"), (slow, "slow")):
        assert outlet.fetched == 0
        assert all(path.startswith("/robots.txt") for path in web.asked(f"{name}.test"))
        assert outlet.notes
    assert sum(path.startswith("/no-") for path in web.asked("stern.test")) == 3
    assert stern.failed["host-stopped"] == 6
    assert "/calm-at-the-moment-3002" not in web.asked("busy.test")
    assert busy.failed["host-stopped"] == 1

    rows = snapshot()
    assert {row["title"] for row in rows["articles"]} == {
        "Story one of the day",
        "Story two of the day",
    }
    archived = [
        r.asked_url for path in settings.archive_dir.iterdir() for r in responses(LocalFile(path))
    ]
    assert "http://good.test/moves-to-one-1005" in archived
    assert "http://good.test/breaks-down-now-1008" not in archived
    stored = {row["url"]: row for row in rows["pages"]}
    assert stored["http://good.test/story-number-one-1001"]["robots_rule"] == "allowed"


def test_pace_of_a_host_and_dates_of_its_feed(
    web: Any, make_outlet: MakeOutlet, settings: Settings, story: Callable[..., str], db: Database
) -> None:
    """Crawl-delay slows an outlet whose own file is faster; a feed dates what a page leaves open."""
    web.add("/robots.txt", "User-agent: *\nCrawl-delay: 0.4", host="quay.test")
    stated = '<meta property="article:published_time" content="2026-03-01T08:00:00Z">'
    item = "<item><link>http://quay.test{}</link><pubDate>Mon, 02 Mar 2026 12:00:00 GMT</pubDate></item>"
    paths = ("/first-story-of-1001", "/second-story-of-1002", "/third-story-of-2099")
    items = "".join(item.format(path) for path in paths).replace("2026 12:00", "2099 12:00", 3)
    items = items.replace("2099 12:00", "2026 12:00", 2)
    feed = f"<rss><channel>{items}</channel></rss>"
    web.add("/feed", feed, host="quay.test", ETag='"1"')
    for path, head in zip(paths, (stated, "", ""), strict=True):
        web.add(path, story(path, head=head), host="quay.test")
    outlet = make_outlet(feeds=("http://quay.test/feed",))
    started = time.monotonic()
    report = crawl(settings, [outlet], demo_address=web.address, doors=[Via.FEED])
    assert report.fetched == 3
    assert time.monotonic() - started >= 4 * 0.4  # robots.txt, feed, three stories
    with db.transaction() as conn:
        rows = conn.execute(
            "SELECT url, published_at::text AS at, date_source, date_from FROM articles ORDER BY url"
        ).fetchall()
        named = conn.execute("SELECT url, etag FROM validators").fetchall()
    first, second, third = (tuple(row.values())[1:] for row in rows)
    assert first[:2] == ("2026-03-01 08:00:00+00", "page")  # never overridden
    assert second == ("2026-03-02 12:00:00+00", "feed", "feed")
    assert third[:2] == (None, "refused")
    assert [tuple(row.values()) for row in named] == [("http://quay.test/feed", '"1"')]


def test_demo_needs_its_server(make_outlet: MakeOutlet, settings: Settings) -> None:
    with pytest.raises(Misconfigured, match="newsroom demo"):
        crawl(settings, [make_outlet()], demo_address=None)


def test_no_database(make_outlet: MakeOutlet, settings: Settings) -> None:
    with pytest.raises(Misconfigured, match="DATABASE_URL"):
        crawl(
            settings.model_copy(update={"database_url": None}),
            [make_outlet()],
            demo_address=("127.0.0.1", 1),
        )


def test_the_demo_web(db: Database, settings: Settings, snapshot: Snapshot) -> None:
    """Real HTTP from the made-up web to rows; a second run asks for listings only."""
    outlets = registry.load(demo=True).chosen(["harborledger", "meridianwire"])
    with DemoServer.start() as demo:
        first = crawl(settings, outlets, demo_address=demo.address, doors=[Via.FRONT_PAGE])
        asked = sum(demo.hits.values())
        before = snapshot()
        second = crawl(settings, outlets, demo_address=demo.address, doors=[Via.FRONT_PAGE])
        again = sum(demo.hits.values()) - asked
    assert first.tally.stored.total() == len(before["articles"]) > 10
    assert first.tally.refused.keys() >= {"soft-404", "paywall-stub"}
    assert not first.failed
    assert {row["via"] for row in before["articles"]} == {"front-page"}
    assert len(before["work"]) == len(STAGES) * len(before["articles"])
    assert second.fetched == 0
    assert again == len(outlets)  # the front page; robots.txt is known
    assert snapshot() == before
