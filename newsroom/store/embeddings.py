"""Article vectors, shared by every host: written once by a labelling worker, read by grouping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from pgvector import Vector

from newsroom.db import Conn
from newsroom.store.texts import TEXTS, Text

ADD = """
INSERT INTO embeddings (text_key, encoder, vector)
VALUES (%(text_key)s, %(encoder)s, %(vector)s::vector)
ON CONFLICT DO NOTHING
"""

WINDOW = """
SELECT a.article_id, a.publisher_id, a.title, left(a.text, 4000) AS text, a.published_at,
       vector_send(e.vector) AS vector
  FROM articles a
  JOIN embeddings e ON e.text_key = a.content_sha256 AND e.encoder = %(encoder)s
 WHERE a.superseded_at IS NULL AND a.sort_at >= %(since)s
 ORDER BY a.sort_at, a.article_id
"""

MISSING = f"""
{TEXTS}
 WHERE a.superseded_at IS NULL AND a.sort_at >= %(since)s
   AND NOT EXISTS (SELECT 1 FROM embeddings e
                    WHERE e.text_key = a.content_sha256 AND e.encoder = %(encoder)s)
 LIMIT %(limit)s
"""  # noqa: S608 (constants of this package)

KNOWN = """
SELECT text_key FROM embeddings WHERE encoder = %(encoder)s AND text_key = ANY(%(text_keys)s)
"""

# Titles are told without vectors; these are of one encoder, where none is named that of the most.
PORTRAITS = """
WITH found AS (
    SELECT a.article_id, a.title, e.encoder, e.vector
      FROM articles a LEFT JOIN embeddings e ON e.text_key = a.content_sha256
     WHERE a.superseded_at IS NULL AND a.article_id = ANY(%(articles)s)
), chosen AS (
    SELECT coalesce(%(encoder)s, mode() WITHIN GROUP (ORDER BY encoder)) AS encoder FROM found
)
SELECT DISTINCT ON (f.article_id) f.article_id, f.title,
       CASE WHEN f.encoder = c.encoder THEN vector_send(f.vector) END AS vector
  FROM found f CROSS JOIN chosen c
 ORDER BY f.article_id, f.encoder IS NOT DISTINCT FROM c.encoder DESC
"""


class InWindow(TypedDict):
    """One current article with its vector, as grouping needs it."""

    article_id: str
    publisher_id: str
    title: str
    text: str
    published_at: datetime | None
    vector: NDArray[np.float32]


class Portrait(TypedDict):
    """One current article for a description of its event; ``vector`` None: none is stored."""

    article_id: str
    title: str
    vector: NDArray[np.float32] | None


def add(conn: Conn, encoder: str, vectors: Mapping[str, NDArray[np.float32]]) -> None:
    """Store vectors by content digest; those already there stay."""
    conn.cursor().executemany(
        ADD,
        [
            {"text_key": key, "encoder": encoder, "vector": Vector(vector).to_text()}
            for key, vector in vectors.items()
        ],
    )


def known(conn: Conn, encoder: str, text_keys: Sequence[str]) -> set[str]:
    """Which content digests have a vector of this encoder."""
    rows = conn.execute(KNOWN, {"encoder": encoder, "text_keys": list(text_keys)})
    return {row["text_key"] for row in rows}


def window(conn: Conn, encoder: str, since: datetime) -> Iterator[InWindow]:
    """Current articles since a time with their vectors, oldest first, streamed."""
    with conn.cursor(name="window") as cursor:
        cursor.itersize = 5000
        for row in cursor.execute(WINDOW, {"encoder": encoder, "since": since}):
            yield InWindow(**(row | {"vector": vector_of(row["vector"])}))  # type: ignore[typeddict-item]


def portraits(conn: Conn, articles: Sequence[str], encoder: str | None) -> dict[str, Portrait]:
    """Titles and vectors of current articles, by id."""
    rows = conn.execute(PORTRAITS, {"articles": list(articles), "encoder": encoder})
    return {
        row["article_id"]: Portrait(
            article_id=row["article_id"],
            title=row["title"],
            vector=None if row["vector"] is None else vector_of(row["vector"]),
        )
        for row in rows
    }


def missing(conn: Conn, encoder: str, since: datetime, limit: int) -> list[Text]:
    """Current articles since a time that have no vector of this encoder yet."""
    values = {"encoder": encoder, "since": since, "limit": limit}
    return [Text(**row) for row in conn.execute(MISSING, values)]


def vector_of(sent: bytes) -> NDArray[np.float32]:
    """A vector from pgvector's wire form: two int16, then its numbers, all big-endian."""
    return np.frombuffer(sent, dtype=">f4", offset=4).astype(np.float32)
