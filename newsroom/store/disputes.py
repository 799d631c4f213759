"""Disputes of labels, what was decided about them, and the labels that people give. Only added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from newsroom import __version__, ids
from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.keys import Key

Outcome = Literal["upheld", "declined"]
NOTE_MAX: Final = 2_000

ADD = """
INSERT INTO disputes (article_id, content_sha256, run_id, stage, scope, sentence, wrong,
                      suggested_label, suggested_score, reason, key_id, by)
VALUES (%(article_id)s, %(content_sha256)s, %(run_id)s, %(stage)s, %(scope)s, %(sentence)s,
        %(wrong)s, %(suggested_label)s, %(suggested_score)s, %(reason)s, %(key_id)s, %(by)s)
RETURNING dispute_id
"""

RESOLVE = """
INSERT INTO dispute_resolutions (dispute_id, outcome, note, by)
SELECT dispute_id, %(outcome)s, %(note)s, %(by)s FROM disputes WHERE dispute_id = %(dispute_id)s
"""

LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('override ' || %(labeller)s::text, 0))
"""

# A coder who thinks again says so in another run of the same coder: no label is ever overwritten.
OPINIONS = """
SELECT count(*) AS n FROM annotations
 WHERE article_id = %(article_id)s AND content_sha256 = %(content_sha256)s
   AND stage = %(stage)s AND scope = %(scope)s
   AND sentence IS NOT DISTINCT FROM %(sentence)s::integer AND labeller = %(labeller)s
"""

# No conflict is named: that would ask for the right to read the table.
ADD_RUN = """
INSERT INTO runs (run_id, labeller, labeller_revision, codebook_version, codebook_digest,
                  prompt_digest, code_version, settings, started_at)
VALUES (%(run_id)s, %(labeller)s, %(labeller_revision)s, %(codebook_version)s,
        %(codebook_digest)s, NULL, %(code_version)s, '{"kind": "override"}', now())
ON CONFLICT DO NOTHING
"""

ADD_LABEL = """
INSERT INTO annotations (article_id, content_sha256, stage, scope, sentence, label, score,
                         validated, reason, evidence, labeller, labeller_revision,
                         codebook_version, run_id, made_at)
VALUES (%(article_id)s, %(content_sha256)s, %(stage)s, %(scope)s, %(sentence)s, %(label)s,
        %(score)s, false, %(reason)s, %(evidence)s, %(labeller)s, %(labeller_revision)s,
        %(codebook_version)s, %(run_id)s, now())
RETURNING annotation_id
"""

ADD_OVERRIDE = """
INSERT INTO overrides (annotation_id, article_id, overridden, dispute_id, key_id, by)
VALUES (%(annotation_id)s, %(article_id)s, %(overridden)s, %(dispute_id)s, %(key_id)s,
        %(labeller)s)
RETURNING override_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Which label of which text is spoken of, as the run ``run_id`` gave it, or did not."""

    article_id: str
    content_sha256: str
    run_id: str
    codebook_version: str
    codebook_digest: str
    stage: str
    scope: str
    sentence: int | None


def dispute(conn: Conn, of: Label, said: Mapping[str, object], key: Key) -> int:
    """Add a dispute; its number. ``said`` has wrong, suggested label and score, and reason."""
    row = conn.execute(ADD, {**_of(of), **said, "key_id": key.key_id, "by": key.by}).fetchone()
    assert row is not None  # an INSERT of one row returns it
    return int(row["dispute_id"])


def resolve(conn: Conn, dispute_id: int, outcome: Outcome, note: str, by: str) -> None:
    """Add what was decided; of several decisions the last counts. NotFound ``dispute-unknown``."""
    values = {"dispute_id": dispute_id, "outcome": outcome, "note": note, "by": by}
    if conn.execute(RESOLVE, values).rowcount == 0:
        raise NotFound("dispute-unknown", f"no dispute {dispute_id}")


def override(
    conn: Conn, of: Label, said: Mapping[str, object], key: Key, *, dispute_id: int | None
) -> int:
    """Add a person's label beside that of a run; the override's number.

    ``said`` has label, score, reason and evidence. The label is of a run of this person under the
    same codebook: the first word on a label in the first such run, the second in the second.
    """
    values = {**_of(of), **said, "labeller": key.by, "key_id": key.key_id}
    conn.execute(LOCK, values)
    before = conn.execute(OPINIONS, values).fetchone()
    assert before is not None  # an aggregate has one row
    revision = str(int(before["n"]) + 1)
    values |= {
        "run_id": ids.run_id("override", key.by, of.codebook_version, of.codebook_digest, revision),
        "overridden": of.run_id,
        "labeller_revision": revision,
        "codebook_version": of.codebook_version,
        "codebook_digest": of.codebook_digest,
        "code_version": __version__,
        "dispute_id": dispute_id,
    }
    conn.execute(ADD_RUN, values)
    made = conn.execute(ADD_LABEL, values).fetchone()
    assert made is not None  # an INSERT of one row returns it
    row = conn.execute(ADD_OVERRIDE, values | {"annotation_id": made["annotation_id"]}).fetchone()
    assert row is not None
    return int(row["override_id"])


def _of(of: Label) -> dict[str, object]:
    return {
        "article_id": of.article_id,
        "content_sha256": of.content_sha256,
        "run_id": of.run_id,
        "stage": of.stage,
        "scope": of.scope,
        "sentence": of.sentence,
    }
