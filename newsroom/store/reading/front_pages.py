"""Front pages as readers see them: what stood where, and how long a piece stayed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from psycopg.rows import DictRow
from psycopg.sql import SQL

from newsroom.db import Conn
from newsroom.store.reading.where import FRONT_PAGES, Where

# The longest pause of the default schedule is 8 hours, by night. Over a longer one nobody knows.
INTERVAL_MAX = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """Words that stood over a piece, from the first to the last look that showed them."""

    text: str
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A piece on one front page.

    ``time_on_page`` adds up the intervals between looks that follow one another and both show it;
    an interval with a failed or missed look in it, or longer than 12 hours, is a gap and counts
    nothing. ``looks`` are those that came, ``shown`` those of them that show it, ``gaps`` the
    intervals that were not counted for want of a look.
    """

    publisher_id: str
    first_seen: datetime
    last_seen: datetime
    best_rank: int | None
    best_rank_at: datetime | None
    time_on_page: timedelta
    looks: int
    shown: int
    gaps: int
    headlines: tuple[Headline, ...]


_ROW = """
SELECT f.snapshot_id, f.publisher_id, f.url, f.final_url, f.taken_at, f.slot, f.status, f.code,
       f.message, f.http_status, f.content_type, f.body_sha256, f.body_bytes, f.warc_file,
       f.warc_offset, l.layout, l.made_at, l.version, l.method, l.why, l.engine, l.viewport_w,
       l.viewport_h, l.page_h, l.sheets, l.sheets_gone, l.links
"""

_LAST_LAYOUT = """
  LEFT JOIN LATERAL (SELECT * FROM front_page_layouts l WHERE l.snapshot_id = f.snapshot_id
                      ORDER BY l.layout DESC LIMIT 1) l ON true
"""

PAGE = f"""
{_ROW}
  FROM front_pages f {_LAST_LAYOUT}
 WHERE (%(before)s::timestamptz IS NULL
        OR (f.taken_at, f.snapshot_id) < (%(before)s::timestamptz, %(before_id)s::text))
 ORDER BY f.taken_at DESC, f.snapshot_id DESC LIMIT %(rows)s
"""

PAGE_OF_PUBLISHER = f"""
{_ROW}
  FROM front_pages f {_LAST_LAYOUT}
 WHERE f.publisher_id = %(publisher_id)s
   AND (%(before)s::timestamptz IS NULL
        OR (f.taken_at, f.snapshot_id) < (%(before)s::timestamptz, %(before_id)s::text))
 ORDER BY f.taken_at DESC, f.snapshot_id DESC LIMIT %(rows)s
"""

ONE = f"""
{_ROW}, p.name AS publisher
  FROM front_pages f JOIN publishers p USING (publisher_id) {_LAST_LAYOUT}
 WHERE f.snapshot_id = %(snapshot_id)s
"""

AT = f"""
{_ROW}
  FROM front_pages f {_LAST_LAYOUT}
 WHERE f.publisher_id = %(publisher_id)s AND f.taken_at <= %(at)s
   AND f.status IN ('ok', 'thin')
 ORDER BY f.taken_at DESC, f.snapshot_id DESC LIMIT 1
"""

# The newest look of each outlet that came.
LATEST = f"""
{_ROW}, p.name AS publisher
  FROM publishers p
 CROSS JOIN LATERAL (SELECT * FROM front_pages f
                      WHERE f.publisher_id = p.publisher_id AND f.status IN ('ok', 'thin')
                      ORDER BY f.taken_at DESC, f.snapshot_id DESC LIMIT 1) f
  {_LAST_LAYOUT}
 WHERE (%(publisher_ids)s::text[] IS NULL OR p.publisher_id = ANY(%(publisher_ids)s::text[]))
 ORDER BY f.taken_at DESC, p.publisher_id LIMIT %(rows)s
"""  # noqa: S608  # made of constants

# What stands highest on several pages, and which event and story each is part of.
LEADS = """
SELECT k.*, EXISTS (SELECT FROM articles a WHERE a.article_id = k.article_id) AS stored,
       m.event_id, m.story_id, e.title AS event_title, s.title AS story_title
  FROM (SELECT l.*, l.score / nullif(sum(l.score) OVER (PARTITION BY l.snapshot_id), 0)
                    AS prominence_share
          FROM front_page_links l
         WHERE l.snapshot_id = ANY(%(snapshot_ids)s) AND l.rank IS NOT NULL
           AND NOT EXISTS (SELECT FROM front_page_layouts n
                            WHERE n.snapshot_id = l.snapshot_id AND n.layout > l.layout)) k
  LEFT JOIN event_members m ON m.article_id = k.article_id
  LEFT JOIN events e ON e.event_id = m.event_id
  LEFT JOIN stories s ON s.story_id = m.story_id
 WHERE k.rank <= %(top)s
 ORDER BY k.snapshot_id, k.rank
"""

LINKS = """
SELECT k.position, k.rank, k.article_id, k.url, k.canonical_url, k.headline, k.kind, k.section, k.x,
       k.y, k.width, k.height, k.font_px, k.image, k.image_px2, k.above_fold, k.score,
       EXISTS (SELECT FROM articles a WHERE a.article_id = k.article_id) AS stored
  FROM front_page_links k
 WHERE k.snapshot_id = %(snapshot_id)s AND k.layout = %(layout)s
 ORDER BY k.position
"""

SHEETS = """
SELECT url, code, body_sha256, warc_file, warc_offset, fetched_at FROM front_page_sheets
 WHERE snapshot_id = %(snapshot_id)s ORDER BY url
"""

# Looks of the outlets that ever showed the piece, from the first that did to the one after the
# last; a look that gave no page breaks the chain, so that no time is counted across it.
HISTORY = """
WITH shown AS (
    SELECT k.* FROM front_page_links k
     WHERE k.article_id = %(article_id)s
       AND NOT EXISTS (SELECT FROM front_page_layouts n
                        WHERE n.snapshot_id = k.snapshot_id AND n.layout > k.layout)
), span AS (
    SELECT publisher_id, min(taken_at) AS first_at, max(taken_at) AS last_at
      FROM shown GROUP BY publisher_id
)
SELECT f.publisher_id, f.snapshot_id, f.taken_at, f.status, s.rank, s.headline, s.kind, s.section,
       s.x, s.y, s.font_px, s.image, s.score, l.method, s.snapshot_id IS NOT NULL AS on_page
  FROM span
  JOIN front_pages f ON f.publisher_id = span.publisher_id
       AND f.taken_at BETWEEN span.first_at AND span.last_at
  LEFT JOIN shown s ON s.snapshot_id = f.snapshot_id
  LEFT JOIN front_page_layouts l ON l.snapshot_id = s.snapshot_id AND l.layout = s.layout
 ORDER BY f.publisher_id, f.taken_at, f.snapshot_id
"""

LIST = SQL(f"""
{_ROW}, p.name AS publisher
  FROM (SELECT * FROM front_pages f WHERE {{where}} ORDER BY {{order}} LIMIT %(rows)s) f
  JOIN publishers p USING (publisher_id) {_LAST_LAYOUT}
 ORDER BY {{order}}
""")  # noqa: S608  # made of constants

COUNT = SQL("SELECT count(*) AS n FROM front_pages f WHERE {where}")

ORDERS = {
    "-taken_at": SQL("f.taken_at DESC, f.snapshot_id DESC"),
    "taken_at": SQL("f.taken_at, f.snapshot_id"),
}

SINCE = f"""
{_ROW}
  FROM front_pages f {_LAST_LAYOUT}
 WHERE f.taken_at >= %(at)s ORDER BY f.publisher_id, f.taken_at
"""

OUTDATED = f"""
SELECT f.snapshot_id
  FROM front_pages f {_LAST_LAYOUT}
 WHERE f.status IN ('ok', 'thin')
   AND (%(publisher_id)s::text IS NULL OR f.publisher_id = %(publisher_id)s)
   AND (%(measured)s OR l.method = 'heuristic')
   AND (l.version <> %(version)s OR (%(measured)s AND l.method = 'heuristic'))
 ORDER BY f.taken_at, f.snapshot_id
"""  # noqa: S608  # made of constants


def page(
    conn: Conn,
    *,
    publisher_id: str | None = None,
    before: tuple[datetime, str] | None = None,
    rows: int,
) -> list[dict[str, Any]]:
    """Looks, newest first, after the key ``(taken_at, snapshot_id)`` of the last one seen."""
    at, snapshot_id = before or (None, None)
    values = {"before": at, "before_id": snapshot_id, "rows": rows, "publisher_id": publisher_id}
    sql = PAGE if publisher_id is None else PAGE_OF_PUBLISHER
    return [dict(row) for row in conn.execute(sql, values)]


def listed(conn: Conn, where: Where, *, order: str, rows: int) -> list[DictRow]:
    """Up to ``rows`` looks that answer, in a key of ``ORDERS``."""
    query = LIST.format(where=where.sql(FRONT_PAGES), order=ORDERS[order])
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()


def count(conn: Conn, where: Where) -> int:
    """How many looks answer."""
    row = conn.execute(COUNT.format(where=where.sql(FRONT_PAGES)), where.values).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def latest(
    conn: Conn, publisher_ids: Sequence[str] | None, *, top: int, rows: int
) -> list[dict[str, Any]]:
    """The front page of now of up to ``rows`` outlets, each with its ``top`` highest pieces."""
    ids = None if publisher_ids is None else list(publisher_ids)
    looks = conn.execute(LATEST, {"publisher_ids": ids, "rows": rows}).fetchall()
    snapshot_ids = [look["snapshot_id"] for look in looks]
    found = conn.execute(LEADS, {"snapshot_ids": snapshot_ids, "top": top})
    leads = {key: list(group) for key, group in groupby(found, key=lambda r: r["snapshot_id"])}
    return [dict(look) | {"leads": leads.get(look["snapshot_id"], [])} for look in looks]


def since(conn: Conn, at: datetime) -> list[dict[str, Any]]:
    """Looks from a time on, by outlet."""
    return [dict(row) for row in conn.execute(SINCE, {"at": at})]


def one(conn: Conn, snapshot_id: str) -> dict[str, Any] | None:
    """One look with its last layout."""
    row = conn.execute(ONE, {"snapshot_id": snapshot_id}).fetchone()
    return None if row is None else dict(row)


def at(conn: Conn, publisher_id: str, at: datetime) -> dict[str, Any] | None:
    """The front page that stood at a time: the last one that came until then."""
    row = conn.execute(AT, {"publisher_id": publisher_id, "at": at}).fetchone()
    return None if row is None else dict(row)


def links(conn: Conn, snapshot_id: str, layout: int) -> list[dict[str, Any]]:
    """The articles of one layout by rank; ``stored`` says whether we have the article."""
    values = {"snapshot_id": snapshot_id, "layout": layout}
    return [dict(row) for row in conn.execute(LINKS, values)]


def sheets(conn: Conn, snapshot_id: str) -> list[dict[str, Any]]:
    """The stylesheets of a look."""
    return [dict(row) for row in conn.execute(SHEETS, {"snapshot_id": snapshot_id})]


def outdated(conn: Conn, publisher_id: str | None, *, version: str, measured: bool) -> list[str]:
    """Snapshots that this version would read better, oldest first.

    Those of another version, and, with a browser at hand (``measured``), those read without one;
    a measured layout is never followed by a guessed one.
    """
    values = {"publisher_id": publisher_id, "version": version, "measured": measured}
    return [str(row["snapshot_id"]) for row in conn.execute(OUTDATED, values)]


def history(conn: Conn, article_id: str) -> list[Stay]:
    """When a piece stood on front pages, one entry an outlet."""
    rows = [dict(row) for row in conn.execute(HISTORY, {"article_id": article_id})]
    by_outlet = groupby(rows, key=lambda row: row["publisher_id"])
    return [stay(str(publisher_id), list(looks)) for publisher_id, looks in by_outlet]


def stay(publisher_id: str, looks: list[dict[str, Any]]) -> Stay:
    """Sum up looks at one front page in the order of time, from the first to the last showing."""
    came = [look for look in looks if look["status"] in {"ok", "thin"}]
    shown = [look for look in came if look["on_page"]]
    time_on_page, gaps = timedelta(), 0
    for one_look, next_look in pairwise(looks):
        broken = not {one_look["status"], next_look["status"]} <= {"ok", "thin"}
        interval = next_look["taken_at"] - one_look["taken_at"]
        if broken or interval > INTERVAL_MAX:
            gaps += 1
        elif one_look["on_page"] and next_look["on_page"]:
            time_on_page += interval
    ranked = [look for look in shown if look["rank"] is not None]
    best = min(ranked, key=lambda look: look["rank"], default=None)
    return Stay(
        publisher_id=publisher_id,
        first_seen=shown[0]["taken_at"],
        last_seen=shown[-1]["taken_at"],
        best_rank=best["rank"] if best else None,
        best_rank_at=best["taken_at"] if best else None,
        time_on_page=time_on_page,
        looks=len(came),
        shown=len(shown),
        gaps=gaps,
        headlines=tuple(_headlines(shown)),
    )


def _headlines(shown: Iterable[dict[str, Any]]) -> Iterable[Headline]:
    """Every wording with its times; one that comes back is listed again."""
    for text, looks in groupby(shown, key=lambda look: look["headline"]):
        times = [look["taken_at"] for look in looks]
        yield Headline(text=str(text), first_seen=times[0], last_seen=times[-1])
