"""What a crawl did to each source, kept from its start; then every day of the source judged.

The rules are in :mod:`scraper.outlets.health`; here they meet the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from newsroom.db import Conn, Database
from newsroom.records import Via
from newsroom.settings import Settings
from newsroom.store import descriptions, publishers, source_health
from newsroom.store.descriptions import Description
from newsroom.store.reading import source_health as reading
from newsroom.store.source_health import Crawled, Health
from scraper.outlets.health import (
    ROBOTS,
    STOPPED,
    Verdict,
    day_of,
    front_pages_expected,
    judge,
    span,
    watched,
)
from scraper.outlets.registry import Outlet

if TYPE_CHECKING:
    from scraper.crawl import OutletReport

SATURDAY = 5
UNFINISHED = "unfinished"  # of a gap: well so far, and not over when it was judged


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardDay:
    """A day of an outlet; without a stored row it was not crawled."""

    day: date
    verdict: Verdict
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Days in a row with one verdict, on which a missing article is no absence of coverage."""

    publisher_id: str
    verdict: str
    first_day: date
    last_day: date
    days: int
    reasons: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How well an outlet was heard over some days, oldest first."""

    publisher_id: str
    days: tuple[HeardDay, ...]
    gaps: tuple[Gap, ...]


def begin(
    settings: Settings, outlets: Sequence[Outlet], doors: Iterable[Via], started_at: datetime
) -> None:
    """Store what the outlets' files say, and that a crawl of them has begun."""
    with Database(settings.require_database()) as db, db.transaction() as conn:
        publishers.upsert(conn, [outlet.publisher for outlet in outlets])
        descriptions.save(conn, [_description(outlet) for outlet in outlets])
        source_health.begin(
            conn,
            [outlet.publisher.publisher_id for outlet in outlets],
            started_at=started_at,
            doors=[str(door) for door in doors],
        )


def end(
    settings: Settings,
    outlets: Sequence[Outlet],
    reports: Sequence[OutletReport],
    *,
    started_at: datetime,
    ended_at: datetime,
) -> None:
    """Store what a crawl did, and judge the days of its outlets that it may have changed."""
    hours = _hours(settings)
    with Database(settings.require_database()) as db:
        with db.transaction() as conn:
            crawls = [_crawled(report) for report in reports]
            source_health.end(conn, crawls, started_at=started_at, ended_at=ended_at)
        for outlet in outlets:
            zone = outlet.publisher.timezone
            with db.transaction() as conn:
                days = {day_of(started_at, zone), day_of(ended_at, zone)}
                days.update(source_health.unsettled(conn, outlet.publisher.publisher_id))
                judge_days(conn, outlet, days, now=ended_at, hours=hours)


def judge_days(
    conn: Conn, outlet: Outlet, days: Iterable[date], *, now: datetime, hours: Collection[int]
) -> list[Health]:
    """Judge days of an outlet from the tables and store the verdicts; the same facts, the same row.

    ``hours`` are those of the outlet's clock at which its front page is due.
    """
    publisher = outlet.publisher
    judged = []
    for day in sorted(days):
        starts_at, ends_at = span(day, publisher.timezone)
        facts = source_health.facts(conn, publisher.publisher_id, starts_at, ends_at)
        expected = front_pages_expected(day, publisher.timezone, hours, until=now)
        found = judge(
            facts,
            outlet.floors,
            weekend=day.weekday() >= SATURDAY,
            over=now >= ends_at,
            watched=watched(facts, now),
            expected=expected,
        )
        health = Health(
            publisher_id=publisher.publisher_id,
            day=day,
            starts_at=starts_at,
            ends_at=ends_at,
            judged_at=now,
            verdict=str(found.verdict),
            reasons=found.reasons,
            warnings=found.warnings,
            front_pages_expected=expected,
            facts=facts,
        )
        source_health.save(conn, health)
        judged.append(health)
    return judged


def audit(
    db: Database, settings: Settings, outlets: Sequence[Outlet], days: int, *, now: datetime
) -> list[Health]:
    """Judge the last ``days`` days that are over, of each outlet, from what the tables hold."""
    judged: list[Health] = []
    for outlet in outlets:
        today = day_of(now, outlet.publisher.timezone)
        past = [today - timedelta(days=n) for n in range(1, days + 1)]
        with db.transaction() as conn:
            publishers.upsert(conn, [outlet.publisher])
            descriptions.save(conn, [_description(outlet)])
            judged += judge_days(conn, outlet, past, now=now, hours=_hours(settings))
    return judged


def history(conn: Conn, outlets: Sequence[Outlet], days: int, *, now: datetime) -> list[Heard]:
    """The last ``days`` days of each outlet up to today, oldest first, with the gaps among them."""
    heard = []
    for outlet in outlets:
        name = outlet.publisher.publisher_id
        last = day_of(now, outlet.publisher.timezone)
        first = last - timedelta(days=days - 1)
        rows = reading.days(conn, [name], first=first, last=last, rows=days)
        stored = {row["day"]: (Verdict(row["verdict"]), row["articles"]) for row in rows}
        silent = (Verdict.NOT_CRAWLED, 0)
        each = (first + timedelta(days=n) for n in range(days))
        found = [(day, *stored.get(day, silent)) for day in each]
        heard.append(
            Heard(
                publisher_id=name,
                days=tuple(HeardDay(day=d, verdict=v, articles=n) for d, v, n in found),
                gaps=tuple(Gap(**row) for row in reading.gaps(conn, [name], first, last)),
            )
        )
    return heard


def _hours(settings: Settings) -> tuple[int, ...]:
    return tuple(int(hour) for hour in settings.crawl.front_page_hours.split(","))


def _crawled(report: OutletReport) -> Crawled:
    """What a report says; ``failed`` counts listings too, which are no pages."""
    stopped = report.failed.get(STOPPED, 0) - report.listings.get(STOPPED, 0)
    return Crawled(
        publisher_id=report.publisher_id,
        pages=report.fetched,
        kept_out=report.refused.get(ROBOTS, 0) + stopped,
        listings=report.listings,
        stored=report.stored,
        refused=report.refused,
        failed=report.failed,
    )


def _description(outlet: Outlet) -> Description:
    lean = outlet.reference_lean
    return Description(
        publisher_id=outlet.publisher.publisher_id,
        medium=str(outlet.medium),
        front_page=outlet.front_page,
        feeds=outlet.feeds,
        sitemaps=outlet.sitemaps,
        delay_s=outlet.delay_s,
        verified_on=outlet.verified_on,
        floors=outlet.floors.model_dump(),
        reference_lean=None if lean is None else lean.model_dump(mode="json"),
    )
