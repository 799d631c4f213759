"""From a model's answer to labels. Pure; what is wrong with an answer was named before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from annotator.asking import scale
from annotator.asking.questions import SENTENCE_STAGES, Ask
from annotator.codebook.loader import UNCLEAR, Codebook
from annotator.labellers.base import Label
from newsroom.llm import Token
from newsroom.records import Scope, Stage


def labels(
    ask: Ask,
    answer: Any,
    book: Codebook,
    *,
    tokens: Sequence[Token] = (),
    draws: Sequence[str] = (),
    answer_id: str,
) -> Iterator[Label]:
    """The labels of one answer that has the form of its question.

    Raises Later ``answer-not-in-codebook`` where sentences are not those asked for.
    """
    if ask.kind == "words":
        yield Label(
            stage=ask.stage, scope=ask.scope, label=None, score=None, confidence=None,
            distribution=None, text=answer.text, validated=False, answer_id=answer_id,
        )  # fmt: skip
    elif ask.kind == "label":
        yield from _classes(ask, answer, book, answer_id)
    elif ask.kind == "score":
        yield _scored(ask, answer, book, tokens, draws, answer_id)
    else:
        yield from _sentences(answer, answer_id)


def _classes(ask: Ask, answer: Any, book: Codebook, answer_id: str) -> Iterator[Label]:
    told = {
        "scope": ask.scope,
        "score": None,
        "confidence": None,
        "distribution": None,
        "reason": answer.reason,
        "evidence": _evidence(answer),
        "validated": False,
        "answer_id": answer_id,
    }
    yield Label(stage=ask.stage, label=answer.label, **told)
    if ask.stage is Stage.TOPIC:
        known = answer.label != UNCLEAR
        category = book.category_of(answer.label) if known else UNCLEAR
        yield Label(stage=Stage.CATEGORY, label=category, **told)


def _scored(
    ask: Ask, answer: Any, book: Codebook, tokens: Sequence[Token], draws: Sequence[str],
    answer_id: str,
) -> Label:  # fmt: skip
    low, middle, high = book.questions[ask.stage].label_ids
    value = scale.score(answer.point)
    label = UNCLEAR if value is None else scale.band(value, low, middle, high)
    distribution, source = scale.of_tokens(tokens), "direct11-logprobs"
    if distribution is None:
        distribution, source = scale.of_draws(draws), f"direct11-draws{len(draws)}"
    return Label(
        stage=ask.stage,
        scope=ask.scope,
        label=label,
        score=value,
        confidence=_mass(distribution, label, (low, middle, high)),
        distribution=distribution,
        scale="direct11" if distribution is None else source,
        reason=answer.reason,
        evidence=_evidence(answer) if ask.scope is Scope.ARTICLE else (),
        validated=False,
        answer_id=answer_id,
    )


def _mass(
    distribution: dict[str, float] | None, label: str, bands: tuple[str, str, str]
) -> float | None:
    """The probability of the chosen class, None without a distribution."""
    if distribution is None:
        return None
    if label == UNCLEAR:
        return distribution[UNCLEAR]
    points = ((float(k), p) for k, p in distribution.items() if k != UNCLEAR)
    return min(1.0, sum(p for value, p in points if scale.band(value, *bands) == label))


def _sentences(answer: Any, answer_id: str) -> Iterator[Label]:
    for one in answer.sentences:
        for stage, label in zip(SENTENCE_STAGES, (one.type, one.tone, one.focus), strict=True):
            yield Label(
                stage=stage, scope=Scope.SENTENCE, sentence=one.n - 1, label=label, score=None,
                confidence=None, distribution=None, validated=False, answer_id=answer_id,
            )  # fmt: skip


def _evidence(answer: Any) -> tuple[int, ...]:
    """Sentence numbers from 0, each once, in the order given."""
    return tuple(dict.fromkeys(number - 1 for number in getattr(answer, "evidence", ())))
