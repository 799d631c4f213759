"""How well a grouping agrees with the truth: B-cubed and pairwise precision, recall and F1.

B-cubed: Bagga and Baldwin 1998, averaged over items, so large groups do not decide alone.
Pairwise: over unordered pairs of items, so large groups weigh most. Report both.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Precision, recall and F1, each in 0 … 1."""

    precision: float
    recall: float
    f1: float


def b_cubed(truth: Sequence[Hashable | None], found: Sequence[Hashable | None]) -> Score:
    """Mean over items of the share of its found (true) group that truly (as found) is its group.

    None on either side is a group of one. Raises ValueError on unequal lengths or no items.
    """
    true, pred = _groups(truth, found)
    true_size, pred_size = Counter(true), Counter(pred)
    both = Counter(zip(true, pred, strict=True))
    precision = sum(n * n / pred_size[p] for (_, p), n in both.items()) / len(true)
    recall = sum(n * n / true_size[t] for (t, _), n in both.items()) / len(true)
    return _score(precision, recall)


def pairwise(truth: Sequence[Hashable | None], found: Sequence[Hashable | None]) -> Score:
    """Over all pairs put together: how many belong together, and how many of those were found.

    A side without any pair has nothing to get wrong and counts as 1. None is a group of one.
    """
    true, pred = _groups(truth, found)
    both = _pairs(Counter(zip(true, pred, strict=True)))
    true_pairs, pred_pairs = _pairs(Counter(true)), _pairs(Counter(pred))
    return _score(
        both / pred_pairs if pred_pairs else 1.0,
        both / true_pairs if true_pairs else 1.0,
    )


def _groups(
    truth: Sequence[Hashable | None], found: Sequence[Hashable | None]
) -> tuple[list[Hashable], list[Hashable]]:
    if len(truth) != len(found) or not truth:
        raise ValueError(f"need as many truths as groups, at least one: {len(truth)}, {len(found)}")
    return _singletons(truth), _singletons(found)


def _singletons(labels: Sequence[Hashable | None]) -> list[Hashable]:
    return [("alone", i) if label is None else ("group", label) for i, label in enumerate(labels)]


def _pairs(sizes: Counter[Hashable]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes.values())


def _score(precision: float, recall: float) -> Score:
    total = precision + recall
    return Score(
        precision=precision, recall=recall, f1=2 * precision * recall / total if total else 0.0
    )


def kept_alone(truth: Sequence[Hashable | None], found: Sequence[Hashable | None]) -> float:
    """Share of the items that truly are alone which were left alone; 1 where none is."""
    true, pred = _groups(truth, found)
    true_size, pred_size = Counter(true), Counter(pred)
    alone = [p for t, p in zip(true, pred, strict=True) if true_size[t] == 1]
    return sum(pred_size[p] == 1 for p in alone) / len(alone) if alone else 1.0
