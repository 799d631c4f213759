"""How well the articles of a group belong together, by their vectors.

Cohesion is the mean cosine of two of its articles, the "overall similarity" of Steinbach, Karypis
and Kumar 2000 (A comparison of document clustering techniques) without each article's own.
Purity is the share of its articles whose simplified silhouette is not negative (Rousseeuw 1987,
Silhouettes; with centres for means, Hruschka et al. 2004): each is held against the centre of the
others of its group and against the centre of every other group of those days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

BLOCK_ROWS = 512
NEAR_DAYS = 3.0  # the span of an event: what lies further off was never a choice
DIGITS = 6  # so that the order of a sum decides nothing


def cohesion(vectors: NDArray[np.float32], label: Ints) -> Floats:
    """Mean cosine of two articles of each group [m]; NaN for a group of one.

    ``vectors`` [n, d] are unit rows, ``label`` [n] numbers the groups 0 … m - 1.
    """
    count = np.bincount(label).astype(float)
    total = _sums(vectors, label)
    own = np.bincount(label, weights=np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    pairs = count * (count - 1)
    both = np.einsum("md,md->m", total, total) - own
    mean = np.divide(both, pairs, out=np.full(len(count), np.nan), where=pairs > 0)
    rounded: Floats = np.round(np.clip(mean, -1.0, 1.0), DIGITS)
    return rounded


def purity(vectors: NDArray[np.float32], label: Ints, day: Floats) -> Floats:
    """Share of each group's articles nearest to their own group [m]; NaN for a group of one.

    ``day`` [n] is the time of each article in days. A tie counts for its own group.
    """
    count = np.bincount(label)
    total = _sums(vectors, label)
    centre = _unit(total).astype(np.float32)
    first = np.full(len(count), np.inf)
    last = np.full(len(count), -np.inf)
    np.minimum.at(first, label, day)
    np.maximum.at(last, label, day)
    order = np.argsort(day, kind="stable")
    nearest = np.zeros(len(label), np.bool_)
    for start in range(0, len(order), BLOCK_ROWS):
        rows = order[start : start + BLOCK_ROWS]
        near = np.flatnonzero(
            (last >= day[rows[0]] - NEAR_DAYS) & (first <= day[rows[-1]] + NEAR_DAYS)
        )
        likeness = vectors[rows] @ centre[near].T
        at = day[rows, None]
        likeness[near[None, :] == label[rows, None]] = -np.inf
        likeness[(last[near] < at - NEAR_DAYS) | (first[near] > at + NEAR_DAYS)] = -np.inf
        others = _unit(total[label[rows]] - vectors[rows].astype(np.float64))
        own = np.einsum("nd,nd->n", others, vectors[rows], dtype=np.float64)
        best = likeness.max(axis=1).astype(np.float64)
        nearest[rows] = np.round(own, DIGITS) >= np.round(best, DIGITS)
    share = np.bincount(label, weights=nearest.astype(np.float64)) / count
    rounded: Floats = np.round(np.where(count > 1, share, np.nan), DIGITS).astype(np.float64)
    return rounded


def _sums(vectors: NDArray[np.float32], label: Ints) -> Floats:
    rows = (np.ones(len(label)), (label, np.arange(len(label))))
    total: Floats = csr_matrix(rows) @ vectors.astype(np.float64)
    return total


def _unit(rows: Floats) -> Floats:
    length = np.sqrt(np.einsum("nd,nd->n", rows, rows))[:, None]
    unit: Floats = np.divide(rows, np.maximum(length, 1e-12), dtype=np.float64)
    return unit
