"""Takedown: nothing of an article is kept but its id, and that, when and why it went.

Where an article lies in other tables is known here; in the memory and in the ledger of events it
is known to them. Addresses of fetched pages stay, because they are what keeps the article from
being fetched again.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsroom.db import Conn

# For this transaction: tables that only grow let go of what is of the article.
ALLOW = "SELECT set_config('newsroom.takedown', 'on', true)"

TAKEN = """
SELECT publisher_id, canonical_url FROM takedowns WHERE article_id = %(article_id)s
"""

OF_ARTICLE = """
SELECT min(publisher_id) AS publisher_id, min(canonical_url) AS canonical_url,
       array_agg(DISTINCT title) AS titles
  FROM articles WHERE article_id = %(article_id)s HAVING count(*) > 0
"""

PAGES = """
SELECT page_id, warc_file, warc_offset FROM pages
 WHERE canonical_url IN (SELECT canonical_url FROM articles WHERE article_id = %(article_id)s
                         UNION ALL
                         SELECT canonical_url FROM takedowns WHERE article_id = %(article_id)s)
    OR page_id IN (SELECT page_id FROM articles WHERE article_id = %(article_id)s
                   UNION ALL
                   SELECT page_id FROM sightings WHERE article_id = %(article_id)s)
"""

# Copies of it are copies of the earliest among them from now on, which is none itself.
LEAVE_COPIES = """
WITH heir AS (
    SELECT article_id FROM articles
     WHERE duplicate_of = %(article_id)s ORDER BY superseded_at IS NOT NULL, sort_at, article_id
     LIMIT 1
)
UPDATE articles a SET duplicate_of = nullif(h.article_id, a.article_id),
       duplicate_reason = CASE WHEN h.article_id <> a.article_id THEN a.duplicate_reason END
  FROM heir h WHERE a.duplicate_of = %(article_id)s
RETURNING a.article_id
"""

ANSWERS = """
SELECT DISTINCT run_id, answer_id FROM annotations
 WHERE article_id = %(article_id)s AND answer_id IS NOT NULL
"""

FORGET_ANSWERS = """
DELETE FROM answers w
 USING unnest(%(run_ids)s::text[], %(answer_ids)s::text[]) AS t(run_id, answer_id)
 WHERE w.run_id = t.run_id AND w.answer_id = t.answer_id
   AND NOT EXISTS (SELECT FROM annotations n
                    WHERE n.run_id = w.run_id AND n.answer_id = w.answer_id)
"""

# The vector of a text that another article has too is that article's as well.
FORGET_VECTORS = """
DELETE FROM embeddings e
 WHERE e.text_key IN (SELECT content_sha256 FROM articles WHERE article_id = %(article_id)s)
   AND NOT EXISTS (SELECT FROM articles o
                    WHERE o.content_sha256 = e.text_key AND o.article_id <> %(article_id)s)
"""

FORGET_OVERRIDES = "DELETE FROM overrides WHERE article_id = %(article_id)s"
FORGET_RESOLUTIONS = """
DELETE FROM dispute_resolutions r USING disputes d
 WHERE r.dispute_id = d.dispute_id AND d.article_id = %(article_id)s
"""
FORGET_DISPUTES = "DELETE FROM disputes WHERE article_id = %(article_id)s"
FORGET_LABELS = "DELETE FROM annotations WHERE article_id = %(article_id)s"
FORGET_COUNTS = "DELETE FROM sentence_counts WHERE article_id = %(article_id)s"
FORGET_OUTCOMES = "DELETE FROM run_outcomes WHERE article_id = %(article_id)s"
FORGET_WORK = "DELETE FROM work WHERE article_id = %(article_id)s"
FORGET_REVISITS = "DELETE FROM revisits WHERE article_id = %(article_id)s"
FORGET_CHANGES = "DELETE FROM changes WHERE article_id = %(article_id)s"
FORGET_SIGHTINGS = "DELETE FROM sightings WHERE article_id = %(article_id)s"
# Made of the texts of an event or a story, and made again of what is left.
FORGET_EVENT_STATES = """
DELETE FROM event_states WHERE event_id IN (
    SELECT event_id FROM event_members WHERE article_id = %(article_id)s
    UNION ALL SELECT event_id FROM event_fact_sentences WHERE article_id = %(article_id)s)
"""
FORGET_STORY_STATES = """
DELETE FROM story_states WHERE story_id IN (
    SELECT story_id FROM event_members WHERE article_id = %(article_id)s
    UNION ALL SELECT story_id FROM story_steps WHERE article_id = %(article_id)s)
"""
FORGET_GIVEN_TITLES = """
DELETE FROM event_titles WHERE event_id IN (
    SELECT event_id FROM member_history WHERE article_id = %(article_id)s)
"""
# Readings of long documents go with the text that they are of.
FORGET_TEXTS = "DELETE FROM articles WHERE article_id = %(article_id)s"

FORGET_HEADLINES = """
UPDATE front_page_links SET headline = '' WHERE article_id = %(article_id)s AND headline <> ''
"""

FORGET_PLACES = """
UPDATE pages SET warc_file = NULL, warc_offset = NULL WHERE page_id = ANY(%(page_ids)s)
"""

# Events that it was in were called by its headline at times.
FORGET_TITLES = """
UPDATE lineage l
   SET title = CASE WHEN l.title = ANY(%(titles)s) THEN NULL ELSE l.title END,
       title_before = CASE WHEN l.title_before = ANY(%(titles)s) THEN NULL ELSE l.title_before END
  FROM (SELECT array_agg(event_id) || array_agg(story_id) AS ids
          FROM member_history WHERE article_id = %(article_id)s) g
 WHERE (l.title = ANY(%(titles)s) OR l.title_before = ANY(%(titles)s))
   AND (l.from_ids && g.ids OR l.to_ids && g.ids)
"""

TOMBSTONE = """
INSERT INTO takedowns (article_id, publisher_id, canonical_url, reason)
VALUES (%(article_id)s, %(publisher_id)s, %(canonical_url)s, %(reason)s) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What there is of an article: its headlines, and where its pages lie in the archive.

    ``stored`` is False for one that was taken down before: pages may have come in since.
    """

    article_id: str
    publisher_id: str
    canonical_url: str
    stored: bool
    titles: tuple[str, ...]
    page_ids: tuple[str, ...]
    places: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """How many rows went, and the articles that had copied it."""

    revisions: int
    labels: int
    answers: int
    vectors: int
    copies: tuple[str, ...]


def is_taken_down(conn: Conn, article_id: str) -> bool:
    """Whether an article may not be taken in again."""
    return conn.execute(TAKEN, {"article_id": article_id}).fetchone() is not None


def known(conn: Conn, article_id: str) -> Known | None:
    """What there is of an article; None for one that never was here."""
    of = {"article_id": article_id}
    stored = conn.execute(OF_ARTICLE, of).fetchone()
    row = stored or conn.execute(TAKEN, of).fetchone()
    if row is None:
        return None
    pages = conn.execute(PAGES, of).fetchall()
    places = {(str(p["warc_file"]), int(p["warc_offset"])) for p in pages if p["warc_file"]}
    return Known(
        article_id=article_id,
        publisher_id=row["publisher_id"],
        canonical_url=row["canonical_url"],
        stored=stored is not None,
        titles=tuple(stored["titles"]) if stored else (),
        page_ids=tuple(p["page_id"] for p in pages),
        places=tuple(sorted(places)),
    )


def forget(conn: Conn, article: Known, reason: str) -> Gone:
    """Delete every row of the article, or what is of it in a row, and leave a tombstone."""
    of = {"article_id": article.article_id}
    conn.execute(ALLOW)
    copies = conn.execute(LEAVE_COPIES, of).fetchall()
    answers = conn.execute(ANSWERS, of).fetchall()
    vectors = conn.execute(FORGET_VECTORS, of).rowcount
    for statement in (FORGET_OVERRIDES, FORGET_RESOLUTIONS, FORGET_DISPUTES):
        conn.execute(statement, of)
    labels = conn.execute(FORGET_LABELS, of).rowcount
    said = conn.execute(
        FORGET_ANSWERS,
        {
            "run_ids": [row["run_id"] for row in answers],
            "answer_ids": [row["answer_id"] for row in answers],
        },
    ).rowcount
    for statement in (
        FORGET_COUNTS,
        FORGET_OUTCOMES,
        FORGET_WORK,
        FORGET_REVISITS,
        FORGET_CHANGES,
        FORGET_SIGHTINGS,
        FORGET_HEADLINES,
        FORGET_EVENT_STATES,
        FORGET_STORY_STATES,
        FORGET_GIVEN_TITLES,
    ):
        conn.execute(statement, of)
    revisions = conn.execute(FORGET_TEXTS, of).rowcount
    stone = {"publisher_id": article.publisher_id, "canonical_url": article.canonical_url}
    conn.execute(TOMBSTONE, of | stone | {"reason": reason})
    return Gone(
        revisions=revisions,
        labels=labels,
        answers=said,
        vectors=vectors,
        copies=tuple(sorted({row["article_id"] for row in copies})),
    )


def forget_places(conn: Conn, article: Known) -> None:
    """Take its pages out of the index of the archive."""
    conn.execute(FORGET_PLACES, {"page_ids": list(article.page_ids)})


def forget_titles(conn: Conn, article: Known) -> None:
    """Take its headlines out of the history of the events it was in, after it has left them."""
    titles = [*article.titles, *(" ".join(title.split()) for title in article.titles)]
    conn.execute(ALLOW)
    conn.execute(FORGET_TITLES, {"article_id": article.article_id, "titles": titles})
