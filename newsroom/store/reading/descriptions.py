"""What outlet files say, for readers; a module of its own, so that no labeller comes near it."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow

from newsroom.db import Conn

DESCRIBED: Final = """
SELECT p.publisher_id, p.name, p.domain, p.country, p.language, p.timezone, p.demo, p.verified,
       d.medium, d.front_page, d.feeds, d.sitemaps, d.delay_s, d.verified_on, d.floors,
       d.reference_lean
  FROM publishers p JOIN outlet_descriptions d USING (publisher_id)
 WHERE %(after)s::text IS NULL OR publisher_id > %(after)s::text
 ORDER BY publisher_id LIMIT %(rows)s
"""


def described(conn: Conn, *, after: str | None, rows: int) -> list[DictRow]:
    """Up to ``rows`` outlets that have a file, by id, with what it says."""
    return conn.execute(DESCRIBED, {"after": after, "rows": rows}).fetchall()
