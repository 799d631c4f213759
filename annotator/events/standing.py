"""How each article of a grouping stands in its group: how well it fits, and nearest to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from annotator.events.linkage import DECIMALS, needed, pair_likeness, rivals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from annotator.events.linkage import Level
    from annotator.events.signature import Signatures

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

NAMED: Final = 3
CENTRAL: Final = 16  # members of a group that another is held against; of fewer, against all


def evidence(nearest: Iterable[tuple[str, float]]) -> dict[str, object]:
    """The nearest members and how near, as it is stored with a member and shown."""
    return {"nearest": [{"article_id": a, "score": round(score, 4)} for a, score in nearest]}


def core(sign: Signatures, score: Floats, level: Level) -> NDArray[np.bool_]:
    """Whether each article is by itself as like the others of its group as groups must be [n].

    The others are attached: they came with what is, and would not be joined for their own sake.
    """
    fits: NDArray[np.bool_] = score >= needed(rivals(sign.day, level), level)
    return fits


def nearest(
    sign: Signatures, label: Ints, score: Floats, level: Level
) -> list[list[tuple[int, float]]]:
    """For each article the nearest others of its group, and how alike, nearest first.

    Among the most central members by ``score`` [n], the mean likeness to the group.
    """
    n, size = len(label), np.bincount(label)
    order = np.lexsort((np.arange(n), -score, label))
    first = np.cumsum(size) - size
    each = np.minimum(size, CENTRAL + 1)[label]
    one = np.repeat(np.arange(n), each)
    step = np.arange(len(one)) - np.repeat(np.cumsum(each) - each, each)
    other = order[first[label[one]] + step]
    one, other = one[one != other], other[one != other]
    alike = np.round(pair_likeness(sign, one, other, level), DECIMALS)
    best = np.lexsort((other, -alike, one))
    one, other, alike = one[best], other[best], alike[best]
    kept = np.arange(len(one)) - np.searchsorted(one, one) < NAMED
    found: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    for i, j, likeness in zip(
        one[kept].tolist(), other[kept].tolist(), alike[kept].tolist(), strict=True
    ):
        found[i].append((j, likeness))
    return found
