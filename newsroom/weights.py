"""Means of a cell under weights: every outlet the same, or every article by its prominence.

With equal articles the mean of a cell is that of its busiest outlets; with equal outlets it is the
mean of the outlets' means; with prominence an article counts by the best place it had. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from newsroom.intervals import N_MIN, Interval, Z


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """The articles of one outlet in a cell; ``sd`` is their sample deviation, None below two."""

    n: int
    mean: float
    sd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Of weights w and values x over the ``n`` articles that have both: Σw, Σw², Σwx, Σw²x, Σw²x².

    ``w`` and the like are 0 for none.
    """

    n: int
    w: float
    ww: float
    wx: float
    wwx: float
    wwxx: float


def of_outlets(strata: Sequence[Stratum]) -> tuple[float, Interval]:
    """The mean of the outlets' means x̄ₖ, and its 95 % interval.

    Outlets are what they are and no sample, so the variance is that of a stratified mean with
    equal strata, Σ sₖ²/nₖ ÷ K² (Cochran 1977, Sampling Techniques, 5.6). An outlet with one
    article is given the pooled variance of the others; where no outlet has two, nulls.
    """
    k = len(strata)
    mean = sum(s.mean for s in strata) / k
    freedom = sum(s.n - 1 for s in strata)
    if freedom == 0:
        return mean, (None, None)
    pooled = sum((s.n - 1) * s.sd**2 for s in strata if s.sd is not None) / freedom
    variance = sum((pooled if s.sd is None else s.sd**2) / s.n for s in strata) / k**2
    half = Z * sqrt(variance)
    return mean, (mean - half, mean + half)


def of_sums(sums: Sums) -> tuple[float | None, Interval, float | None]:
    """The weighted mean Σwx ÷ Σw, its 95 % interval, and the effective number of articles.

    The variance is that of a ratio, Σ w²(x − x̄)² ÷ (Σw)² · n/(n − 1) (Cochran 1977, 6.4); the
    effective number (Σw)² ÷ Σw² (Kish 1965, Survey Sampling, 11.2) says how many equal weights
    would be worth as much. Nulls without a weight; no interval below two articles.
    """
    if sums.n == 0:
        return None, (None, None), None
    mean = sums.wx / sums.w
    effective = sums.w**2 / sums.ww
    if sums.n < N_MIN:
        return mean, (None, None), effective
    # Not below zero, which rounding can make of equal values.
    squares = max(0.0, sums.wwxx - 2 * mean * sums.wwx + mean**2 * sums.ww)
    half = Z * sqrt(squares * sums.n / (sums.n - 1)) / sums.w
    return mean, (mean - half, mean + half), effective
