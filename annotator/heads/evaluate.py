"""Measures of the heads: macro-F1, calibration error, and intervals bootstrapped over outlets.

An outlet, not an article, is the unit that a claim about unseen outlets generalises over, so every
interval resamples outlets (Field and Welsh 2007, cluster bootstrap).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.floating]

RESAMPLES = 1000
BINS = 15


def confusion(truth: Ints, predicted: Ints, classes: int) -> Ints:
    """Counts [true, predicted]."""
    table = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(table, (truth, predicted), 1)
    return table


def macro_f1(table: NDArray[np.integer] | Floats) -> float:
    """Mean F1 over the classes that occur in the truth, from a confusion table."""
    hits = np.diag(table).astype(float)
    both = table.sum(axis=0) + table.sum(axis=1)
    f1 = np.divide(2 * hits, both, out=np.zeros_like(hits), where=both > 0)
    return float(f1[table.sum(axis=1) > 0].mean())


def calibration_error(probabilities: Floats, truth: Ints, weights: Floats | None = None) -> float:
    """Expected calibration error of the top class, 15 equal bins (Guo et al. 2017)."""
    top, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    w = np.ones(len(truth)) if weights is None else weights
    bins = np.minimum((top * BINS).astype(int), BINS - 1)
    gaps = [abs(np.sum(w[bins == b] * (hit[bins == b] - top[bins == b]))) for b in range(BINS)]
    return float(sum(gaps) / w.sum())


def interval(
    groups: NDArray[np.str_], statistic: Callable[[Ints], float], seed: int
) -> tuple[float, float]:
    """95 % interval of a statistic of row numbers, when whole groups are drawn with replacement."""
    rng = np.random.default_rng(seed)
    names, inverse = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(inverse == i) for i in range(len(names))]
    draws = [
        statistic(np.concatenate([members[i] for i in rng.integers(len(names), size=len(names))]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.nanpercentile(draws, (2.5, 97.5))
    return float(low), float(high)


def scored(
    truth: Ints, predicted: Ints, groups: NDArray[np.str_], classes: int, seed: int
) -> dict[str, object]:
    """Macro-F1 and accuracy with intervals over groups, and how much they rest on."""

    def f1(rows: Ints) -> float:
        return macro_f1(confusion(truth[rows], predicted[rows], classes))

    def accuracy(rows: Ints) -> float:
        return float((truth[rows] == predicted[rows]).mean())

    every = np.arange(len(truth))
    return {
        "macro_f1": round(f1(every), 4),
        "macro_f1_95": [round(x, 4) for x in interval(groups, f1, seed)],
        "accuracy": round(accuracy(every), 4),
        "accuracy_95": [round(x, 4) for x in interval(groups, accuracy, seed)],
        "articles": len(truth),
        "groups": len(np.unique(groups)),
    }


def difference(
    truth: Ints, ours: Ints, other: Ints, groups: NDArray[np.str_], classes: int, seed: int
) -> list[float]:
    """95 % interval of our macro-F1 less another's, paired: both are judged on the same draws."""

    def gain(rows: Ints) -> float:
        return macro_f1(confusion(truth[rows], ours[rows], classes)) - macro_f1(
            confusion(truth[rows], other[rows], classes)
        )

    return [round(x, 4) for x in interval(groups, gain, seed)]
