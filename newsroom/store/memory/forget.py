"""Taking out of the memory: one article at its request, or all that another version wrote."""

from __future__ import annotations

from dataclasses import dataclass

from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.store.memory.write import begin

OF_ARTICLE = """
SELECT record_id FROM memory_records WHERE article_id = %(article_id)s ORDER BY record_id
"""

# What repeats a record that goes keeps the place of the earliest that says the same.
KEEP_PLACE = """
WITH RECURSIVE same(record_id) AS (
    SELECT %(record_id)s::bigint
    UNION
    SELECT CASE WHEN l.first = s.record_id THEN l.second ELSE l.first END
      FROM same s JOIN memory_links l
        ON l.relation = 'duplicate' AND (l.first = s.record_id OR l.second = s.record_id)
), place AS (
    SELECT published_at, known_at FROM memory_records JOIN same USING (record_id)
     UNION ALL
    SELECT published_at, known_at FROM memory_places JOIN same USING (record_id)
     ORDER BY 1, 2 LIMIT 1
)
INSERT INTO memory_places (record_id, published_at, known_at, written)
SELECT CASE WHEN l.first = %(record_id)s THEN l.second ELSE l.first END, p.*, %(sequence)s
  FROM memory_links l CROSS JOIN place p
 WHERE %(record_id)s IN (l.first, l.second) AND l.relation = 'duplicate'
ON CONFLICT DO NOTHING
"""

# Each pair that met through it, in the order in which they did, so late and no earlier.
BRIDGE = """
WITH edges AS (
    SELECT CASE WHEN first = %(record_id)s THEN second ELSE first END AS other,
           relation = 'duplicate' AS repeats, since, sequence, confidence
      FROM memory_links WHERE %(record_id)s IN (first, second)
), pairs AS (
    SELECT other, lead(other) OVER following AS next_other,
           repeats AND lead(repeats) OVER following AS repeats,
           greatest(since, lead(since) OVER following) AS since,
           lead(sequence) OVER following AS sequence,
           least(confidence, lead(confidence) OVER following) AS confidence
      FROM edges WINDOW following AS (ORDER BY sequence, since, other, repeats)
)
INSERT INTO memory_links (first, second, relation, since, sequence, confidence, written)
SELECT least(other, next_other), greatest(other, next_other),
       CASE WHEN repeats THEN 'duplicate' ELSE 'updates' END, since, sequence, confidence,
       %(sequence)s
  FROM pairs WHERE other <> next_other
ON CONFLICT DO NOTHING
"""

FORGET_LINKS = """
DELETE FROM memory_links WHERE %(record_id)s IN (first, second) RETURNING first
"""
FORGET_PLACES = "DELETE FROM memory_places WHERE record_id = %(record_id)s"
FORGET_WITHDRAWALS = (
    "DELETE FROM memory_withdrawals WHERE record_id = ANY(%(record_ids)s::bigint[])"
)
FORGET_RECORDS = "DELETE FROM memory_records WHERE record_id = ANY(%(record_ids)s::bigint[])"
FORGET_CANDIDATES = """
DELETE FROM memory_candidates
 WHERE article_id = %(article_id)s OR other_article_id = %(article_id)s
"""
TOMBSTONE = """
INSERT INTO memory_forgotten (article_id, sequence, at, reason)
VALUES (%(article_id)s, %(sequence)s, %(at)s, %(reason)s)
"""

DROP_OTHERS = """
DELETE FROM memory_records WHERE version <> %(version)s
RETURNING record_id, article_id,
          known_at >= now() - make_interval(days => %(window_days)s) AS in_window
"""
DROP_THEIR_LINKS = """
DELETE FROM memory_links
 WHERE first = ANY(%(record_ids)s::bigint[]) OR second = ANY(%(record_ids)s::bigint[])
"""
DROP_THEIR_PLACES = "DELETE FROM memory_places WHERE record_id = ANY(%(record_ids)s::bigint[])"

# Rows that are leased or wait for a person stay as they are.
MAKE_DUE = """
INSERT INTO work (article_id, stage, content_sha256, state, due_at, changed_at)
SELECT a.article_id, %(stage)s, a.content_sha256, 'due', now(), now() FROM articles a
 WHERE a.superseded_at IS NULL
   AND (a.fetched_at >= now() - make_interval(days => %(window_days)s)
        OR a.article_id = ANY(%(article_ids)s::text[]))
   AND NOT EXISTS (SELECT 1 FROM memory_records r
                    WHERE r.article_id = a.article_id AND r.content_sha256 = a.content_sha256
                      AND r.version = %(version)s)
ON CONFLICT (article_id, stage) DO UPDATE
   SET content_sha256 = excluded.content_sha256, state = 'due', attempts = 0, due_at = now(),
       error_code = NULL, error_message = NULL, changed_at = now()
 WHERE work.state = 'done'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What went, and the number under which it did."""

    sequence: int
    records: int
    links: int
    withdrawals: int
    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """Records of other versions that went, and articles that are due again."""

    removed: int
    due: int


def forget(conn: Conn, article_id: str, reason: str) -> Forgotten:
    """Delete all that is kept of an article, for all reads; a tombstone tells every process.

    Records that met through it stay joined, and a copy of it keeps its place in time. NotFound
    ``memory-article-unknown`` where there is nothing. Reading the article again remembers it anew.
    """
    write = begin(conn)
    article = {"article_id": article_id}
    record_ids = [int(row["record_id"]) for row in conn.execute(OF_ARTICLE, article)]
    links = 0
    for record_id in record_ids:
        one = {"record_id": record_id, "sequence": write.sequence}
        conn.execute(KEEP_PLACE, one)
        conn.execute(BRIDGE, one)
        links += conn.execute(FORGET_LINKS, one).rowcount
        conn.execute(FORGET_PLACES, one)
    gone = {"record_ids": record_ids}
    withdrawals = conn.execute(FORGET_WITHDRAWALS, gone).rowcount
    conn.execute(FORGET_RECORDS, gone)
    candidates = conn.execute(FORGET_CANDIDATES, article).rowcount
    if not (record_ids or candidates):
        raise NotFound("memory-article-unknown", f"the memory has nothing of article {article_id}")
    stone = article | {"sequence": write.sequence, "at": write.known_at, "reason": reason}
    conn.execute(TOMBSTONE, stone)
    return Forgotten(
        sequence=write.sequence,
        records=len(record_ids),
        links=links,
        withdrawals=withdrawals,
        candidates=candidates,
    )


def rebuild(conn: Conn, version: str, *, stage: str, window_days: int) -> Rebuilt:
    """Delete the records of other versions and make due again what the window wants of this one.

    That is every current article that came in, or was remembered, within the window.
    """
    begin(conn)
    window = {"version": version, "window_days": window_days}
    removed = conn.execute(DROP_OTHERS, window).fetchall()
    gone = {"record_ids": [row["record_id"] for row in removed]}
    conn.execute(DROP_THEIR_LINKS, gone)
    conn.execute(DROP_THEIR_PLACES, gone)
    conn.execute(FORGET_WITHDRAWALS, gone)
    held = {row["article_id"] for row in removed if row["in_window"]}
    due = conn.execute(MAKE_DUE, window | {"stage": stage, "article_ids": list(held)}).rowcount
    return Rebuilt(removed=len(removed), due=due)
