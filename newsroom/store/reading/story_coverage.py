"""Who covered the largest stories and who did not, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from newsroom.db import Conn
from newsroom.store.reading import events
from newsroom.store.reading.where import Where

COVERED: Final = """
SELECT m.story_id, a.publisher_id, p.name AS publisher, count(*) AS articles,
       min(a.sort_at) AS first_at
  FROM event_members m
  JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
  JOIN publishers p ON p.publisher_id = a.publisher_id
 WHERE m.story_id = ANY(%(story_ids)s::text[])
 GROUP BY m.story_id, a.publisher_id, p.name
 ORDER BY m.story_id, articles DESC, a.publisher_id
"""

BY_DAY: Final = """
SELECT m.story_id, date_trunc('day', a.sort_at)::date AS day, count(*) AS articles
  FROM event_members m
  JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
 WHERE m.story_id = ANY(%(story_ids)s::text[])
 GROUP BY m.story_id, day ORDER BY m.story_id, day
"""

# Only an outlet of which something else was stored on the days of a story can be said to lack an
# article of it; and how many of its days we saw to the end says what that lack is worth.
SILENT: Final = """
SELECT s.story_id, p.publisher_id, p.name AS publisher,
       (SELECT count(*) FROM source_health h
         WHERE h.publisher_id = p.publisher_id AND h.complete AND h.verdict IN ('ok', 'quiet')
           AND h.day BETWEEN s.first_at::date AND s.last_at::date) AS days_seen
  FROM stories s CROSS JOIN publishers p
 WHERE s.story_id = ANY(%(story_ids)s::text[])
   AND (%(publisher_ids)s::text[] IS NULL OR p.publisher_id = ANY(%(publisher_ids)s::text[]))
   AND EXISTS (SELECT FROM articles a
                WHERE a.publisher_id = p.publisher_id AND a.superseded_at IS NULL
                  AND a.sort_at >= date_trunc('day', s.first_at)
                  AND a.sort_at < date_trunc('day', s.last_at) + interval '1 day')
   AND NOT EXISTS (SELECT FROM event_members m
                     JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
                    WHERE m.story_id = s.story_id AND a.publisher_id = p.publisher_id)
 ORDER BY s.story_id, p.publisher_id
"""


def largest(
    conn: Conn, where: Where, *, publisher_ids: Sequence[str] | None, rows: int
) -> list[dict[str, Any]]:
    """Up to ``rows`` stories, most articles first, each with who covered it and who did not.

    ``publisher_ids`` narrows those who did not; None asks all outlets.
    """
    found = events.stories(conn, where, order="-articles", rows=rows)
    values = {
        "story_ids": [story["story_id"] for story in found],
        "publisher_ids": None if publisher_ids is None else list(publisher_ids),
    }
    covered = dict(_by_story(conn, COVERED, values))
    by_day = dict(_by_story(conn, BY_DAY, values))
    silent = dict(_by_story(conn, SILENT, values))
    return [
        dict(story)
        | {
            "days": (story["last_at"].date() - story["first_at"].date()).days + 1,
            "by_day": by_day.get(story["story_id"], []),
            "covered": covered.get(story["story_id"], []),
            "silent": silent.get(story["story_id"], []),
        }
        for story in found
    ]


def _by_story(
    conn: Conn, sql: str, values: dict[str, Any]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    rows = conn.execute(sql, values)
    for story_id, group in groupby(rows, key=lambda row: row["story_id"]):
        yield str(story_id), [dict(row) for row in group]
