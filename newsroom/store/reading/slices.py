"""How much a slice of the articles is, and of how many days."""

from __future__ import annotations

from typing import Any, Final

from psycopg.sql import SQL

from newsroom.db import Conn
from newsroom.store.reading.where import Where

SPAN: Final = SQL("""
SELECT count(*) AS articles, count(DISTINCT a.publisher_id) AS outlets,
       min(a.sort_at) AS first_at, max(a.sort_at) AS last_at
  FROM articles a WHERE {where}
""")


def span(conn: Conn, where: Where) -> dict[str, Any]:
    """How many ``articles`` of how many ``outlets``, from ``first_at`` to ``last_at``."""
    row = conn.execute(SPAN.format(where=where.articles()), where.values).fetchone()
    assert row is not None  # an aggregate has one row
    return dict(row)
