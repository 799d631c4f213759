"""Outlets, with what is stored of each."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow

from newsroom.db import Conn

# The page of outlets is cut first; then one index range an outlet, and one pass over refusals.
PAGE: Final = """
WITH page AS (
    SELECT * FROM publishers
     WHERE (%(after)s::text IS NULL OR publisher_id > %(after)s::text)
     ORDER BY publisher_id LIMIT %(rows)s
), refused AS (
    SELECT publisher_id, count(*) AS n FROM refusals
     WHERE publisher_id IN (SELECT publisher_id FROM page) GROUP BY publisher_id
)
SELECT p.publisher_id, p.name, p.domain, p.country, p.demo, p.verified,
       a.articles, a.first_at, a.last_at, coalesce(r.n, 0) AS refusals
  FROM page p
 CROSS JOIN LATERAL (SELECT count(*) AS articles, min(sort_at) AS first_at, max(sort_at) AS last_at
                       FROM articles WHERE publisher_id = p.publisher_id
                        AND superseded_at IS NULL) a
  LEFT JOIN refused r ON r.publisher_id = p.publisher_id
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
