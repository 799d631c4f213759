"""Labels with everything needed to replay them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from psycopg.rows import DictRow
from psycopg.sql import SQL

from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.store.reading.where import ANNOTATIONS, Where

# In force: of the run readers see, and made on the text the article has now.
OF_ARTICLE: Final = """
SELECT n.annotation_id, n.stage, n.scope, n.sentence, n.label, n.score, n.confidence,
       n.distribution, n.scale, n.validated, n.text, n.reason, n.evidence, n.labeller,
       n.labeller_revision, n.codebook_version, n.prompt_digest, n.run_id, n.memory_sequence,
       n.answer_id, n.content_sha256, n.made_at, n.superseded_at, c.current
  FROM annotations n,
       LATERAL (SELECT coalesce(n.run_id = %(run_id)s, false) AND EXISTS (
           SELECT FROM articles a
            WHERE a.article_id = n.article_id AND a.content_sha256 = n.content_sha256
              AND a.superseded_at IS NULL) AS current) c
 WHERE n.article_id = %(article_id)s AND (%(sentences)s OR n.scope <> 'sentence')
   AND (%(only)s::text IS NULL OR n.run_id = %(only)s::text)
   AND (%(current)s::boolean IS NULL OR c.current = %(current)s)
 ORDER BY n.made_at DESC, n.annotation_id DESC
"""

# The page is cut before anything is looked up for its rows.
LIST: Final = SQL("""
SELECT n.annotation_id, n.article_id, a.publisher_id, n.stage, n.scope, n.sentence, n.label,
       n.score, n.confidence, n.distribution, n.scale, n.validated, n.text, n.reason, n.evidence,
       n.labeller, n.labeller_revision, n.codebook_version, n.prompt_digest, n.run_id,
       n.memory_sequence, n.answer_id, n.content_sha256, n.made_at, n.superseded_at,
       coalesce(a.superseded_at IS NULL AND a.revision IS NOT NULL, false) AS current
  FROM (SELECT * FROM {made} n WHERE n.run_id = %(run_id)s AND {where}
         ORDER BY {order} LIMIT %(rows)s) n
  LEFT JOIN articles a ON a.article_id = n.article_id AND a.content_sha256 = n.content_sha256
 ORDER BY {order}
""")

# Numbers and times rise together, which the planner does not know: it would walk all numbers for
# the labels of a few days. OFFSET 0 lets it take those days first (by their BRIN index), then sort.
ALL: Final = SQL("annotations")
OF_DAYS: Final = SQL("""
(SELECT * FROM annotations d
  WHERE d.made_at >= %(made_from)s AND d.made_at < %(made_to)s OFFSET 0)
""")
FEW: Final = timedelta(days=8)

COUNT: Final = SQL("""
SELECT count(*) AS n FROM annotations n WHERE n.run_id = %(run_id)s AND {where}
""")

ORDERS: Final = {
    "-annotation_id": SQL("n.annotation_id DESC"),
    "annotation_id": SQL("n.annotation_id"),
}

ONE: Final = """
SELECT annotation_id, article_id, content_sha256, stage, scope, sentence, label, score, confidence,
       text, evidence, run_id, memory_sequence, answer_id
  FROM annotations WHERE annotation_id = %(annotation_id)s
"""


def page(conn: Conn, where: Where, *, order: str, rows: int) -> list[DictRow]:
    """Up to ``rows`` labels of the run ``run_id`` in a key of ``ORDERS``.

    ``current`` are those of the texts of now.
    """
    source = OF_DAYS if _of_few_days(where.values) else ALL
    query = LIST.format(made=source, where=where.sql(ANNOTATIONS), order=ORDERS[order])
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()


def _of_few_days(values: Mapping[str, object]) -> bool:
    first, end = values.get("made_from"), values.get("made_to")
    return isinstance(first, datetime) and isinstance(end, datetime) and end - first <= FEW


def count(conn: Conn, where: Where) -> int:
    """How many labels answer."""
    row = conn.execute(COUNT.format(where=where.sql(ANNOTATIONS)), where.values).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def one(conn: Conn, annotation_id: int) -> DictRow:
    """One label. Raises NotFound ``annotation-unknown``."""
    row = conn.execute(ONE, {"annotation_id": annotation_id}).fetchone()
    if row is None:
        raise NotFound("annotation-unknown", f"no annotation {annotation_id}")
    return row


def of_article(
    conn: Conn,
    article_id: str,
    run_id: str | None,
    *,
    only: str | None = None,
    current: bool | None = None,
    sentences: bool = False,
) -> list[DictRow]:
    """The labels of an article, newest first: all, those in force, or the others.

    ``run_id`` is the run readers see; ``only`` leaves out all other runs; ``sentences`` adds the
    labels of single sentences.
    """
    values = {"article_id": article_id, "run_id": run_id, "only": only, "current": current}
    return conn.execute(OF_ARTICLE, values | {"sentences": sentences}).fetchall()
