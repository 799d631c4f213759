"""How the pipeline is doing: what came in, what was refused, what is due."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow
from psycopg.sql import SQL

from newsroom.db import Conn
from newsroom.store.reading.where import REFUSALS, Where

REFUSED: Final = SQL("""
SELECT r.refusal_id, r.publisher_id, r.url, r.source, r.code, r.message, r.page_id, r.seen_at
  FROM refusals r WHERE {where} ORDER BY r.seen_at DESC, r.refusal_id DESC LIMIT %(rows)s
""")

REFUSED_COUNT: Final = SQL("SELECT count(*) AS n FROM refusals r WHERE {where}")

# Of tens of millions of labels nobody waits for a count: by the planner's knowledge of the table
# they are so many that there is none.
TOTALS: Final = """
SELECT (SELECT count(*) FROM publishers) AS outlets,
       (SELECT count(*) FROM pages) AS pages,
       (SELECT max(fetched_at) FROM pages) AS newest_page_at,
       (SELECT count(*) FROM articles WHERE superseded_at IS NULL) AS articles,
       (SELECT count(*) FROM articles) AS revisions,
       (SELECT max(fetched_at) FROM articles) AS newest_article_at,
       CASE WHEN l.few THEN (SELECT count(*) FROM annotations) END AS annotations,
       CASE WHEN l.few THEN (
           SELECT count(*) FROM annotations n JOIN articles a USING (article_id, content_sha256)
            WHERE n.run_id = %(run_id)s AND a.superseded_at IS NULL) END AS annotations_current,
       (SELECT count(*) FROM events) AS events,
       (SELECT count(*) FROM stories) AS stories
  FROM (SELECT reltuples < 5000000 AS few FROM pg_class WHERE oid = 'annotations'::regclass) l
"""

DUPLICATES: Final = """
SELECT duplicate_reason AS code, count(*) AS n FROM articles
 WHERE superseded_at IS NULL AND duplicate_of IS NOT NULL
 GROUP BY duplicate_reason ORDER BY duplicate_reason
"""

REFUSALS_BY_CODE: Final = "SELECT code, count(*) AS n FROM refusals GROUP BY code ORDER BY code"

WORK: Final = """
SELECT stage, state, error_code, count(*) AS n,
       count(*) FILTER (WHERE changed_at > now() - interval '1 hour') AS last_hour,
       min(due_at) FILTER (WHERE state = 'due') AS oldest_due_at
  FROM work GROUP BY stage, state, error_code ORDER BY stage, state, error_code
"""

# How far: of imports whose size is known, the share of their bytes that was read.
JOBS: Final = """
SELECT kind, state, count(*) AS n, avg(progress) FILTER (WHERE state = 'leased') AS progress,
       max(changed_at) AS changed_at
  FROM jobs GROUP BY kind, state
 UNION ALL
SELECT 'backfill-' || kind, CASE state WHEN 'running' THEN 'leased' ELSE state END, count(*),
       CASE WHEN state = 'running' AND count(*) = count(size_bytes)
            THEN least(1, sum(offset_bytes) / nullif(sum(size_bytes), 0)) END,
       max(updated_at)
  FROM backfills GROUP BY kind, state
 ORDER BY kind, state
"""

# Requests that were granted may lie ahead; a crawler asked a host lately or is about to.
CRAWL: Final = """
SELECT (SELECT count(*) FROM hosts WHERE asked_at > now() - interval '10 minutes') AS hosts_asked,
       (SELECT max(asked_at) FROM hosts WHERE asked_at <= now()) AS last_asked_at,
       (SELECT count(*) FROM revisits WHERE next_at <= now()) AS looks_due,
       (SELECT count(*) FROM revisits WHERE next_at > now()) AS looks_planned
"""

STOPPED: Final = """
SELECT stopped_reason AS code, count(*) AS n FROM hosts
 WHERE stopped_until > now() GROUP BY stopped_reason ORDER BY n DESC, stopped_reason
"""


def refused(conn: Conn, where: Where, *, rows: int) -> list[DictRow]:
    """Up to ``rows`` refusals, newest first."""
    query = REFUSED.format(where=where.sql(REFUSALS))
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()


def count_refused(conn: Conn, where: Where) -> int:
    """How many refusals answer."""
    row = conn.execute(REFUSED_COUNT.format(where=where.sql(REFUSALS)), where.values).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def totals(conn: Conn, run_id: str | None) -> DictRow:
    """One row of counts and newest times; labels in force are those of this run."""
    row = conn.execute(TOTALS, {"run_id": run_id}).fetchone()
    assert row is not None  # a SELECT without FROM has one row
    return row


def duplicates(conn: Conn) -> list[DictRow]:
    """Current articles that copy another, by reason."""
    return conn.execute(DUPLICATES).fetchall()


def refusals_by_code(conn: Conn) -> list[DictRow]:
    """Refusals by code."""
    return conn.execute(REFUSALS_BY_CODE).fetchall()


def work(conn: Conn) -> list[DictRow]:
    """Work rows by stage, state and error code."""
    return conn.execute(WORK).fetchall()


def jobs(conn: Conn) -> list[DictRow]:
    """What was asked for and takes long, and imports of archives, by kind and state."""
    return conn.execute(JOBS).fetchall()


def crawl(conn: Conn) -> DictRow:
    """What the crawlers do now, and which hosts they stay away from, by reason."""
    row = conn.execute(CRAWL).fetchone()
    assert row is not None  # a SELECT without FROM has one row
    return row | {"hosts_stopped": conn.execute(STOPPED).fetchall()}
