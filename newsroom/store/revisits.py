"""When articles are looked at again: leased by any number of crawlers on any number of hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from newsroom.db import Conn


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is known of an article that is looked at again; counts are of looks so far."""

    article_id: str
    born_at: datetime
    changed_at: datetime | None
    checks: int
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An article to look at now, and what the last look found (None: there was none)."""

    article_id: str
    url: str
    last_status: str | None


# Since it was published, where the page says so and it was not in the future.
WATCH = """
SELECT a.article_id, least(a.sort_at, coalesce(r.first_seen_at, a.fetched_at)) AS born_at,
       r.changed_at, coalesce(r.checks, 0) AS checks, coalesce(r.failures, 0) AS failures
  FROM articles a LEFT JOIN revisits r USING (article_id)
 WHERE a.article_id = %(article_id)s AND a.superseded_at IS NULL
"""

BEGIN = """
INSERT INTO revisits (article_id, publisher_id, url, first_seen_at, next_at)
VALUES (%(article_id)s, %(publisher_id)s, %(url)s, %(at)s, %(next_at)s)
ON CONFLICT DO NOTHING
"""

# The lease is committed before the look, and counted: what ended its crawler before comes last.
LEASE = """
UPDATE revisits r SET lease_until = %(now)s + make_interval(secs => %(lease_s)s),
       starts = r.starts + 1
  FROM (SELECT article_id FROM revisits
         WHERE publisher_id = %(publisher_id)s AND next_at <= %(now)s
           AND (lease_until IS NULL OR lease_until < %(now)s)
         ORDER BY starts, next_at, article_id LIMIT %(rows)s FOR UPDATE SKIP LOCKED) due
 WHERE r.article_id = due.article_id
RETURNING r.article_id, r.url, r.last_status
"""

RELEASE = """
UPDATE revisits SET lease_until = NULL, starts = starts - 1
 WHERE article_id = ANY(%(article_ids)s) AND lease_until IS NOT NULL AND starts > 0
"""

LOOKED = """
UPDATE revisits SET lease_until = NULL, starts = 0, checks = checks + 1, failures = 0,
       last_checked_at = %(at)s, last_status = %(status)s, next_at = %(next_at)s,
       unchanged = unchanged + CASE WHEN %(status)s = 'unchanged' THEN 1 ELSE 0 END,
       changed = changed + CASE WHEN %(status)s = 'changed' THEN 1 ELSE 0 END,
       changed_at = CASE WHEN %(status)s = 'changed' THEN %(at)s ELSE changed_at END,
       gone_at = CASE WHEN %(status)s IN ('gone', 'withheld') THEN coalesce(gone_at, %(at)s) END,
       moved_to = coalesce(%(moved_to)s, moved_to)
 WHERE article_id = %(article_id)s
"""

# No answer is no look: it is tried again later, and says nothing about the article.
FAILED = """
UPDATE revisits SET lease_until = NULL, starts = 0, failures = failures + 1,
       last_status = %(status)s, next_at = %(next_at)s
 WHERE article_id = %(article_id)s
"""

COUNTS = """
SELECT publisher_id, count(*) AS watched,
       count(*) FILTER (WHERE next_at IS NOT NULL) AS open,
       count(*) FILTER (WHERE next_at <= now()) AS due,
       count(*) FILTER (WHERE gone_at IS NOT NULL) AS gone,
       sum(checks)::bigint AS checks, sum(unchanged)::bigint AS unchanged,
       sum(changed)::bigint AS changed
  FROM revisits GROUP BY publisher_id ORDER BY publisher_id
"""


def watch(conn: Conn, article_id: str) -> Watch | None:
    """What the next look is planned from; None for an article that is not stored."""
    row = conn.execute(WATCH, {"article_id": article_id}).fetchone()
    return None if row is None else Watch(**row)


def begin(
    conn: Conn,
    article_id: str,
    *,
    publisher_id: str,
    url: str,
    at: datetime,
    next_at: datetime | None,
) -> bool:
    """Watch an article from now on; False where it is watched already."""
    values = {
        "article_id": article_id,
        "publisher_id": publisher_id,
        "url": url,
        "at": at,
        "next_at": next_at,
    }
    return conn.execute(BEGIN, values).rowcount == 1


def lease(conn: Conn, publisher_id: str, *, now: datetime, rows: int, lease_s: float) -> list[Due]:
    """Take up to ``rows`` due articles of an outlet. Commit before looking."""
    values = {
        "publisher_id": publisher_id,
        "now": now,
        "rows": rows,
        "lease_s": lease_s,
    }
    return [Due(**row) for row in conn.execute(LEASE, values)]


def release(conn: Conn, article_ids: Sequence[str]) -> None:
    """Give leases back that were not used."""
    conn.execute(RELEASE, {"article_ids": list(article_ids)})


def looked(
    conn: Conn,
    article_id: str,
    status: str,
    *,
    at: datetime,
    next_at: datetime | None,
    moved_to: str | None = None,
) -> None:
    """Note what a look found: ``changed``, ``unchanged`` or the name of a finding."""
    values = {
        "article_id": article_id,
        "status": status,
        "at": at,
        "next_at": next_at,
        "moved_to": moved_to,
    }
    conn.execute(LOOKED, values)


def failed(conn: Conn, article_id: str, code: str, *, next_at: datetime | None) -> None:
    """Note a look that got no answer."""
    conn.execute(FAILED, {"article_id": article_id, "status": code, "next_at": next_at})


def counts(conn: Conn, publishers: Sequence[str] | None = None) -> list[DictRow]:
    """How many articles are watched, due and gone, and what the looks found, by outlet."""
    rows = conn.execute(COUNTS).fetchall()
    return rows if publishers is None else [r for r in rows if r["publisher_id"] in publishers]
