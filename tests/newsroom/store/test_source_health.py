"""Crawls, judged days and gaps in a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from newsroom.db import Conn, Database
from newsroom.records import RawPage, Via
from newsroom.store import articles, descriptions, pages, publishers, source_health
from newsroom.store.descriptions import Description
from newsroom.store.reading import descriptions as reading_descriptions
from newsroom.store.reading import source_health as reading
from newsroom.store.source_health import Crawled, Facts, Health

DAY = date(2026, 3, 2)
STARTS = datetime(2026, 3, 2, tzinfo=UTC)
ENDS = STARTS + timedelta(days=1)


def health(
    day: date = DAY,
    verdict: str = "ok",
    *reasons: str,
    publisher_id: str = "ledger",
    early: bool = False,
) -> Health:
    starts_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Health(
        publisher_id=publisher_id, day=day, starts_at=starts_at, ends_at=starts_at + timedelta(days=1),
        judged_at=starts_at + timedelta(hours=12 if early else 30), verdict=verdict, reasons=reasons,
        warnings=(), front_pages_expected=5, facts=Facts(),
    )  # fmt: skip


def crawl(conn: Conn, at: datetime, crawled: Crawled | None, door: str = "feed") -> None:
    source_health.begin(conn, ["ledger"], started_at=at, doors=[door])
    if crawled:
        source_health.end(conn, [crawled], started_at=at, ended_at=at + timedelta(minutes=3))


@pytest.fixture
def conn(db: Database, make_article):
    with db.transaction() as open_connection:
        yield open_connection


def test_the_crawls_of_a_day_add_up(conn: Conn) -> None:
    first = Crawled(publisher_id="ledger", pages=3, kept_out=5, listings={"answered": 2, "robots": 1},
                    stored={"new": 2}, refused={"robots": 5}, failed={"Timeout": 1})  # fmt: skip
    crawl(conn, STARTS, first)
    second = replace(first, pages=1, kept_out=4, listings={"unchanged": 2}, stored={"new": 1})
    crawl(conn, STARTS + timedelta(hours=9), second)
    crawl(conn, STARTS + timedelta(hours=10), None)
    crawl(conn, ENDS, first)  # the next day's
    for n, door in enumerate(("revisit", "backfill")):  # no looks at what is new
        crawl(conn, STARTS + timedelta(hours=20 + n), first, door)
    found = source_health.facts(conn, "ledger", STARTS, ENDS)
    assert found == Facts(
        last_look_at=STARTS + timedelta(hours=9), next_look_at=ENDS, crawls=2, crawls_cut=1, pages=4, kept_out=5, listings={"answered": 2, "robots": 1, "unchanged": 2},
        stored={"new": 3}, refused={"robots": 10}, failed={"Timeout": 2},
    )  # fmt: skip


def test_articles_are_those_that_a_crawl_brought_first_on_that_day(
    conn: Conn, make_article
) -> None:
    def add(name: str, hour: int, **changes) -> None:
        at = STARTS + timedelta(hours=hour)
        article = make_article(name, via=Via.FEED, fetched_at=at, **changes)
        articles.add(conn, article, stages=())

    add("a", 1, words=300, bylines=("A. Writer",))
    add("b", 23, words=100, published_at=None)
    add(
        "b",
        23,
        words=100,
        published_at=None,
        text="Longer now.",
        content_sha256="x",
        text_sha256="y",
    )
    add("before", -1, words=9)
    add("after", 24, words=9)
    articles.add(conn, make_article("by-hand", fetched_at=STARTS), stages=())
    denied = RawPage(
        page_id="p", url="u", final_url="u", canonical_url="u", publisher_id="ledger", fetched_at=STARTS,
        status=403, content_type=None, body_sha256="b", body_bytes=1, via=Via.FEED, warc_file=None,
        warc_offset=None, robots_rule=None,
    )  # fmt: skip
    pages.add(conn, denied)
    found = source_health.facts(conn, "ledger", STARTS, ENDS)
    assert (found.articles, found.titles, found.dates, found.bylines) == (2, 2, 1, 1)
    assert found.words_median == 200
    assert found.kept_out == 1


def version(conn: Conn) -> str:
    row = conn.execute("SELECT xmin::text || ctid::text AS v FROM source_health").fetchone()
    assert row is not None
    return str(row["v"])


def test_the_same_verdict_again_changes_no_row(conn: Conn) -> None:
    assert source_health.save(conn, health())
    before = version(conn)
    later = replace(health(), judged_at=health().judged_at + timedelta(hours=1))
    assert not source_health.save(conn, later)
    assert version(conn) == before
    assert source_health.save(conn, replace(later, verdict="quiet", reasons=("articles 1 < 3",)))
    (row,) = reading.days(conn, ["ledger"], rows=10)
    assert (row["verdict"], row["reasons"]) == ("quiet", ["articles 1 < 3"])


def test_a_day_judged_early_and_the_last_one_are_judged_again(conn: Conn) -> None:
    for n, early in enumerate((True, False, False)):
        source_health.save(conn, health(DAY + timedelta(days=n), early=early))
    assert source_health.unsettled(conn, "ledger") == [DAY, DAY + timedelta(days=2)]
    source_health.save(conn, health())
    assert source_health.unsettled(conn, "ledger") == [DAY + timedelta(days=2)]


def test_gaps_name_every_day_whose_silence_means_nothing(conn: Conn) -> None:
    first = date(2026, 3, 1)
    days = {
        0: ("broken", "date-fill 0.41 < 0.8"), 1: ("broken", "date-fill 0.40 < 0.8", "nothing-new 0 < 3"),
        2: ("ok",), 3: ("quiet", "articles 1 < 3"), 5: ("kept-out", "listing-robots 3"), 6: ("broken", "crawl-cut 1"),
    }  # fmt: skip
    for n, (verdict, *reasons) in days.items():
        source_health.save(conn, health(first + timedelta(days=n), verdict, *reasons))
    source_health.save(conn, health(first + timedelta(days=7), early=True))
    found = reading.gaps(conn, ["ledger"], first, first + timedelta(days=9))
    assert [(r["verdict"], r["first_day"].day, r["last_day"].day, r["days"], r["reasons"]) for r in found] == [
        ("broken", 1, 2, 2, ["date-fill", "nothing-new"]),
        ("not-crawled", 5, 5, 1, []),
        ("kept-out", 6, 6, 1, ["listing-robots"]),
        ("broken", 7, 7, 1, ["crawl-cut"]),
        ("unfinished", 8, 8, 1, []),
        ("not-crawled", 9, 10, 2, []),
    ]  # fmt: skip
    assert reading.gaps(conn, ["nobody"], first, first) == []


def test_days_by_page(conn: Conn) -> None:
    other = replace(OTHER, publisher_id="quay", domain="quay.test")
    publishers.upsert(conn, [other])
    for n in range(3):
        for name in ("ledger", "quay"):
            source_health.save(conn, health(DAY + timedelta(days=n), publisher_id=name))
    seen, after = [], None
    while page := reading.days(conn, None, after=after, rows=4):
        seen += [(r["day"].day, r["publisher_id"]) for r in page]
        after = (page[-1]["day"], page[-1]["publisher_id"])
    assert seen == [(d, name) for d in (4, 3, 2) for name in ("ledger", "quay")]
    assert len(reading.days(conn, ["quay"], first=DAY, last=DAY, rows=9)) == 1


OTHER = publishers.Publisher(
    publisher_id="", name="Quay", domain="", country="US", language="en", timezone="UTC"
)


def test_descriptions_are_kept_and_left_alone(conn: Conn) -> None:
    described = Description(
        publisher_id="ledger", medium="local", front_page="https://ledger.example/", feeds=("f",),
        sitemaps=(), delay_s=5.0, verified_on=None, floors={"date": 0.8}, reference_lean={"label": "left"},
    )  # fmt: skip

    def stored() -> tuple[str, object]:
        row = conn.execute(
            "SELECT ctid::text AS v, reference_lean FROM outlet_descriptions"
        ).fetchone()
        assert row is not None
        return row["v"], row["reference_lean"]

    descriptions.save(conn, [described])
    before = stored()
    descriptions.save(conn, [described])
    assert stored() == before
    descriptions.save(conn, [replace(described, reference_lean=None, verified_on=DAY)])
    (row,) = reading_descriptions.described(conn, after=None, rows=5)
    assert (row["name"], row["reference_lean"], row["verified_on"]) == ("The Ledger", None, DAY)
    assert reading_descriptions.described(conn, after="ledger", rows=5) == []
