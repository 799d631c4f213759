"""Which event and which story one new article belongs to, among what was found near it. Pure.

Of two linkers either asks the event pointer, or does what the nightly grouping does, for one
article: it joins the group it is most alike on average, if the two may be one group by its level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from annotator.events import standing
from annotator.events.linkage import Groups, pair_likeness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annotator.events.linkage import Level
    from annotator.events.signature import Signatures

    Ints = NDArray[np.int64]

AHEAD: Final = 2  # 1, 2 and 4 were tried on the tuning events of benchmarks/online_linking.py
POINTER: Final = "event-pointer-1"
LIKENESS: Final = "average-link-online-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """An article found near a new one, the group it is in now (None: alone), P(same event)."""

    article_id: str
    group: str | None
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The group that an article belongs to, how well it fits, and its nearest members there."""

    group: str
    score: float
    nearest: tuple[tuple[str, float], ...]

    def evidence(self) -> dict[str, object]:
        """As it is stored with the member, and shown."""
        return standing.evidence(self.nearest)


Point = Callable[[Sequence[Near]], str | None]


def by_pointer(near: Sequence[Near], point: Point) -> Fit | None:
    """The group of the article that the pointer names, None: it is of none of them.

    ``point`` is given all articles found, likeliest first, and names one or none.
    """
    named = point(near)
    chosen = next((one for one in near if one.article_id == named), None)
    if chosen is None:
        return None
    group = chosen.group or chosen.article_id
    members = [(o.article_id, o.chance) for o in near if (o.group or o.article_id) == group]
    return Fit(group=group, score=members[0][1], nearest=tuple(members[: standing.NAMED]))


def by_likeness(
    sign: Signatures, names: Sequence[str], groups: Sequence[str], level: Level, *, before: int
) -> Fit | None:
    """The group most alike to the article of row 0, of those it may join on this level.

    ``names`` and ``groups`` [n - 1] say what the other rows are and where they belong; all members
    of a group are given, or some drawn at random. ``before`` is how many articles came within the
    span before it, itself included: as many again are expected after it.
    """
    if not groups:
        return None
    known, label = np.unique(np.array(groups), return_inverse=True)
    start = np.concatenate([[0], label + 1]).astype(np.int64)
    sums = Groups(sign, start, level, crowd=AHEAD * before)
    others = np.arange(1, len(known) + 1)
    new = np.zeros_like(others)
    score = sums.likeness(new, others)
    fits = sums.allowed(new, others, score)
    if not fits.any():
        return None
    best = int(others[fits][score[fits].argmax()])
    rows = np.flatnonzero(start == best)
    alike = pair_likeness(sign, np.zeros_like(rows), rows, level)
    order = np.argsort(-alike, kind="stable")[: standing.NAMED]
    return Fit(
        group=str(known[best - 1]),
        score=float(np.clip(score[best - 1], 0.0, 1.0)),
        nearest=tuple((names[rows[i] - 1], float(alike[i])) for i in order),
    )


def reaches(first: datetime, last: datetime, at: datetime, span_days: float) -> bool:
    """Whether a group would still be within its span with an article of that time."""
    return max(last, at) - min(first, at) <= timedelta(days=span_days)
