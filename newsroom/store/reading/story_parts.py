"""Who covered which part of a story and how, and of which outlets nothing is stored."""

from __future__ import annotations

from typing import Any, Final

from newsroom.db import Conn
from newsroom.store import coverage
from newsroom.store.reading.event_coverage import measured

PARTS: Final = """
SELECT m.event_id, a.publisher_id, count(DISTINCT a.article_id) AS articles,
       avg(n.score) FILTER (WHERE a.form IS NULL) AS lean_mean,
       count(n.score) FILTER (WHERE a.form IS NULL) AS lean_n
  FROM event_members m
  JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
  LEFT JOIN annotations n ON n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
       AND n.run_id = %(run_id)s AND n.scope = 'article' AND n.stage = 'lean'
 WHERE m.story_id = %(story_id)s AND m.event_id IS NOT NULL
 GROUP BY m.event_id, a.publisher_id
 ORDER BY m.event_id, a.publisher_id
"""

# Only an outlet of which something was stored on those days can be said to lack an article here. A
# day counts as crawled where its verdict is good and was given after it was over.
NOTHING: Final = """
SELECT p.publisher_id, p.name AS publisher, o.articles AS articles_on_those_days,
       (s.last_at AT TIME ZONE 'UTC')::date - (s.first_at AT TIME ZONE 'UTC')::date + 1 AS days,
       (SELECT count(*) FROM source_health h
         WHERE h.publisher_id = p.publisher_id AND h.verdict IN ('ok', 'quiet') AND h.complete
           AND h.day BETWEEN (s.first_at AT TIME ZONE 'UTC')::date
                         AND (s.last_at AT TIME ZONE 'UTC')::date) AS days_crawled
  FROM stories s
 CROSS JOIN LATERAL (
       SELECT a.publisher_id, count(*) AS articles FROM articles a
        WHERE a.superseded_at IS NULL AND a.sort_at >= date_trunc('day', s.first_at)
          AND a.sort_at < date_trunc('day', s.last_at) + interval '1 day'
        GROUP BY a.publisher_id) o
  JOIN publishers p ON p.publisher_id = o.publisher_id
 WHERE s.story_id = %(story_id)s
   AND NOT EXISTS (SELECT FROM event_members m
                     JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
                    WHERE m.story_id = s.story_id AND a.publisher_id = p.publisher_id)
 ORDER BY o.articles DESC, p.publisher_id
"""


def of_story(conn: Conn, story_id: str, run_id: str | None) -> dict[str, list[dict[str, Any]]]:
    """``covered`` by outlet, ``parts`` by event and outlet, and outlets with ``nothing``."""
    values = {"story_id": story_id, "run_id": run_id}
    return {
        "covered": [measured(row) for row in coverage.of_group(conn, story_id, run_id)],
        "parts": [dict(row) for row in conn.execute(PARTS, values)],
        "nothing": [dict(row) for row in conn.execute(NOTHING, {"story_id": story_id})],
    }
