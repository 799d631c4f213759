"""Differences against worked examples of their sources."""

from __future__ import annotations

import pytest

from newsroom import differences
from newsroom.differences import Sample


def test_two_samples_pooled_are_the_sample_of_both() -> None:
    # 1, 2, 3 and 5, 9 together: mean 4, squares 9 + 4 + 1 + 1 + 25 over 4.
    one, other = Sample(n=3, mean=2.0, sd=1.0), Sample(n=2, mean=7.0, sd=8**0.5)
    found = differences.pooled([one, Sample(n=0, mean=0.0, sd=None), other])
    assert found is not None
    assert (found.n, found.mean, found.sd) == (5, 4.0, pytest.approx(10**0.5))
    assert differences.pooled([]) is None
    assert differences.pooled([Sample(n=1, mean=3.0, sd=None)]) == Sample(n=1, mean=3.0, sd=None)


def test_means_with_unequal_variances() -> None:
    found = differences.of_means(Sample(n=100, mean=1.0, sd=3.0), Sample(n=400, mean=0.0, sd=8.0))
    assert found.value == 1.0
    assert found.low == pytest.approx(1 - 1.959964 * 0.5, abs=1e-5)  # 9/100 + 64/400 = 0.5 squared
    assert found.high == pytest.approx(1 + 1.959964 * 0.5, abs=1e-5)
    assert found.p == pytest.approx(0.0455, abs=1e-4)  # two standard errors
    alone = differences.of_means(Sample(n=1, mean=1.0, sd=None), Sample(n=9, mean=0.0, sd=1.0))
    assert (alone.value, alone.low, alone.high, alone.p) == (1.0, None, None, None)


def test_equal_values_without_spread_are_no_difference() -> None:
    same = Sample(n=40, mean=0.5, sd=0.0)
    assert differences.of_means(same, same).p == 1.0
    assert differences.of_means(same, Sample(n=40, mean=0.6, sd=0.0)).p == 0.0


@pytest.mark.parametrize(
    ("a", "of_a", "b", "of_b", "low", "high"),
    [  # Newcombe 1998, Table II, method 10
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 10, 0.6075, 1.0000),
    ],
)
def test_shares_as_newcombe_tabled_them(
    a: int, of_a: int, b: int, of_b: int, low: float, high: float
) -> None:
    found = differences.of_shares(a, of_a, b, of_b)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_holm_keeps_order_and_never_falls() -> None:
    assert differences.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert differences.holm([0.9, 0.8]) == [1.0, 1.0]
    assert differences.holm([]) == []
