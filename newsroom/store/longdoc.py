"""Readings of long documents: their chunks as leased work rows, and what agents sent one another.

As in the work table, a lease is committed before the reading starts and counts as an attempt; a
chunk given up after the last one is missing from the coverage, never from the result's account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from newsroom.db import Conn

ADD_RUN = """
INSERT INTO longdoc_runs (run_id, article_id, content_sha256, text_sha256, strategy, version,
                          model, chunk_sentences, branching, votes, budget_tokens, sentences,
                          status, started_at)
VALUES (%(run_id)s, %(article_id)s, %(content_sha256)s, %(text_sha256)s, %(strategy)s,
        %(version)s, %(model)s, %(chunk_sentences)s, %(branching)s, %(votes)s, %(budget_tokens)s,
        %(sentences)s, 'reading', now())
ON CONFLICT (run_id) DO NOTHING
"""

ADD_CHUNK = """
INSERT INTO longdoc_chunks (run_id, chunk, sentence, starts, ends, paragraphs, state, due_at,
                            changed_at)
VALUES (%(run_id)s, %(chunk)s, %(sentence)s, %(starts)s, %(ends)s, %(paragraphs)s, 'due', now(),
        now())
"""

# First tries are taken together; a chunk that has failed before is taken alone.
LEASE = """
WITH next AS (
    SELECT run_id, chunk, attempts FROM longdoc_chunks
     WHERE state = 'due' AND due_at <= now()
     ORDER BY attempts, due_at, run_id, chunk
     LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), chosen AS (
    SELECT run_id, chunk FROM next WHERE attempts = 0
    UNION ALL
    (SELECT run_id, chunk FROM next
      WHERE attempts > 0 AND NOT EXISTS (SELECT 1 FROM next WHERE attempts = 0)
      ORDER BY attempts, run_id, chunk LIMIT 1)
)
UPDATE longdoc_chunks SET state = 'leased', attempts = longdoc_chunks.attempts + 1,
       changed_at = now(), lease_until = now() + make_interval(secs => %(lease_s)s)
  FROM chosen JOIN longdoc_runs r USING (run_id)
 WHERE longdoc_chunks.run_id = chosen.run_id AND longdoc_chunks.chunk = chosen.chunk
RETURNING r.model, longdoc_chunks.run_id, longdoc_chunks.chunk, longdoc_chunks.sentence,
          longdoc_chunks.starts, longdoc_chunks.ends, longdoc_chunks.paragraphs,
          longdoc_chunks.attempts
"""

# A takedown deletes the article and, with it, the run: then there is nothing to read.
TEXT_OF = """
SELECT substr(a.text, %(start)s + 1, %(end)s - %(start)s) AS text
  FROM longdoc_runs r JOIN articles a USING (article_id, content_sha256)
 WHERE r.run_id = %(run_id)s
"""

# The attempt number proves that the lease is still ours.
FINISH = """
UPDATE longdoc_chunks SET state = 'done', lease_until = NULL, message = %(message)s,
       reading = %(reading)s, error_code = NULL, error_message = NULL, changed_at = now()
 WHERE run_id = %(run_id)s AND chunk = %(chunk)s AND state = 'leased' AND attempts = %(attempts)s
"""

RETRY = """
UPDATE longdoc_chunks SET lease_until = NULL, error_code = %(code)s, error_message = %(message)s,
       state = CASE WHEN %(never)s OR attempts >= %(attempts_max)s THEN 'quarantined'
                    ELSE 'due' END,
       due_at = now() + make_interval(
           secs => coalesce(%(delay_s)s, least(21600, 30 * 2 ^ (attempts - 1)))),
       changed_at = now()
 WHERE run_id = %(run_id)s AND chunk = %(chunk)s AND state = 'leased' AND attempts = %(attempts)s
"""

SWEEP = """
UPDATE longdoc_chunks SET lease_until = NULL, due_at = now(), changed_at = now(),
       error_code = 'worker-lost', error_message = 'the lease ended without an answer',
       state = CASE WHEN attempts >= %(attempts_max)s THEN 'quarantined' ELSE 'due' END
 WHERE state = 'leased' AND lease_until < now()
"""

# A run whose chunks are all read or given up, locked so that one worker puts it together.
READY = """
SELECT run_id, strategy, version, branching, budget_tokens, sentences FROM longdoc_runs r
 WHERE status = 'reading'
   AND NOT EXISTS (SELECT 1 FROM longdoc_chunks c
                    WHERE c.run_id = r.run_id AND c.state IN ('due', 'leased'))
 ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""

CHUNKS = """
SELECT chunk, message, reading, attempts, error_code FROM longdoc_chunks WHERE run_id = %(run_id)s
 ORDER BY chunk
"""

CLOSE_RUN = """
UPDATE longdoc_runs SET status = %(status)s, coverage = %(coverage)s, result = %(result)s,
       finished_at = now()
 WHERE run_id = %(run_id)s AND status = 'reading'
"""

ADD_CALL = """
INSERT INTO agent_calls (run_id, number, round, agent, parent, prompt_tokens, completion_tokens,
                         ms, ok)
VALUES (%(run_id)s, %(number)s, %(round)s, %(agent)s, %(parent)s, %(prompt_tokens)s,
        %(completion_tokens)s, %(ms)s, %(ok)s)
"""

ADD_MESSAGE = """
INSERT INTO agent_messages (run_id, number, round, src, dst, kind, payload_tokens, payload_bits,
                            sha, flag)
VALUES (%(run_id)s, %(number)s, %(round)s, %(src)s, %(dst)s, %(kind)s, %(payload_tokens)s,
        %(payload_bits)s, %(sha)s, %(flag)s)
"""

STATE = """
SELECT status, coverage, result,
       (SELECT count(*) FROM longdoc_chunks c
         WHERE c.run_id = r.run_id AND c.state IN ('due', 'leased')) AS open_chunks
  FROM longdoc_runs r WHERE run_id = %(run_id)s
"""

OPEN = "SELECT count(*) AS n FROM longdoc_runs WHERE status = 'reading'"

REVISION = """
SELECT article_id, content_sha256, text_sha256, text FROM articles
 WHERE article_id = %(article_id)s AND superseded_at IS NULL
"""

SUMS = """
SELECT count(*) AS messages, coalesce(sum(payload_bits), 0) AS payload_bits,
       coalesce(sum(payload_tokens), 0) AS payload_tokens
  FROM agent_messages WHERE run_id = %(run_id)s AND (flag IS NULL OR flag = 'truncated')
"""


READERS = """
SELECT count(DISTINCT reading->>'process') AS n FROM longdoc_chunks WHERE run_id = %(run_id)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One reading to be done; ``run_id`` is the digest of everything that could change it."""

    run_id: str
    article_id: str
    content_sha256: str
    text_sha256: str
    strategy: str
    version: str
    model: str
    chunk_sentences: int
    branching: int
    votes: int
    budget_tokens: int
    sentences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of a run: its first sentence's number and where its sentences stand."""

    run_id: str
    model: str
    chunk: int
    sentence: int
    starts: list[int]
    ends: list[int]
    paragraphs: list[bool]
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A run whose chunks are all accounted for."""

    run_id: str
    strategy: str
    version: str
    branching: int
    budget_tokens: int
    sentences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a chunk left: message and reading, or the code under which it was given up."""

    chunk: int
    message: str | None
    reading: dict[str, Any] | None
    attempts: int
    error_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The current text of an article."""

    article_id: str
    content_sha256: str
    text_sha256: str
    text: str


def add_run(conn: Conn, run: Run, chunks: Sequence[Chunk]) -> bool:
    """Plan a reading; False where the same one is there already, done or not."""
    if conn.execute(ADD_RUN, asdict(run)).rowcount == 0:
        return False
    conn.cursor().executemany(ADD_CHUNK, [asdict(chunk) for chunk in chunks])
    return True


def lease(conn: Conn, *, batch: int, lease_s: float) -> list[Chunk]:
    """Take up to ``batch`` due chunks (one, if it failed before). Commit before reading."""
    with conn.cursor(row_factory=class_row(Chunk)) as cursor:
        found = cursor.execute(LEASE, {"batch": batch, "lease_s": lease_s}).fetchall()
    return sorted(found, key=lambda c: (c.run_id, c.chunk))


def text_of(conn: Conn, chunk: Chunk) -> str | None:
    """The stretch of text of a chunk; None where the article is gone."""
    values = {"run_id": chunk.run_id, "start": chunk.starts[0], "end": chunk.ends[-1]}
    row = conn.execute(TEXT_OF, values).fetchone()
    return None if row is None else str(row["text"])


def finish(conn: Conn, chunk: Chunk, message: str, reading: Mapping[str, object]) -> bool:
    """Keep what a chunk gave; False where the lease is no longer ours and nothing is stored."""
    values = _token(chunk) | {"message": message, "reading": Jsonb(dict(reading))}
    return conn.execute(FINISH, values).rowcount == 1


def retry(
    conn: Conn,
    chunk: Chunk,
    code: str,
    message: str,
    *,
    delay_s: float | None,
    attempts_max: int,
    never: bool,
) -> bool:
    """Put back for later; quarantine after the last attempt, or at once if it ``never`` works."""
    values = _token(chunk) | {
        "code": code, "message": message[:500], "delay_s": delay_s, "attempts_max": attempts_max,
        "never": never,
    }  # fmt: skip
    return conn.execute(RETRY, values).rowcount == 1


def sweep(conn: Conn, *, attempts_max: int) -> int:
    """Take back leases that ran out; how many."""
    return conn.execute(SWEEP, {"attempts_max": attempts_max}).rowcount


def ready(conn: Conn) -> Ready | None:
    """A run to put together, locked until the transaction ends; None where there is none."""
    with conn.cursor(row_factory=class_row(Ready)) as cursor:
        return cursor.execute(READY).fetchone()


def chunks(conn: Conn, run_id: str) -> list[Stored]:
    """What every chunk of a run left, in order."""
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        return cursor.execute(CHUNKS, {"run_id": run_id}).fetchall()


def close(
    conn: Conn,
    run_id: str,
    *,
    status: str,
    coverage: float,
    result: Mapping[str, object] | None,
    calls: Sequence[Mapping[str, object]],
    messages: Sequence[Mapping[str, object]],
) -> None:
    """Store a run's end with its logs; both logs are numbered from 0."""
    kept = None if result is None else Jsonb(dict(result))
    conn.execute(
        CLOSE_RUN, {"run_id": run_id, "status": status, "coverage": coverage, "result": kept}
    )
    cursor = conn.cursor()
    cursor.executemany(
        ADD_CALL, [{**c, "run_id": run_id, "number": i} for i, c in enumerate(calls)]
    )
    cursor.executemany(
        ADD_MESSAGE, [{**m, "run_id": run_id, "number": i} for i, m in enumerate(messages)]
    )


def state(conn: Conn, run_id: str) -> dict[str, Any] | None:
    """Status, coverage, result and how many chunks are still open."""
    return conn.execute(STATE, {"run_id": run_id}).fetchone()


def open_runs(conn: Conn) -> int:
    """Runs that are still being read."""
    row = conn.execute(OPEN).fetchone()
    return 0 if row is None else int(row["n"])


def revision(conn: Conn, article_id: str) -> Revision | None:
    """The current revision of an article."""
    with conn.cursor(row_factory=class_row(Revision)) as cursor:
        return cursor.execute(REVISION, {"article_id": article_id}).fetchone()


def sums(conn: Conn, run_id: str) -> dict[str, int]:
    """Messages, bits and tokens of a run, added up over its log."""
    row = conn.execute(SUMS, {"run_id": run_id}).fetchone()
    assert row is not None
    return {key: int(value) for key, value in row.items()}


def readers(conn: Conn, run_id: str) -> int:
    """How many processes read chunks of a run."""
    row = conn.execute(READERS, {"run_id": run_id}).fetchone()
    return 0 if row is None else int(row["n"])


def _token(chunk: Chunk) -> dict[str, object]:
    return {"run_id": chunk.run_id, "chunk": chunk.chunk, "attempts": chunk.attempts}
