"""Paired bootstrap of macro-F1 over clusters: events, or outlets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

RESAMPLES = 10_000
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """How much better one arm is than another: the difference, 95 % interval, one-sided p."""

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Truth [n], clusters [n], and by arm the guesses [n] of every seed."""

    truth: Ints
    clusters: Ints
    guesses: Mapping[str, Sequence[Ints]]
    classes: int

    def score(self, arm: str) -> float:
        """Macro-F1 on all rows, mean over seeds."""
        whole = np.ones((1, int(self.clusters.max()) + 1))
        return float(self._scores(arm, whole)[0])

    def draws(self, seed: int, resamples: int = RESAMPLES) -> dict[str, Floats]:
        """Macro-F1 of every arm on the same draws of clusters, [resamples], mean over seeds."""
        found: dict[str, list[Floats]] = {arm: [] for arm in self.guesses}
        for weights in _weights(int(self.clusters.max()) + 1, seed, resamples):
            for arm, scores in found.items():
                scores.append(self._scores(arm, weights))
        return {arm: np.concatenate(scores) for arm, scores in found.items()}

    def _scores(self, arm: str, weights: Floats) -> Floats:
        each = [self._f1(guess, weights) for guess in self.guesses[arm]]
        mean: Floats = np.mean(each, axis=0)
        return mean

    def _f1(self, guess: Ints, weights: Floats) -> Floats:
        size = weights.shape[1], self.classes
        true, said, hit = (np.zeros(size) for _ in range(3))
        np.add.at(true, (self.clusters, self.truth), 1)
        np.add.at(said, (self.clusters, guess), 1)
        right = guess == self.truth
        np.add.at(hit, (self.clusters[right], guess[right]), 1)
        true, said, hit = (weights @ table for table in (true, said, hit))
        f1 = np.divide(2 * hit, true + said, out=np.zeros_like(hit), where=true + said > 0)
        occurs = true > 0
        scores: Floats = (f1 * occurs).sum(axis=1) / np.maximum(occurs.sum(axis=1), 1)
        return scores


def gain(judged: Judged, draws: Mapping[str, Floats], arm: str, others: Sequence[str]) -> Gain:
    """An arm less the best of some others, on the same draws."""
    best = np.max([draws[other] for other in others], axis=0)
    differences = draws[arm] - best
    low, high = np.percentile(differences, (2.5, 97.5))
    return Gain(
        value=judged.score(arm) - max(judged.score(other) for other in others),
        low=float(low), high=float(high),
        p=float((np.sum(differences <= 0) + 1) / (len(differences) + 1)),
    )  # fmt: skip


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """p-values adjusted for having asked several times (Holm 1979)."""
    adjusted, least = {}, 0.0
    for place, (name, value) in enumerate(sorted(p.items(), key=lambda item: item[1])):
        least = max(least, min(1.0, (len(p) - place) * value))
        adjusted[name] = least
    return adjusted


def _weights(clusters: int, seed: int, resamples: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    for start in range(0, resamples, AT_ONCE):
        drawn = rng.integers(clusters, size=(min(AT_ONCE, resamples - start), clusters))
        yield np.stack([np.bincount(row, minlength=clusters) for row in drawn]).astype(float)
