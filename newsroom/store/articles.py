"""Articles and their revisions: stored once, with the work they make due, in one transaction.

Which revision is current follows from what was seen when (:mod:`newsroom.store.sightings`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from newsroom.db import Conn
from newsroom.records import Article, Via
from newsroom.store import sightings, work
from newsroom.store.sightings import Finding


class Stored(StrEnum):
    """What storing an article did.

    ``EARLIER`` is a text that was shown before the current one and came in after it,
    ``REVERTED`` one that was replaced before and is shown again.
    """

    NEW = "new"
    REVISED = "revised"
    REVERTED = "reverted"
    EARLIER = "earlier"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A stored revision; ``address`` is where its page was served from, None without a page."""

    revision: int
    content_sha256: str
    title: str
    text: str
    modified_at: datetime | None
    extractor: str
    address: str | None
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A revision of an original that has this text, or shares a MinHash band with it."""

    article_id: str
    revision: int
    publisher_id: str
    publisher: str
    wire_source: str | None
    minhash: bytes | None
    first_at: datetime


# One batch at a time, until its transaction ends: two copies of a text that came in together would
# each find no other, and two batches could wait for each other's articles.
LOCK_INTAKE = "SELECT pg_advisory_xact_lock(hashtextextended('intake', 0))"

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(article_id)s, 0))"

REVISIONS = """
SELECT revision, content_sha256, superseded_at IS NULL AS current FROM articles
 WHERE article_id = %(article_id)s
"""

KNOWN = """
SELECT a.revision, a.content_sha256, a.title, a.text, a.modified_at, a.extractor,
       g.final_url AS address, a.superseded_at IS NULL AS current
  FROM articles a LEFT JOIN pages g USING (page_id)
 WHERE a.article_id = %(article_id)s ORDER BY a.revision
"""

SUPERSEDE = """
UPDATE articles SET superseded_at = %(ended_at)s
 WHERE article_id = %(article_id)s AND revision = %(revision)s
   AND superseded_at IS DISTINCT FROM %(ended_at)s
"""

# Labels are made on the text, whichever revision it is: a text that has some is not due again.
UNTRIED = """
SELECT NOT EXISTS (SELECT FROM run_outcomes WHERE article_id = %(article_id)s
                    AND content_sha256 = %(content_sha256)s) AS untried
"""

ADD = """
INSERT INTO articles (article_id, revision, publisher_id, url, canonical_url, title, text,
                      text_sha256, content_sha256, language, words, bylines, published_at,
                      modified_at, date_source, section, page_id, via, extractor, fetched_at,
                      minhash, bands, duplicate_of, duplicate_reason, date_from, free_access,
                      reservations, credit, text_from, text_agreement, form, wire_source,
                      superseded_at)
VALUES (%(article_id)s, %(revision)s, %(publisher_id)s, %(url)s, %(canonical_url)s, %(title)s,
        %(text)s, %(text_sha256)s, %(content_sha256)s, %(language)s, %(words)s, %(bylines)s,
        %(published_at)s, %(modified_at)s, %(date_source)s, %(section)s, %(page_id)s, %(via)s,
        %(extractor)s, %(fetched_at)s, %(minhash)s, %(bands)s, %(duplicate_of)s,
        %(duplicate_reason)s, %(date_from)s, %(free_access)s, %(reservations)s, %(credit)s,
        %(text_from)s, %(text_agreement)s, %(form)s,
        %(wire_source)s, %(superseded_at)s)
"""

# A copy of an older revision is a copy too: what counts is that the article is no copy itself now.
SAME_TEXT = """
SELECT a.article_id, a.revision, a.publisher_id, p.name AS publisher, c.wire_source, a.minhash,
       a.sort_at AS first_at
  FROM articles a
  JOIN articles c ON c.article_id = a.article_id AND c.superseded_at IS NULL
       AND c.duplicate_of IS NULL
  JOIN publishers p ON p.publisher_id = a.publisher_id
 WHERE a.text_sha256 = %(text_sha256)s AND a.article_id <> %(article_id)s
 ORDER BY a.sort_at, a.article_id LIMIT 1
"""

# Pages of one template can share a band with thousands: those that share most bands are judged.
# Cut before anything is joined: the planner expects a tenth of all rows where there is one.
NEAR = """
WITH nearest AS MATERIALIZED (
    SELECT article_id, revision, sort_at,
           (SELECT count(*) FROM unnest(bands) AS band WHERE band = ANY(%(bands)s::bigint[]))
               AS shared
      FROM articles
     WHERE bands && %(bands)s::bigint[] AND article_id <> %(article_id)s
       AND duplicate_of IS NULL AND minhash IS NOT NULL
     ORDER BY shared DESC, sort_at, article_id, revision LIMIT 50
)
SELECT a.article_id, a.revision, a.publisher_id, p.name AS publisher, c.wire_source, a.minhash,
       a.sort_at AS first_at
  FROM nearest n
  JOIN articles a ON a.article_id = n.article_id AND a.revision = n.revision
  JOIN publishers p ON p.publisher_id = a.publisher_id
  JOIN articles c ON c.article_id = n.article_id AND c.superseded_at IS NULL
       AND c.duplicate_of IS NULL
 ORDER BY n.shared DESC, n.sort_at, n.article_id, n.revision
"""

TEXT = "SELECT text FROM articles WHERE article_id = %(article_id)s AND revision = %(revision)s"

# Copies of a copy are copies of its original: a star, never a chain.
FOLLOW = """
UPDATE articles SET duplicate_of = %(original)s,
       duplicate_reason = CASE WHEN %(wire_source)s::text IS NOT NULL
            AND publisher_id <> (SELECT publisher_id FROM articles
                                  WHERE article_id = %(original)s LIMIT 1)
            THEN 'wire-copy' ELSE duplicate_reason END,
       wire_source = coalesce(%(wire_source)s, wire_source)
 WHERE duplicate_of = %(copy)s AND article_id <> %(original)s
"""

STEP_BACK = """
UPDATE articles SET duplicate_of = %(original)s, duplicate_reason = %(reason)s,
       wire_source = coalesce(%(wire_source)s, wire_source)
 WHERE article_id = %(copy)s AND superseded_at IS NULL AND duplicate_of IS NULL
"""

# What a copy credits was the source of the one that came first and credits nobody.
CREDIT = """
UPDATE articles SET wire_source = %(wire_source)s
 WHERE article_id = %(original)s AND superseded_at IS NULL AND wire_source IS NULL
"""


def lock_intake(conn: Conn) -> None:
    """Wait until no other batch is being stored: copies are told by what is there already."""
    conn.execute(LOCK_INTAKE)


def known(conn: Conn, article_id: str) -> list[Known]:
    """The stored revisions of an article, in the order in which they came in."""
    return [Known(**row) for row in conn.execute(KNOWN, {"article_id": article_id})]


def same_text(conn: Conn, article_id: str, text_sha256: str) -> Near | None:
    """The earliest original among the other articles that has exactly this text."""
    row = conn.execute(SAME_TEXT, {"article_id": article_id, "text_sha256": text_sha256}).fetchone()
    return None if row is None else Near(**row)


def near(conn: Conn, article_id: str, bands: Sequence[int]) -> list[Near]:
    """Stored originals that share MinHash bands with it, those that share most first."""
    rows = conn.execute(NEAR, {"article_id": article_id, "bands": list(bands)})
    return [Near(**row) for row in rows]


def text(conn: Conn, article_id: str, revision: int) -> str:
    """The text of a stored revision."""
    row = conn.execute(TEXT, {"article_id": article_id, "revision": revision}).fetchone()
    assert row is not None  # revisions are never removed while their article is read
    return str(row["text"])


def join(
    conn: Conn, *, original: str, copy: str, reason: str, wire_source: str | None, own: bool
) -> None:
    """Make ``copy`` and all that copied it copies of ``original``.

    ``own``: the original is the agency's own text, which nobody need be credited with.
    """
    values = {"original": original, "copy": copy, "reason": reason, "wire_source": wire_source}
    conn.execute(STEP_BACK, values)
    conn.execute(FOLLOW, values)
    if wire_source is not None and not own:
        conn.execute(CREDIT, values)


def add(
    conn: Conn,
    article: Article,
    *,
    stages: Sequence[str],
    duplicate_of: str | None = None,
    duplicate_reason: str | None = None,
    wire_source: str | None = None,
    finding: Finding = Finding.SHOWN,
) -> Stored:
    """Store what was seen of an article, and make ``stages`` due for a text that is now current.

    A text and headline already stored, in whatever revision, is that revision seen again. Current
    is what was seen last by the time of fetching, so an old copy read again undoes nothing.
    """
    conn.execute(LOCK, {"article_id": article.article_id})
    revisions = conn.execute(REVISIONS, {"article_id": article.article_id}).fetchall()
    same = next((r for r in revisions if r["content_sha256"] == article.content_sha256), None)
    if same is not None and article.via is Via.IMPORT:
        return Stored.UNCHANGED  # a file that is read twice is no second look at the outlet
    newest = max((int(r["revision"]) for r in revisions), default=0)
    revision = newest + 1 if same is None else int(same["revision"])
    if same is None:
        values = asdict(article) | {
            "revision": revision,
            "bylines": list(article.bylines),
            "bands": list(article.bands),
            "reservations": list(article.reservations),
            "duplicate_of": duplicate_of,
            "duplicate_reason": duplicate_reason,
            "wire_source": wire_source,
            "superseded_at": article.fetched_at if revisions else None,
        }
        conn.execute(ADD, values)
    sightings.add(
        conn,
        article.article_id,
        article.fetched_at,
        finding,
        revision=revision,
        page_id=article.page_id,
        new=same is None,
    )
    if not revisions:
        work.make_due(conn, article.article_id, article.content_sha256, stages)
        return Stored.NEW
    if _settle(conn, article) != revision:
        return Stored.EARLIER if same is None else Stored.UNCHANGED
    if same is not None and same["current"]:
        return Stored.UNCHANGED
    key = {"article_id": article.article_id, "content_sha256": article.content_sha256}
    row = conn.execute(UNTRIED, key).fetchone()
    if row is not None and row["untried"]:
        work.make_due(conn, article.article_id, article.content_sha256, stages)
    return Stored.REVISED if same is None else Stored.REVERTED


def _settle(conn: Conn, article: Article) -> int:
    """Mark every revision but the one seen last as superseded; which one that is."""
    ended = sightings.ends(sightings.shown(conn, article.article_id))
    rows = conn.execute(REVISIONS, {"article_id": article.article_id}).fetchall()
    values = [
        {
            "article_id": article.article_id,
            "revision": r["revision"],
            # One that no look shows: a stale copy, or a reading of a page that was read again.
            "ended_at": ended.get(int(r["revision"]), article.fetched_at),
        }
        for r in rows
    ]
    for row in sorted(values, key=lambda v: v["ended_at"] is None):  # one current at a time
        conn.execute(SUPERSEDE, row)
    return next(revision for revision, at in ended.items() if at is None)
