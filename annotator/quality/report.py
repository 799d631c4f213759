"""`newsroom quality report`: what coders agree on, and how far a labeller agrees with them.

An abstention (`unclear`) is no answer: it counts in the share of answers and nowhere else. What
most coders say is the reference; where no answer has a majority there is none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from annotator.codebook.loader import UNCLEAR, Codebook, Question
from annotator.heads.evaluate import confusion, interval, macro_f1
from annotator.quality.agreement import Metric, cohen_kappa, krippendorff, reliability
from annotator.quality.corrected import corrected_mean
from newsroom.errors import BadRequest
from newsroom.intervals import of_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from annotator.codebook.sheet import Coding

SEED = 0
Key = tuple[str, int | None]  # item, and the sentence in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a labeller said of one unit; the value is None where it abstained."""

    value: str | float | None
    confidence: float | None


def report(
    lines: Iterable[Mapping[str, Any]], codings: Sequence[Coding], book: Codebook
) -> dict[str, Any]:
    """Measures by question and unit, from lines of `newsroom annotate` and coders' answers.

    BadRequest ``labels-twice`` where two lines have one id, ``nothing-coded`` without codings.
    """
    labelled: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        if str(line["id"]) in labelled:
            raise BadRequest("labels-twice", f"{line['id']} has two lines of labels")
        labelled[str(line["id"])] = line
    if not codings:
        raise BadRequest("nothing-coded", "the sheets hold no answers")
    by_question: dict[tuple[str, str], list[Coding]] = defaultdict(list)
    for coding in codings:
        by_question[coding.question, coding.unit].append(coding)
    coded = {coding.item for coding in codings}
    refused = {name for name, line in labelled.items() if "error" in line}
    return {
        "labellers": sorted(
            {
                f"{line['labeller']} {line['labeller_revision']}"
                for line in labelled.values()
                if "error" not in line
            }
        ),
        "codebook": {"version": book.version, "digest": book.digest},
        "items": {
            "labelled": len(labelled) - len(refused),
            "refused": len(refused),
            "coded": len(coded),
            "coded_without_labels": len(coded - (set(labelled) - refused)),
        },
        "questions": [
            _question(book.questions[name], unit, found, labelled)
            for (name, unit), found in sorted(by_question.items())
        ],
    }  # fmt: skip


def answer_of(
    line: Mapping[str, Any], question: Question, unit: str, sentence: int | None
) -> Answer | None:
    """What a line of `newsroom annotate` says to one question; None where it says nothing."""
    name = question.id
    if unit == "sentence":
        name = name.removeprefix("sentence_")
        rows = line.get("sentences", ())
        if sentence is None or sentence >= len(rows):
            return None
        line = rows[sentence]
    elif unit == "headline":
        name = f"headline_{name}"
    value = line.get(name)
    if value is None:
        return None
    return Answer(
        value=None if value == UNCLEAR else value, confidence=line.get(f"{name}_confidence")
    )


def _question(
    question: Question, unit: str, codings: Sequence[Coding], labelled: Mapping[str, Any]
) -> dict[str, Any]:
    coders = sorted({coding.coder for coding in codings})
    by_unit: dict[Key, dict[str, str | float]] = defaultdict(dict)
    for coding in codings:
        by_unit[coding.item, coding.sentence][coding.coder] = coding.value
    found: dict[str, Any] = {
        "question": question.id,
        "unit": unit,
        "coders": coders,
        "coded_units": len(by_unit),
        "abstentions": sum(coding.value == UNCLEAR for coding in codings),
    }
    if question.answer == "words":
        return found  # words are read by people; no number here says how good they are
    found["agreement"] = _agreement(question, coders, by_unit)
    answers = {
        key: answer
        for key in by_unit
        if (line := labelled.get(key[0])) and (answer := answer_of(line, question, unit, key[1]))
    }
    found["labelled_units"] = len(answers)
    if not answers:
        return found
    reference = {key: _reference(question, list(given.values())) for key, given in by_unit.items()}
    found["labeller"] = (_scores if question.answer == "score" else _classes)(
        question, reference, answers
    )
    if unit != "sentence":  # sentences are drawn by the article, which the estimator cannot see
        corrected = _corrected(question, unit, codings, reference, labelled)
        if corrected:
            found["corrected"] = corrected
    return found


def _agreement(
    question: Question, coders: Sequence[str], by_unit: Mapping[Key, Mapping[str, str | float]]
) -> dict[str, Any]:
    """Alpha over all coders, and Cohen's kappa where there are exactly two of a class."""
    ratings = np.full((len(coders), len(by_unit)), np.nan)
    for column, given in enumerate(by_unit.values()):
        for row, coder in enumerate(coders):
            value = given.get(coder, UNCLEAR)
            if value != UNCLEAR:
                ratings[row, column] = _number(question, value)
    if question.answer == "score":
        metrics: tuple[Metric, ...] = (Metric.INTERVAL, Metric.ORDINAL)
    else:
        metrics = (Metric.NOMINAL,)
    found: dict[str, Any] = {
        f"alpha_{metric}": asdict(krippendorff(ratings, metric, seed=SEED)) for metric in metrics
    }
    if len(coders) == 2 and question.answer == "label":
        one, other = ratings[:, ~np.isnan(ratings).any(axis=0)].astype(np.int64)
        found["kappa"] = cohen_kappa(confusion(one, other, len(question.label_ids)))
    return found


def _reference(question: Question, given: Sequence[str | float]) -> str | float | None:
    """The median of scores, the majority of labels; None where most abstained or none has it."""
    clear = [value for value in given if value != UNCLEAR]
    if 2 * len(clear) <= len(given):
        return None
    if question.answer == "score":
        return float(median(float(value) for value in clear))
    (value, votes), *_ = Counter(clear).most_common(1)
    return value if 2 * votes > len(given) else None


def _judged(
    reference: Mapping[Key, str | float | None], answers: Mapping[Key, Answer]
) -> tuple[list[Key], dict[str, Any]]:
    """Units that both the coders and the labeller decided, and how many there are."""
    known = [key for key in answers if reference[key] is not None]
    judged = [key for key in known if answers[key].value is not None]
    return judged, {"units": len(known), "answered": len(judged)}


def _classes(
    question: Question,
    reference: Mapping[Key, str | float | None],
    answers: Mapping[Key, Answer],
) -> dict[str, Any]:
    judged, found = _judged(reference, answers)
    if not judged:
        return found
    truth, said = (
        np.array([_number(question, value) for value in values], dtype=np.int64)
        for values in (
            [reference[key] or "" for key in judged], [answers[key].value or "" for key in judged]
        )
    )  # fmt: skip
    right, size = truth == said, len(question.label_ids)
    table = confusion(truth, said, size)
    items = np.array([key[0] for key in judged])

    def f1(rows: NDArray[np.int64]) -> float:
        return macro_f1(confusion(truth[rows], said[rows], size))

    found |= {
        "accuracy": float(right.mean()),
        "accuracy_95": _accuracy_interval(right, items),
        "macro_f1": macro_f1(table),
        "macro_f1_95": interval(items, f1, SEED),
        "kappa": cohen_kappa(table),
        "constant_accuracy": float(np.bincount(truth).max() / len(truth)),
        "labels": list(question.label_ids),
        "confusion": table.tolist(),
    }
    sure = [answers[key].confidence for key in judged]
    confident = np.array([np.nan if c is None else c for c in sure], dtype=np.float64)
    stated = ~np.isnan(confident)
    if stated.any():
        found["calibration"] = asdict(reliability(confident[stated], right[stated]))
    return found


def _accuracy_interval(right: NDArray[np.bool_], items: NDArray[np.str_]) -> Any:
    """Wilson's where every unit is an item of its own, else bootstrapped over items."""
    if len(np.unique(items)) == len(items):
        return of_share(float(right.mean()), len(right))
    return interval(items, lambda rows: float(right[rows].mean()), SEED)


def _scores(
    question: Question,
    reference: Mapping[Key, str | float | None],
    answers: Mapping[Key, Answer],
) -> dict[str, Any]:
    judged, found = _judged(reference, answers)
    if not judged:
        return found
    truth, said = (
        np.array([_number(question, value) for value in values])
        for values in (
            [reference[key] or 0.0 for key in judged],
            [answers[key].value or 0.0 for key in judged],
        )
    )
    gap = np.abs(said - truth)
    items = np.array([key[0] for key in judged])
    varied = len(judged) > 2 and bool(truth.std() > 0) and bool(said.std() > 0)
    return found | {
        "mean_absolute_error": float(gap.mean()),
        "mean_absolute_error_95": interval(items, lambda rows: float(gap[rows].mean()), SEED),
        "mean_error": float((said - truth).mean()),
        "exact": float((np.round(said) == np.round(truth)).mean()),
        "within_1": float((gap <= 1).mean()),
        "within_1_95": of_share(float((gap <= 1).mean()), len(gap)),
        "pearson": float(np.corrcoef(truth, said)[0, 1]) if varied else None,
    }


def _corrected(
    question: Question,
    unit: str,
    codings: Sequence[Coding],
    reference: Mapping[Key, str | float | None],
    labelled: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Means (of a score) or shares (of each label) over all that was labelled and answered."""
    chances: dict[str, set[float | None]] = defaultdict(set)
    for coding in codings:
        chances[coding.item].add(coding.sampling_probability)
    if any(chance == {None} for chance in chances.values()):
        return {}
    if any(len(chance) > 1 for chance in chances.values()):
        raise BadRequest("sampling-unknown", "an item has two sampling probabilities")
    answered = {
        item: answer.value
        for item, line in labelled.items()
        if (answer := answer_of(line, question, unit, None)) and answer.value is not None
    }
    # An item whose reference is an abstention stays in as uncoded.
    truth = [reference.get((item, None)) for item in answered]
    if sum(value is not None for value in truth) < 2:
        return {}
    chance = np.array([max(chances.get(item, {np.nan})) for item in answered], dtype=np.float64)  # type: ignore[type-var]
    targets: tuple[str | None, ...] = (None,) if question.answer == "score" else question.label_ids
    found = {}
    for target in targets:
        said = np.array([_target(value, target) for value in answered.values()])
        coded = np.array([np.nan if value is None else _target(value, target) for value in truth])
        if target is None or said.any() or np.nansum(coded):
            found[target or "mean"] = asdict(corrected_mean(said, coded, chance))
    return found


def _target(value: str | float, target: str | None) -> float:
    return float(value) if target is None else float(value == target)


def _number(question: Question, value: str | float) -> float:
    """A score as it is, a label as its place in the codebook; BadRequest for any other."""
    if question.answer == "score":
        try:
            return float(value)
        except ValueError as error:
            raise BadRequest("label-unknown", f"{question.id}: {value!r} is no score") from error
    if value not in question.label_ids:
        raise BadRequest("label-unknown", f"{question.id} has no label {value!r}")
    return float(question.label_ids.index(str(value)))
