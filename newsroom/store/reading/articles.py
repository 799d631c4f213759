"""Articles as readers see them: current revisions with current labels, and one in full."""

from __future__ import annotations

from typing import Final

from psycopg.rows import DictRow
from psycopg.sql import SQL, Composable

from newsroom.db import Conn
from newsroom.store.reading import sentences
from newsroom.store.reading.where import Where, made, members, shown

# Null where nothing was labelled yet: an absent label is never a zero.
LABELS: Final = SQL("""
SELECT CASE WHEN count(*) > 0 THEN jsonb_build_object(
         'lean', max(n.score) FILTER (WHERE n.stage = 'lean' AND n.scope = 'article'),
         'lean_confidence',
             max(n.confidence) FILTER (WHERE n.stage = 'lean' AND n.scope = 'article'),
         'headline_lean', max(n.score) FILTER (WHERE n.stage = 'lean' AND n.scope = 'headline'),
         'headline_tone', max(n.score) FILTER (WHERE n.stage = 'tone' AND n.scope = 'headline'),
         'tone', max(n.score) FILTER (WHERE n.stage = 'tone' AND n.scope = 'article'),
         'tone_confidence',
             max(n.confidence) FILTER (WHERE n.stage = 'tone' AND n.scope = 'article'),
         'category', max(n.label) FILTER (WHERE n.stage = 'category' AND n.scope = 'article'),
         'topic', max(n.label) FILTER (WHERE n.stage = 'topic' AND n.scope = 'article'),
         'topic_confidence',
             max(n.confidence) FILTER (WHERE n.stage = 'topic' AND n.scope = 'article'),
         'subtopic', max(n.label) FILTER (WHERE n.stage = 'subtopic' AND n.scope = 'article'),
         'news_type', max(n.label) FILTER (WHERE n.stage = 'news_type' AND n.scope = 'article'),
         'news_type_confidence',
             max(n.confidence) FILTER (WHERE n.stage = 'news_type' AND n.scope = 'article')
       ) END AS labels
  FROM annotations n
 WHERE n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
   AND n.run_id = %(run_id)s AND n.scope <> 'sentence' {made}
""")

ROW: Final = SQL("""
SELECT a.article_id, a.revision, a.url, a.title, a.publisher_id, p.name AS publisher, a.bylines,
       a.published_at, a.date_source, a.language, a.words, a.section, a.form, a.wire_source,
       a.duplicate_of, a.duplicate_reason, m.event_id, m.story_id, l.labels, s.sentence_counts,
       a.sort_at
""")

_JOINS: Final = SQL("""
  JOIN publishers p ON p.publisher_id = a.publisher_id
  LEFT JOIN {members} m ON m.article_id = a.article_id
  LEFT JOIN LATERAL ({labels}) l ON true
  LEFT JOIN LATERAL ({sentences}) s ON true
""")


def joins(*, then: bool) -> Composable:
    """What a row of an article ``a`` has besides its own columns."""
    return _JOINS.format(
        members=members(then=then),
        labels=LABELS.format(made=made("n", then=then)),
        sentences=sentences.counts(then=then),
    )


# The page is cut before the labels are joined, so that labels cost one look-up a shown row.
LIST: Final = SQL("""
{row}
  FROM (SELECT a.* FROM articles a
         WHERE {where}
         ORDER BY {order} LIMIT %(rows)s) a
{joins}
 ORDER BY {order}
""")

COUNT: Final = SQL("SELECT count(*) AS n FROM articles a WHERE {where}")

ORDERS: Final = {
    "-published_at": SQL("a.sort_at DESC, a.article_id DESC"),
    "published_at": SQL("a.sort_at, a.article_id"),
}

ONE: Final = SQL("""
{row}, a.modified_at, a.text, a.content_sha256, a.fetched_at, a.via, a.extractor,
       g.final_url, g.body_sha256, g.warc_file, g.warc_offset, a.page_id,
       e.title AS event_title
  FROM articles a
{joins}
  LEFT JOIN pages g ON g.page_id = a.page_id
  LEFT JOIN events e ON e.event_id = m.event_id
 WHERE {shown} AND a.article_id = %(article_id)s
""").format(row=ROW, joins=joins(then=False), shown=shown(then=False))

REVISIONS: Final = SQL("""
SELECT a.revision, a.title, a.words, a.bylines, a.published_at, a.modified_at, a.fetched_at,
       a.superseded_at, a.extractor, a.content_sha256, l.labels
  FROM articles a LEFT JOIN LATERAL ({labels}) l ON true
 WHERE a.article_id = %(article_id)s ORDER BY a.revision DESC
""").format(labels=LABELS.format(made=made("n", then=False)))

WORK: Final = """
SELECT stage, state, attempts, due_at, error_code, error_message, changed_at
  FROM work WHERE article_id = %(article_id)s ORDER BY stage
"""

EXISTS: Final = "SELECT true AS found FROM articles WHERE article_id = %(article_id)s LIMIT 1"


def page(conn: Conn, where: Where, *, order: str, rows: int) -> list[DictRow]:
    """Up to ``rows`` articles in a key of ``ORDERS``; ``run_id`` among the values."""
    query = LIST.format(
        row=ROW,
        joins=joins(then=where.then),
        where=where.articles(walked=True),
        order=ORDERS[order],
    )
    return conn.execute(query, {**where.values, "rows": rows}).fetchall()


def count(conn: Conn, where: Where) -> int:
    """How many articles answer."""
    row = conn.execute(COUNT.format(where=where.articles()), where.values).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def one(conn: Conn, article_id: str, run_id: str | None) -> DictRow | None:
    """The current revision with its page, event and labels, text included."""
    return conn.execute(ONE, {"article_id": article_id, "run_id": run_id}).fetchone()


def revisions(conn: Conn, article_id: str, run_id: str | None) -> list[DictRow]:
    """Every stored revision with its labels in one run, newest first, without text."""
    return conn.execute(REVISIONS, {"article_id": article_id, "run_id": run_id}).fetchall()


def work(conn: Conn, article_id: str) -> list[DictRow]:
    """What is due, taken, done or quarantined for the article."""
    return conn.execute(WORK, {"article_id": article_id}).fetchall()


def exists(conn: Conn, article_id: str) -> bool:
    """True where any revision is stored."""
    return conn.execute(EXISTS, {"article_id": article_id}).fetchone() is not None
