"""How prominently an outlet showed an event, from looks at its front page.

The unit is the lead hour: one hour at the top of the page. A lower place counts 1 / log2(1 + rank)
(the discount of Järvelin and Kekäläinen 2002, ACM TOIS 20:422), so that rank 3 is worth half.
Pieces of one event on one page add up. Between two looks the mean of both counts; an interval with
a failed look at an end, or one too long to say, is not known and counts nothing either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import log2

from newsroom.store.reading.front_pages import INTERVAL_MAX

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a front page: whether it came, and the ranks of the event's pieces on it."""

    taken_at: datetime
    came: bool
    ranks: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Lead hours, None where no interval of the page is known (which is not zero).

    ``known_h`` of ``span_h`` hours are known; what stood there in the others is not.
    """

    lead_h: float | None
    known_h: float
    span_h: float
    looks: int
    best_rank: int | None


def weight(ranks: Iterable[int]) -> float:
    """What the pieces of an event on one page are worth; 1 for a single one at the top."""
    return sum(1 / log2(1 + rank) for rank in ranks)


def exposure(looks: Sequence[Look], first: datetime, last: datetime) -> Exposure:
    """Add up looks at one front page, in the order of time, from ``first`` to ``last``."""
    lead_h = known_h = 0.0
    for one, following in pairwise(looks):
        interval = following.taken_at - one.taken_at
        if one.came and following.came and interval <= INTERVAL_MAX:
            known_h += interval / HOUR
            lead_h += interval / HOUR * (weight(one.ranks) + weight(following.ranks)) / 2
    came = [look for look in looks if look.came]
    return Exposure(
        lead_h=lead_h if known_h else None,
        known_h=known_h,
        span_h=max((last - first) / HOUR, 0.0),
        looks=len(came),
        best_rank=min((rank for look in came for rank in look.ranks), default=None),
    )
