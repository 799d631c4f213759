"""Article vectors, shared by every host: written once by a labelling worker, read by grouping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
       e.vector::text AS vector
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


class InWindow(TypedDict):
    """One current article with its vector, as grouping needs it."""

    article_id: str
    publisher_id: str
    title: str
    text: str
    published_at: datetime | None
    vector: NDArray[np.float32]


def add(conn: Conn, encoder: str, vectors: Mapping[str, NDArray[np.float32]]) -> None:
    """Store vectors by content digest; those already there stay."""
    conn.cursor().executemany(
        ADD,
        [
            {"text_key": key, "encoder": encoder, "vector": Vector(vector).to_text()}
            for key, vector in vectors.items()
        ],
    )


def window(conn: Conn, encoder: str, since: datetime) -> Iterator[InWindow]:
    """Current articles since a time with their vectors, oldest first, streamed."""
    with conn.cursor(name="window") as cursor:
        cursor.itersize = 5000
        for row in cursor.execute(WINDOW, {"encoder": encoder, "since": since}):
            vector = np.fromstring(row["vector"][1:-1], dtype=np.float32, sep=",")
            yield InWindow(**(row | {"vector": vector}))  # type: ignore[typeddict-item]


def missing(conn: Conn, encoder: str, since: datetime, limit: int) -> list[Text]:
    """Current articles since a time that have no vector of this encoder yet."""
    values = {"encoder": encoder, "since": since, "limit": limit}
    return [Text(**row) for row in conn.execute(MISSING, values)]
