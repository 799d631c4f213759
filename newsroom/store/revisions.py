"""Changes between revisions: kept as they are derived from sightings, listed, and one in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.rows import DictRow

from newsroom.db import Conn
from newsroom.store.sightings import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change as it is stored; the columns are explained in the table's comments."""

    article_id: str
    seen_at: datetime
    before: int
    after: int
    not_after: datetime
    kind: str
    title_changed: bool
    words_added: int
    words_removed: int
    note: str | None
    reader_changed: bool


STORED = """
SELECT not_after, seen_at AS at, before, after, kind FROM changes WHERE article_id = %(article_id)s
"""

DROP = """
DELETE FROM changes WHERE article_id = %(article_id)s AND seen_at = ANY(%(times)s::timestamptz[])
"""

ADD = """
INSERT INTO changes (article_id, seen_at, before, after, not_after, kind, title_changed,
                     words_added, words_removed, note, reader_changed)
VALUES (%(article_id)s, %(seen_at)s, %(before)s, %(after)s, %(not_after)s, %(kind)s,
        %(title_changed)s, %(words_added)s, %(words_removed)s, %(note)s, %(reader_changed)s)
ON CONFLICT DO NOTHING
"""

PAGE = """
SELECT c.article_id, c.seen_at, c.not_after, c.before, c.after, c.kind, c.title_changed,
       c.words_added, c.words_removed, c.note, c.reader_changed, b.title AS title_before, a.title,
       a.publisher_id, p.name AS publisher, a.url
  FROM changes c
  JOIN articles a ON a.article_id = c.article_id AND a.revision = c.after
  JOIN articles b ON b.article_id = c.article_id AND b.revision = c.before
  JOIN publishers p ON p.publisher_id = a.publisher_id
 WHERE (%(publishers)s::text[] IS NULL OR a.publisher_id = ANY(%(publishers)s))
   AND (%(kinds)s::text[] IS NULL OR c.kind = ANY(%(kinds)s))
   AND (%(since)s::timestamptz IS NULL OR c.seen_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR c.seen_at < %(until)s)
   AND (%(after_at)s::timestamptz IS NULL
        OR (c.seen_at, c.article_id) < (%(after_at)s, %(after_id)s))
 ORDER BY c.seen_at DESC, c.article_id DESC LIMIT %(rows)s
"""

COUNT = """
SELECT a.publisher_id, c.kind, count(*) AS n
  FROM changes c JOIN articles a ON a.article_id = c.article_id AND a.revision = c.after
 WHERE (%(publishers)s::text[] IS NULL OR a.publisher_id = ANY(%(publishers)s))
   AND (%(since)s::timestamptz IS NULL OR c.seen_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR c.seen_at < %(until)s)
 GROUP BY 1, 2 ORDER BY 1, 2
"""

REVISIONS = """
SELECT a.revision, a.title, a.text, a.words, a.bylines, a.published_at, a.modified_at,
       a.fetched_at, a.superseded_at, a.extractor, a.content_sha256, a.url, a.publisher_id,
       p.name AS publisher, a.page_id, g.warc_file, g.warc_offset
  FROM articles a
  JOIN publishers p ON p.publisher_id = a.publisher_id
  LEFT JOIN pages g ON g.page_id = a.page_id
 WHERE a.article_id = %(article_id)s ORDER BY a.revision
"""

OF_ARTICLE = """
SELECT seen_at, not_after, before, after, kind, title_changed, words_added, words_removed, note,
       reader_changed
  FROM changes WHERE article_id = %(article_id)s ORDER BY seen_at
"""

# Looks in a row that saw the same are one row: from when to when, and how many.
STRETCHES = """
WITH looks AS (
    SELECT seen_at, finding, revision,
           (finding, revision) IS DISTINCT FROM
           (lag(finding) OVER (ORDER BY seen_at), lag(revision) OVER (ORDER BY seen_at)) AS starts
      FROM sightings WHERE article_id = %(article_id)s
), counted AS (
    SELECT *, count(*) FILTER (WHERE starts) OVER (ORDER BY seen_at) AS stretch FROM looks
)
SELECT finding, revision, min(seen_at) AS first_at, max(seen_at) AS last_at, count(*) AS looks
  FROM counted GROUP BY stretch, finding, revision ORDER BY first_at
"""

LABELS = """
SELECT n.content_sha256, n.run_id, n.stage, n.scope, n.label, n.score, n.confidence, n.labeller,
       n.labeller_revision, n.codebook_version, n.superseded_at,
       n.run_id = (SELECT run_id FROM promotions ORDER BY promotion_id DESC LIMIT 1) AS promoted
  FROM annotations n
 WHERE n.article_id = %(article_id)s AND n.scope <> 'sentence'
 ORDER BY n.run_id, n.stage, n.scope
"""


def stored(conn: Conn, article_id: str) -> dict[Pair, str | None]:
    """The changes of an article that are stored, and their kinds."""
    rows = conn.execute(STORED, {"article_id": article_id})
    return {Pair(**{k: v for k, v in row.items() if k != "kind"}): row["kind"] for row in rows}


def replace(
    conn: Conn, article_id: str, *, gone: Sequence[Pair], changes: Sequence[Change]
) -> None:
    """Take away what sightings no longer say, and add what they say now."""
    if gone:
        conn.execute(DROP, {"article_id": article_id, "times": [pair.at for pair in gone]})
    for change in changes:
        conn.execute(ADD, asdict(change))


def page(
    conn: Conn,
    *,
    publishers: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: tuple[datetime, str] | None = None,
    rows: int,
) -> list[DictRow]:
    """Up to ``rows`` changes, newest first, behind the key ``(seen_at, article_id)``."""
    values = {
        "publishers": None if publishers is None else list(publishers),
        "kinds": None if kinds is None else list(kinds),
        "since": since,
        "until": until,
        "after_at": after[0] if after else None,
        "after_id": after[1] if after else None,
        "rows": rows,
    }
    return conn.execute(PAGE, values).fetchall()


def counts(
    conn: Conn,
    *,
    publishers: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[DictRow]:
    """Changes by outlet and kind."""
    named = None if publishers is None else list(publishers)
    values = {"publishers": named, "since": since, "until": until}
    return conn.execute(COUNT, values).fetchall()


def texts(conn: Conn, article_id: str) -> list[DictRow]:
    """Every revision with its text, in the order in which they came in."""
    return conn.execute(REVISIONS, {"article_id": article_id}).fetchall()


def of_article(conn: Conn, article_id: str) -> list[DictRow]:
    """The changes of one article, oldest first."""
    return conn.execute(OF_ARTICLE, {"article_id": article_id}).fetchall()


def stretches(conn: Conn, article_id: str) -> list[DictRow]:
    """What was found at its address from when to when, oldest first."""
    return conn.execute(STRETCHES, {"article_id": article_id}).fetchall()


def labels(conn: Conn, article_id: str) -> list[DictRow]:
    """Labels of headline and article, of every revision and run."""
    return conn.execute(LABELS, {"article_id": article_id}).fetchall()
