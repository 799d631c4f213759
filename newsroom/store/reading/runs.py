"""Labelling runs: which one readers see, what each covers, and the codebooks they used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from psycopg.rows import DictRow
from psycopg.sql import SQL

from newsroom.db import Conn
from newsroom.errors import NotFound

# What a run covers are the texts that are current now, not all it ever labelled.
ROWS: Final = SQL("""
WITH shown AS ({shown}), covered AS (
    SELECT o.run_id, count(*) FILTER (WHERE o.code IS NULL) AS articles, count(o.code) AS refused
      FROM run_outcomes o JOIN articles a USING (article_id, content_sha256)
     WHERE %(counted)s AND o.run_id IN (SELECT run_id FROM shown) AND a.superseded_at IS NULL
     GROUP BY o.run_id
)
SELECT r.run_id, r.labeller, r.labeller_revision, r.codebook_version, r.codebook_digest,
       r.prompt_digest, r.settings, r.code_version, r.started_at, p.promoted_at, p.reason,
       coalesce(r.run_id = (SELECT run_id FROM promotions ORDER BY promotion_id DESC LIMIT 1),
                false) AS promoted,
       coalesce(c.articles, 0) AS articles, coalesce(c.refused, 0) AS refused
  FROM shown r
  LEFT JOIN covered c ON c.run_id = r.run_id
  LEFT JOIN LATERAL (SELECT promoted_at, reason FROM promotions
                      WHERE run_id = r.run_id ORDER BY promotion_id DESC LIMIT 1) p ON true
 ORDER BY r.started_at DESC, r.run_id DESC
""")

PAGE: Final = ROWS.format(
    shown=SQL("""
    SELECT * FROM runs
     WHERE (%(after_at)s::timestamptz IS NULL
            OR (started_at, run_id) < (%(after_at)s::timestamptz, %(after_id)s::text))
     ORDER BY started_at DESC, run_id DESC LIMIT %(rows)s
""")
)

ONE: Final = ROWS.format(shown=SQL("SELECT * FROM runs WHERE run_id = %(run_id)s"))

COUNT: Final = "SELECT count(*) AS n FROM runs"

PROMOTED: Final = """
SELECT r.run_id, r.labeller, r.labeller_revision, r.codebook_version
  FROM promotions p JOIN runs r USING (run_id) ORDER BY p.promotion_id DESC LIMIT 1
"""

NEWEST: Final = """
SELECT run_id, labeller, labeller_revision, codebook_version
  FROM runs WHERE labeller = %(labeller)s ORDER BY started_at DESC, run_id DESC LIMIT 1
"""

NAMED: Final = """
SELECT run_id, labeller, labeller_revision, codebook_version
  FROM runs
 WHERE run_id = %(run)s::text OR (length(%(run)s::text) >= 8 AND starts_with(run_id, %(run)s::text))
 ORDER BY run_id <> %(run)s::text, run_id LIMIT 2
"""

# The one readers saw then, if it answers, else the newest that does.
CHOSEN: Final = """
SELECT r.run_id, r.labeller, r.labeller_revision, r.codebook_version
  FROM runs r
 WHERE (%(labeller)s::text IS NULL OR r.labeller = %(labeller)s::text)
   AND (%(codebook)s::text IS NULL OR r.codebook_version = %(codebook)s::text)
   AND (%(as_of)s::timestamptz IS NULL OR r.started_at <= %(as_of)s::timestamptz)
 ORDER BY r.run_id IS DISTINCT FROM (
              SELECT run_id FROM promotions
               WHERE %(as_of)s::timestamptz IS NULL OR promoted_at <= %(as_of)s::timestamptz
               ORDER BY promotion_id DESC LIMIT 1),
          r.started_at DESC, r.run_id DESC
 LIMIT 1
"""

PROMOTED_AT: Final = """
SELECT r.run_id, r.labeller, r.labeller_revision, r.codebook_version
  FROM promotions p JOIN runs r USING (run_id)
 WHERE p.promoted_at <= %(as_of)s ORDER BY p.promotion_id DESC LIMIT 1
"""

CODEBOOK: Final = """
SELECT c.version, c.digest, c.content, r.started_at AS used_at, r.run_id
  FROM runs r
  JOIN codebooks c ON (c.version, c.digest) = (r.codebook_version, r.codebook_digest)
 WHERE CASE WHEN %(version)s::text IS NULL THEN r.run_id = %(run_id)s::text
            ELSE c.version = %(version)s::text END
 ORDER BY r.run_id IS DISTINCT FROM %(run_id)s::text, r.started_at DESC, r.run_id DESC LIMIT 1
"""


def page(
    conn: Conn, *, after_at: object, after_id: object, rows: int, counted: bool = True
) -> list[DictRow]:
    """Up to ``rows`` runs, newest first, behind a key or from the start (nulls).

    What they cover is counted, which reads every text, or zero where ``counted`` is False.
    """
    values = {"after_at": after_at, "after_id": after_id, "rows": rows, "counted": counted}
    return conn.execute(PAGE, values).fetchall()


def count(conn: Conn) -> int:
    """How many runs there are."""
    row = conn.execute(COUNT).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def promoted(conn: Conn) -> DictRow | None:
    """The run whose labels readers see, by name; None before the first one."""
    return conn.execute(PROMOTED).fetchone()


def newest(conn: Conn, labeller: str) -> DictRow | None:
    """The run of a labeller that started last."""
    return conn.execute(NEWEST, {"labeller": labeller}).fetchone()


def named(conn: Conn, run: str) -> DictRow:
    """The run of this id, or of the only one that begins so, in eight digits or more.

    Raises NotFound ``run-unknown``.
    """
    rows = conn.execute(NAMED, {"run": run}).fetchall()
    if not rows:
        raise NotFound("run-unknown", f"no run {run[:80]}")
    if len(rows) > 1 and rows[0]["run_id"] != run:
        raise NotFound("run-unknown", f"more than one run begins with {run[:80]}")
    return rows[0]


def shown(conn: Conn, run: str | None) -> DictRow | None:
    """The run asked for, else the promoted one."""
    return promoted(conn) if run is None else named(conn, run)


def seen(
    conn: Conn,
    *,
    run: str | None = None,
    labeller: str | None = None,
    codebook: str | None = None,
    as_of: datetime | None = None,
) -> DictRow | None:
    """The run whose labels a reader sees who names one, or who made them, or neither.

    ``run`` names one, with which ``labeller`` and ``codebook`` must agree. Without it they choose
    the promoted run, if it is theirs, else the newest one of them. With none of the three it is
    the promoted one, as of a time the one of then; None before the first.
    Raises NotFound ``run-unknown``.
    """
    said = " ".join(v[:80] for v in (labeller, codebook) if v)
    if run is not None:
        found = named(conn, run)
        if labeller not in {None, found["labeller"]} or codebook not in {
            None,
            found["codebook_version"],
        }:
            raise NotFound("run-unknown", f"run {run[:80]} is not of {said}")
        return found
    if said:
        values = {"labeller": labeller, "codebook": codebook, "as_of": as_of}
        chosen = conn.execute(CHOSEN, values).fetchone()
        if chosen is None:
            raise NotFound("run-unknown", f"no run of {said}")
        return chosen
    if as_of is not None:
        return conn.execute(PROMOTED_AT, {"as_of": as_of}).fetchone()
    return promoted(conn)


def id_of(run: Mapping[str, object] | None) -> str | None:
    """Its id; None, which has no labels, where there is no run."""
    return None if run is None else str(run["run_id"])


def one(conn: Conn, run_id: str) -> DictRow:
    """One run with what it covers. Raises NotFound ``run-unknown``."""
    row = conn.execute(ONE, {"run_id": run_id, "counted": True}).fetchone()
    if row is None:
        raise NotFound("run-unknown", f"no run {run_id[:80]}")
    return row


def codebook(conn: Conn, *, run_id: str | None, version: str | None) -> DictRow | None:
    """The codebook of a run; under a version, of that run if it used it, else of the newest."""
    return conn.execute(CODEBOOK, {"run_id": run_id, "version": version}).fetchone()
