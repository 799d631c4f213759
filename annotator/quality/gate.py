"""`newsroom quality gate`: a labeller on our own fixtures, held to floors that are in a file.

The pattern is trafilatura's evaluation gate: floors stand in a committed file beside the digest of
what they were measured on, updating lifts them, and nothing but a flag with a reason lowers them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from statistics import correlation, fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from annotator.codebook.loader import UNCLEAR, Codebook, mbd_crosswalk
from annotator.codebook.loader import load as load_codebook
from annotator.heads.evaluate import confusion, macro_f1
from annotator.labellers.base import Label, Labelled
from annotator.quality import fixtures
from annotator.quality.fixtures import SENTENCE_QUESTIONS
from newsroom.errors import BadRequest, Misconfigured
from newsroom.records import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from annotator.labellers.base import Labeller
    from annotator.quality.fixtures import Made

# One article of these is worth 0.028: what rounding moves between machines is no regression.
ARTICLES, MARGIN = 36, 0.03
LEAN_SIDE = 1.5  # within ±1.5 of the middle of the scale counts as center, as the demo scores it
SIDES = ("left", "center", "right")
Pair = tuple[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was measured against what is asked; ``missed`` names the measures below their floor."""

    labeller: str
    revision: str
    measured: dict[str, float]
    floors: dict[str, float]
    missed: tuple[str, ...]


def measure(labeller: Labeller, articles: int = ARTICLES) -> dict[str, float]:
    """Measures by name on the fixtures; a question that gets no answer has no measure."""
    book = load_codebook()
    made = fixtures.sample(articles)
    measures, said, typed = {}, defaultdict(list), []
    outcomes = list(labeller.label([one.article for one in (*made, *fixtures.written())]))
    for one, outcome in zip(made, outcomes, strict=False):
        labels = outcome.labels if isinstance(outcome, Labelled) else ()
        for name, pair in _article_pairs(one, labels, book):
            said[name].append(pair)
        typed += _sentence_pairs("sentence_type", [(one, labels)])
    measures["answered"] = fmean(isinstance(outcome, Labelled) for outcome in outcomes)
    for name in ("category", "topic", "news_type", "lean_side"):
        if said[name]:
            measures[f"{name}_accuracy"] = fmean(a == b for a, b in said[name])
    for name in ("lean", "tone"):
        if len({b for _, b in said[name]}) > 1:
            measures[f"{name}_pearson"] = correlation(*zip(*said[name], strict=True))
    if typed:
        measures |= _classes("demo_sentence_type", typed, book.questions["sentence_type"].label_ids)
    own = [
        (one, outcome.labels)
        for one, outcome in zip(fixtures.written(), outcomes[len(made) :], strict=True)
        if isinstance(outcome, Labelled)
    ]
    for name in SENTENCE_QUESTIONS:
        if pairs := _sentence_pairs(name, own):
            measures |= _classes(name, pairs, book.questions[name].label_ids)
    return {name: round(float(value), 4) for name, value in measures.items()}


def judge(path: Path, labeller: Labeller) -> Verdict:
    """Measure and compare with the floors of a file.

    Misconfigured ``floors-missing`` without a file or an entry for this labeller, and
    ``floors-stale`` where the fixtures are no longer those the floors were measured on.
    """
    kept = _read(path)
    entry = kept.get("labellers", {}).get(labeller.id)
    if entry is None:
        raise Misconfigured(
            "floors-missing", f"{path} has no floors for {labeller.id}: `quality gate --update`"
        )
    if entry["data_digest"] != fixtures.digest():
        raise Misconfigured(
            "floors-stale",
            f"{path} was measured on fixtures {entry['data_digest']}, here are "
            f"{fixtures.digest()}: look at what changed, then `quality gate --update`",
        )
    floors = {name: one["floor"] for name, one in entry["measures"].items()}
    measured = measure(labeller, entry["articles"])
    return Verdict(
        labeller=labeller.id,
        revision=labeller.revision,
        measured=measured,
        floors=floors,
        missed=tuple(n for n, floor in floors.items() if measured.get(n, -1.0) < floor),
    )


def update(path: Path, labeller: Labeller, *, reason: str | None = None) -> Verdict:
    """Measure and write; floors rise to what was measured less a margin.

    Without a ``reason`` a floor never falls: BadRequest ``floor-would-fall``. With one the fall is
    written into the file with it.
    """
    kept = _read(path) if path.exists() else {}
    entry = kept.get("labellers", {}).get(labeller.id, {"measures": {}})
    old = {name: one["floor"] for name, one in entry["measures"].items()}
    measured = measure(labeller)
    floors = {}
    falls = []
    for name in sorted({*old, *measured}):
        reached = measured.get(name)
        earned = -1.0 if reached is None else round(reached - MARGIN, 4)
        held = old.get(name)
        # Inside the margin nothing fell: the floor stays where it was.
        if held is None or earned > held:
            floors[name] = earned
        elif reached is not None and reached >= held:
            floors[name] = held
        else:
            falls.append({"measure": name, "from": held, "to": earned, "measured": reached})
            if reached is not None:
                floors[name] = earned
    if falls and not reason:
        what = ", ".join(f"{x['measure']} {x['from']} → {x['measured']}" for x in falls)
        raise BadRequest(
            "floor-would-fall", f"{what}: floors fall only by --allow-regression --reason TEXT"
        )
    lowered = entry.get("lowered", [])
    kept.setdefault("labellers", {})[labeller.id] = {
        "data_digest": fixtures.digest(),
        "articles": ARTICLES,
        "revision": labeller.revision,
        "measures": {n: {"measured": measured[n], "floor": floors[n]} for n in sorted(floors)},
        "lowered": [*lowered, *({**fall, "reason": reason} for fall in falls)],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return Verdict(
        labeller=labeller.id, revision=labeller.revision, measured=measured, floors=floors,
        missed=(),
    )  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured("floors-missing", f"{path}: {error.strerror}") from error
    return found


def _article_pairs(
    one: Made, labels: Sequence[Label], book: Codebook
) -> Iterable[tuple[str, Pair]]:
    """(measure, (truth, said)) of what was answered about an article."""
    names = {entry.id: entry.name for entry in book.questions["category"].labels}
    to_mbd = mbd_crosswalk().topic_to_mbd
    for label in labels:
        if label.scope is not Scope.ARTICLE or label.label == UNCLEAR:
            continue
        true = one.truth.get(label.stage)
        if true is None:
            continue
        if label.stage == "category":
            yield "category", (true, names[label.label or ""])
        elif label.stage == "topic":
            yield "topic", (true, to_mbd[label.label or ""])
        elif label.stage == "news_type" and true != "news analysis":
            # No head was trained for analysis pieces, so they are left out for every labeller.
            yield "news_type", (true, label.label)
        elif label.stage in {"lean", "tone"} and label.score is not None:
            yield label.stage.value, (float(true), label.score)
            if label.stage == "lean":
                said = label.label if label.label in SIDES else _side(label.score)
                yield "lean_side", (_side(float(true)), said)


def _sentence_pairs(
    question: str, found: Sequence[tuple[Made, Sequence[Label]]]
) -> list[tuple[str, str]]:
    return [
        (true, label.label)
        for one, labels in found
        for label in labels
        if label.stage == question and label.sentence is not None and label.label != UNCLEAR
        if label.label is not None and (true := one.sentences[label.sentence].get(question))
    ]


def _classes(
    name: str, pairs: Sequence[tuple[str, str]], labels: Sequence[str]
) -> Mapping[str, float]:
    truth, said = (np.array([labels.index(x) for x in side]) for side in zip(*pairs, strict=True))
    return {
        f"{name}_accuracy": float((truth == said).mean()),
        f"{name}_macro_f1": macro_f1(confusion(truth, said, len(labels))),
    }


def _side(lean: float) -> str:
    return SIDES[0] if lean < -LEAN_SIDE else SIDES[2] if lean > LEAN_SIDE else SIDES[1]
