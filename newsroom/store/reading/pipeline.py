"""How the pipeline is doing: what came in, what was refused, what is due, who labelled."""

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
       (SELECT count(*) FROM annotations WHERE superseded_at IS NULL) AS annotations_current,
       (SELECT count(*) FROM events) AS events,
       (SELECT count(*) FROM stories) AS stories
"""

DUPLICATES: Final = """
SELECT duplicate_reason AS reason, count(*) AS n FROM articles
 WHERE superseded_at IS NULL AND duplicate_of IS NOT NULL
 GROUP BY duplicate_reason ORDER BY duplicate_reason
"""

REFUSALS_BY_CODE: Final = "SELECT code, count(*) AS n FROM refusals GROUP BY code ORDER BY code"

WORK: Final = """
SELECT stage, state, error_code, count(*) AS n FROM work
 GROUP BY stage, state, error_code ORDER BY stage, state, error_code
"""

RUNS: Final = """
SELECT r.run_id, r.labeller, r.labeller_revision, r.codebook_version, r.codebook_digest,
       r.prompt_digest, r.code_version, r.started_at
  FROM runs r
 WHERE (%(after_at)s::timestamptz IS NULL OR (r.started_at, r.run_id) < (%(after_at)s, %(after_id)s))
 ORDER BY r.started_at DESC, r.run_id DESC LIMIT %(rows)s
"""

RUNS_COUNT: Final = "SELECT count(*) AS n FROM runs"

# The codebook in use is the one of the newest run.
CODEBOOK: Final = """
SELECT c.version, c.digest, c.content, r.started_at AS used_at
  FROM runs r
  JOIN codebooks c ON (c.version, c.digest) = (r.codebook_version, r.codebook_digest)
 WHERE %(version)s::text IS NULL OR c.version = %(version)s
 ORDER BY r.started_at DESC, r.run_id DESC LIMIT 1
"""

MIGRATIONS: Final = "SELECT version FROM schema_migrations"


def refused(conn: Conn, where: Where, *, rows: int) -> list[DictRow]:
    """Up to ``rows`` refusals, newest first."""
    query = REFUSED.format(where=where.sql(REFUSALS))
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()


def count_refused(conn: Conn, where: Where) -> int:
    """How many refusals answer."""
    row = conn.execute(REFUSED_COUNT.format(where=where.sql(REFUSALS)), where.values).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def totals(conn: Conn) -> DictRow:
    """One row of counts and newest times."""
    row = conn.execute(TOTALS).fetchone()
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


def runs(conn: Conn, *, after: tuple[object, str] | None, rows: int) -> list[DictRow]:
    """Up to ``rows`` labelling runs, newest first."""
    after_at, after_id = after if after is not None else (None, None)
    return conn.execute(RUNS, {"after_at": after_at, "after_id": after_id, "rows": rows}).fetchall()


def count_runs(conn: Conn) -> int:
    """How many labelling runs there are."""
    row = conn.execute(RUNS_COUNT).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def codebook(conn: Conn, version: str | None) -> DictRow | None:
    """The codebook of the newest run, or of the newest run under that version."""
    return conn.execute(CODEBOOK, {"version": version}).fetchone()


def migrations(conn: Conn) -> set[str]:
    """Versions applied to this database."""
    return {str(row["version"]) for row in conn.execute(MIGRATIONS)}
