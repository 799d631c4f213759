"""Real crawls of loopback outlets, and what is kept of how well they were heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from newsroom.db import Database
from newsroom.errors import Misconfigured
from newsroom.records import Via
from newsroom.settings import Settings
from newsroom.store.reading import descriptions as reading_descriptions
from newsroom.store.reading import source_health as reading
from scraper.crawl import crawl
from scraper.outlets import sources
from scraper.outlets.floors import Floors
from scraper.outlets.registry import Outlet

MakeOutlet = Callable[..., Outlet]
DOORS = (Via.FEED, Via.SITEMAP)


def feed(*paths: str) -> str:
    items = "".join(f"<item><link>{path}</link></item>" for path in paths)
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'


def in_utc(outlet: Outlet) -> Outlet:
    floors = Floors(articles_per_day=3, articles_per_weekend_day=3)
    return replace(outlet, publisher=replace(outlet.publisher, timezone="UTC"), floors=floors)


def rows(db: Database, *names: str) -> dict[str, dict[str, Any]]:
    with db.transaction() as conn:
        found = reading.days(conn, list(names), rows=50)
    return {row["publisher_id"]: row for row in found}


def test_a_crawl_says_how_well_each_outlet_was_heard(
    web: Any, make_outlet: MakeOutlet, settings: Settings, db: Database, story: Callable[..., str]
) -> None:
    """One outlet that is read, one that keeps us out, one whose feed broke, one that says nothing."""
    web.add("/feed", feed("/story-one-1001", "/closed/two-1002"), host="good.test")
    web.add("/robots.txt", "User-agent: *\nDisallow: /closed/", host="good.test")
    web.add("/story-one-1001", story("A story of one"), host="good.test")
    web.add("/robots.txt", "User-agent: *\nDisallow: /", host="shut.test")
    web.add("/feed", "<html><p>We have moved!</p></html>", host="moved.test")
    web.add("/feed", feed(), host="mute.test")
    outlets = [
        in_utc(make_outlet(name, feeds=(f"http://{name}.test/feed",)))
        for name in ("good", "shut", "moved", "mute")
    ]
    before = datetime.now(UTC)
    report = crawl(settings, outlets, demo_address=web.address, doors=DOORS)
    assert [o.listings for o in report.outlets] == [
        {"answered": 1}, {"robots": 1}, {"not-feed": 1}, {"empty": 1},
    ]  # fmt: skip
    found = rows(db, "good", "shut", "moved", "mute")
    assert {name: row["verdict"] for name, row in found.items()} == {
        "good": "ok", "shut": "kept-out", "moved": "broken", "mute": "broken",
    }  # fmt: skip
    assert found["good"]["articles"] == 1
    assert found["good"]["kept_out"] == 1
    assert found["good"]["warnings"][0] == "pages-kept-out 1"
    assert found["moved"]["reasons"] == ["listing-not-feed 1"]
    with db.transaction() as conn:
        described = {
            row["publisher_id"]: row
            for row in reading_descriptions.described(conn, after=None, rows=9)
        }
        heard = sources.history(conn, outlets, 3, now=before)
    assert described["good"]["floors"]["articles_per_day"] == 3
    assert [day.verdict for day in heard[1].days] == ["not-crawled", "not-crawled", "kept-out"]
    assert [(gap.verdict, gap.days) for gap in heard[1].gaps] == [
        ("not-crawled", 2),
        ("kept-out", 1),
    ]

    tomorrow = before + timedelta(days=1)
    judged = sources.audit(db, settings, outlets[:1], 1, now=tomorrow)
    assert (judged[0].verdict, judged[0].reasons) == ("quiet", ("articles 1 < 3",))
    strict = replace(outlets[0], floors=Floors(articles_per_day=1, articles_per_weekend_day=1))
    assert sources.audit(db, settings, [strict], 1, now=tomorrow)[0].verdict == "ok"
    assert (
        sources.audit(db, settings, [strict], 1, now=tomorrow + timedelta(days=1))[0].verdict
        == "not-crawled"
    )


def test_a_crawl_that_dies_has_left_its_mark(
    make_outlet: MakeOutlet, settings: Settings, db: Database, database_url: str
) -> None:
    outlet = in_utc(make_outlet())
    with pytest.raises(Misconfigured):
        crawl(settings, [outlet], demo_address=None)
    with psycopg.connect(database_url) as conn:
        assert conn.execute("SELECT count(*), count(ended_at) FROM outlet_crawls").fetchone() == (
            1,
            0,
        )
    now = datetime.now(UTC) + timedelta(days=1)
    (judged,) = sources.audit(db, settings, [outlet], 1, now=now)
    assert (judged.verdict, judged.reasons) == ("broken", ("crawl-cut 1",))
