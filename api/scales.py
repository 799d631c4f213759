"""Where the scales of what is measured end."""

from __future__ import annotations

from typing import Final

from newsroom.intervals import Interval
from newsroom.store.reading.trends import BALANCE, SENTENCES

SHARES: Final = frozenset({"opinion_share"})  # of articles; those of sentences are means


def bounds_of(metric: str) -> tuple[float, float]:
    """Ends of the scale of a metric."""
    if metric == BALANCE:
        return -1.0, 1.0
    return (0.0, 1.0) if metric in SHARES or metric in SENTENCES else (-5.0, 5.0)


def within(interval: Interval, bounds: tuple[float, float]) -> Interval:
    """An interval cut to the ends of a scale."""
    low, high = interval
    if low is None or high is None:
        return None, None
    return max(low, bounds[0]), min(high, bounds[1])


def of_sentences(metric: str) -> bool:
    """Whether a metric is a mean of shares of sentences, whose interval is cut to its scale."""
    return metric in SENTENCES or metric == BALANCE
