"""Hosts as all crawlers together know them: their pace, their wishes, their robots.txt.

A turn is taken before the request goes out and committed at once, so that crawlers on any number
of machines share one pace. The clock is the database's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.rows import class_row

from newsroom.db import Conn

# A turn that lies a hundred delays ahead was not queued for: the clock was set back.
TAKE_TURN = """
INSERT INTO hosts AS h (host, asked_at, delay_s)
VALUES (%(host)s, clock_timestamp(), %(delay_s)s::float8)
ON CONFLICT (host) DO UPDATE SET delay_s = %(delay_s)s::float8, asked_at = CASE
    WHEN h.asked_at > clock_timestamp() + make_interval(secs => 100 * %(delay_s)s::float8)
    THEN clock_timestamp()
    ELSE greatest(clock_timestamp(), h.asked_at + make_interval(secs => %(delay_s)s::float8)) END
RETURNING greatest(0, extract(epoch FROM asked_at - clock_timestamp()))::float8 AS wait_s,
          refusals, CASE WHEN stopped_until > clock_timestamp() THEN stopped_reason END AS stopped
"""

REFUSED = "UPDATE hosts SET refusals = refusals + 1 WHERE host = %(host)s RETURNING refusals"

ANSWERED = """
UPDATE hosts SET refusals = 0, stopped_until = NULL, stopped_reason = NULL
 WHERE host = %(host)s AND (refusals > 0 OR stopped_until IS NOT NULL)
"""

# A shorter wish does not lift a longer one.
STOP = """
UPDATE hosts SET stopped_until = clock_timestamp() + make_interval(secs => %(seconds)s::float8),
       stopped_reason = %(reason)s
 WHERE host = %(host)s AND (stopped_until IS NULL OR stopped_until
       < clock_timestamp() + make_interval(secs => %(seconds)s::float8))
"""

STOPPED = """
SELECT host, stopped_until, stopped_reason, refusals FROM hosts
 WHERE stopped_until > now() ORDER BY host
"""

ROBOTS_OF = """
SELECT site, asked_at, status, good_at, good_status, good_body FROM robots WHERE site = %(site)s
"""

KEEP_ROBOTS = """
INSERT INTO robots (site, asked_at, status, good_at, good_status, good_body)
VALUES (%(site)s, %(asked_at)s, %(status)s, %(good_at)s, %(good_status)s, %(good_body)s)
ON CONFLICT (site) DO UPDATE SET asked_at = excluded.asked_at, status = excluded.status,
    good_at = excluded.good_at, good_status = excluded.good_status, good_body = excluded.good_body
"""

VALIDATORS_OF = "SELECT url, etag, last_modified FROM validators WHERE url = %(url)s"

KEEP_VALIDATORS = """
INSERT INTO validators (url, etag, last_modified, updated_at)
VALUES (%(url)s, %(etag)s, %(last_modified)s, now())
ON CONFLICT (url) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified,
    updated_at = excluded.updated_at
"""

FORGET_VALIDATORS = "DELETE FROM validators WHERE url = %(url)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a host may be asked: ``wait_s`` from now, unless it is ``stopped`` (the reason)."""

    wait_s: float = 0.0
    refusals: int = 0
    stopped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A host that nobody asks for now."""

    host: str
    stopped_until: datetime
    stopped_reason: str
    refusals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """What a site answered when asked for robots.txt, and its last answer that was good.

    ``status`` None: no answer. ``good_body`` is empty where the site has no rules.
    """

    site: str
    asked_at: datetime
    status: int | None
    good_at: datetime | None = None
    good_status: int | None = None
    good_body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """``ETag`` and ``Last-Modified`` of an address, as its server wrote them."""

    url: str
    etag: str | None
    last_modified: str | None


def take_turn(conn: Conn, host: str, delay_s: float) -> Turn:
    """The next turn of a host, at least ``delay_s`` after the one before, whoever had that."""
    with conn.cursor(row_factory=class_row(Turn)) as cursor:
        turn = cursor.execute(TAKE_TURN, {"host": host, "delay_s": delay_s}).fetchone()
    assert turn is not None  # inserted or updated
    return turn


def refused(conn: Conn, host: str) -> int:
    """Count a refusal; how many there were in a row."""
    row = conn.execute(REFUSED, {"host": host}).fetchone()
    return 1 if row is None else int(row["refusals"])


def answered(conn: Conn, host: str) -> None:
    """The host serves us: refusals are forgotten."""
    conn.execute(ANSWERED, {"host": host})


def stop(conn: Conn, host: str, seconds: float, reason: str) -> None:
    """Keep every crawler away from a host for some time."""
    conn.execute(STOP, {"host": host, "seconds": seconds, "reason": reason})


def stopped(conn: Conn) -> list[Stop]:
    """Hosts that nobody asks for now."""
    with conn.cursor(row_factory=class_row(Stop)) as cursor:
        return cursor.execute(STOPPED).fetchall()


def robots_of(conn: Conn, site: str) -> RobotsFile | None:
    """What is known of a site's robots.txt."""
    with conn.cursor(row_factory=class_row(RobotsFile)) as cursor:
        return cursor.execute(ROBOTS_OF, {"site": site}).fetchone()


def keep_robots(conn: Conn, file: RobotsFile) -> None:
    """Store what a site answered."""
    conn.execute(KEEP_ROBOTS, asdict(file))


def validators_of(conn: Conn, url: str) -> Validators | None:
    """What exactly this address was called when it was last read whole."""
    with conn.cursor(row_factory=class_row(Validators)) as cursor:
        return cursor.execute(VALIDATORS_OF, {"url": url}).fetchone()


def keep_validators(conn: Conn, read: Sequence[Validators]) -> None:
    """Store what addresses are called now; one without a name is forgotten."""
    for one in sorted(read, key=lambda v: v.url):  # one order: no deadlock
        if one.etag is None and one.last_modified is None:
            conn.execute(FORGET_VALIDATORS, {"url": one.url})
        else:
            conn.execute(KEEP_VALIDATORS, asdict(one))
