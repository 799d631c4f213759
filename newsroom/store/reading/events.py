"""Events and stories: who covered what, in which words and with which labels."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from psycopg.rows import DictRow
from psycopg.sql import SQL

from newsroom.db import Conn
from newsroom.store.reading.articles import ROW, joins
from newsroom.store.reading.where import EVENTS, STORIES, Where

COLUMNS: Final = SQL("""
SELECT e.event_id, e.story_id, s.title AS story_title, e.title, e.title_article_id, e.first_at,
       e.last_at, e.articles, e.publishers, e.method, e.cohesion, e.purity, e.closed_at, e.version,
       e.title_by
""")

LIST: Final = SQL("""
{columns}
  FROM events e JOIN stories s ON s.story_id = e.story_id
 WHERE {where} ORDER BY {order} LIMIT %(rows)s
""")

COUNT: Final = SQL("SELECT count(*) AS n FROM events e WHERE {where}")

ORDERS: Final = {
    "-last_at": SQL("e.last_at DESC, e.event_id DESC"),
    "last_at": SQL("e.last_at, e.event_id"),
    "-articles": SQL("e.articles DESC, e.event_id DESC"),
}

ONE: Final = SQL("""
{columns}
  FROM events e JOIN stories s ON s.story_id = e.story_id WHERE e.event_id = %(event_id)s
""").format(columns=COLUMNS)

OF_STORY: Final = SQL("""
{columns}
  FROM events e JOIN stories s ON s.story_id = e.story_id
 WHERE e.story_id = %(story_id)s ORDER BY e.first_at, e.event_id
""").format(columns=COLUMNS)

MEMBERS: Final = SQL("""
{row}, m.score, m.method, m.role, m.evidence
  FROM event_members m0 JOIN articles a USING (article_id)
{joins}
 WHERE (m0.event_id = %(group_id)s OR m0.story_id = %(group_id)s) AND a.superseded_at IS NULL
 ORDER BY a.sort_at, a.article_id
""").format(row=ROW, joins=joins(then=False))

COVERAGE: Final = """
SELECT a.publisher_id, p.name AS publisher, count(DISTINCT a.article_id) AS articles,
       min(a.sort_at) AS first_at,
       avg(n.score) FILTER (WHERE n.stage = 'lean') AS lean_mean,
       count(n.score) FILTER (WHERE n.stage = 'lean') AS lean_n,
       avg(n.score) FILTER (WHERE n.stage = 'tone') AS tone_mean,
       count(n.score) FILTER (WHERE n.stage = 'tone') AS tone_n
  FROM event_members m
  JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
  JOIN publishers p ON p.publisher_id = a.publisher_id
  LEFT JOIN annotations n ON n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
       AND n.run_id = %(run_id)s AND n.scope = 'article'
       AND n.stage IN ('lean', 'tone')
 WHERE m.event_id = %(event_id)s
 GROUP BY a.publisher_id, p.name
 ORDER BY articles DESC, a.publisher_id
"""

# Only an outlet of which something was stored on those days can be said to lack an article here.
NOT_STORED: Final = """
SELECT p.publisher_id, p.name AS publisher, o.articles AS articles_on_those_days
  FROM events e
 CROSS JOIN LATERAL (
       SELECT a.publisher_id, count(*) AS articles FROM articles a
        WHERE a.superseded_at IS NULL AND a.sort_at >= date_trunc('day', e.first_at)
          AND a.sort_at < date_trunc('day', e.last_at) + interval '1 day'
        GROUP BY a.publisher_id) o
  JOIN publishers p ON p.publisher_id = o.publisher_id
 WHERE e.event_id = %(event_id)s
   AND NOT EXISTS (SELECT FROM event_members m
                     JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
                    WHERE m.event_id = e.event_id AND a.publisher_id = p.publisher_id)
 ORDER BY o.articles DESC, p.publisher_id
"""

STORY_COLUMNS: Final = SQL("""
SELECT s.story_id, s.title, s.title_article_id, s.first_at, s.last_at, s.articles, s.publishers,
       s.method, s.cohesion, s.purity, s.closed_at, s.version, s.title_by,
       (SELECT count(*) FROM events e WHERE e.story_id = s.story_id) AS events
""")

STORY_LIST: Final = SQL("""
{columns} FROM stories s WHERE {where} ORDER BY {order} LIMIT %(rows)s
""")

STORY_ORDERS: Final = {
    "-last_at": SQL("s.last_at DESC, s.story_id DESC"),
    "last_at": SQL("s.last_at, s.story_id"),
    "-articles": SQL("s.articles DESC, s.story_id DESC"),
}

STORY_COUNT: Final = SQL("SELECT count(*) AS n FROM stories s WHERE {where}")

STORY_ONE: Final = SQL("{columns} FROM stories s WHERE s.story_id = %(story_id)s").format(
    columns=STORY_COLUMNS
)

LEDGER_LIST: Final = """
SELECT e.event_id, e.story_id, e.title, e.title_by, e.articles, e.publishers, e.first_at, e.last_at,
       e.closed_at, CASE WHEN e.closed_at IS NULL THEN 'open' ELSE 'closed' END AS state,
       e.cohesion, e.purity, e.method, e.version
  FROM events e
 WHERE (NOT %(only_open)s::boolean OR e.closed_at IS NULL)
   AND (%(since)s::timestamptz IS NULL OR e.last_at >= %(since)s)
   AND e.articles >= %(min_articles)s
 ORDER BY e.last_at DESC, e.event_id DESC LIMIT %(rows)s
"""

OUTSIDE_EVENTS: Final = """
SELECT count(*) AS n FROM event_members WHERE story_id = %(story_id)s AND event_id IS NULL
"""


def page(conn: Conn, where: Where, *, order: str, rows: int) -> list[DictRow]:
    """Up to ``rows`` events in a key of ``ORDERS``."""
    query = LIST.format(columns=COLUMNS, where=where.sql(EVENTS), order=ORDERS[order])
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()


def count(conn: Conn, where: Where) -> int:
    """How many events answer."""
    row = conn.execute(COUNT.format(where=where.sql(EVENTS)), where.values).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def one(conn: Conn, event_id: str) -> DictRow | None:
    """One event."""
    return conn.execute(ONE, {"event_id": event_id}).fetchone()


def members(conn: Conn, group_id: str, run_id: str | None) -> list[DictRow]:
    """The articles of an event or a story in the order of their time, with score and labels."""
    return conn.execute(MEMBERS, {"group_id": group_id, "run_id": run_id}).fetchall()


def ledger_list(
    conn: Conn, *, only_open: bool, since: datetime | None, min_articles: int, rows: int
) -> list[DictRow]:
    """Up to ``rows`` events with their state, cohesion and purity, the newest first."""
    values = {"only_open": only_open, "since": since, "min_articles": min_articles, "rows": rows}
    return conn.execute(LEDGER_LIST, values).fetchall()


def coverage(conn: Conn, event_id: str, run_id: str | None) -> list[DictRow]:
    """Articles, mean lean and mean tone by outlet, with the numbers they rest on."""
    return conn.execute(COVERAGE, {"event_id": event_id, "run_id": run_id}).fetchall()


def not_stored(conn: Conn, event_id: str) -> list[DictRow]:
    """Outlets observed on the days of the event of which no article of it is stored."""
    return conn.execute(NOT_STORED, {"event_id": event_id}).fetchall()


def of_story(conn: Conn, story_id: str) -> list[DictRow]:
    """The events of a story in the order of their time."""
    return conn.execute(OF_STORY, {"story_id": story_id}).fetchall()


def stories(conn: Conn, where: Where, *, order: str, rows: int) -> list[DictRow]:
    """Up to ``rows`` stories in a key of ``STORY_ORDERS``."""
    query = STORY_LIST.format(
        columns=STORY_COLUMNS, where=where.sql(STORIES), order=STORY_ORDERS[order]
    )
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()


def count_stories(conn: Conn, where: Where) -> int:
    """How many stories answer."""
    row = conn.execute(STORY_COUNT.format(where=where.sql(STORIES)), where.values).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def story(conn: Conn, story_id: str) -> DictRow | None:
    """One story."""
    return conn.execute(STORY_ONE, {"story_id": story_id}).fetchone()


def outside_events(conn: Conn, story_id: str) -> int:
    """Articles of the story that belong to none of its events."""
    row = conn.execute(OUTSIDE_EVENTS, {"story_id": story_id}).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])
