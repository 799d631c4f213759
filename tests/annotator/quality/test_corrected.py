"""A mean of labels is biased and its interval misses; the corrected one covers."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.quality.corrected import corrected_mean
from newsroom.errors import BadRequest
from newsroom.intervals import of_mean

ITEMS, CODED, TRIALS = 2000, 200, 200


def test_naive_misses_and_corrected_covers() -> None:
    rng = np.random.default_rng(0)
    kept = naive_kept = 0
    widths, errors = [], []
    for _ in range(TRIALS):
        truth = rng.choice([-3.0, 0.0, 3.0], ITEMS, p=[0.3, 0.4, 0.3])
        # Right nine times of ten, and where wrong then to one side.
        predicted = np.where(rng.random(ITEMS) < 0.1, truth + 2, truth)
        # Doubtful items were three times as likely to be drawn: the design is known, not equal.
        probability = np.where(predicted > 0, 1.5, 0.5)
        probability *= CODED / probability.sum()
        coded = np.where(rng.random(ITEMS) < probability, truth, np.nan)
        found = corrected_mean(predicted, coded, probability)
        kept += found.low <= truth.mean() <= found.high
        low, high = of_mean(found.naive, float(predicted.std(ddof=1)), ITEMS)
        naive_kept += low <= truth.mean() <= high
        widths.append(found.high - found.low)
        errors.append(found.value - truth.mean())
    assert kept / TRIALS >= 0.92
    assert naive_kept / TRIALS < 0.05
    assert abs(np.mean(errors)) < 0.02
    assert np.mean(widths) < 1.0


def test_everything_coded_is_the_mean_of_people() -> None:
    truth = np.array([1.0, 2.0, 6.0])
    found = corrected_mean(np.zeros(3), truth, np.ones(3))
    assert (found.value, found.naive, found.coded) == (3.0, 0.0, 3)


@pytest.mark.parametrize("chance", [0.0, -0.1, 1.1, np.nan])
def test_an_unknown_design_is_refused(chance: float) -> None:
    with pytest.raises(BadRequest) as caught:
        corrected_mean(np.zeros(3), np.ones(3), np.array([0.5, chance, 0.5]))
    assert caught.value.code == "sampling-unknown"


def test_one_coded_item_is_too_few() -> None:
    with pytest.raises(BadRequest) as caught:
        corrected_mean(np.zeros(3), np.array([1.0, np.nan, np.nan]), np.full(3, 0.3))
    assert caught.value.code == "too-few-coded"
