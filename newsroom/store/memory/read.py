"""Reading the memory: what came since a number, up to another, so that every process can follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from psycopg.rows import args_row, class_row

from newsroom.db import Conn
from newsroom.store.memory.write import SPANS, WIDTH

ROWS_AT_ONCE = 5000

# The window moves once a day, so that a process does not shift its cache at every read.
HEAD = """
SELECT sequence, date_trunc('day', now() - make_interval(days => %(window_days)s), 'UTC') AS since
  FROM memory_head
"""

COUNT = """
SELECT count(*) AS n FROM memory_records
 WHERE version = %(version)s AND known_at >= %(since)s
   AND sequence > %(after)s AND sequence <= %(upto)s
"""

_RECORD = """
SELECT r.record_id, r.article_id, r.part, m.event_id, a.publisher_id, r.published_at, r.known_at,
       r.sequence, r.version, r.content_sha256, r.text"""

_OF_WHAT = """
  FROM memory_records r
  JOIN articles a ON a.article_id = r.article_id AND a.content_sha256 = r.content_sha256
  LEFT JOIN event_members m ON m.article_id = r.article_id
"""

RECORDS = f"""{_RECORD}, r.key {_OF_WHAT}
 WHERE r.version = %(version)s AND r.known_at >= %(since)s
   AND r.sequence > %(after)s AND r.sequence <= %(upto)s
"""

OTHER_VERSION = "SELECT version FROM memory_records WHERE known_at >= %(since)s LIMIT 1"

LINKS = """
SELECT first, second, relation, since, sequence, confidence, written FROM memory_links
 WHERE written > %(after)s AND written <= %(upto)s ORDER BY written, first, second
"""

WITHDRAWALS = """
SELECT record_id, at, sequence, reason FROM memory_withdrawals
 WHERE sequence > %(after)s AND sequence <= %(upto)s ORDER BY sequence, record_id
"""

PLACES = """
SELECT record_id, published_at, known_at FROM memory_places
 WHERE written > %(after)s AND written <= %(upto)s ORDER BY written, record_id
"""

FORGOTTEN = """
SELECT article_id, max(sequence) AS sequence FROM memory_forgotten
 WHERE sequence > %(after)s AND sequence <= %(upto)s GROUP BY article_id
"""

ANY_FORGOTTEN = """
SELECT EXISTS (SELECT 1 FROM memory_forgotten WHERE sequence > %(after)s) AS found
"""

EVENTS = """
SELECT article_id, event_id FROM event_members
 WHERE event_id IS NOT NULL AND article_id IN (
       SELECT article_id FROM memory_records
        WHERE version = %(version)s AND known_at >= %(since)s)
"""

VALUES = (
    "SELECT record_id, vals FROM memory_records WHERE record_id = ANY(%(record_ids)s::bigint[])"
)

# All that is joined with an article's records, whoever wrote it and when.
SLOTS = f"""
WITH RECURSIVE joined(record_id) AS (
    SELECT record_id FROM memory_records WHERE article_id = %(article_id)s
    UNION
    SELECT CASE WHEN l.first = j.record_id THEN l.second ELSE l.first END
      FROM joined j JOIN memory_links l ON l.first = j.record_id OR l.second = j.record_id
)
{_RECORD}, ''::bytea AS key {_OF_WHAT}
 WHERE r.record_id IN (SELECT record_id FROM joined) ORDER BY r.record_id
"""  # noqa: S608  # our own fragments

LINKS_OF = """
SELECT first, second, relation, since, sequence, confidence, written FROM memory_links
 WHERE first = ANY(%(record_ids)s::bigint[]) OR second = ANY(%(record_ids)s::bigint[])
 ORDER BY written, first, second
"""

WITHDRAWALS_OF = """
SELECT record_id, at, sequence, reason FROM memory_withdrawals
 WHERE record_id = ANY(%(record_ids)s::bigint[]) ORDER BY sequence, record_id
"""

PLACES_OF = """
SELECT record_id, published_at, known_at FROM memory_places
 WHERE record_id = ANY(%(record_ids)s::bigint[])
"""

CANDIDATES_OF = """
SELECT article_id, other_article_id, event_id, relation, score, sequence FROM memory_candidates
 WHERE article_id = %(article_id)s OR other_article_id = %(article_id)s
 ORDER BY sequence, score DESC, article_id, other_article_id
"""

TOTALS = """
SELECT (SELECT sequence FROM memory_head) AS sequence,
       (SELECT count(*) FROM memory_records) AS records,
       (SELECT count(DISTINCT article_id) FROM memory_records) AS articles,
       (SELECT sum(pg_total_relation_size(relid))::bigint
          FROM pg_partition_tree('memory_records')) AS bytes,
       (SELECT count(*) FROM memory_links WHERE relation = 'updates') AS links_updates,
       (SELECT count(*) FROM memory_links WHERE relation = 'duplicate') AS links_duplicate,
       (SELECT count(DISTINCT record_id) FROM memory_withdrawals
         WHERE reason = 'withdrawn') AS withdrawn,
       (SELECT count(DISTINCT record_id) FROM memory_withdrawals
         WHERE reason = 'revised') AS revised,
       (SELECT count(*) FROM memory_forgotten) AS forgotten,
       (SELECT count(*) FROM memory_candidates) AS candidates
"""

BY_MONTH = """
SELECT to_char(known_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, version,
       count(*) AS records, count(DISTINCT article_id) AS articles
  FROM memory_records GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last committed write, and since when (the database's clock) the window holds records."""

    sequence: int
    since: datetime


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One part of one revision; ``key`` is 384 float16 where it was asked for."""

    record_id: int
    article_id: str
    part: int
    event_id: str | None
    publisher_id: str
    published_at: datetime
    known_at: datetime
    sequence: int
    version: str
    content_sha256: str
    text: str
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLink:
    """Two records of one slot, since a time in the world and a number of the system."""

    first: int
    second: int
    relation: Literal["updates", "duplicate"]
    since: datetime
    sequence: int
    confidence: float
    written: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWithdrawal:
    """A record that does not stand from a time on."""

    record_id: int
    at: datetime
    sequence: int
    reason: Literal["revised", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlace:
    """The place of a forgotten report that a copy keeps."""

    record_id: int
    published_at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Writes of one version after a number, up to another, in the window."""

    version: str
    since: datetime
    after: int
    upto: int

    def values(self) -> dict[str, object]:
        """As the statements name them."""
        return {
            "version": self.version, "since": self.since, "after": self.after, "upto": self.upto,
        }  # fmt: skip


def head(conn: Conn, window_days: int) -> Head:
    """Where the memory stands now."""
    with conn.cursor(row_factory=class_row(Head)) as cursor:
        found = cursor.execute(HEAD, {"window_days": window_days}).fetchone()
    assert found is not None
    return found


def count(conn: Conn, span: Span) -> int:
    """How many records :func:`records` will give."""
    row = conn.execute(COUNT, span.values()).fetchone()
    return 0 if row is None else int(row["n"])


def records(conn: Conn, span: Span) -> Iterator[tuple[list[StoredRecord], NDArray[np.float16]]]:
    """Records with their keys [n, 384], in no order, streamed in batches of 5,000."""
    with conn.cursor(name="memory_records", row_factory=args_row(StoredRecord)) as cursor:
        cursor.execute(RECORDS, span.values(), binary=True)
        while batch := cursor.fetchmany(ROWS_AT_ONCE):
            keys = np.frombuffer(b"".join(row.key for row in batch), "<f2")
            yield batch, keys.reshape(-1, WIDTH)


def other_version(conn: Conn, since: datetime) -> str | None:
    """The version of some record in the window."""
    row = conn.execute(OTHER_VERSION, {"since": since}).fetchone()
    return None if row is None else str(row["version"])


def links(conn: Conn, span: Span) -> list[StoredLink]:
    """Links made in a span, those that stand in for forgotten records among them."""
    with conn.cursor(row_factory=class_row(StoredLink)) as cursor:
        return cursor.execute(LINKS, span.values()).fetchall()


def withdrawals(conn: Conn, span: Span) -> list[StoredWithdrawal]:
    """Withdrawals made in a span."""
    with conn.cursor(row_factory=class_row(StoredWithdrawal)) as cursor:
        return cursor.execute(WITHDRAWALS, span.values()).fetchall()


def places(conn: Conn, span: Span) -> list[StoredPlace]:
    """Places kept of what was forgotten in a span."""
    with conn.cursor(row_factory=class_row(StoredPlace)) as cursor:
        return cursor.execute(PLACES, span.values()).fetchall()


def forgotten(conn: Conn, span: Span) -> dict[str, int]:
    """Articles forgotten in a span, with the last number under which they were."""
    rows = conn.execute(FORGOTTEN, span.values())
    return {str(row["article_id"]): int(row["sequence"]) for row in rows}


def is_forgetting(conn: Conn, after: int) -> bool:
    """Whether anything was forgotten after a number."""
    row = conn.execute(ANY_FORGOTTEN, {"after": after}).fetchone()
    return row is not None and bool(row["found"])


def events(conn: Conn, version: str, since: datetime) -> dict[str, str]:
    """The events that the window's articles are in now."""
    rows = conn.execute(EVENTS, {"version": version, "since": since})
    return {str(row["article_id"]): str(row["event_id"]) for row in rows}


def values(conn: Conn, record_ids: Sequence[int]) -> dict[int, NDArray[np.float16]]:
    """Values [4, 384] of the records that are still there."""
    rows = conn.execute(VALUES, {"record_ids": list(record_ids)}, binary=True)
    return {
        int(row["record_id"]): np.frombuffer(row["vals"], "<f2").reshape(SPANS, WIDTH)
        for row in rows
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """All that the memory has of an article, with what its records are joined to."""

    records: list[StoredRecord]
    links: list[StoredLink]
    withdrawals: list[StoredWithdrawal]
    places: list[StoredPlace]
    candidates: list[Mapping[str, object]]


def of_article(conn: Conn, article_id: str) -> Remembered:
    """The slots that an article's records are in, without vectors, and its candidate links."""
    with conn.cursor(row_factory=args_row(StoredRecord)) as cursor:
        found = cursor.execute(SLOTS, {"article_id": article_id}).fetchall()
    ids = {"record_ids": [record.record_id for record in found]}
    with (
        conn.cursor(row_factory=class_row(StoredLink)) as link_rows,
        conn.cursor(row_factory=class_row(StoredWithdrawal)) as withdrawal_rows,
        conn.cursor(row_factory=class_row(StoredPlace)) as place_rows,
    ):
        return Remembered(
            records=found,
            links=link_rows.execute(LINKS_OF, ids).fetchall(),
            withdrawals=withdrawal_rows.execute(WITHDRAWALS_OF, ids).fetchall(),
            places=place_rows.execute(PLACES_OF, ids).fetchall(),
            candidates=list(conn.execute(CANDIDATES_OF, {"article_id": article_id})),
        )


def totals(conn: Conn) -> dict[str, object]:
    """Counts over the whole memory, and the bytes that its records take."""
    row = conn.execute(TOTALS).fetchone()
    assert row is not None
    return dict(row)


def by_month(conn: Conn) -> list[dict[str, object]]:
    """Records and articles by the month (UTC) in which they were written, and version."""
    return [dict(row) for row in conn.execute(BY_MONTH)]
