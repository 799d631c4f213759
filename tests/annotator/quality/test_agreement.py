"""Agreement against printed examples, and its edges."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.quality.agreement import Metric, cohen_kappa, krippendorff, reliability
from newsroom.errors import BadRequest

N = np.nan


def rated(*rows: str) -> np.ndarray:
    """One row a coder; a dot is no rating, a letter stands for its number in the alphabet."""
    return np.array(
        [[N if x == "." else float(x) if x.isdigit() else ord(x) - 96.0 for x in r] for r in rows]
    )


# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, sections B to E.
MEG_OWEN = rated("0100000010", "1110010000")
BEN_GERRY = rated("aabbdcccedda", "babbbccceddd")
FOUR = rated("1233214 12...".replace(" ", ""), "123322412 5.3".replace(" ", ""),
             ".33323422 51.".replace(" ", ""), "123324412 51.".replace(" ", ""))  # fmt: skip
# The worked example of the encyclopedia article on the measure (three coders, 15 units).
THREE = rated(".....3412113.3".replace("3.3", "33.3"), "1.21334 3.......".replace(" ", ""),
              "..21344.21133.4")  # fmt: skip


@pytest.mark.parametrize(
    ("ratings", "metric", "printed"),
    [
        (MEG_OWEN, Metric.NOMINAL, 0.095),
        (BEN_GERRY, Metric.NOMINAL, 0.692),
        (FOUR, Metric.NOMINAL, 0.743),
        (FOUR, Metric.ORDINAL, 0.815),
        (FOUR, Metric.INTERVAL, 0.849),
        (THREE, Metric.NOMINAL, 0.691),
        (THREE, Metric.INTERVAL, 0.811),
    ],
)
def test_printed_examples(ratings: np.ndarray, metric: Metric, printed: float) -> None:
    found = krippendorff(ratings, metric)
    assert found.value == pytest.approx(printed, abs=0.0006)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high


def test_units_and_ratings_that_count() -> None:
    found = krippendorff(FOUR, Metric.NOMINAL)
    assert (found.units, found.ratings) == (11, 40)  # the twelfth unit has one rating


def test_names_of_classes_do_not_matter() -> None:
    renamed = np.where(np.isnan(FOUR), N, 17 - 3 * FOUR**2)
    for metric, same in ((Metric.NOMINAL, True), (Metric.INTERVAL, False)):
        one, other = (krippendorff(ratings, metric).value for ratings in (renamed, FOUR))
        assert (one == pytest.approx(other)) is same


def test_ordinal_sees_only_the_order() -> None:
    stretched, plain = (krippendorff(x, Metric.ORDINAL) for x in (np.exp(FOUR), FOUR))
    assert stretched.value == pytest.approx(plain.value)


@pytest.mark.parametrize("ratings", [rated("1111", "1111"), rated("12..", "..12"), rated("....")])
def test_undefined_is_none(ratings: np.ndarray) -> None:
    found = krippendorff(ratings, Metric.NOMINAL)
    assert (found.value, found.low, found.high) == (None, None, None)


def test_chance_is_zero_and_contradiction_is_below() -> None:
    rng = np.random.default_rng(1)
    chance = krippendorff(rng.integers(0, 3, (4, 2000)).astype(float), Metric.NOMINAL)
    assert chance.value == pytest.approx(0, abs=0.03)
    contrary = krippendorff(rated("010101", "101010"), Metric.NOMINAL)
    assert contrary.value is not None
    assert contrary.value < 0


def test_the_interval_covers() -> None:
    """95 % intervals of 40 samples of 60 units, around the alpha of the population."""
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 3, 20_000)
    wrong = rng.random((3, 20_000)) < 0.25
    ratings = np.where(wrong, rng.integers(0, 3, (3, 20_000)), truth).astype(float)
    whole = krippendorff(ratings, Metric.NOMINAL).value
    assert whole is not None
    held = 0
    for i in range(40):
        found = krippendorff(ratings[:, i * 60 : i * 60 + 60], Metric.NOMINAL, seed=i)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= whole <= found.high
    assert held >= 35


def test_kappa() -> None:
    # Cohen (1960) on the table 20/5/10/15: observed 0.7, expected 0.5.
    assert cohen_kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)
    assert cohen_kappa(np.array([[0, 0], [0, 7]])) is None
    assert cohen_kappa(np.zeros((2, 2), dtype=np.int64)) is None


def test_reliability() -> None:
    sure = reliability(np.full(100, 0.9), np.arange(100) < 60)
    assert sure.error == pytest.approx(0.3)
    assert [(b.n, b.accuracy) for b in sure.bins] == [(100, 0.6)]
    rng = np.random.default_rng(0)
    p = rng.uniform(0.3, 1, 5000)
    assert reliability(p, rng.random(5000) < p).error < 0.03
    with pytest.raises(BadRequest, match=r"0\.\.1"):
        reliability(np.array([1.2]), np.array([True]))
