"""Agreement of coders with one another, and of a labeller with them.

Confusion, macro-F1, calibration error and the cluster bootstrap are those of
`annotator.heads.evaluate`; here is what they lack. Ratings are an array [coders, units] of numbers,
NaN where a coder did not rate: for nominal questions the numbers only name classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from annotator.heads.evaluate import BINS, calibration_error
from newsroom.errors import BadRequest
from newsroom.intervals import Interval, of_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 1000


class Metric(StrEnum):
    """What a difference between two values counts."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """Krippendorff's alpha with a 95 % interval bootstrapped over units; None: undefined.

    It is undefined where no unit has two ratings, or where all ratings are the same: then nothing
    shows that the coders could have told units apart.
    """

    value: float | None
    low: float | None
    high: float | None
    units: int
    ratings: int


def krippendorff(ratings: Floats, metric: Metric, *, seed: int = 0) -> Alpha:
    """Alpha for any number of coders and missing ratings (Krippendorff 2011, Computing alpha).

    ``ratings`` is [coders, units]. Units with fewer than two ratings say nothing and are left out.
    """
    values, by_unit = _coincidences(np.asarray(ratings, dtype=np.float64))
    units = len(by_unit)
    value = low = high = None
    point = float(_alpha(values, by_unit.sum(axis=0), metric))
    if not np.isnan(point):
        value = point
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(units, np.full(units, 1 / units), size=RESAMPLES)
        # A draw in which all ratings are the same is undefined and says nothing of the interval.
        found = _alpha(values, np.tensordot(drawn, by_unit, axes=1), metric)
        low, high = (float(x) for x in np.nanpercentile(found, (2.5, 97.5)))
    return Alpha(value=value, low=low, high=high, units=units, ratings=round(by_unit.sum()))


def _coincidences(ratings: Floats) -> tuple[Floats, Floats]:
    """The values that occur [v] and for each unit how often they meet, [units, v, v]."""
    given = ~np.isnan(ratings)
    ratings, given = (table[:, given.sum(axis=0) > 1] for table in (ratings, given))
    values = np.unique(ratings[given])
    counts = (ratings[:, :, None] == values).sum(axis=0).astype(np.float64)
    pairs = counts[:, :, None] * counts[:, None, :]
    diagonal = np.arange(len(values))
    pairs[:, diagonal, diagonal] -= counts
    return values, pairs / (counts.sum(axis=1) - 1)[:, None, None]


def _alpha(values: Floats, together: Floats, metric: Metric) -> Floats:
    """Alpha of coincidence tables [..., v, v]; NaN where no disagreement was to be expected."""
    marginal = together.sum(axis=-1)
    delta = _differences(values, marginal, metric)
    chance = marginal[..., :, None] * marginal[..., None, :] * delta
    expected = np.asarray(chance.sum(axis=(-2, -1)))
    observed = (together * delta).sum(axis=(-2, -1)) * (marginal.sum(axis=-1) - 1)
    share: Floats = np.divide(
        observed, expected, out=np.full(expected.shape, np.nan), where=expected > 0
    )
    return 1 - share


def _differences(values: Floats, marginal: Floats, metric: Metric) -> Floats:
    if metric is Metric.NOMINAL:
        return 1 - np.eye(len(values))
    # Ordinal: by rank, which is how many ratings lie below a value and half of those at it.
    ranks = np.cumsum(marginal, axis=-1) - marginal / 2
    place = values if metric is Metric.INTERVAL else ranks
    return np.square(place[..., :, None] - place[..., None, :])


def cohen_kappa(table: NDArray[np.int64]) -> float | None:
    """Cohen's kappa (1960) from the confusion [v, v] of two coders; None where it is undefined."""
    n = int(table.sum())
    expected = float(table.sum(axis=0) @ table.sum(axis=1)) / n**2 if n else 1.0
    return None if expected == 1 else (float(np.trace(table)) / n - expected) / (1 - expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Answers whose confidence fell between two bounds: how sure they were, how often right."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float
    accuracy_95: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Expected calibration error and the bins of its plot (Guo et al. 2017); empty bins are out."""

    error: float
    bins: tuple[Bin, ...]


def reliability(confidence: Floats, right: NDArray[np.bool_]) -> Reliability:
    """Calibration of the chosen class: ``confidence`` [n] in 0..1, ``right`` [n].

    BadRequest ``confidence-out-of-range`` where a confidence is no probability.
    """
    if len(confidence) == 0 or not bool(((confidence >= 0) & (confidence <= 1)).all()):
        raise BadRequest("confidence-out-of-range", "confidences must be given and within 0..1")
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for b in np.unique(place).tolist():
        inside = place == b
        n, hits = int(inside.sum()), int(right[inside].sum())
        bins.append(
            Bin(
                low=b / BINS, high=(b + 1) / BINS, n=n,
                confidence=float(confidence[inside].mean()), accuracy=hits / n,
                accuracy_95=of_share(hits / n, n),
            )
        )  # fmt: skip
    # The chosen class is the only column, so class 0 is a hit and any other number a miss.
    error = calibration_error(confidence[:, None], (~right).astype(np.int64))
    return Reliability(error=error, bins=tuple(bins))
