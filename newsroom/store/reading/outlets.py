"""Outlets, with what is stored of each."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow

from newsroom.db import Conn

# The page of outlets is cut first: counting costs one index range an outlet shown.
PAGE: Final = """
SELECT p.publisher_id, p.name, p.domain, p.country, p.demo, p.verified,
       a.articles, a.first_at, a.last_at, r.refusals
  FROM (SELECT * FROM publishers
         WHERE (%(after)s::text IS NULL OR publisher_id > %(after)s)
         ORDER BY publisher_id LIMIT %(rows)s) p
 CROSS JOIN LATERAL (SELECT count(*) AS articles, min(sort_at) AS first_at, max(sort_at) AS last_at
                       FROM articles WHERE publisher_id = p.publisher_id
                        AND superseded_at IS NULL) a
 CROSS JOIN LATERAL (SELECT count(*) AS refusals FROM refusals
                      WHERE publisher_id = p.publisher_id) r
 ORDER BY p.publisher_id
"""

COUNT: Final = "SELECT count(*) AS n FROM publishers"


def page(conn: Conn, *, after: str | None, rows: int) -> list[DictRow]:
    """Up to ``rows`` outlets by id."""
    return conn.execute(PAGE, {"after": after, "rows": rows}).fetchall()


def count(conn: Conn) -> int:
    """How many outlets are known."""
    row = conn.execute(COUNT).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])
