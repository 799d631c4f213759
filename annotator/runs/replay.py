"""Make a stored label again, from the same text, and say whether it comes out the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from annotator import runner
from annotator.labellers.base import Label
from newsroom.db import Database
from newsroom.errors import Later, Refused
from newsroom.store import texts
from newsroom.store.reading import annotations as labels
from newsroom.store.texts import Text

if TYPE_CHECKING:
    from annotator.recalling import StateRule

# An article encoded in other company may differ in the last digits of single precision.
SCORE_TOLERANCE: Final = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of it; ``now`` is empty where the run differs and nothing was made."""

    annotation_id: int
    outcome: Literal["equal", "differs", "run-differs"]
    run_id: str
    run_id_now: str
    stored: Mapping[str, Any]
    now: Mapping[str, Any]


def replay(
    db: Database, bench: runner.Bench, annotation_id: int, rule: StateRule | None = None
) -> Replay:
    """Label the text of one annotation again, if ``bench`` is the run that made it.

    ``rule`` is that of the event states, for a labeller that recalls.
    A label that read the memory is made as of the number it was read as of. Raises NotFound
    ``annotation-unknown``, Refused ``text-missing`` where the text is not kept any more, or the
    refusal of the labeller.
    """
    with db.transaction() as conn:
        row = labels.one(conn, annotation_id)
        read = texts.of_revisions(conn, [(row["article_id"], row["content_sha256"])])
    stored = {name: row[name] for name in ("label", "score", "text", "evidence")}
    made: Mapping[str, Any] = {}
    if bench.run.run_id == row["run_id"]:
        if not read:
            raise Refused("text-missing", "the article's text is not in the store")
        made = _again(db, bench, read[0], row, rule)
    outcome = "run-differs" if not made else "equal" if _same(stored, made) else "differs"
    return Replay(
        annotation_id=annotation_id,
        outcome=outcome,  # type: ignore[arg-type]  # one of the three
        run_id=row["run_id"],
        run_id_now=bench.run.run_id,
        stored=stored,
        now=made,
    )


def _again(
    db: Database,
    bench: runner.Bench,
    read: Text,
    row: Mapping[str, Any],
    rule: StateRule | None,
) -> Mapping[str, Any]:
    past = None
    if row["memory_sequence"] is not None:
        from annotator import recalling, remember

        past = recalling.past(db, remember.memory(), [read], rule)
        past = replace(past, sequence=int(row["memory_sequence"]))
    outcome = runner.answers_to(bench.labeller, [read], past)[read.article_id]
    if isinstance(outcome, Refused | Later):
        raise outcome
    wanted = (row["stage"], row["scope"], row["sentence"])
    for label in outcome.labels:
        if (label.stage, label.scope, label.sentence) == wanted:
            return _plain(label)
    return {"label": None, "score": None, "text": None, "evidence": []}


def _plain(label: Label) -> Mapping[str, Any]:
    return {
        "label": label.label,
        "score": label.score,
        "text": label.text,
        "evidence": list(label.evidence),
    }


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    a, b = one["score"], other["score"]
    close = a == b if a is None or b is None else abs(a - b) <= SCORE_TOLERANCE
    return close and all(one[name] == other[name] for name in ("label", "text", "evidence"))
