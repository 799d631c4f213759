"""Writing to the memory: one writer at a time, whose number is committed in order.

Every change takes :func:`begin` first. So who has read the head sees all rows up to it, and a read
as of a number never changes, unless an article is forgotten. Rows are added and never updated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from newsroom.db import Conn
from newsroom.errors import BadRequest, Later, NotFound, Refused

WIDTH = 384
SPANS = 4

BEGIN = "SELECT sequence, known_at FROM memory_begin()"

# Numbers come in the order of the batch, and nothing is added twice: we are the only writer.
# Vectors come in one piece, 384 and 4 · 384 float16 each: an array of them takes ten times as long.
ADD = """
INSERT INTO memory_records (article_id, content_sha256, part, published_at, known_at, sequence,
                            version, text, key, vals)
SELECT n.article_id, n.content_sha256, n.part, n.published_at, %(known_at)s, %(sequence)s,
       %(version)s, n.text,
       substring(%(keys)s::bytea FROM (n.place - 1)::integer * 768 + 1 FOR 768),
       substring(%(values)s::bytea FROM (n.place - 1)::integer * 3072 + 1 FOR 3072)
  FROM unnest(%(article_ids)s::text[], %(contents)s::text[], %(parts)s::smallint[],
              %(times)s::timestamptz[], %(texts)s::text[])
       WITH ORDINALITY AS n(article_id, content_sha256, part, published_at, text, place)
  JOIN articles a ON a.article_id = n.article_id AND a.content_sha256 = n.content_sha256
 WHERE NOT EXISTS (SELECT 1 FROM memory_records r
                    WHERE r.article_id = n.article_id AND r.content_sha256 = n.content_sha256
                      AND r.part = n.part AND r.version = %(version)s)
 ORDER BY n.place
"""

IDS = """
SELECT r.article_id, r.content_sha256, r.part, r.record_id FROM memory_records r
 WHERE r.version = %(version)s AND (r.article_id, r.content_sha256) IN (
       SELECT a, c FROM unnest(%(article_ids)s::text[], %(contents)s::text[]) AS t(a, c))
"""

# Taken back from the day it was published, so that no later read sees two revisions. An old
# revision that comes late is itself the one that goes.
REVISED = """
INSERT INTO memory_withdrawals (record_id, at, sequence, reason)
SELECT held.record_id, held.published_at, %(sequence)s, 'revised'
  FROM (SELECT DISTINCT unnest(%(article_ids)s::text[]) AS article_id) AS written
  CROSS JOIN LATERAL (  -- article by article, or a month without statistics is read whole
       SELECT r.record_id, r.published_at, a.revision, max(a.revision) OVER () AS newest
         FROM memory_records r JOIN articles a USING (article_id, content_sha256)
        WHERE r.article_id = written.article_id) AS held
 WHERE held.revision < held.newest
ON CONFLICT DO NOTHING
"""

# A link that is there already, as early in the world, is not added again.
ADD_LINKS = """
INSERT INTO memory_links (first, second, relation, since, sequence, confidence, written)
SELECT n.first, n.second, n.relation, n.since, %(sequence)s, n.confidence, %(sequence)s
  FROM (SELECT DISTINCT ON (a.record_id, b.record_id, l.relation)
               a.record_id AS first, b.record_id AS second, l.relation, l.confidence,
               greatest(a.published_at, b.published_at) AS since
          FROM unnest(%(firsts)s::bigint[], %(seconds)s::bigint[], %(relations)s::text[],
                      %(confidences)s::double precision[]) AS l(first, second, relation, confidence)
          JOIN memory_records a ON a.record_id = least(l.first, l.second)
          JOIN memory_records b ON b.record_id = greatest(l.first, l.second)) AS n
 WHERE NOT EXISTS (SELECT 1 FROM memory_links o
                    WHERE o.first = n.first AND o.second = n.second AND o.relation = n.relation
                      AND o.since <= n.since)
"""

WITHDRAW = """
INSERT INTO memory_withdrawals (record_id, at, sequence, reason)
SELECT r, at, %(sequence)s, 'withdrawn'
  FROM unnest(%(record_ids)s::bigint[], %(times)s::timestamptz[]) AS t(r, at)
ON CONFLICT DO NOTHING
"""

KNOWN = "SELECT record_id FROM memory_records WHERE record_id = ANY(%(record_ids)s::bigint[])"

ADD_CANDIDATE = """
INSERT INTO memory_candidates (article_id, other_article_id, event_id, relation, score, sequence)
VALUES (%(article_id)s, %(other_article_id)s, %(event_id)s, %(relation)s, %(score)s, %(sequence)s)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write that has begun: its number, and the database's clock."""

    sequence: int
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One part of a revision: its masked text, key [384] and values of its spans [4, 384].

    ``published_at`` is ``sort_at`` of the article, which always has a value.
    """

    article_id: str
    content_sha256: str
    part: int
    published_at: datetime
    text: str
    key: NDArray[np.float16]
    vals: NDArray[np.float16]

    @property
    def identity(self) -> tuple[str, str, int]:
        """What makes it the same chunk within one version."""
        return self.article_id, self.content_sha256, self.part


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """Two records found to be of one slot."""

    first: int
    second: int
    relation: Literal["updates", "duplicate"]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What the event pointer thought of two articles; ``event_id`` is the other one's then."""

    article_id: str
    other_article_id: str
    event_id: str | None
    relation: str
    score: float


def begin(conn: Conn) -> Write:
    """Wait to be the only writer, until the end of the transaction, and take the next number."""
    row = conn.execute(BEGIN).fetchone()
    assert row is not None
    return Write(sequence=row["sequence"], known_at=row["known_at"])


def add(conn: Conn, write: Write, version: str, chunks: Sequence[Chunk]) -> list[int]:
    """Remember chunks; their record ids in order, also of those that were there already.

    Records of older revisions are withdrawn. Refused ``memory-vector-broken``: not finite or a
    zero key; NotFound ``memory-revision-unknown``: no article has this text.
    """
    if not chunks:
        return []
    for chunk in chunks:
        _check(chunk)
    new = list({chunk.identity: chunk for chunk in chunks}.values())
    batch: dict[str, object] = {
        "version": version,
        "article_ids": [chunk.article_id for chunk in new],
        "contents": [chunk.content_sha256 for chunk in new],
    }
    rows = {
        "sequence": write.sequence,
        "known_at": write.known_at,
        "parts": [chunk.part for chunk in new],
        "times": [chunk.published_at for chunk in new],
        "texts": [chunk.text for chunk in new],
        "keys": np.stack([chunk.key for chunk in new]).astype("<f2").tobytes(),
        "values": np.stack([chunk.vals for chunk in new]).astype("<f2").tobytes(),
    }
    conn.execute(ADD, batch | rows)
    conn.execute(REVISED, {"sequence": write.sequence, "article_ids": batch["article_ids"]})
    ids = {
        (row["article_id"], row["content_sha256"], row["part"]): int(row["record_id"])
        for row in conn.execute(IDS, batch)
    }
    unknown = [chunk.article_id for chunk in new if chunk.identity not in ids]
    if unknown:
        raise NotFound("memory-revision-unknown", f"no article {unknown[0]} has this text")
    return [ids[chunk.identity] for chunk in chunks]


def link(conn: Conn, write: Write, links: Sequence[NewLink]) -> int:
    """Join records; how many pairs were not joined so already.

    BadRequest ``memory-link``: a record with itself. Later ``memory-record-gone``: one of them was
    forgotten since it was read.
    """
    if any(new.first == new.second for new in links):
        raise BadRequest("memory-link", "a link joins two records")
    _require(conn, [i for new in links for i in (new.first, new.second)])
    values = {
        "sequence": write.sequence,
        "firsts": [new.first for new in links],
        "seconds": [new.second for new in links],
        "relations": [new.relation for new in links],
        "confidences": [new.confidence for new in links],
    }
    return conn.execute(ADD_LINKS, values).rowcount


def withdraw(conn: Conn, write: Write, taken_back: Sequence[tuple[int, datetime]]) -> None:
    """Records that do not stand from a time in the world on, as ``(record_id, at)``.

    Later ``memory-record-gone``: one of them was forgotten since it was read.
    """
    for _, at in taken_back:
        _aware(at)
    record_ids = [record_id for record_id, _ in taken_back]
    _require(conn, record_ids)
    values = {
        "sequence": write.sequence,
        "record_ids": record_ids,
        "times": [at for _, at in taken_back],
    }
    conn.execute(WITHDRAW, values)


def propose(conn: Conn, write: Write, candidates: Sequence[Candidate]) -> None:
    """Store what the event pointer thought, for whoever decides on events."""
    rows = [asdict(candidate) | {"sequence": write.sequence} for candidate in candidates]
    conn.cursor().executemany(ADD_CANDIDATE, rows)


def _check(chunk: Chunk) -> None:
    if chunk.key.shape != (WIDTH,) or chunk.vals.shape != (SPANS, WIDTH):
        raise BadRequest(
            "memory-vector-shape",
            f"key {chunk.key.shape} and values {chunk.vals.shape}, "
            f"expected {(WIDTH,)} and {(SPANS, WIDTH)}",
        )
    with np.errstate(over="ignore"):
        key, vals = chunk.key.astype(np.float16), chunk.vals.astype(np.float16)
    if not (np.isfinite(key).all() and np.isfinite(vals).all() and key.any()):
        raise Refused("memory-vector-broken", "a vector is zero or not finite in float16")
    _aware(chunk.published_at)


def _aware(time: datetime) -> None:
    if time.tzinfo is None:
        raise BadRequest("memory-time-naive", "times in the memory bank are aware UTC")


def _require(conn: Conn, record_ids: Sequence[int]) -> None:
    known = {row["record_id"] for row in conn.execute(KNOWN, {"record_ids": list(record_ids)})}
    gone = sorted(set(record_ids) - known)
    if gone:
        raise Later("memory-record-gone", f"no record {gone[0]}: forgotten since it was read?")
