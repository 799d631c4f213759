"""The texts that a stage of work reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from newsroom.db import Conn

OF_REVISIONS = """
SELECT article_id, content_sha256, publisher_id, title, text, sort_at AS published_at,
       published_at IS NOT NULL AS dated
  FROM articles
 WHERE (article_id, content_sha256) IN (
       SELECT a, c FROM unnest(%(article_ids)s::text[], %(contents)s::text[]) AS t(a, c))
 ORDER BY sort_at, article_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One revision; not ``dated``: ``published_at`` is when it was fetched.

    The outlet is here for the memory, which may not show lean its own; labellers never see it.
    """

    article_id: str
    content_sha256: str
    publisher_id: str
    title: str
    text: str
    published_at: datetime
    dated: bool


def of_revisions(conn: Conn, keys: Sequence[tuple[str, str]]) -> list[Text]:
    """The texts behind ``(article_id, content_sha256)`` pairs, oldest first."""
    values = {"article_ids": [a for a, _ in keys], "contents": [c for _, c in keys]}
    with conn.cursor(row_factory=class_row(Text)) as cursor:
        return cursor.execute(OF_REVISIONS, values).fetchall()
