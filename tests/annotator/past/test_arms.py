from __future__ import annotations

import numpy as np
import pytest

from annotator.past import arms
from annotator.past.arms import Shelf, random_chunks
from annotator.past.replay import WINDOW_DAYS, Past
from memory_lm.batches import ABSENT, Neighbours

ARTICLES, EACH = 260, 3


@pytest.fixture
def past() -> Past:
    """An article a day in an order of its own, one without a day; the first has found nothing."""
    rng = np.random.default_rng(0)
    past = Past.empty(ARTICLES)
    past.day[:] = 1000 + rng.permutation(ARTICLES)
    past.day[3] = ABSENT
    past.rank[:], past.same_event[:] = 7, 2
    for i in range(ARTICLES):
        if past.day[i] > 1000 + 12:
            past.found[i, : 1 + i % 8] = 0
    return past


@pytest.fixture
def outlet() -> np.ndarray:
    return np.random.default_rng(1).integers(4, size=ARTICLES)


@pytest.fixture
def shelf(past: Past, outlet: np.ndarray) -> Shelf:
    return Shelf.of(past, EACH * np.arange(ARTICLES + 1), outlet)


@pytest.fixture
def near(past: Past) -> Neighbours:
    chunks = EACH * ARTICLES
    return Neighbours(
        keys=np.zeros((chunks, 384), np.float16), values=np.zeros((chunks, 4, 384), np.float16),
        found=past.found, age_h=past.age_h, rank=past.rank, same_event=past.same_event,
        same_outlet=past.same_outlet, states={},
    )  # fmt: skip


def test_the_shelf_holds_the_dated_chunks_by_day(
    past: Past, shelf: Shelf, outlet: np.ndarray
) -> None:
    owner = shelf.chunk // EACH
    assert sorted(shelf.chunk) == [c for c in range(EACH * ARTICLES) if c // EACH != 3]
    assert (np.diff(shelf.day) >= 0).all()
    assert np.array_equal(shelf.day, past.day[owner])
    assert np.array_equal(shelf.outlet, outlet[owner])


@pytest.mark.parametrize("latest", [False, True])
def test_as_many_are_drawn_as_were_found_from_the_window_before_the_day(
    past: Past, near: Neighbours, shelf: Shelf, outlet: np.ndarray, latest: bool
) -> None:
    drawn = random_chunks(near, past, shelf, outlet, latest=latest, seed=0)
    there = drawn.found != ABSENT
    assert np.array_equal(there.sum(1), (past.found != ABSENT).sum(1))
    rows, _ = np.nonzero(there)
    owner = drawn.found[there] // EACH
    days = past.day[rows] - past.day[owner]
    assert (days >= 1).all()
    assert (days <= WINDOW_DAYS).all()
    assert np.array_equal(drawn.age_h[there], 24 * days)
    assert np.array_equal(drawn.same_outlet[there], outlet[rows] == outlet[owner])
    assert not drawn.same_outlet[~there].any()
    for row in drawn.found:
        kept = row[row != ABSENT]
        assert len(set(kept)) == len(kept)


def test_the_latest_are_drawn_from_twice_as_many_chunks(
    past: Past, near: Neighbours, shelf: Shelf, outlet: np.ndarray
) -> None:
    latest = random_chunks(near, past, shelf, outlet, latest=True, seed=0)
    any_day = random_chunks(near, past, shelf, outlet, latest=False, seed=0)
    oldest = {True: 0.0, False: 0.0}
    for i in range(ARTICLES):
        before = shelf.chunk[shelf.day < past.day[i]]
        kept = latest.found[i][latest.found[i] != ABSENT]
        assert set(kept) <= set(before[len(before) - arms.POOL * len(kept) :])
        oldest[True] = max(oldest[True], latest.age_h[i].max())
        oldest[False] = max(oldest[False], any_day.age_h[i].max())
    assert oldest[True] <= 24 * 8
    assert oldest[False] > 24 * 80


def test_draws_are_seeded_and_leave_the_rest_as_it_was(
    past: Past, near: Neighbours, shelf: Shelf, outlet: np.ndarray
) -> None:
    before = past.found.copy()
    one, same, other = (
        random_chunks(near, past, shelf, outlet, latest=False, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.found, same.found)
    assert not np.array_equal(one.found, other.found)
    assert np.array_equal(past.found, before)
    for name in ("keys", "values", "rank", "same_event", "states"):
        assert getattr(one, name) is getattr(near, name)


def test_every_arm_but_the_empty_one_has_terms_and_none_before_m5_is_told_links() -> None:
    assert set(arms.TERMS) == set(arms.ARMS) - {"M0"}
    assert [arm for arm, terms in arms.TERMS.items() if terms.age] == ["M4", "M5", "M6", "M7"]
    assert [arm for arm, terms in arms.TERMS.items() if terms.links] == ["M5", "M6", "M7"]
    states = {arm: terms.state for arm, terms in arms.TERMS.items() if terms.state}
    assert states == {"M6": "delta", "M7": "hebbian"}
