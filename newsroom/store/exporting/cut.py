"""The slice: which articles leave, in which order, fixed once for every table of an export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from psycopg.rows import DictRow
from psycopg.sql import SQL

from newsroom.db import Conn
from newsroom.store.exporting import bodies
from newsroom.store.reading.where import Where

APPLICATION: Final = "newsroom-export"

# To be asked before the transaction that reads. Sessions named as above are not waited for.
SETTLED = "SELECT settled_at() AS at"

_SAME_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
_BE_NAMED = f"SET LOCAL application_name = '{APPLICATION}'"
# Its tables are read in stretches of articles, for which no statistics exist beforehand.
_PLAN = "SET LOCAL jit = off; SET LOCAL work_mem = '32MB'"
_MAKE = """
CREATE TEMPORARY TABLE slice (
    ordinal         bigint PRIMARY KEY,
    article_id      text NOT NULL,
    revision        integer NOT NULL,
    content_sha256  text NOT NULL,
    publisher_id    text NOT NULL,
    sort_at         timestamptz NOT NULL,
    outlet_articles bigint NOT NULL
) ON COMMIT DROP
"""
_FILL = SQL("""
INSERT INTO slice
SELECT row_number() OVER (ORDER BY a.sort_at, a.article_id), a.article_id, a.revision,
       a.content_sha256, a.publisher_id, a.sort_at, count(*) OVER (PARTITION BY a.publisher_id)
  FROM articles a WHERE {where}
""")
_LEARN = "ANALYZE slice"
_ONLY_READ = "SET TRANSACTION READ ONLY"
_OUTLETS = """
SELECT s.publisher_id AS publisher, min(p.name) AS publisher_full, count(*) AS articles,
       min(s.sort_at) AS first_at, max(s.sort_at) AS last_at
  FROM slice s
  LEFT JOIN LATERAL (SELECT name FROM publisher_history o
                      WHERE o.publisher_id = s.publisher_id AND o.stored_at <= %(as_of)s
                      ORDER BY o.stored_at DESC, o.entry_id DESC LIMIT 1) p ON true
 GROUP BY s.publisher_id ORDER BY s.publisher_id
"""
_SPAN = """
SELECT count(*) AS articles, min(sort_at) AS first_at, max(sort_at) AS last_at,
       count(DISTINCT publisher_id) AS outlets
  FROM slice
"""
_LANGUAGES = """
SELECT a.language, count(*) AS articles FROM slice s JOIN articles a USING (article_id, revision)
 GROUP BY a.language ORDER BY count(*) DESC, a.language
"""
TAKEN_DOWN = "SELECT count(*) AS n FROM takedowns"


def settled(conn: Conn) -> datetime:
    """The last moment of which everything is known; in a transaction before that of the export."""
    row = conn.execute(SETTLED).fetchone()
    assert row is not None  # an aggregate has one row
    moment = row["at"]
    assert isinstance(moment, datetime)
    return moment


def taken_down(conn: Conn) -> int:
    """How many articles were taken down so far: nothing of them leaves any more."""
    row = conn.execute(TAKEN_DOWN).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def cut(conn: Conn, where: Where) -> None:
    """Fix the slice; from here on the transaction reads one moment and writes nothing.

    Must be the first thing in the transaction, at the end of which the slice is gone.
    """
    for statement in (_SAME_MOMENT, _BE_NAMED, _PLAN, _MAKE):
        conn.execute(statement)
    conn.execute(_FILL.format(where=where.articles()), where.values)
    conn.execute(_LEARN)
    conn.execute(_ONLY_READ)


def span(conn: Conn) -> dict[str, Any]:
    """How many ``articles`` of how many ``outlets``, from ``first_at`` to ``last_at``."""
    row = conn.execute(_SPAN).fetchone()
    assert row is not None  # an aggregate has one row
    return dict(row)


def outlets(conn: Conn, as_of: datetime) -> list[DictRow]:
    """The outlets of the slice with what they have in it."""
    return conn.execute(_OUTLETS, {"as_of": as_of}).fetchall()


def languages(conn: Conn) -> list[DictRow]:
    """The languages of the slice, commonest first."""
    return conn.execute(_LANGUAGES).fetchall()


def completeness(conn: Conn, values: Mapping[str, object]) -> list[DictRow]:
    """By outlet, how many of the days that the slice is about were seen well."""
    return conn.execute(bodies.COMPLETENESS, values).fetchall()
