"""The work table: what is due, leased, done or quarantined. Recovery lives here, not in the broker.

A lease is committed before the work starts and counts as an attempt, so that an article which
kills its worker is started at most ``attempts_max`` times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsroom.db import Conn

# A revision with a new text makes a finished stage due again; one with the old text does not.
MAKE_DUE = """
INSERT INTO work (article_id, stage, content_sha256, state, due_at, changed_at)
SELECT %(article_id)s, stage, %(content_sha256)s, 'due', now(), now()
  FROM unnest(%(stages)s::text[]) AS stage
ON CONFLICT (article_id, stage) DO UPDATE
   SET content_sha256 = excluded.content_sha256, state = 'due', attempts = 0, due_at = now(),
       lease_until = NULL, error_code = NULL, error_message = NULL, changed_at = now()
"""

# First tries are taken together; a row that has failed before is taken alone, so that a poison
# article cannot use up the attempts of its neighbours.
LEASE = """
WITH next AS (
    SELECT article_id, stage, attempts FROM work
     WHERE stage = %(stage)s AND state = 'due' AND due_at <= now()
     ORDER BY attempts, due_at, article_id
     LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), chosen AS (
    SELECT article_id, stage FROM next WHERE attempts = 0
    UNION ALL
    (SELECT article_id, stage FROM next
      WHERE attempts > 0 AND NOT EXISTS (SELECT 1 FROM next WHERE attempts = 0)
      ORDER BY attempts, article_id LIMIT 1)
)
UPDATE work SET state = 'leased', attempts = work.attempts + 1, changed_at = now(),
       lease_until = now() + make_interval(secs => %(lease_s)s)
  FROM chosen
 WHERE work.article_id = chosen.article_id AND work.stage = chosen.stage
RETURNING work.article_id, work.stage, work.content_sha256, work.attempts
"""

# The attempt number and the text prove that the lease is still ours.
FINISH = """
UPDATE work SET state = 'done', lease_until = NULL, error_code = NULL, error_message = NULL,
       changed_at = now()
 WHERE article_id = %(article_id)s AND stage = %(stage)s AND state = 'leased'
   AND attempts = %(attempts)s AND content_sha256 = %(content_sha256)s
"""

FAIL = """
UPDATE work SET state = 'quarantined', lease_until = NULL, error_code = %(code)s,
       error_message = %(message)s, changed_at = now()
 WHERE article_id = %(article_id)s AND stage = %(stage)s AND state = 'leased'
   AND attempts = %(attempts)s AND content_sha256 = %(content_sha256)s
"""

# Back-off 30 s · 2^n, capped at six hours; the last attempt quarantines instead.
RETRY = """
UPDATE work SET lease_until = NULL, error_code = %(code)s, error_message = %(message)s,
       state = CASE WHEN attempts >= %(attempts_max)s THEN 'quarantined' ELSE 'due' END,
       due_at = now() + make_interval(
           secs => coalesce(%(delay_s)s, least(21600, 30 * 2 ^ (attempts - 1)))),
       changed_at = now()
 WHERE article_id = %(article_id)s AND stage = %(stage)s AND state = 'leased'
   AND attempts = %(attempts)s AND content_sha256 = %(content_sha256)s
"""

SWEEP = """
UPDATE work SET lease_until = NULL, due_at = now(), changed_at = now(),
       error_code = 'worker-lost', error_message = 'the lease ended without an answer',
       state = CASE WHEN attempts >= %(attempts_max)s THEN 'quarantined' ELSE 'due' END
 WHERE state = 'leased' AND lease_until < now()
"""

END_LEASES = """
UPDATE work SET lease_until = now() - interval '1 second'
 WHERE state = 'leased' AND lease_until >= now()
"""

DUE = """
SELECT stage, count(*) AS n FROM work WHERE state = 'due' AND due_at <= now() GROUP BY stage
"""

COUNTS = """
SELECT stage, state, error_code, count(*) AS n FROM work
 GROUP BY stage, state, error_code ORDER BY stage, state, error_code
"""

OPEN = """
SELECT count(*) AS n FROM work
 WHERE state IN ('due', 'leased') AND (%(stage)s::text IS NULL OR stage = %(stage)s::text)
"""

REOPEN = """
UPDATE work SET state = 'due', attempts = 0, due_at = now(), changed_at = now()
 WHERE state = 'quarantined' AND (%(code)s::text IS NULL OR error_code = %(code)s)
RETURNING stage
"""

# Finished articles that this run has not labelled; quarantined ones wait for a person.
MAKE_DUE_AGAIN = """
INSERT INTO work (article_id, stage, content_sha256, state, due_at, changed_at)
SELECT a.article_id, %(stage)s, a.content_sha256, 'due', now(), now() FROM articles a
 WHERE a.superseded_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM run_outcomes o
                    WHERE o.article_id = a.article_id AND o.content_sha256 = a.content_sha256
                      AND o.run_id = %(run_id)s AND o.code IS NULL)
ON CONFLICT (article_id, stage) DO UPDATE
   SET content_sha256 = excluded.content_sha256, state = 'due', attempts = 0, due_at = now(),
       error_code = NULL, error_message = NULL, changed_at = now()
 WHERE work.state = 'done'
"""

# The texts of a panel as they were frozen, or the current ones, for a run that works beside others.
MAKE_DUE_FOR_RUN = """
INSERT INTO work (article_id, stage, content_sha256, state, due_at, changed_at)
SELECT t.article_id, %(stage)s, t.content_sha256, 'due', now(), now()
  FROM (SELECT article_id, content_sha256 FROM panel_articles WHERE panel = %(panel)s::text
        UNION ALL
        SELECT article_id, content_sha256 FROM articles
         WHERE superseded_at IS NULL AND %(panel)s::text IS NULL) t
 WHERE NOT EXISTS (SELECT 1 FROM run_outcomes o
                    WHERE o.article_id = t.article_id AND o.content_sha256 = t.content_sha256
                      AND o.run_id = %(run_id)s)
ON CONFLICT (article_id, stage) DO UPDATE
   SET content_sha256 = excluded.content_sha256, state = 'due', attempts = 0, due_at = now(),
       error_code = NULL, error_message = NULL, changed_at = now()
 WHERE work.state IN ('done', 'quarantined') AND work.content_sha256 <> excluded.content_sha256
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One article taken for one stage; ``attempts`` is the token that proves ownership."""

    article_id: str
    stage: str
    content_sha256: str
    attempts: int


def _token(lease: Lease) -> dict[str, object]:
    return {
        "article_id": lease.article_id,
        "stage": lease.stage,
        "content_sha256": lease.content_sha256,
        "attempts": lease.attempts,
    }


def make_due(conn: Conn, article_id: str, content_sha256: str, stages: Sequence[str]) -> None:
    """Make stages due for an article's text."""
    values = {"article_id": article_id, "content_sha256": content_sha256, "stages": list(stages)}
    conn.execute(MAKE_DUE, values)


def make_due_again(conn: Conn, stage: str, run_id: str) -> int:
    """Make every article due that this run has not labelled yet; how many."""
    return conn.execute(MAKE_DUE_AGAIN, {"stage": stage, "run_id": run_id}).rowcount


def run_stage(run_id: str) -> str:
    """The stage under which one run labels, beside the ordinary one, what it is given."""
    return f"label@{run_id[:12]}"


def make_due_for_run(conn: Conn, run_id: str, panel: str | None = None) -> int:
    """Make the texts of a panel, or all current ones, due for a run that has not tried them."""
    values = {"stage": run_stage(run_id), "run_id": run_id, "panel": panel}
    return conn.execute(MAKE_DUE_FOR_RUN, values).rowcount


def lease(conn: Conn, stage: str, *, batch: int, lease_s: float) -> list[Lease]:
    """Take up to ``batch`` due articles (one, if it failed before). Commit before working."""
    rows = conn.execute(LEASE, {"stage": stage, "batch": batch, "lease_s": lease_s})
    return [Lease(**row) for row in rows]


def finish(conn: Conn, lease: Lease) -> bool:
    """Mark done; False where the lease is no longer ours and nothing may be stored."""
    return conn.execute(FINISH, _token(lease)).rowcount == 1


def quarantine(conn: Conn, lease: Lease, code: str, message: str) -> bool:
    """Give up on an article under a code a person can search for."""
    return conn.execute(FAIL, _token(lease) | {"code": code, "message": message}).rowcount == 1


def retry(
    conn: Conn, lease: Lease, code: str, message: str, *, delay_s: float | None, attempts_max: int
) -> bool:
    """Put back for later, or quarantine after the last attempt."""
    values = _token(lease) | {
        "code": code,
        "message": message,
        "delay_s": delay_s,
        "attempts_max": attempts_max,
    }
    return conn.execute(RETRY, values).rowcount == 1


def sweep(conn: Conn, *, attempts_max: int) -> int:
    """Take back leases that ran out; how many."""
    return conn.execute(SWEEP, {"attempts_max": attempts_max}).rowcount


def end_leases(conn: Conn) -> int:
    """End every lease now: only for an owner who knows that no worker is alive."""
    return conn.execute(END_LEASES).rowcount


def due(conn: Conn) -> dict[str, int]:
    """How many rows are due, by stage."""
    return {str(r["stage"]): int(r["n"]) for r in conn.execute(DUE)}


def counts(conn: Conn) -> list[dict[str, object]]:
    """Rows by stage, state and error code."""
    return [dict(r) for r in conn.execute(COUNTS)]


def open_rows(conn: Conn, stage: str | None = None) -> int:
    """Rows that still want work, of one stage or of all."""
    row = conn.execute(OPEN, {"stage": stage}).fetchone()
    return 0 if row is None else int(row["n"])


def reopen(conn: Conn, code: str | None = None) -> int:
    """Make quarantined rows due again, all or those of one error code; how many."""
    return len(conn.execute(REOPEN, {"code": code}).fetchall())
