"""What linking one new article reads: where its candidates are now, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from newsroom.db import Conn
from newsroom.store.embeddings import InWindow, vector_of

# ``is_new``: the present text came after the article was put where it is.
PLACES: Final = """
SELECT a.article_id, a.content_sha256, a.sort_at, m.event_id, m.story_id,
       coalesce(e.first_at, a.sort_at) AS event_first_at,
       coalesce(e.last_at, a.sort_at) AS event_last_at,
       coalesce(s.first_at, a.sort_at) AS story_first_at,
       coalesce(s.last_at, a.sort_at) AS story_last_at,
       a.revision > 1 AND (v.at IS NULL OR a.fetched_at > v.at) AS is_new
  FROM articles a
  LEFT JOIN event_members m ON m.article_id = a.article_id
  LEFT JOIN events e ON e.event_id = m.event_id
  LEFT JOIN stories s ON s.story_id = m.story_id
  LEFT JOIN member_history h ON h.article_id = a.article_id AND h.to_version IS NULL
  LEFT JOIN ledger_versions v ON v.version = h.from_version
 WHERE a.superseded_at IS NULL AND a.article_id = ANY(%(articles)s)
"""

# Of a large group some members are enough; ids are digests, so their order is a random one.
MEMBERS: Final = """
WITH asked AS (
    SELECT g.id AS group_id, m.article_id
      FROM unnest(%(events)s::text[]) AS g(id)
      CROSS JOIN LATERAL (SELECT article_id FROM event_members WHERE event_id = g.id
                           ORDER BY article_id LIMIT %(limit)s) m
     UNION ALL
    SELECT g.id, m.article_id
      FROM unnest(%(stories)s::text[]) AS g(id)
      CROSS JOIN LATERAL (SELECT article_id FROM event_members WHERE story_id = g.id
                           ORDER BY article_id LIMIT %(limit)s) m
     UNION ALL
    SELECT id, id FROM unnest(%(articles)s::text[]) AS g(id)
)
SELECT k.group_id, a.article_id, a.publisher_id, a.title, left(a.text, 4000) AS text,
       a.published_at, vector_send(e.vector) AS vector
  FROM asked k
  JOIN articles a ON a.article_id = k.article_id AND a.superseded_at IS NULL
  JOIN embeddings e ON e.text_key = a.content_sha256 AND e.encoder = %(encoder)s
 ORDER BY k.group_id, a.article_id
"""

BEFORE: Final = """
SELECT count(*) AS n FROM (
    SELECT FROM articles
     WHERE superseded_at IS NULL AND sort_at BETWEEN %(first)s AND %(last)s LIMIT %(most)s) near
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where an article is now, and from when to when its event and its story go.

    One that is in no group spans its own time. ``is_new``: its text changed since it was put there.
    """

    article_id: str
    content_sha256: str
    sort_at: datetime
    event_id: str | None
    story_id: str | None
    event_first_at: datetime
    event_last_at: datetime
    story_first_at: datetime
    story_last_at: datetime
    is_new: bool


def whereabouts(conn: Conn, articles: Sequence[str]) -> dict[str, Whereabouts]:
    """Current articles by id; those that are no more are absent."""
    rows = conn.execute(PLACES, {"articles": list(articles)})
    return {row["article_id"]: Whereabouts(**row) for row in rows}


def members(
    conn: Conn,
    encoder: str,
    *,
    events: Sequence[str] = (),
    stories: Sequence[str] = (),
    articles: Sequence[str] = (),
    limit: int,
) -> list[tuple[str, InWindow]]:
    """Up to ``limit`` members of each group, and articles by themselves, as (group, article).

    An article stands under its own id; one without a vector of this encoder is left out.
    """
    values = {
        "encoder": encoder,
        "events": list(events),
        "stories": list(stories),
        "articles": list(articles),
        "limit": limit,
    }
    found = []
    for row in conn.execute(MEMBERS, values):
        group = row.pop("group_id")
        found.append((group, InWindow(**(row | {"vector": vector_of(row["vector"])}))))  # type: ignore[typeddict-item]
    return found


def before(conn: Conn, at: datetime, span: timedelta, *, most: int) -> int:
    """How many current articles lie in the span before a time and at it, counted up to ``most``."""
    row = conn.execute(BEFORE, {"first": at - span, "last": at, "most": most}).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])
