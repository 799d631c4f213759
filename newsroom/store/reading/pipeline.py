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

TOTALS: Final = """
SELECT (SELECT count(*) FROM publishers) AS outlets,
       (SELECT count(*) FROM pages) AS pages,
       (SELECT max(fetched_at) FROM pages) AS newest_page_at,
       (SELECT count(*) FROM articles WHERE superseded_at IS NULL) AS articles,
       (SELECT count(*) FROM articles) AS revisions,
       (SELECT max(fetched_at) FROM articles) AS newest_article_at,
       (SELECT count(*) FROM annotations) AS annotations,
       (SELECT count(*) FROM annotations n JOIN articles a USING (article_id, content_sha256)
         WHERE n.run_id = %(run_id)s AND a.superseded_at IS NULL) AS annotations_current,
       (SELECT count(*) FROM events) AS events,
       (SELECT count(*) FROM stories) AS stories
"""

DUPLICATES: Final = """
SELECT duplicate_reason AS code, count(*) AS n FROM articles
 WHERE superseded_at IS NULL AND duplicate_of IS NOT NULL
 GROUP BY duplicate_reason ORDER BY duplicate_reason
"""

REFUSALS_BY_CODE: Final = "SELECT code, count(*) AS n FROM refusals GROUP BY code ORDER BY code"

WORK: Final = """
SELECT stage, state, error_code, count(*) AS n FROM work
 GROUP BY stage, state, error_code ORDER BY stage, state, error_code
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
