"""What models said, word for word, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from newsroom.db import Conn
from newsroom.records import Answer

ADD = """
INSERT INTO answers (run_id, answer_id, stage, scope, prompt_sha256, raw, finish_reason,
                     prompt_tokens, completion_tokens, cached_tokens, duration_s, tries, draws,
                     made_at)
VALUES (%(run_id)s, %(answer_id)s, %(stage)s, %(scope)s, %(prompt_sha256)s, %(raw)s,
        %(finish_reason)s, %(prompt_tokens)s, %(completion_tokens)s, %(cached_tokens)s,
        %(duration_s)s, %(tries)s, %(draws)s, now())
ON CONFLICT DO NOTHING
"""

COST = """
SELECT count(*) AS answers, sum(prompt_tokens) AS prompt_tokens,
       sum(cached_tokens) AS cached_tokens, sum(completion_tokens) AS completion_tokens,
       round(sum(duration_s)::numeric, 1)::float8 AS answering_s,
       count(*) FILTER (WHERE tries > 1) AS asked_again, sum(draws) AS draws
  FROM answers WHERE run_id = %(run_id)s HAVING count(*) > 0
"""


def cost(conn: Conn, run_id: str) -> dict[str, object]:
    """What a run asked of a model and what it took, in tokens and seconds; empty if nothing."""
    row = conn.execute(COST, {"run_id": run_id}).fetchone()
    return {} if row is None else dict(row)


def add(conn: Conn, run_id: str, answers: Sequence[Answer]) -> None:
    """Store answers of a run that has been started; the same one again adds nothing."""
    if answers:
        conn.cursor().executemany(ADD, [asdict(answer) | {"run_id": run_id} for answer in answers])
