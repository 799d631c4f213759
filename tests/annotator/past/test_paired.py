from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from annotator.past import paired
from annotator.past.paired import Judged, gain, holm

ROWS, CLUSTERS, CLASSES, RESAMPLES = 400, 80, 3, 1200


def guessed(truth: np.ndarray, right: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(len(truth)) < right, truth, rng.integers(CLASSES, size=len(truth)))


@pytest.fixture
def judged() -> Judged:
    rng = np.random.default_rng(1)
    truth = rng.integers(CLASSES, size=ROWS)
    worse, better = guessed(truth, 0.3, 2), guessed(truth, 0.6, 3)
    return Judged(
        truth=truth, clusters=np.arange(ROWS) % CLUSTERS, classes=CLASSES,
        guesses={"M0": [worse], "M1": [worse.copy()], "M5": [better]},
    )  # fmt: skip


def told(judged: Judged, arm: str = "M5", others: tuple[str, ...] = ("M0", "M1")) -> paired.Gain:
    return gain(judged, judged.draws(seed=0, resamples=RESAMPLES), arm, others)


def test_the_score_is_macro_f1_and_the_mean_over_seeds(judged: Judged) -> None:
    both = [judged.guesses["M0"][0], judged.guesses["M5"][0]]
    known = [f1_score(judged.truth, guess, average="macro") for guess in both]
    assert judged.score("M5") == pytest.approx(known[1])
    two = Judged(truth=judged.truth, clusters=judged.clusters, classes=CLASSES, guesses={"x": both})
    assert two.score("x") == pytest.approx(np.mean(known))


def test_a_class_that_does_not_occur_is_no_part_of_the_mean() -> None:
    truth, guess = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    one = Judged(truth=truth, clusters=np.arange(4), classes=5, guesses={"x": [guess]})
    assert one.score("x") == pytest.approx((2 / 3 + 1) / 2)


def test_draws_are_scores_of_the_clusters_drawn(judged: Judged) -> None:
    draws = judged.draws(seed=4, resamples=3)
    rng = np.random.default_rng(4)
    for at, drawn in enumerate(rng.integers(CLUSTERS, size=(3, CLUSTERS))):
        rows = np.concatenate([np.flatnonzero(judged.clusters == c) for c in drawn])
        for arm in judged.guesses:
            known = f1_score(judged.truth[rows], judged.guesses[arm][0][rows], average="macro")
            assert draws[arm][at] == pytest.approx(known)


def test_the_same_seed_draws_the_same_however_many_are_asked_for_at_once(judged: Judged) -> None:
    long, again = (judged.draws(seed=2, resamples=paired.AT_ONCE + 7) for _ in range(2))
    assert len(long["M5"]) == paired.AT_ONCE + 7
    assert np.array_equal(long["M5"], again["M5"])
    assert not np.array_equal(long["M5"], judged.draws(seed=3, resamples=paired.AT_ONCE + 7)["M5"])


def test_identical_arms_gain_nothing(judged: Judged) -> None:
    same = told(judged, "M1", ("M0",))
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_arms_alike_have_an_interval_around_nothing(judged: Judged) -> None:
    arms = {"M0": [guessed(judged.truth, 0.5, 8)], "M5": [guessed(judged.truth, 0.5, 9)]}
    alike = Judged(truth=judged.truth, clusters=judged.clusters, classes=CLASSES, guesses=arms)
    found = told(alike, others=("M0",))
    assert found.low < 0 < found.high
    assert found.p > 0.025


def test_a_better_arm_is_found_and_not_when_the_truth_is_shuffled(judged: Judged) -> None:
    found = told(judged)
    assert 0 < found.low < found.value < found.high
    assert found.p == pytest.approx(1 / (RESAMPLES + 1))
    truth = np.random.default_rng(5).permutation(judged.truth)
    control = Judged(truth=truth, clusters=judged.clusters, classes=CLASSES, guesses=judged.guesses)
    shuffled = told(control)
    assert shuffled.low < 0 < shuffled.high
    assert shuffled.p > 0.025


def test_the_better_of_the_others_is_what_counts(judged: Judged) -> None:
    arms = dict(judged.guesses) | {"M1": judged.guesses["M5"]}
    tied = Judged(truth=judged.truth, clusters=judged.clusters, classes=CLASSES, guesses=arms)
    found = told(tied)
    assert found.value == 0
    assert found.high <= 0
    assert found.p == 1


def test_copies_inside_a_cluster_make_nothing_surer(judged: Judged) -> None:
    def copied(clusters: np.ndarray) -> Judged:
        arms = {arm: [np.repeat(guess[0], 6)] for arm, guess in judged.guesses.items()}
        return Judged(
            truth=np.repeat(judged.truth, 6), clusters=clusters, classes=CLASSES, guesses=arms
        )

    def width(one: Judged) -> float:
        found = told(one)
        return found.high - found.low

    inside = copied(np.repeat(judged.clusters, 6))
    assert width(inside) == pytest.approx(width(judged), rel=1e-6)
    # Taken for articles of their own they would.
    assert width(copied(np.arange(6 * ROWS))) < 0.6 * width(judged)


def test_holm_by_hand() -> None:
    # 4 x 0.005, 3 x 0.01, then 2 x 0.03, and 0.04 may not come before it.
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({"a": 0.6, "b": 0.9}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}
