"""The round-based linkage against scipy's average linkage, and its candidates against brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix
from scipy.spatial.distance import squareform

from annotator.events.candidates import nearest_pairs
from annotator.events.cluster import EVENT, grow
from annotator.events.linkage import Groups, likeness_to_group
from annotator.events.scores import b_cubed
from annotator.events.signature import Signatures

PLAIN = replace(
    EVENT,
    threshold=0.4,
    crowd_step=0.0,
    gap_cost=0.0,
    cohesion_ratio=0.0,
    neighbours=10_000,
    floor=-1.0,
    attach=0.0,
)


def random_signatures(n: int, seed: int, *, undated: float = 1.0) -> Signatures:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(1, n // 4), 12))
    dense = centres[random.integers(len(centres), size=n)] + 0.7 * random.normal(size=(n, 12))
    words = np.abs(random.normal(size=(n, 9))) * (random.random((n, 9)) < 0.4)
    day = np.where(random.random(n) < undated, np.nan, random.random(n) * 30)
    return Signatures(
        dense=(dense / np.linalg.norm(dense, axis=1, keepdims=True)).astype(np.float32),
        words=csr_matrix(
            words / np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-12),
            dtype=np.float32,
        ),
        day=day,
    )


def likeness(sign: Signatures) -> np.ndarray:
    w = PLAIN.dense_weight
    return w * sign.dense @ sign.dense.T + (1 - w) * (sign.words @ sign.words.T).toarray()


@pytest.mark.parametrize("seed", range(5))
def test_equals_average_linkage_where_all_pairs_are_candidates(seed: int) -> None:
    sign = random_signatures(60, seed)
    found = grow(sign, np.arange(60), PLAIN)
    distance = np.clip(1 - likeness(sign), 0, None)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    expected = fcluster(tree, 1 - PLAIN.threshold, "distance")
    assert 1 < len(set(expected)) < 60
    assert b_cubed(list(expected), list(found)).f1 == 1.0


def test_group_means_are_means_over_pairs() -> None:
    sign = random_signatures(9, 3, undated=0.3)
    level = replace(PLAIN, gap_cost=0.01)
    start = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    groups = Groups(sign, start, level)
    gap = np.nan_to_num(sign.day[:, None] - sign.day[None, :])
    pairs = likeness(sign) - level.gap_cost * gap**2
    expected = pairs[np.ix_(start == 0, start == 2)].mean()
    assert groups.likeness(np.array([0]), np.array([2]))[0] == pytest.approx(expected, abs=1e-5)
    inner = pairs[np.ix_(start == 2, start == 2)][np.triu_indices(4, 1)].mean()
    assert groups.cohesion(np.array([2]))[0] == pytest.approx(inner, abs=1e-5)
    groups.merge(np.array([0]), np.array([1]))
    both = pairs[np.ix_(start <= 1, start <= 1)][np.triu_indices(5, 1)].mean()
    assert groups.cohesion(np.array([0]))[0] == pytest.approx(both, abs=1e-5)
    own = likeness(sign)
    fit = likeness_to_group(sign, start, level)
    assert fit[3] == pytest.approx(own[3, 4], abs=1e-5)


def test_more_rivals_ask_for_more_likeness() -> None:
    pair = np.eye(2, 12, dtype=np.float32)
    pair[1] = [0.4, *[0.0] * 10, np.sqrt(1 - 0.16)]
    level = replace(PLAIN, dense_weight=1.0, crowd_step=0.2, crowd_least=1, floor=0.1)
    empty = csr_matrix((2, 1), dtype=np.float32)
    few = Signatures(dense=pair, words=empty, day=np.full(2, np.nan))
    assert len(set(grow(few, np.arange(2), level))) == 1
    crowd = np.zeros((3_000, 12), np.float32)
    crowd[:2] = pair
    many = Signatures(
        dense=crowd, words=csr_matrix((3_000, 1), dtype=np.float32), day=np.full(3_000, np.nan)
    )
    assert len(set(grow(many, np.arange(3_000), level)[:2])) == 2


@given(
    st.integers(0, 40), st.integers(0, 1_000), st.sampled_from([0.0, 0.5, 1.0]), st.integers(1, 8)
)
@settings(max_examples=30, deadline=None)
def test_candidates_are_exact(n: int, seed: int, undated: float, neighbours: int) -> None:
    sign = random_signatures(n, seed, undated=undated)
    a, b = nearest_pairs(sign.dense, sign.day, window_days=5, floor=0.2, neighbours=neighbours)
    cosine = sign.dense @ sign.dense.T
    for i in range(n):
        gaps = np.abs(sign.day - sign.day[i])
        near = [j for j in range(n) if j != i and cosine[i, j] >= 0.2 and not gaps[j] > 5]
        expected = sorted((cosine[i, j] for j in near), reverse=True)[:neighbours]
        assert sorted((cosine[i, j] for j in b[a == i]), reverse=True) == pytest.approx(expected)
        assert set(b[a == i]) <= set(near)
