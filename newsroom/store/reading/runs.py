"""Labelling runs, and the codebooks they used."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow

from newsroom.db import Conn

PAGE: Final = """
SELECT run_id, labeller, labeller_revision, codebook_version, codebook_digest, prompt_digest,
       code_version, started_at
  FROM runs
 WHERE (%(after_at)s::timestamptz IS NULL
        OR (started_at, run_id) < (%(after_at)s::timestamptz, %(after_id)s::text))
 ORDER BY started_at DESC, run_id DESC LIMIT %(rows)s
"""

COUNT: Final = "SELECT count(*) AS n FROM runs"

# The codebook in use is the one of the newest run.
CODEBOOK: Final = """
SELECT c.version, c.digest, c.content, r.started_at AS used_at
  FROM runs r
  JOIN codebooks c ON (c.version, c.digest) = (r.codebook_version, r.codebook_digest)
 WHERE %(version)s::text IS NULL OR c.version = %(version)s::text
 ORDER BY r.started_at DESC, r.run_id DESC LIMIT 1
"""


def page(conn: Conn, *, after_at: object, after_id: object, rows: int) -> list[DictRow]:
    """Up to ``rows`` runs, newest first, behind a key or from the start (nulls)."""
    return conn.execute(PAGE, {"after_at": after_at, "after_id": after_id, "rows": rows}).fetchall()


def count(conn: Conn) -> int:
    """How many runs there are."""
    row = conn.execute(COUNT).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def codebook(conn: Conn, version: str | None) -> DictRow | None:
    """The codebook of the newest run, or of the newest run under that version."""
    return conn.execute(CODEBOOK, {"version": version}).fetchone()
