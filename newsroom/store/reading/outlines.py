"""When events and stories were covered and by whom, short enough to stand in a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier

from newsroom.db import Conn
from newsroom.store.ledger import Level

OUTLETS_MAX: Final = 12

# The groups of one page are given; each costs its own members and no more.
OUTLINE: Final = SQL("""
SELECT g.group_id, o.outlets, d.by_day
  FROM unnest(%(ids)s::text[]) AS g(group_id)
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('publisher_id', x.publisher_id, 'publisher', p.name,
                                           'articles', x.n) ORDER BY x.first_at, x.publisher_id)
              AS outlets
         FROM (SELECT a.publisher_id, count(*) AS n, min(a.sort_at) AS first_at
                 FROM event_members m
                 JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
                WHERE m.{level} = g.group_id
                GROUP BY a.publisher_id ORDER BY first_at, a.publisher_id LIMIT %(outlets)s) x
         JOIN publishers p USING (publisher_id)) o
 CROSS JOIN LATERAL (
       SELECT jsonb_object_agg(y.day, y.n) AS by_day
         FROM (SELECT (a.sort_at AT TIME ZONE 'UTC')::date AS day, count(*) AS n
                 FROM event_members m
                 JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
                WHERE m.{level} = g.group_id GROUP BY 1) y) d
""")


def outlined(conn: Conn, level: Level, rows: Sequence[DictRow]) -> list[dict[str, Any]]:
    """The rows, each with its first ``outlets`` and its articles ``by_day``."""
    key = f"{level}_id"
    query = OUTLINE.format(level=Identifier(key))
    values = {"ids": [row[key] for row in rows], "outlets": OUTLETS_MAX}
    found: Mapping[str, DictRow] = {r["group_id"]: r for r in conn.execute(query, values)}
    return [
        dict(row)
        | {
            "outlets": found[row[key]]["outlets"] or [],
            "by_day": dict(sorted((found[row[key]]["by_day"] or {}).items())),
        }
        for row in rows
    ]
