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
       AND (%(q)s::text IS NULL OR strpos(lower(name), lower(%(q)s::text)) > 0
            OR strpos(publisher_id, lower(%(q)s::text)) > 0)
     ORDER BY publisher_id LIMIT %(rows)s
), refused AS (
    SELECT publisher_id, count(*) AS n FROM refusals
     WHERE %(counted)s AND publisher_id IN (SELECT publisher_id FROM page) GROUP BY publisher_id
)
SELECT p.publisher_id, p.name, p.domain, p.country, p.demo, p.verified,
       a.articles, a.first_at, a.last_at, coalesce(r.n, 0) AS refusals
  FROM page p
 CROSS JOIN LATERAL (SELECT count(*) AS articles, min(sort_at) AS first_at, max(sort_at) AS last_at
                       FROM articles WHERE %(counted)s AND publisher_id = p.publisher_id
                        AND superseded_at IS NULL) a
  LEFT JOIN refused r ON r.publisher_id = p.publisher_id
 ORDER BY p.publisher_id
"""

COUNT: Final = """
SELECT count(*) AS n FROM publishers
 WHERE %(q)s::text IS NULL OR strpos(lower(name), lower(%(q)s::text)) > 0
    OR strpos(publisher_id, lower(%(q)s::text)) > 0
"""

IDS: Final = "SELECT publisher_id FROM publishers ORDER BY publisher_id"


def page(
    conn: Conn, *, after: str | None, rows: int, q: str | None = None, counted: bool = True
) -> list[DictRow]:
    """Up to ``rows`` outlets by id; ``q`` is a part of the name or the id.

    What is stored of each is counted, or zero where ``counted`` is False.
    """
    values = {"after": after, "rows": rows, "q": q, "counted": counted}
    return conn.execute(PAGE, values).fetchall()


def count(conn: Conn, *, q: str | None = None) -> int:
    """How many outlets are known under such a name."""
    row = conn.execute(COUNT, {"q": q}).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def ids(conn: Conn) -> list[str]:
    """Every outlet's id."""
    return [row["publisher_id"] for row in conn.execute(IDS)]
