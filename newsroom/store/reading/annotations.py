"""Labels with everything needed to replay them."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow

from newsroom.db import Conn

# Current: not replaced, and made on the text the article has now.
OF_ARTICLE: Final = """
SELECT n.annotation_id, n.stage, n.scope, n.sentence, n.label, n.score, n.confidence,
       n.distribution, n.scale, n.validated, n.reason, n.evidence, n.labeller, n.labeller_revision,
       n.codebook_version, n.prompt_digest, n.run_id, n.memory_sequence,
       n.content_sha256, n.made_at,
       n.superseded_at, c.current
  FROM annotations n,
       LATERAL (SELECT n.superseded_at IS NULL AND EXISTS (
           SELECT FROM articles a
            WHERE a.article_id = n.article_id AND a.content_sha256 = n.content_sha256
              AND a.superseded_at IS NULL) AS current) c
 WHERE n.article_id = %(article_id)s
   AND (%(current)s::boolean IS NULL OR c.current = %(current)s)
 ORDER BY n.made_at DESC, n.annotation_id DESC
"""


def of_article(conn: Conn, article_id: str, *, current: bool | None = None) -> list[DictRow]:
    """The labels of an article, newest first: all, the current ones, or the others."""
    return conn.execute(OF_ARTICLE, {"article_id": article_id, "current": current}).fetchall()
