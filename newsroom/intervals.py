"""95 % intervals: what a mean or a share of a sample says about what was sampled."""

from __future__ import annotations

from math import sqrt
from typing import Final

Z: Final = 1.959963984540054  # 97.5 % quantile of the standard normal
N_MIN: Final = 2  # one observation has no spread to speak of

Interval = tuple[float, float] | tuple[None, None]


def of_mean(mean: float, sd: float | None, n: int) -> Interval:
    """Normal interval of a mean from the sample standard deviation; nulls below two."""
    if n < N_MIN or sd is None:
        return None, None
    half = Z * sd / sqrt(n)
    return mean - half, mean + half


def of_share(share: float, n: int) -> Interval:
    """Wilson's score interval of a share (Wilson 1927, JASA 22:209); nulls below two."""
    if n < N_MIN:
        return None, None
    scale = 1 + Z * Z / n
    centre = (share + Z * Z / (2 * n)) / scale
    half = Z / scale * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
