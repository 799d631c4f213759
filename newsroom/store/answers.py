"""What models said, word for word, with its cost."""

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


def add(conn: Conn, run_id: str, answers: Sequence[Answer]) -> None:
    """Store answers of a run that has been started; the same one again adds nothing."""
    if answers:
        conn.cursor().executemany(ADD, [asdict(answer) | {"run_id": run_id} for answer in answers])
