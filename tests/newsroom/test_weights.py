"""Weighted means by hand, and against drawing again."""

from __future__ import annotations

import random
import statistics

import pytest

from newsroom.intervals import Z, of_mean
from newsroom.weights import Stratum, Sums, of_outlets, of_sums


def stratum(*values: float) -> Stratum:
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Stratum(n=len(values), mean=statistics.mean(values), sd=sd)


def sums(pairs: list[tuple[float, float]]) -> Sums:
    return Sums(
        n=len(pairs),
        w=sum(w for w, _ in pairs),
        ww=sum(w * w for w, _ in pairs),
        wx=sum(w * x for w, x in pairs),
        wwx=sum(w * w * x for w, x in pairs),
        wwxx=sum(w * w * x * x for w, x in pairs),
    )


def test_a_busy_outlet_weighs_no_more_than_a_quiet_one() -> None:
    mean, (low, high) = of_outlets([stratum(*[2.0, 4.0] * 50), stratum(-3.0, -1.0)])
    assert mean == pytest.approx((3.0 - 2.0) / 2)
    busy, quiet = statistics.stdev([2.0, 4.0] * 50), statistics.stdev([-3.0, -1.0])
    half = Z * ((busy**2 / 100 + quiet**2 / 2) / 4) ** 0.5
    assert (low, high) == (pytest.approx(mean - half), pytest.approx(mean + half))


def test_one_outlet_is_its_own_mean() -> None:
    one = stratum(1.0, 2.0, 4.0)
    mean, interval = of_outlets([one])
    assert mean == one.mean
    assert interval == pytest.approx(of_mean(one.mean, one.sd, one.n))


def test_an_outlet_with_one_article_borrows_the_spread_of_the_others() -> None:
    mean, (low, high) = of_outlets([stratum(0.0, 2.0), stratum(5.0)])
    assert mean == 3.0
    half = Z * ((2.0 / 2 + 2.0 / 1) / 4) ** 0.5
    assert (low, high) == (pytest.approx(3.0 - half), pytest.approx(3.0 + half))
    assert of_outlets([stratum(1.0), stratum(5.0)]) == (3.0, (None, None))


def test_equal_weights_are_none() -> None:
    values = [1.0, 2.0, 4.0, -1.0]
    mean, interval, effective = of_sums(sums([(0.5, x) for x in values]))
    assert mean == pytest.approx(statistics.mean(values))
    assert effective == pytest.approx(4)
    assert interval == pytest.approx(of_mean(statistics.mean(values), statistics.stdev(values), 4))


def test_weights_by_hand() -> None:
    mean, _, effective = of_sums(sums([(1.0, 3.0), (0.5, 0.0)]))
    assert mean == pytest.approx(2.0)
    assert effective == pytest.approx(1.5**2 / 1.25)


def test_few_or_none() -> None:
    assert of_sums(sums([])) == (None, (None, None), None)
    assert of_sums(sums([(0.3, 2.0)])) == (pytest.approx(2.0), (None, None), pytest.approx(1.0))
    mean, (low, high), _ = of_sums(sums([(0.1, 1.7)] * 3))
    assert low == pytest.approx(mean) == high  # rounding makes no negative variance


@pytest.mark.parametrize("weighted", [False, True])
def test_intervals_hold_what_they_promise(weighted: bool) -> None:
    """Both kinds of interval cover the true mean about 95 times in 100."""
    draw = random.Random(7)
    covered = 0
    for _ in range(400):
        if weighted:
            pairs = [(draw.uniform(0.2, 1.0), draw.gauss(1.0, 2.0)) for _ in range(60)]
            _, (low, high), _ = of_sums(sums(pairs))
        else:
            outlets = [stratum(*[draw.gauss(m, 2.0) for _ in range(20)]) for m in (0.0, 1.0, 2.0)]
            _, (low, high) = of_outlets(outlets)
        assert low is not None
        assert high is not None
        covered += low <= 1.0 <= high
    assert 0.92 <= covered / 400 <= 0.98
