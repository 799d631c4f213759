"""The arms of the ablation: what an article is given to read of the past, with the same weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from annotator.past.replay import WINDOW_DAYS
from memory_lm.batches import ABSENT, Neighbours, Terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annotator.past.replay import Past

ArmName = Literal["M0", "M1", "M2", "M3", "M4", "M5", "M6", "M7"]
ARMS: dict[ArmName, str] = {
    "M0": "nothing",
    "M1": "as many random chunks of the last 90 days",
    "M2": "as many random chunks of the latest days",
    "M3": "the nearest chunks, without their times",
    "M4": "M3 with ages",
    "M5": "M4 with event links and rank in the chain of claims",
    "M6": "M5 with the event's state, gated delta rule",
    "M7": "M5 with the event's state, Hebbian rule",
}
PLAIN = Terms(age=False, links=False)
TERMS: dict[ArmName, Terms] = {
    "M1": PLAIN, "M2": PLAIN, "M3": PLAIN, "M4": Terms(links=False), "M5": Terms(),
    "M6": Terms(state="delta"), "M7": Terms(state="hebbian"),
}  # fmt: skip
# The latest days hold so many times as many chunks as are drawn from them.
POOL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The dated chunks in the order of their days, with their outlets as numbers."""

    chunk: NDArray[np.int64]
    day: NDArray[np.int64]
    outlet: NDArray[np.int64]

    @classmethod
    def of(cls, past: Past, first: NDArray[np.int64], outlet: NDArray[np.int64]) -> Shelf:
        """All chunks of dated articles; first [n + 1] and outlet [n] by article."""
        owner = np.repeat(np.arange(len(first) - 1), np.diff(first))
        dated = np.flatnonzero(past.day[owner] != ABSENT)
        ordered = dated[np.argsort(past.day[owner[dated]], kind="stable")]
        return cls(chunk=ordered, day=past.day[owner[ordered]], outlet=outlet[owner[ordered]])


def random_chunks(
    near: Neighbours, past: Past, shelf: Shelf, outlet: NDArray[np.int64],
    *, latest: bool, seed: int,
) -> Neighbours:  # fmt: skip
    """As many chunks as each article found, drawn from the time before its day."""
    rng = np.random.default_rng(seed)
    found = np.full_like(past.found, ABSENT)
    age_h = np.zeros_like(past.age_h)
    same_outlet = np.zeros_like(past.same_outlet)
    for i, count in enumerate((past.found != ABSENT).sum(axis=1).tolist()):
        stop = int(np.searchsorted(shelf.day, past.day[i]))
        start = int(np.searchsorted(shelf.day, past.day[i] - WINDOW_DAYS))
        start = max(start, stop - POOL * count) if latest else start
        drawn = start + rng.permutation(stop - start)[:count]
        here = slice(0, len(drawn))
        found[i, here] = shelf.chunk[drawn]
        age_h[i, here] = 24 * (past.day[i] - shelf.day[drawn])
        same_outlet[i, here] = shelf.outlet[drawn] == outlet[i]
    return replace(near, found=found, age_h=age_h, same_outlet=same_outlet)
