"""Intervals against values worked out elsewhere."""

from __future__ import annotations

import statistics

import pytest

from newsroom import intervals


def test_mean() -> None:
    sample = [1.0, 2.0, 4.0, 5.0]
    low, high = intervals.of_mean(statistics.mean(sample), statistics.stdev(sample), len(sample))
    assert (low, high) == pytest.approx((1.2108059, 4.7891941), abs=1e-4)


def test_wilson_against_the_textbook() -> None:
    # 15 of 148: Newcombe 1998, Statistics in Medicine 17:857, table I: 0.0624 to 0.1605.
    assert intervals.of_share(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)


def test_wilson_stays_a_share() -> None:
    # 0 of 20: the same table: 0 to 0.1611.
    assert intervals.of_share(0.0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert intervals.of_share(1.0, 20) == pytest.approx((0.8389, 1.0), abs=1e-4)


def test_one_observation_has_no_interval() -> None:
    assert intervals.of_mean(1.0, None, 1) == (None, None)
    assert intervals.of_share(1.0, 1) == (None, None)
