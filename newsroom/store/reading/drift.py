"""Two runs side by side, on the texts of a panel or on all current ones."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow, class_row

from newsroom.db import Conn
from newsroom.drift import Pair

_BASE: Final = """
SELECT article_id, content_sha256, publisher_id FROM panel_articles WHERE panel = %(panel)s::text
UNION ALL
SELECT article_id, content_sha256, publisher_id FROM articles
 WHERE superseded_at IS NULL AND %(panel)s::text IS NULL
"""

# What became of the texts: labelled, refused under a code, or not finished (null).
OUTCOMES: Final = f"""
WITH base AS ({_BASE})
SELECT CASE WHEN x.run_id IS NOT NULL THEN coalesce(x.code, 'labelled') END AS a,
       CASE WHEN y.run_id IS NOT NULL THEN coalesce(y.code, 'labelled') END AS b, count(*) AS n
  FROM base t
  LEFT JOIN run_outcomes x ON x.run_id = %(a)s AND x.article_id = t.article_id
       AND x.content_sha256 = t.content_sha256
  LEFT JOIN run_outcomes y ON y.run_id = %(b)s AND y.article_id = t.article_id
       AND y.content_sha256 = t.content_sha256
 GROUP BY 1, 2 ORDER BY n DESC, 1, 2
"""  # noqa: S608 (a constant of this module)

# Sentences are counted by article: an article is what a sample draws, not its sentences.
PAIRS: Final = f"""
WITH base AS ({_BASE}),
both_labelled AS MATERIALIZED (
    SELECT t.* FROM base t
      JOIN run_outcomes x ON x.run_id = %(a)s AND x.article_id = t.article_id
           AND x.content_sha256 = t.content_sha256 AND x.code IS NULL
      JOIN run_outcomes y ON y.run_id = %(b)s AND y.article_id = t.article_id
           AND y.content_sha256 = t.content_sha256 AND y.code IS NULL
), one AS (
    SELECT t.article_id, t.publisher_id, n.stage, n.scope, coalesce(n.sentence, -1) AS place,
           n.label, n.score, true AS found
      FROM both_labelled t JOIN annotations n ON n.article_id = t.article_id
           AND n.content_sha256 = t.content_sha256 AND n.run_id = %(a)s
), other AS (
    SELECT t.article_id, t.publisher_id, n.stage, n.scope, coalesce(n.sentence, -1) AS place,
           n.label, n.score, true AS found
      FROM both_labelled t JOIN annotations n ON n.article_id = t.article_id
           AND n.content_sha256 = t.content_sha256 AND n.run_id = %(b)s
)
SELECT article_id, publisher_id, stage, scope, one.label AS label_a, other.label AS label_b,
       one.score AS score_a, other.score AS score_b, coalesce(one.found, false) AS in_a,
       coalesce(other.found, false) AS in_b, count(*) AS n
  FROM one FULL JOIN other USING (article_id, publisher_id, stage, scope, place)
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
 ORDER BY 1, 3, 4, 5, 6
"""  # noqa: S608 (a constant of this module)

PANELS: Final = """
SELECT panel, articles, seed, since, until, made_at FROM panels ORDER BY made_at DESC, panel
"""

PANEL: Final = """
SELECT panel, articles, seed, since, until, made_at FROM panels WHERE panel = %(panel)s
"""


def outcomes(conn: Conn, a: str, b: str, panel: str | None) -> list[DictRow]:
    """How many texts had which pair of outcomes."""
    return conn.execute(OUTCOMES, {"a": a, "b": b, "panel": panel}).fetchall()


def pairs(conn: Conn, a: str, b: str, panel: str | None) -> list[Pair]:
    """The answers of two runs, side by side, on the texts that both have labelled."""
    with conn.cursor(row_factory=class_row(Pair)) as cursor:
        return cursor.execute(PAIRS, {"a": a, "b": b, "panel": panel}).fetchall()


def panels(conn: Conn) -> list[DictRow]:
    """Every panel, newest first."""
    return conn.execute(PANELS).fetchall()


def panel(conn: Conn, name: str) -> DictRow | None:
    """One panel."""
    return conn.execute(PANEL, {"panel": name}).fetchone()
