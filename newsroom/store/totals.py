"""Counts of everything stored: what a summary or a status line says."""

from __future__ import annotations

from typing import Any

from newsroom.db import Conn

TOTALS = """
SELECT (SELECT count(*) FROM pages) AS pages,
       (SELECT count(*) FROM articles WHERE superseded_at IS NULL) AS articles,
       (SELECT count(*) FROM articles) AS revisions,
       (SELECT count(*) FROM articles WHERE superseded_at IS NULL AND duplicate_of IS NOT NULL)
           AS duplicates,
       (SELECT count(*) FROM annotations) AS labels,
       (SELECT count(*) FROM events) AS events,
       (SELECT count(*) FROM stories) AS stories
"""
REFUSED = "SELECT code, count(*) AS n FROM refusals GROUP BY code"
WORK = "SELECT state, count(*) AS n FROM work GROUP BY state"

LABELLED = """
SELECT a.url, a.article_id, a.publisher_id, m.event_id, m.story_id, n.stage, n.label, n.score
  FROM articles a
  LEFT JOIN event_members m USING (article_id)
  LEFT JOIN annotations n ON n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
       AND n.scope = 'article'
       AND n.run_id = (SELECT run_id FROM promotions ORDER BY promotion_id DESC LIMIT 1)
 WHERE a.superseded_at IS NULL
"""


def of_everything(conn: Conn) -> dict[str, Any]:
    """Totals by name, with ``refused`` by code and ``work`` by state."""
    row = conn.execute(TOTALS).fetchone()
    assert row is not None
    return {
        **row,
        "refused": {r["code"]: r["n"] for r in conn.execute(REFUSED)},
        "work": {r["state"]: r["n"] for r in conn.execute(WORK)},
    }


def labelled(conn: Conn) -> list[dict[str, Any]]:
    """Every current article with its groups, one row a label of it in the promoted run."""
    return [dict(r) for r in conn.execute(LABELLED)]
