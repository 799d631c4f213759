"""The step-up by hand, and what it claims where there is nothing to find."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.coverage.discoveries import FOLDS, omissions, q_values


def test_by_hand() -> None:
    chance = np.array([0.01, 0.02, 0.02, 0.1, 0.5])
    absent = np.array([True, True, False, True, False])
    odds = chance / (1 - chance)
    q = q_values(chance, absent, np.ones(5))
    first, second, third = odds[0], (odds[:3].sum()) / 2, odds[:4].sum() / 3
    assert q == pytest.approx([first, second, 1, third, 1])


def test_pairs_of_one_probability_stand_or_fall_together() -> None:
    q = q_values(np.full(4, 0.02), np.array([True, False, True, False]), np.ones(4))
    assert q[0] == q[2] == pytest.approx(2 * 0.02 / 0.98)


def test_a_pair_that_was_never_likely_costs_the_others_nothing() -> None:
    few = q_values(np.array([0.01]), np.array([True]), np.ones(1))
    chance = np.concatenate([[0.01], np.full(10_000, 0.6)])
    absent = np.concatenate([[True], np.arange(10_000) % 2 == 0])
    assert q_values(chance, absent, np.ones(10_001))[0] == few[0]


def test_the_order_is_by_what_the_outlet_leaves_out() -> None:
    chance, absent = np.array([0.03, 0.02]), np.array([True, True])
    level = q_values(chance, absent, np.ones(2))
    assert level[1] < level[0]
    assert q_values(chance, absent, np.array([0.1, 0.001]))[0] == pytest.approx(0.0255, abs=1e-3)
    assert q_values(chance, absent, np.array([0.1, 0.001]))[1] == pytest.approx(0.0257, abs=1e-3)


def test_nothing_to_judge() -> None:
    assert q_values(np.array([]), np.array([], bool), np.array([])).shape == (0,)
    assert omissions(np.full((2, 0), np.nan), np.zeros((2, 0), bool)).shape == (2, 0)


def test_an_event_tells_nothing_of_its_own_fold() -> None:
    chance = np.full((2, 3 * FOLDS), 0.05)
    absent = np.zeros(chance.shape, bool)
    before = omissions(chance, absent)
    absent[0, ::FOLDS] = True  # all of the first fold
    after = omissions(chance, absent)
    assert np.array_equal(after[:, ::FOLDS], before[:, ::FOLDS])
    assert (after[0, 1::FOLDS] > 5 * before[0, 1::FOLDS]).all()
    assert np.array_equal(after[1], before[1])


def test_unlikely_and_unjudged_pairs_tell_nothing() -> None:
    chance = np.full((1, 2 * FOLDS), 0.6)
    chance[0, ::2] = np.nan
    assert omissions(chance, np.ones(chance.shape, bool)) == pytest.approx(0.1 / 20)


def test_chance_alone_is_rarely_claimed() -> None:
    chance_of = np.random.default_rng(5)
    claimed = 0
    for _ in range(150):
        chance = chance_of.beta(1, 8, (12, 60))
        absent = chance_of.random(chance.shape) < chance
        omitted = omissions(chance, absent)
        claimed += bool((q_values(chance.ravel(), absent.ravel(), omitted.ravel()) <= 0.1).any())
    assert claimed / 150 <= 0.15  # 0.10 and two standard errors
