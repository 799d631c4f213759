"""How far each source of the past was read, and who is reading it.

A source is leased to one reader at a time. Every step is committed together with the pages it
brought in and only while the lease is still the reader's own, so that a crash costs one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from newsroom.db import Conn
from newsroom.errors import Later

ADD = """
INSERT INTO backfills (backfill_id, kind, source, scope, state, started_at, updated_at)
VALUES (%(backfill_id)s, %(kind)s, %(source)s, %(scope)s, 'due', now(), now())
ON CONFLICT (backfill_id) DO NOTHING
"""

GET = """
SELECT backfill_id, kind, source, scope, state, holder, lease_until, size_bytes, offset_bytes,
       records, counts, error_code, error_message, updated_at
  FROM backfills WHERE backfill_id = %(backfill_id)s
"""

LIST = """
SELECT backfill_id, kind, source, scope, state, holder, lease_until, size_bytes, offset_bytes,
       records, counts, error_code, error_message, updated_at
  FROM backfills ORDER BY started_at DESC, backfill_id
"""

# One that failed may be tried again; one that is done stays done.
LEASE = """
UPDATE backfills SET state = 'running', holder = %(holder)s, error_code = NULL,
       error_message = NULL, lease_until = now() + make_interval(secs => %(lease_s)s),
       updated_at = now()
 WHERE backfill_id = %(backfill_id)s
   AND (state IN ('due', 'failed') OR (state = 'running' AND lease_until < now()))
"""

RENEW = """
UPDATE backfills SET lease_until = now() + make_interval(secs => %(lease_s)s)
 WHERE backfill_id = %(backfill_id)s AND state = 'running' AND holder = %(holder)s
"""

ADVANCE = """
UPDATE backfills SET offset_bytes = %(offset_bytes)s, records = records + %(records)s,
       size_bytes = coalesce(%(size_bytes)s, size_bytes), updated_at = now(),
       counts = (SELECT coalesce(jsonb_object_agg(name, total), '{}') FROM (
                  SELECT name, sum(n::bigint) AS total
                    FROM (SELECT * FROM jsonb_each_text(counts)
                          UNION ALL SELECT * FROM jsonb_each_text(%(counts)s::jsonb)) b (name, n)
                   GROUP BY name) summed)
 WHERE backfill_id = %(backfill_id)s AND state = 'running' AND holder = %(holder)s
"""

END = """
UPDATE backfills SET state = %(state)s, holder = NULL, lease_until = NULL, updated_at = now(),
       error_code = %(code)s, error_message = %(message)s
 WHERE backfill_id = %(backfill_id)s AND state = 'running' AND holder = %(holder)s
"""

LISTING_DONE = """
INSERT INTO backfill_listings (backfill_id, url, articles, done_at)
VALUES (%(backfill_id)s, %(url)s, %(articles)s, now())
ON CONFLICT (backfill_id, url) DO UPDATE SET articles = excluded.articles, done_at = now()
"""

LISTINGS = "SELECT url, done_at FROM backfill_listings WHERE backfill_id = %(backfill_id)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """One source and how far it was read; ``counts`` are records by outcome."""

    backfill_id: str
    kind: str
    source: str
    scope: str
    state: str
    holder: str | None
    lease_until: datetime | None
    size_bytes: int | None
    offset_bytes: int
    records: int
    counts: dict[str, int]
    error_code: str | None
    error_message: str | None
    updated_at: datetime


def add(conn: Conn, backfill_id: str, *, kind: str, source: str, scope: str) -> None:
    """Know of a source; one that is known stays as it is."""
    conn.execute(ADD, {"backfill_id": backfill_id, "kind": kind, "source": source, "scope": scope})


def get(conn: Conn, backfill_id: str) -> Backfill:
    """One source."""
    row = conn.execute(GET, {"backfill_id": backfill_id}).fetchone()
    assert row is not None  # added before it is asked for
    return Backfill(**row)


def every(conn: Conn) -> list[Backfill]:
    """All sources, the newest first."""
    return [Backfill(**row) for row in conn.execute(LIST)]


def lease(conn: Conn, backfill_id: str, holder: str, lease_s: float) -> bool:
    """Take a source that is not done and that nobody reads; False where it is not to be had."""
    values = {"backfill_id": backfill_id, "holder": holder, "lease_s": lease_s}
    return conn.execute(LEASE, values).rowcount == 1


def renew(conn: Conn, backfill_id: str, holder: str, lease_s: float) -> None:
    """Hold on to a source. Later ``backfill-lost`` where somebody else has it by now."""
    values = {"backfill_id": backfill_id, "holder": holder, "lease_s": lease_s}
    if conn.execute(RENEW, values).rowcount == 0:
        raise _lost(backfill_id)


def advance(
    conn: Conn,
    backfill_id: str,
    holder: str,
    *,
    offset_bytes: int,
    records: int,
    counts: Mapping[str, int],
    size_bytes: int | None = None,
) -> None:
    """Note a step of the reader: all ``records`` before ``offset_bytes`` are done.

    Raises Later ``backfill-lost`` where somebody else has the source by now.
    """
    values = {
        "backfill_id": backfill_id,
        "holder": holder,
        "offset_bytes": offset_bytes,
        "records": records,
        "counts": Jsonb(dict(counts)),
        "size_bytes": size_bytes,
    }
    if conn.execute(ADVANCE, values).rowcount == 0:
        raise _lost(backfill_id)


def end(
    conn: Conn,
    backfill_id: str,
    holder: str,
    *,
    state: str,
    code: str | None = None,
    message: str | None = None,
) -> None:
    """Give a source back: ``done``, ``due`` for another time, or ``failed`` under a code."""
    values = {"backfill_id": backfill_id, "holder": holder, "state": state}
    conn.execute(END, values | {"code": code, "message": message})


def listing_done(conn: Conn, backfill_id: str, url: str, articles: int) -> None:
    """All articles that a sitemap or feed page names were asked for."""
    conn.execute(LISTING_DONE, {"backfill_id": backfill_id, "url": url, "articles": articles})


def listings_done(conn: Conn, backfill_id: str) -> dict[str, datetime]:
    """When each sitemap or feed page of a source was done."""
    rows = conn.execute(LISTINGS, {"backfill_id": backfill_id})
    return {str(row["url"]): row["done_at"] for row in rows}


def _lost(backfill_id: str) -> Later:
    return Later("backfill-lost", f"backfill {backfill_id} was taken over by another process")
