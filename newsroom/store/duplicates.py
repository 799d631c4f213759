"""Copies as a reader counts them: how many articles, how many texts, whose."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.rows import DictRow

from newsroom.db import Conn

# Before: every current article. After: those that copy no other.
BY_OUTLET = """
SELECT a.publisher_id, p.name AS publisher, count(*) AS articles,
       count(*) FILTER (WHERE a.duplicate_of IS NULL) AS originals,
       count(*) FILTER (WHERE a.duplicate_reason = 'same-text') AS same_text,
       count(*) FILTER (WHERE a.duplicate_reason = 'near-copy') AS near_copies,
       count(*) FILTER (WHERE a.duplicate_reason = 'wire-copy') AS wire_copies,
       count(*) FILTER (WHERE o.publisher_id = a.publisher_id) AS within_outlet,
       count(*) FILTER (WHERE o.publisher_id <> a.publisher_id) AS across_outlets,
       count(*) FILTER (WHERE a.duplicate_of IS NULL AND a.wire_source IS NOT NULL)
           AS credited_originals
  FROM articles a
  JOIN publishers p ON p.publisher_id = a.publisher_id
  LEFT JOIN articles o ON o.article_id = a.duplicate_of AND o.superseded_at IS NULL
 WHERE a.superseded_at IS NULL
 GROUP BY a.publisher_id, p.name ORDER BY articles DESC, a.publisher_id
"""

# A text counts once for everyone, and once in each outlet that ran it.
TOTALS = """
SELECT count(*) AS articles, count(*) FILTER (WHERE duplicate_of IS NULL) AS originals,
       count(DISTINCT text_sha256) AS exact_texts,
       count(DISTINCT (publisher_id, coalesce(duplicate_of, article_id))) AS texts_by_outlet,
       count(*) FILTER (WHERE duplicate_reason = 'same-text') AS same_text,
       count(*) FILTER (WHERE duplicate_reason = 'near-copy') AS near_copies,
       count(*) FILTER (WHERE duplicate_reason = 'wire-copy') AS wire_copies
  FROM articles WHERE superseded_at IS NULL
"""

SOURCES = """
SELECT wire_source AS source, count(*) AS articles,
       count(*) FILTER (WHERE duplicate_of IS NULL) AS originals,
       count(DISTINCT publisher_id) AS outlets
  FROM articles WHERE superseded_at IS NULL AND wire_source IS NOT NULL
 GROUP BY wire_source ORDER BY articles DESC, wire_source LIMIT 50
"""

# Rows that were stored when signatures were cut into another number of bands.
OTHER_BANDS = """
SELECT article_id, revision, minhash FROM articles
 WHERE minhash IS NOT NULL AND cardinality(bands) <> %(bands)s
   AND (article_id, revision) > (%(article_id)s, %(revision)s)
 ORDER BY article_id, revision LIMIT %(rows)s
"""

SET_BANDS = """
UPDATE articles SET bands = %(bands)s WHERE article_id = %(article_id)s AND revision = %(revision)s
"""

GROUP = """
WITH original AS (
    SELECT coalesce(duplicate_of, article_id) AS article_id FROM articles
     WHERE article_id = %(article_id)s AND superseded_at IS NULL)
SELECT a.article_id, a.url, a.title, a.publisher_id, p.name AS publisher, a.published_at,
       a.fetched_at, a.words, a.bylines, a.credit, a.wire_source, a.duplicate_of,
       a.duplicate_reason, a.text, a.text_sha256, a.minhash
  FROM articles a JOIN publishers p ON p.publisher_id = a.publisher_id
 WHERE a.superseded_at IS NULL
   AND (a.article_id = (SELECT article_id FROM original)
        OR a.duplicate_of = (SELECT article_id FROM original))
 ORDER BY a.duplicate_of NULLS FIRST, a.sort_at, a.article_id
"""


def by_outlet(conn: Conn) -> list[DictRow]:
    """Articles of each outlet before and after copies are taken out, and copies by reason."""
    return conn.execute(BY_OUTLET).fetchall()


def totals(conn: Conn) -> DictRow:
    """The same over all outlets, with how many distinct texts there are."""
    row = conn.execute(TOTALS).fetchone()
    assert row is not None  # an aggregate has one row
    return row


def sources(conn: Conn) -> list[DictRow]:
    """Whose texts are run by others: agencies first by number of articles."""
    return conn.execute(SOURCES).fetchall()


def group(conn: Conn, article_id: str) -> list[DictRow]:
    """The original of a text and its copies, the original first; empty for an unknown id."""
    return conn.execute(GROUP, {"article_id": article_id}).fetchall()


def other_bands(conn: Conn, bands: int, after: tuple[str, int], *, rows: int) -> list[DictRow]:
    """Up to ``rows`` revisions behind a key whose signature is not cut into ``bands``."""
    values = {"bands": bands, "article_id": after[0], "revision": after[1], "rows": rows}
    return conn.execute(OTHER_BANDS, values).fetchall()


def set_bands(conn: Conn, rows: Sequence[tuple[str, int, Sequence[int]]]) -> None:
    """Store the bands of ``(article_id, revision, bands)``."""
    values = [{"article_id": a, "revision": r, "bands": list(b)} for a, r, b in rows]
    conn.cursor().executemany(SET_BANDS, values)
