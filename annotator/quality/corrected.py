"""The mean of a label over a corpus, corrected by what people coded of a known sample.

Labels of a model bias a mean even where they are right nine times of ten, and the interval around
the biased mean shuts out the truth. If each item was coded with a probability that is known, the
errors seen on the coded ones repair both (design-based supervised learning: Egami, Hinck, Stewart,
Wei 2023, arXiv 2306.04746).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from newsroom.errors import BadRequest
from newsroom.intervals import of_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A corrected mean with its 95 % interval, beside the mean of the labels as they are."""

    value: float
    low: float
    high: float
    naive: float
    items: int
    coded: int


def corrected_mean(predicted: Floats, coded: Floats, probability: Floats) -> Corrected:
    """Mean of ``predicted`` [n], corrected by ``coded`` [n], which is NaN where nobody coded.

    ``probability`` [n] is the chance within (0, 1] that an item had to be coded, from the design
    alone; it is read where somebody coded. The labeller must not have been fitted to those items.
    Raises BadRequest ``sampling-unknown`` for a chance that is none, ``too-few-coded`` below two.
    """
    drawn = ~np.isnan(coded)
    if not bool(((probability[drawn] > 0) & (probability[drawn] <= 1)).all()):
        raise BadRequest("sampling-unknown", "every coded item needs its chance within (0, 1]")
    if len(predicted) < 2 or drawn.sum() < 2:
        raise BadRequest("too-few-coded", "two coded items are needed for an interval")
    repaired = predicted.astype(np.float64)
    repaired[drawn] += (coded[drawn] - predicted[drawn]) / probability[drawn]
    value = float(repaired.mean())
    low, high = of_mean(value, float(repaired.std(ddof=1)), len(repaired))
    assert low is not None
    assert high is not None
    return Corrected(
        value=value, low=low, high=high, naive=float(predicted.mean()),
        items=len(predicted), coded=int(drawn.sum()),
    )  # fmt: skip
