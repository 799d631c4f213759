"""How far the labels of two runs lie apart, on texts that both have labelled. Pure.

Whoever was refused or not reached by either run is counted and left out: nothing is filled in.
Intervals are at 95 %. What is drawn is articles, so the bootstrap draws articles and takes their
sentences along (cluster bootstrap: Davison and Hinkley 1997, section 3.8); an agreement of one
answer an article has Wilson's interval, which does not shrink to nothing at 100 %.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from newsroom.intervals import of_share

RESAMPLES: Final = 1000
CELLS: Final = 1_000_000  # of resamples by articles, in memory at once
SEED: Final = 20_261_123
OUTLET_MIN: Final = 10  # articles below which an outlet is counted and not shown
FLIPS_SHOWN: Final = 10
LABELLED: Final = "labelled"

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What two runs say to one question about one article; ``n`` sentences, or one answer.

    ``in_a`` and ``in_b`` say which of them answered at all.
    """

    article_id: str
    publisher_id: str
    stage: str
    scope: str
    label_a: str | None
    label_b: str | None
    score_a: float | None
    score_b: float | None
    in_a: bool
    in_b: bool
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its 95 % interval; no interval below two articles."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelShift:
    """The share of one label in either run; ``shift`` is that of B less that of A."""

    label: str
    share_a: float
    share_b: float
    shift: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """How often A said one label and B another."""

    label_a: str
    label_b: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One question over all articles, or over those of one outlet.

    ``compared`` counts answers that carry a label in both runs, ``scored`` those with a score in
    both; ``shift`` is the mean score of B less that of A.
    """

    articles: int
    compared: int
    agreement: Estimate | None
    scored: int
    mean_a: float | None
    mean_b: float | None
    shift: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletChange:
    """One question over the articles of one outlet."""

    publisher_id: str
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question about one part of the articles; ``only_a``: answers that B does not have."""

    stage: str
    scope: str
    change: Change
    only_a: int
    only_b: int
    labels: tuple[LabelShift, ...]
    flips: tuple[Flip, ...]
    outlets: tuple[OutletChange, ...]
    outlets_few: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many texts came to this in A and that in B: labelled, an error code, or null."""

    a: str | None
    b: str | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything two runs can be compared by; ``articles`` were labelled by both."""

    articles: int
    outcomes: tuple[Outcome, ...]
    questions: tuple[Question, ...]


def both_labelled(outcomes: Iterable[Mapping[str, object]]) -> int:
    """How many texts both runs have labelled."""
    return sum(int(str(o["n"])) for o in outcomes if o["a"] == o["b"] == LABELLED)


def report(pairs: Iterable[Pair], outcomes: Sequence[Mapping[str, object]]) -> Report:
    """Compare two runs, question by question, in the order of their names."""
    asked: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        asked[pair.stage, pair.scope].append(pair)
    became = tuple(Outcome(a=_text(o["a"]), b=_text(o["b"]), n=int(str(o["n"]))) for o in outcomes)
    return Report(
        articles=both_labelled(outcomes),
        outcomes=became,
        questions=tuple(question(*key, asked[key]) for key in sorted(asked)),
    )


def question(stage: str, scope: str, pairs: Sequence[Pair]) -> Question:
    """One question: agreement, shifts of labels and scores, flips, and the same by outlet."""
    both = [p for p in pairs if p.in_a and p.in_b]
    labels = sorted({x for p in both for x in (p.label_a, p.label_b) if x is not None})
    table = _Table(both, labels)
    flips = Counter[tuple[str, str]]()
    for p in both:
        if p.label_a is not None and p.label_b is not None and p.label_a != p.label_b:
            flips[p.label_a, p.label_b] += p.n
    clustered = scope == "sentence"
    shown = tuple(
        OutletChange(publisher_id=name, change=table.change(some, clustered=clustered))
        for name, some in table.outlets.items()
        if len(some) >= OUTLET_MIN
    )
    return Question(
        stage=stage,
        scope=scope,
        change=table.change(np.arange(len(table.compared)), clustered=clustered),
        only_a=sum(p.n for p in pairs if not p.in_b),
        only_b=sum(p.n for p in pairs if not p.in_a),
        labels=table.label_shifts(),
        flips=tuple(
            Flip(label_a=a, label_b=b, n=n)
            for (a, b), n in sorted(flips.items(), key=lambda f: (-f[1], f[0]))[:FLIPS_SHOWN]
        ),
        outlets=shown,
        outlets_few=len(table.outlets) - len(shown),
    )


class _Table:
    """The answers to one question as sums by article [N], from which every ratio is made."""

    def __init__(self, both: Sequence[Pair], labels: Sequence[str]) -> None:
        self.labels = labels
        articles = {name: i for i, name in enumerate(dict.fromkeys(p.article_id for p in both))}
        outlet_of = {p.article_id: p.publisher_id for p in both}
        publishers = np.array([outlet_of[a] for a in articles])
        self.outlets = {
            name: np.flatnonzero(publishers == name) for name in sorted(set(publishers))
        }
        place = {label: i for i, label in enumerate(labels)}
        size = len(articles)
        self.compared, self.agreed, self.scored = (np.zeros(size) for _ in range(3))
        self.score_a, self.score_b = np.zeros(size), np.zeros(size)
        self.share_a, self.share_b = (np.zeros((len(labels), size)) for _ in range(2))
        for p in both:
            i = articles[p.article_id]
            if p.label_a is not None and p.label_b is not None:
                self.compared[i] += p.n
                self.agreed[i] += p.n * (p.label_a == p.label_b)
                self.share_a[place[p.label_a], i] += p.n
                self.share_b[place[p.label_b], i] += p.n
            if p.score_a is not None and p.score_b is not None:
                self.scored[i] += p.n
                self.score_a[i] += p.n * p.score_a
                self.score_b[i] += p.n * p.score_b

    def change(self, some: NDArray[np.intp], *, clustered: bool) -> Change:
        """Over some of the articles, by number."""
        compared, scored = int(self.compared[some].sum()), int(self.scored[some].sum())
        score_a, score_b = self.score_a[some], self.score_b[some]
        agreement, shift = ratios(
            np.stack([self.agreed[some], score_b - score_a]),
            np.stack([self.compared[some], self.scored[some]]),
        )
        if agreement is not None and not clustered:
            low, high = of_share(agreement.value, compared)
            agreement = Estimate(value=agreement.value, low=low, high=high)
        return Change(
            articles=len(some),
            compared=compared,
            agreement=agreement,
            scored=scored,
            mean_a=float(score_a.sum()) / scored if scored else None,
            mean_b=float(score_b.sum()) / scored if scored else None,
            shift=shift,
        )

    def label_shifts(self) -> tuple[LabelShift, ...]:
        """Every label that either run gave, the most shifted first."""
        total = float(self.compared.sum())
        if not total:
            return ()
        moved = ratios(self.share_b - self.share_a, self.compared[None])
        made = [
            LabelShift(label=label, share_a=float(a) / total, share_b=float(b) / total, shift=shift)
            for label, a, b, shift in zip(
                self.labels, self.share_a.sum(1), self.share_b.sum(1), moved, strict=True
            )
            if shift is not None
        ]
        return tuple(sorted(made, key=lambda s: (-abs(s.shift.value), s.label)))


def ratios(above: Array, below: Array) -> list[Estimate | None]:
    """Σ above / Σ below of each row [K, N], with percentile intervals over resampled articles.

    One row of denominators [1, N] may stand for all. None where a denominator is zero.
    """
    rows, size = above.shape
    draws = np.full((RESAMPLES, rows), np.nan)
    if size > 1:
        rng = np.random.default_rng(SEED)
        chunk = max(1, min(RESAMPLES, CELLS // size))
        for first in range(0, RESAMPLES, chunk):
            times = min(chunk, RESAMPLES - first)
            picked = rng.integers(size, size=(times, size)) + size * np.arange(times)[:, None]
            weights = np.bincount(picked.ravel(), minlength=times * size).astype(float)
            weights = weights.reshape(times, size)
            with np.errstate(invalid="ignore", divide="ignore"):
                draws[first : first + times] = (weights @ above.T) / (weights @ below.T)
    found: list[Estimate | None] = []
    for number in range(rows):
        under = below[number % len(below)]
        total = float(under.sum())
        if not total:
            found.append(None)
            continue
        usable = draws[np.isfinite(draws[:, number]), number]
        enough = np.count_nonzero(under) > 1
        low, high = np.percentile(usable, (2.5, 97.5)) if enough else (None, None)
        found.append(
            Estimate(
                value=float(above[number].sum()) / total,
                low=None if low is None else float(low),
                high=None if high is None else float(high),
            )
        )
    return found


def _text(value: object) -> str | None:
    return None if value is None else str(value)
