"""Runs and the labels they make: rows are added, the replaced ones marked, nothing overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from psycopg.types.json import Jsonb

from newsroom.db import Conn
from newsroom.records import SENTENCE_COUNTS, Annotation, Run, Scope, Stage

ADD_CODEBOOK = """
INSERT INTO codebooks (version, digest, content) VALUES (%(version)s, %(digest)s, %(content)s)
ON CONFLICT DO NOTHING
"""

ADD_RUN = """
INSERT INTO runs (run_id, labeller, labeller_revision, codebook_version, codebook_digest,
                  prompt_digest, code_version, settings, started_at)
VALUES (%(run_id)s, %(labeller)s, %(labeller_revision)s, %(codebook_version)s,
        %(codebook_digest)s, %(prompt_digest)s, %(code_version)s, %(settings)s, now())
ON CONFLICT (run_id) DO NOTHING
"""

# Two that start at once are told apart by the key: the second waits, and finds number 1 taken.
PROMOTE_FIRST = """
INSERT INTO promotions (promotion_id, run_id, promoted_at, reason)
VALUES (1, %(run_id)s, now(), 'first run') ON CONFLICT DO NOTHING
"""

ADD = """
INSERT INTO annotations (article_id, content_sha256, stage, scope, sentence, label, score,
                         confidence, distribution, scale, validated, reason, evidence, labeller,
                         labeller_revision, codebook_version, prompt_digest, run_id,
                         memory_sequence, text, answer_id, made_at)
VALUES (%(article_id)s, %(content_sha256)s, %(stage)s, %(scope)s, %(sentence)s, %(label)s,
        %(score)s, %(confidence)s, %(distribution)s, %(scale)s, %(validated)s, %(reason)s,
        %(evidence)s, %(labeller)s, %(labeller_revision)s, %(codebook_version)s,
        %(prompt_digest)s, %(run_id)s, %(memory_sequence)s, %(text)s, %(answer_id)s, now())
ON CONFLICT DO NOTHING
"""

# A refusal can be lifted by a later try, and a try after labels cannot take them back.
OUTCOME = """
INSERT INTO run_outcomes (run_id, article_id, content_sha256, code, message, at)
VALUES (%(run_id)s, %(article_id)s, %(content_sha256)s, %(code)s, %(message)s, now())
ON CONFLICT (run_id, article_id, content_sha256) DO UPDATE
   SET code = excluded.code, message = excluded.message, at = now()
 WHERE run_outcomes.code IS NOT NULL
"""

# Replaced are the labels of an older revision, once the same run has labelled a newer one.
SUPERSEDE = """
WITH replaced AS (
    SELECT o.article_id, o.content_sha256 FROM articles o
     WHERE o.article_id = ANY(%(article_ids)s) AND o.superseded_at IS NOT NULL
       AND EXISTS (SELECT FROM articles a
                     JOIN run_outcomes r ON r.article_id = a.article_id
                          AND r.content_sha256 = a.content_sha256
                    WHERE a.article_id = o.article_id AND a.revision > o.revision
                      AND r.run_id = %(run_id)s AND r.code IS NULL)
)
UPDATE annotations n SET superseded_at = now() FROM replaced o
 WHERE n.article_id = o.article_id AND n.content_sha256 = o.content_sha256
   AND n.run_id = %(run_id)s AND n.superseded_at IS NULL
"""


def _counted(stage: Stage, label: str) -> str:
    # Null where nobody asked: a question that was not answered has no zeros.
    of = f"count(*) FILTER (WHERE n.stage = '{stage.value}'"
    return f"CASE WHEN {of}) > 0 THEN {of} AND n.label = '{label}') END"


# From all rows there are, so that stages that are labelled one after another add up.
COUNT_SENTENCES = f"""
INSERT INTO sentence_counts (run_id, article_id, content_sha256, made_at,
                             {", ".join(SENTENCE_COUNTS.values())})
SELECT n.run_id, n.article_id, n.content_sha256, max(n.made_at),
       {", ".join(_counted(*key) for key in SENTENCE_COUNTS)}
  FROM annotations n
 WHERE n.run_id = %(run_id)s AND n.article_id = %(article_id)s
   AND n.content_sha256 = %(content_sha256)s AND n.scope = 'sentence'
 GROUP BY n.run_id, n.article_id, n.content_sha256
ON CONFLICT (article_id, run_id, content_sha256) DO UPDATE
   SET (made_at, {", ".join(SENTENCE_COUNTS.values())})
     = (excluded.made_at, {", ".join(f"excluded.{name}" for name in SENTENCE_COUNTS.values())})
"""  # noqa: S608  # names of ours


def start_run(conn: Conn, run: Run, codebook: Mapping[str, object]) -> None:
    """Record the configuration before its first label; the same one again adds nothing.

    The first run there ever is becomes the promoted one, so that readers see its labels.
    """
    conn.execute(
        ADD_CODEBOOK,
        {
            "version": run.codebook_version,
            "digest": run.codebook_digest,
            "content": Jsonb(dict(codebook)),
        },
    )
    conn.execute(ADD_RUN, asdict(run) | {"settings": Jsonb(dict(run.settings))})
    conn.execute(PROMOTE_FIRST, {"run_id": run.run_id})


def add(conn: Conn, annotations: Sequence[Annotation]) -> None:
    """Store the labels of one run, and mark those it made of older texts of the same articles."""
    if not annotations:
        return
    run_id = annotations[0].run_id
    keys = sorted({(a.article_id, a.content_sha256) for a in annotations})
    rows = [
        asdict(a)
        | {
            "evidence": list(a.evidence),
            "distribution": None if a.distribution is None else Jsonb(a.distribution),
        }
        for a in annotations
    ]
    conn.cursor().executemany(ADD, rows)
    conn.cursor().executemany(OUTCOME, [_outcome(run_id, *key) for key in keys])
    texts = sorted(
        {(a.article_id, a.content_sha256) for a in annotations if a.scope is Scope.SENTENCE}
    )
    conn.cursor().executemany(
        COUNT_SENTENCES,
        [{"run_id": run_id, "article_id": a, "content_sha256": c} for a, c in texts],
    )
    conn.execute(SUPERSEDE, {"article_ids": [a for a, _ in keys], "run_id": run_id})


def refuse(
    conn: Conn, run_id: str, article_id: str, content_sha256: str, code: str, message: str
) -> None:
    """Record that a run refused a text, so that comparing runs can count it, never fill it in."""
    conn.execute(OUTCOME, _outcome(run_id, article_id, content_sha256, code, message))


def _outcome(
    run_id: str,
    article_id: str,
    content_sha256: str,
    code: str | None = None,
    message: str | None = None,
) -> dict[str, object]:
    return {
        "run_id": run_id,
        "article_id": article_id,
        "content_sha256": content_sha256,
        "code": code,
        "message": message,
    }
