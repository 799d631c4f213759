"""What crawls did to each outlet, what each outlet's day was to us, and the gaps in between.

A crawl is a row from its start, so that one that was cut is seen; a day is judged from what the
tables hold (:mod:`scraper.outlets.sources`) and may be judged again with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from newsroom.db import Conn

BEGIN = """
INSERT INTO outlet_crawls (publisher_id, started_at, doors)
VALUES (%(publisher_id)s, %(started_at)s, %(doors)s)
ON CONFLICT DO NOTHING
"""

END = """
UPDATE outlet_crawls
   SET ended_at = %(ended_at)s, pages = %(pages)s, kept_out = %(kept_out)s,
       listings = %(listings)s, stored = %(stored)s, refused = %(refused)s, failed = %(failed)s
 WHERE publisher_id = %(publisher_id)s AND started_at = %(started_at)s
"""

# Looking again at what is stored, or for what is long past, is no look at what is new.
# One crawl meets the same forbidden address as the one before: the most that any was kept from
# counts, where pages and refusals of the crawls of a day add up.
CRAWLS = """
SELECT count(ended_at) AS crawls, count(*) - count(ended_at) AS crawls_cut,
       coalesce(sum(pages), 0) AS pages, coalesce(max(kept_out), 0) AS kept_out,
       max(started_at) FILTER (WHERE ended_at IS NOT NULL AND listings <> '{}') AS last_look_at
  FROM outlet_crawls
 WHERE publisher_id = %(publisher_id)s AND doors && '{front-page,feed,sitemap}'
   AND started_at >= %(starts_at)s AND started_at < %(ends_at)s
"""

NEXT_LOOK = """
SELECT min(started_at) AS at FROM outlet_crawls
 WHERE publisher_id = %(publisher_id)s AND started_at >= %(ends_at)s
   AND ended_at IS NOT NULL AND listings <> '{}' AND doors && '{front-page,feed,sitemap}'
"""

OUTCOMES = """
SELECT o.kind, i.key, sum(i.value::bigint) AS n
  FROM outlet_crawls c
 CROSS JOIN LATERAL (VALUES ('listings', c.listings), ('stored', c.stored),
                            ('refused', c.refused), ('failed', c.failed)) AS o(kind, counts)
 CROSS JOIN LATERAL jsonb_each_text(o.counts) AS i
 WHERE c.publisher_id = %(publisher_id)s AND c.doors && '{front-page,feed,sitemap}'
   AND c.started_at >= %(starts_at)s AND c.started_at < %(ends_at)s
 GROUP BY 1, 2 ORDER BY 1, 2
"""

ARTICLES = """
SELECT count(*) AS articles, count(*) FILTER (WHERE title <> '') AS titles,
       count(published_at) AS dates, count(*) FILTER (WHERE bylines <> '{}') AS bylines,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY words) AS words_median
  FROM articles
 WHERE publisher_id = %(publisher_id)s AND revision = 1
   AND fetched_at >= %(starts_at)s AND fetched_at < %(ends_at)s
   AND via IN ('front-page', 'feed', 'sitemap')
"""

DENIED = """
SELECT count(*) AS n FROM pages
 WHERE publisher_id = %(publisher_id)s AND status IN (401, 403, 451)
   AND fetched_at >= %(starts_at)s AND fetched_at < %(ends_at)s
"""

FRONT_PAGES = """
SELECT count(DISTINCT slot) AS n FROM front_pages
 WHERE publisher_id = %(publisher_id)s AND status = 'ok'
   AND slot >= %(starts_at)s AND slot < %(ends_at)s
"""

# Judged before they were over; and the last one, whose next look was still to come.
UNSETTLED = """
SELECT day FROM source_health
 WHERE publisher_id = %(publisher_id)s
   AND (NOT complete OR day = (SELECT max(day) FROM source_health
                                WHERE publisher_id = %(publisher_id)s))
 ORDER BY day
"""

SAVE = """
INSERT INTO source_health AS h (publisher_id, day, starts_at, ends_at, judged_at, verdict, reasons,
    warnings, last_look_at, next_look_at, crawls, crawls_cut, listings, pages, kept_out, articles,
    refused, failed, titles, dates, bylines, words_median, front_pages_expected,
    front_pages_taken)
VALUES (%(publisher_id)s, %(day)s, %(starts_at)s, %(ends_at)s, %(judged_at)s, %(verdict)s,
    %(reasons)s, %(warnings)s, %(last_look_at)s, %(next_look_at)s, %(crawls)s, %(crawls_cut)s,
    %(listings)s, %(pages)s, %(kept_out)s, %(articles)s, %(refused)s, %(failed)s, %(titles)s,
    %(dates)s, %(bylines)s, %(words_median)s, %(front_pages_expected)s, %(front_pages_taken)s)
ON CONFLICT (publisher_id, day) DO UPDATE
   SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, judged_at = excluded.judged_at,
       verdict = excluded.verdict, reasons = excluded.reasons, warnings = excluded.warnings,
       last_look_at = excluded.last_look_at, next_look_at = excluded.next_look_at,
       crawls = excluded.crawls, crawls_cut = excluded.crawls_cut, listings = excluded.listings,
       pages = excluded.pages, kept_out = excluded.kept_out, articles = excluded.articles,
       refused = excluded.refused, failed = excluded.failed, titles = excluded.titles,
       dates = excluded.dates, bylines = excluded.bylines, words_median = excluded.words_median,
       front_pages_expected = excluded.front_pages_expected,
       front_pages_taken = excluded.front_pages_taken
 WHERE (h.starts_at, h.ends_at, h.judged_at >= h.ends_at, h.verdict, h.reasons, h.warnings,
        h.last_look_at, h.next_look_at, h.crawls, h.crawls_cut, h.listings, h.pages, h.kept_out,
        h.articles, h.refused, h.failed, h.titles, h.dates, h.bylines, h.words_median,
        h.front_pages_expected, h.front_pages_taken)
       IS DISTINCT FROM
       (excluded.starts_at, excluded.ends_at, excluded.judged_at >= excluded.ends_at,
        excluded.verdict, excluded.reasons, excluded.warnings, excluded.last_look_at,
        excluded.next_look_at, excluded.crawls, excluded.crawls_cut, excluded.listings,
        excluded.pages, excluded.kept_out, excluded.articles, excluded.refused, excluded.failed,
        excluded.titles, excluded.dates, excluded.bylines, excluded.words_median,
        excluded.front_pages_expected, excluded.front_pages_taken)
"""

COUNTS = ("listings", "stored", "refused", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """What one crawl of one outlet did. Counts by outcome or code; ``kept_out`` counts pages."""

    publisher_id: str
    pages: int = 0
    kept_out: int = 0
    listings: Mapping[str, int] = field(default_factory=dict)
    stored: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the tables hold of one outlet between two times.

    ``articles`` are first revisions that a crawl brought; ``titles``, ``dates`` and ``bylines`` say
    how many of them have one. ``kept_out``: pages that the outlet denied us. ``words_median`` is
    None without articles. A look is a crawl that asked for listings: the last of the span, and the
    first one after it.
    """

    last_look_at: datetime | None = None
    next_look_at: datetime | None = None
    crawls: int = 0
    crawls_cut: int = 0
    listings: Mapping[str, int] = field(default_factory=dict)
    pages: int = 0
    kept_out: int = 0
    stored: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    articles: int = 0
    titles: int = 0
    dates: int = 0
    bylines: int = 0
    words_median: float | None = None
    front_pages_taken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One judged day of one outlet; ``day`` is a date of the outlet's own time zone."""

    publisher_id: str
    day: date
    starts_at: datetime
    ends_at: datetime
    judged_at: datetime
    verdict: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    front_pages_expected: int
    facts: Facts


def begin(
    conn: Conn, publisher_ids: Iterable[str], *, started_at: datetime, doors: Sequence[str]
) -> None:
    """Note that outlets, which must be stored, are being crawled from now on."""
    for publisher_id in publisher_ids:
        values = {"publisher_id": publisher_id, "started_at": started_at, "doors": list(doors)}
        conn.execute(BEGIN, values)


def end(conn: Conn, crawls: Iterable[Crawled], *, started_at: datetime, ended_at: datetime) -> None:
    """Note what the crawl that began at ``started_at`` did to each outlet."""
    for crawl in crawls:
        counts = {name: Jsonb(dict(getattr(crawl, name))) for name in COUNTS}
        conn.execute(END, asdict(crawl) | counts | {"started_at": started_at, "ended_at": ended_at})


def facts(conn: Conn, publisher_id: str, starts_at: datetime, ends_at: datetime) -> Facts:
    """What the tables hold of an outlet from ``starts_at`` to before ``ends_at``."""
    span = {"publisher_id": publisher_id, "starts_at": starts_at, "ends_at": ends_at}
    crawls = _row(conn, CRAWLS, span)
    counts: dict[str, dict[str, int]] = {name: {} for name in COUNTS}
    for row in conn.execute(OUTCOMES, span):
        counts[row["kind"]][row["key"]] = int(row["n"])
    articles = _row(conn, ARTICLES, span)
    return Facts(
        last_look_at=crawls["last_look_at"],
        next_look_at=_row(conn, NEXT_LOOK, span)["at"],
        crawls=crawls["crawls"],
        crawls_cut=crawls["crawls_cut"],
        pages=int(crawls["pages"]),
        kept_out=crawls["kept_out"] + _row(conn, DENIED, span)["n"],
        front_pages_taken=_row(conn, FRONT_PAGES, span)["n"],
        listings=counts["listings"],
        stored=counts["stored"],
        refused=counts["refused"],
        failed=counts["failed"],
        **articles,
    )


def unsettled(conn: Conn, publisher_id: str) -> list[date]:
    """Judged days of the outlet on which the next crawl throws more light."""
    return [r["day"] for r in conn.execute(UNSETTLED, {"publisher_id": publisher_id})]


def save(conn: Conn, health: Health) -> bool:
    """Store a judged day; False where the same is stored, which is left alone."""
    values: dict[str, Any] = asdict(health)
    values |= values.pop("facts")
    for name in ("listings", "refused", "failed"):
        values[name] = Jsonb(dict(values[name]))
    for name in ("reasons", "warnings"):
        values[name] = list(values[name])
    return conn.execute(SAVE, values).rowcount == 1


def _row(conn: Conn, statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    row = conn.execute(statement, values).fetchone()
    assert row is not None  # an aggregate has one row
    return row
