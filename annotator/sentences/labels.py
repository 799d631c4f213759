"""The labels of a sentence, in the order of the weights, and the names their counts go by."""

from __future__ import annotations

from dataclasses import dataclass

TYPES = ("fact", "opinion", "quote", "borderline", "other")
TONES = ("negative", "neutral", "positive")
FOCI = ("democrat", "republican", "both", "neither")
LABELS = {"type": TYPES, "tone": TONES, "focus": FOCI}
COUNTS = {
    "type": dict(zip(TYPES, ("fac", "opn", "quo", "bor", "oth"), strict=True)),
    "tone": dict(zip(TONES, ("neg", "neu", "pos"), strict=True)),
    "focus": dict(zip(FOCI, ("dem", "rep", "bth", "non"), strict=True)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One label of a sentence with its probability and those of all labels."""

    label: str
    confidence: float
    distribution: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceLabels:
    """What a sentence is, how it sounds, and which party's figures it is about."""

    type: Answer
    tone: Answer
    focus: Answer
