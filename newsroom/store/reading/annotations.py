"""Labels with everything needed to replay them."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow

from newsroom.db import Conn
from newsroom.errors import NotFound

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

ONE: Final = """
SELECT annotation_id, article_id, content_sha256, stage, scope, sentence, label, score, confidence,
       text, evidence, run_id, memory_sequence, answer_id
  FROM annotations WHERE annotation_id = %(annotation_id)s
"""


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
