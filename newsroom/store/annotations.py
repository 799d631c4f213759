"""Labels with their provenance: rows are added, the replaced ones marked, nothing overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from psycopg.types.json import Jsonb

from newsroom.db import Conn
from newsroom.records import Annotation, Run

ADD_CODEBOOK = """
INSERT INTO codebooks (version, digest, content) VALUES (%(version)s, %(digest)s, %(content)s)
ON CONFLICT DO NOTHING
"""

ADD_RUN = """
INSERT INTO runs (run_id, labeller, labeller_revision, codebook_version, codebook_digest,
                  prompt_digest, code_version, started_at)
VALUES (%(run_id)s, %(labeller)s, %(labeller_revision)s, %(codebook_version)s,
        %(codebook_digest)s, %(prompt_digest)s, %(code_version)s, now())
ON CONFLICT (run_id) DO NOTHING
"""

ADD = """
INSERT INTO annotations (article_id, content_sha256, stage, scope, sentence, label, score,
                         confidence, distribution, scale, validated, reason, evidence, labeller,
                         labeller_revision, codebook_version, prompt_digest, run_id,
                         memory_sequence, made_at)
VALUES (%(article_id)s, %(content_sha256)s, %(stage)s, %(scope)s, %(sentence)s, %(label)s,
        %(score)s, %(confidence)s, %(distribution)s, %(scale)s, %(validated)s, %(reason)s,
        %(evidence)s, %(labeller)s, %(labeller_revision)s, %(codebook_version)s,
        %(prompt_digest)s, %(run_id)s, %(memory_sequence)s, now())
ON CONFLICT DO NOTHING
"""

# Current is the newest content under the newest run of a labeller.
SUPERSEDE = """
UPDATE annotations SET superseded_at = now()
 WHERE article_id = ANY(%(article_ids)s) AND labeller = %(labeller)s AND superseded_at IS NULL
   AND (article_id, content_sha256, run_id) NOT IN (
       SELECT a, c, %(run_id)s
         FROM unnest(%(article_ids)s::text[], %(contents)s::text[]) AS t(a, c))
"""


def start_run(conn: Conn, run: Run, codebook: Mapping[str, object]) -> None:
    """Record the configuration before its first label; the same one again adds nothing."""
    conn.execute(
        ADD_CODEBOOK,
        {
            "version": run.codebook_version,
            "digest": run.codebook_digest,
            "content": Jsonb(dict(codebook)),
        },
    )
    conn.execute(ADD_RUN, asdict(run))


def add(conn: Conn, annotations: Sequence[Annotation]) -> None:
    """Store the labels of one run and mark the labeller's older ones of these articles."""
    if not annotations:
        return
    run_id, labeller = annotations[0].run_id, annotations[0].labeller
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
    conn.execute(
        SUPERSEDE,
        {
            "article_ids": [a for a, _ in keys],
            "contents": [c for _, c in keys],
            "labeller": labeller,
            "run_id": run_id,
        },
    )
