"""The texts that a stage of work reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from newsroom.db import Conn

# The columns of a Text, for every statement that reads some.
TEXTS: Final = """
SELECT a.article_id, a.content_sha256, a.publisher_id, p.name AS publisher, p.domain, a.bylines,
       a.title, a.text, a.sort_at AS published_at, a.published_at IS NOT NULL AS dated
  FROM articles a
  JOIN publishers p ON p.publisher_id = a.publisher_id
"""

OF_REVISIONS = f"""
{TEXTS}
 WHERE (a.article_id, a.content_sha256) IN (
       SELECT a, c FROM unnest(%(article_ids)s::text[], %(contents)s::text[]) AS t(a, c))
 ORDER BY a.sort_at, a.article_id
"""  # noqa: S608 (a constant of this module)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One revision; not ``dated``: ``published_at`` is when it was fetched.

    The outlet is here for the memory, which may not show lean its own, and its name and bylines
    for hiding them; labellers never see either.
    """

    article_id: str
    content_sha256: str
    publisher_id: str
    publisher: str
    domain: str
    bylines: list[str]
    title: str
    text: str
    published_at: datetime
    dated: bool


def of_revisions(conn: Conn, keys: Sequence[tuple[str, str]]) -> list[Text]:
    """The texts behind ``(article_id, content_sha256)`` pairs, oldest first."""
    values = {"article_ids": [a for a, _ in keys], "contents": [c for _, c in keys]}
    with conn.cursor(row_factory=class_row(Text)) as cursor:
        return cursor.execute(OF_REVISIONS, values).fetchall()
