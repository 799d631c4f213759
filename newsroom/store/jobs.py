"""Jobs: what somebody asked for and takes longer than an answer. Leased like work.

A lease is committed before the job starts and counts as an attempt, so that one which kills its
worker is started at most ``attempts_max`` times. Whoever runs a kind takes it, tells how far it is
(which keeps the lease), and finishes it in the transaction that stores what it made.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from newsroom.db import Conn
from newsroom.errors import Conflict

EVENT_EDIT: Final = "event-edit"

ADD = """
INSERT INTO jobs (job_id, kind, args, key_id)
VALUES (%(job_id)s, %(kind)s, %(args)s, %(key_id)s)
"""

LEASE = """
UPDATE jobs SET state = 'leased', attempts = attempts + 1, changed_at = now(),
       lease_until = now() + make_interval(secs => %(lease_s)s)
 WHERE job_id = (SELECT job_id FROM jobs
                  WHERE state = 'due' AND due_at <= now() AND kind = ANY(%(kinds)s)
                  ORDER BY due_at, job_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING job_id, kind, args, key_id, attempts
"""

# The attempt number proves that the lease is still ours.
PROGRESS = """
UPDATE jobs SET progress = %(progress)s, changed_at = now(),
       lease_until = now() + make_interval(secs => %(lease_s)s)
 WHERE job_id = %(job_id)s AND state = 'leased' AND attempts = %(attempts)s
"""

FINISH = """
UPDATE jobs SET state = 'done', result = %(result)s, progress = 1, lease_until = NULL,
       error_code = NULL, error_message = NULL, changed_at = now()
 WHERE job_id = %(job_id)s AND state = 'leased' AND attempts = %(attempts)s
"""

FAIL = """
UPDATE jobs SET state = 'failed', lease_until = NULL, error_code = %(code)s,
       error_message = %(message)s, changed_at = now()
 WHERE job_id = %(job_id)s AND state = 'leased' AND attempts = %(attempts)s
"""

# Back-off 30 s · 2^n, capped at six hours; the last attempt fails instead.
RETRY = """
UPDATE jobs SET lease_until = NULL, error_code = %(code)s, error_message = %(message)s,
       state = CASE WHEN attempts >= %(attempts_max)s THEN 'failed' ELSE 'due' END,
       due_at = now() + make_interval(
           secs => coalesce(%(delay_s)s, least(21600, 30 * 2 ^ (attempts - 1)))),
       changed_at = now()
 WHERE job_id = %(job_id)s AND state = 'leased' AND attempts = %(attempts)s
"""

SWEEP = """
UPDATE jobs SET lease_until = NULL, due_at = now(), changed_at = now(),
       error_code = 'worker-lost', error_message = 'the lease ended without an answer',
       state = CASE WHEN attempts >= %(attempts_max)s THEN 'failed' ELSE 'due' END
 WHERE state = 'leased' AND lease_until < now()
"""

DUE = """
SELECT kind, count(*) AS n FROM jobs WHERE state = 'due' AND due_at <= now() GROUP BY kind
"""

ONE = """
SELECT job_id, kind, args, state, progress, result, error_code, error_message, requested_at,
       changed_at
  FROM jobs WHERE job_id = %(job_id)s AND key_id = %(key_id)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job taken; ``attempts`` is the token that proves ownership."""

    job_id: str
    kind: str
    args: Mapping[str, Any]
    key_id: str | None
    attempts: int


def add(conn: Conn, kind: str, args: Mapping[str, object], *, key_id: str | None) -> str:
    """Ask for a job; its id, which nobody can guess. Ring after the commit.

    Raises Conflict ``export-in-hand`` where the key waits for another export.
    """
    job_id = secrets.token_hex(16)
    values = {"job_id": job_id, "kind": kind, "args": Jsonb(dict(args)), "key_id": key_id}
    try:
        conn.execute(ADD, values)
    except UniqueViolation as error:  # its id is new: it is the index of one export a key
        raise Conflict(
            "export-in-hand", "an export of this key is not done yet: wait for it"
        ) from error
    return job_id


def lease(conn: Conn, kinds: Sequence[str], *, lease_s: float) -> Job | None:
    """Take the job of these kinds that is due longest. Commit before working."""
    row = conn.execute(LEASE, {"kinds": list(kinds), "lease_s": lease_s}).fetchone()
    return None if row is None else Job(**row)


def progress(conn: Conn, job: Job, share: float, *, lease_s: float) -> bool:
    """Say how far it is (0 to 1) and keep the lease; False where it is no longer ours."""
    values = _token(job) | {"progress": share, "lease_s": lease_s}
    return conn.execute(PROGRESS, values).rowcount == 1


def finish(conn: Conn, job: Job, result: Mapping[str, object]) -> bool:
    """Mark done; False where the lease is no longer ours and nothing may be stored."""
    return conn.execute(FINISH, _token(job) | {"result": Jsonb(dict(result))}).rowcount == 1


def fail(conn: Conn, job: Job, code: str, message: str) -> bool:
    """Give up under a code that whoever asked can look up."""
    return conn.execute(FAIL, _token(job) | {"code": code, "message": message}).rowcount == 1


def retry(
    conn: Conn, job: Job, code: str, message: str, *, delay_s: float | None, attempts_max: int
) -> bool:
    """Put back for later, or fail after the last attempt."""
    values = {"code": code, "message": message, "delay_s": delay_s, "attempts_max": attempts_max}
    return conn.execute(RETRY, _token(job) | values).rowcount == 1


def sweep(conn: Conn, *, attempts_max: int) -> int:
    """Take back leases that ran out; how many."""
    return conn.execute(SWEEP, {"attempts_max": attempts_max}).rowcount


def due(conn: Conn) -> dict[str, int]:
    """How many jobs are due, by kind."""
    return {str(r["kind"]): int(r["n"]) for r in conn.execute(DUE)}


def one(conn: Conn, job_id: str, key_id: str) -> DictRow | None:
    """A job as the key that asked for it sees it; None for anyone else's."""
    return conn.execute(ONE, {"job_id": job_id, "key_id": key_id}).fetchone()


def _token(job: Job) -> dict[str, object]:
    return {"job_id": job.job_id, "attempts": job.attempts}
