"""Differences between two slices: how far apart, how surely, and after how many questions. Pure.

Intervals are of one difference by itself; p-values of several are adjusted together, since of
twenty differences that are none one is expected to look like one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import erfc, sqrt

from newsroom.intervals import Z, of_share

N_MIN = 30  # below this on either side nothing is said to differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """``n`` values by their mean and sample deviation; ``sd`` is None below two."""

    n: int
    mean: float
    sd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first less the second, its 95 % interval, and the two-sided p-value of no difference.

    The latter are None where a side has no spread.
    """

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None


def pooled(samples: Iterable[Sample]) -> Sample | None:
    """Several samples as one; None where there is no value.

    The sum of squares about the common mean is that within the samples and that between them.
    """
    parts = [s for s in samples if s.n]
    n = sum(s.n for s in parts)
    if n == 0:
        return None
    mean = sum(s.n * s.mean for s in parts) / n
    squares = sum((s.n - 1) * (s.sd or 0.0) ** 2 + s.n * (s.mean - mean) ** 2 for s in parts)
    return Sample(n=n, mean=mean, sd=sqrt(squares / (n - 1)) if n > 1 else None)


def of_means(a: Sample, b: Sample) -> Difference:
    """With unequal variances (Welch 1938, Biometrika 29:350), by the normal distribution.

    From thirty on either side on, the normal distribution stands in for Student's.
    """
    value = a.mean - b.mean
    if a.sd is None or b.sd is None:
        return Difference(value=value)
    error = sqrt(a.sd**2 / a.n + b.sd**2 / b.n)
    return Difference(
        value=value, low=value - Z * error, high=value + Z * error, p=_p(value, error)
    )


def of_shares(a: int, of_a: int, b: int, of_b: int) -> Difference:
    """Of ``a`` in ``of_a`` and ``b`` in ``of_b``; neither whole is empty.

    The interval is Newcombe's from both of Wilson's (Newcombe 1998, Statistics in Medicine 17:873,
    method 10), the p-value that of the pooled test of two proportions.
    """
    one, other = a / of_a, b / of_b
    value = one - other
    (low_a, high_a), (low_b, high_b) = of_share(one, of_a), of_share(other, of_b)
    if low_a is None or high_a is None or low_b is None or high_b is None:
        return Difference(value=value)
    common = (a + b) / (of_a + of_b)
    return Difference(
        value=value,
        low=value - sqrt((one - low_a) ** 2 + (high_b - other) ** 2),
        high=value + sqrt((high_a - one) ** 2 + (other - low_b) ** 2),
        p=_p(value, sqrt(common * (1 - common) * (1 / of_a + 1 / of_b))),
    )


def _p(value: float, error: float) -> float:
    if error == 0:
        return 1.0 if value == 0 else 0.0
    return erfc(abs(value) / error / sqrt(2))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the same order (Holm 1979, Scandinavian Journal of Statistics 6:65).

    Rejecting those below 5 % errs in any of them at most once in twenty times, however the
    questions depend on each other.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    least = 0.0
    for rank, i in enumerate(order):
        least = max(least, min(1.0, p_values[i] * (len(order) - rank)))
        adjusted[i] = least
    return adjusted
