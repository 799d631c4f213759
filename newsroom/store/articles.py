"""Articles and their revisions: stored once, with the work they make due, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from newsroom.db import Conn
from newsroom.records import Article
from newsroom.store import work


class Stored(StrEnum):
    """What storing an article did."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A stored article that shares a MinHash band: a candidate for being the same text."""

    article_id: str
    publisher_id: str
    minhash: bytes
    first_at: datetime


# One batch at a time, until its transaction ends: two copies of a text that came in together would
# each find no other, and two batches could wait for each other's articles.
LOCK_INTAKE = "SELECT pg_advisory_xact_lock(hashtextextended('intake', 0))"

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(article_id)s, 0))"

REVISIONS = """
SELECT revision, content_sha256 FROM articles WHERE article_id = %(article_id)s
"""

SUPERSEDE = """
UPDATE articles SET superseded_at = %(at)s
 WHERE article_id = %(article_id)s AND superseded_at IS NULL
"""

ADD = """
INSERT INTO articles (article_id, revision, publisher_id, url, canonical_url, title, text,
                      text_sha256, content_sha256, language, words, bylines, published_at,
                      modified_at, date_source, section, page_id, via, extractor, fetched_at,
                      minhash, bands, duplicate_of, duplicate_reason, date_from, free_access,
                      reservations, credit, text_from, text_agreement)
VALUES (%(article_id)s, %(revision)s, %(publisher_id)s, %(url)s, %(canonical_url)s, %(title)s,
        %(text)s, %(text_sha256)s, %(content_sha256)s, %(language)s, %(words)s, %(bylines)s,
        %(published_at)s, %(modified_at)s, %(date_source)s, %(section)s, %(page_id)s, %(via)s,
        %(extractor)s, %(fetched_at)s, %(minhash)s, %(bands)s, %(duplicate_of)s,
        %(duplicate_reason)s, %(date_from)s, %(free_access)s, %(reservations)s, %(credit)s,
        %(text_from)s, %(text_agreement)s)
"""

SAME_TEXT = """
SELECT article_id FROM articles
 WHERE text_sha256 = %(text_sha256)s AND article_id <> %(article_id)s AND duplicate_of IS NULL
 ORDER BY sort_at, article_id LIMIT 1
"""

# A page of boilerplate can share a band with thousands: the earliest few are enough to judge.
# Materialised, or the planner walks the time index in hope of fifty matches (93 ms against 0.6).
NEAR = """
WITH sharing AS MATERIALIZED (
    SELECT article_id, publisher_id, minhash, sort_at FROM articles
     WHERE bands && %(bands)s::bigint[] AND article_id <> %(article_id)s
       AND superseded_at IS NULL AND duplicate_of IS NULL AND minhash IS NOT NULL
)
SELECT article_id, publisher_id, minhash, sort_at AS first_at FROM sharing
 ORDER BY sort_at, article_id LIMIT 50
"""


def lock_intake(conn: Conn) -> None:
    """Wait until no other batch is being stored: copies are told by what is there already."""
    conn.execute(LOCK_INTAKE)


def same_text(conn: Conn, article_id: str, text_sha256: str) -> str | None:
    """The earliest other article with exactly this text."""
    row = conn.execute(SAME_TEXT, {"article_id": article_id, "text_sha256": text_sha256}).fetchone()
    return None if row is None else str(row["article_id"])


def near(conn: Conn, article_id: str, bands: Sequence[int]) -> list[Near]:
    """Stored originals that share a MinHash band with this article, earliest first."""
    rows = conn.execute(NEAR, {"article_id": article_id, "bands": list(bands)})
    return [Near(**row) for row in rows]


def add(
    conn: Conn,
    article: Article,
    *,
    stages: Sequence[str],
    duplicate_of: str | None = None,
    duplicate_reason: str | None = None,
) -> Stored:
    """Store an article or its new revision, and make ``stages`` due for it.

    A text and headline already stored for this article, in whatever revision, change nothing:
    reading an old copy again must not undo a newer one. A re-fetch with another text supersedes.
    """
    conn.execute(LOCK, {"article_id": article.article_id})
    revisions = conn.execute(REVISIONS, {"article_id": article.article_id}).fetchall()
    if any(r["content_sha256"] == article.content_sha256 for r in revisions):
        return Stored.UNCHANGED
    values = asdict(article) | {
        "revision": 1 + max((int(r["revision"]) for r in revisions), default=0),
        "bylines": list(article.bylines),
        "bands": list(article.bands),
        "reservations": list(article.reservations),
        "duplicate_of": duplicate_of,
        "duplicate_reason": duplicate_reason,
    }
    conn.execute(SUPERSEDE, {"article_id": article.article_id, "at": article.fetched_at})
    conn.execute(ADD, values)
    work.make_due(conn, article.article_id, article.content_sha256, stages)
    return Stored.REVISED if revisions else Stored.NEW
