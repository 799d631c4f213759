"""Leftovers that join an event, and how articles stand in theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.events import standing
from annotator.events.attach import attach
from annotator.events.cluster import EVENT, grow
from annotator.events.linkage import likeness_to_group
from annotator.events.signature import Signatures, word_rows

LEVEL = replace(
    EVENT,
    dense_weight=1.0,
    crowd_step=0.0,
    gap_cost=0.0,
    threshold=0.5,
    cohesion_ratio=0.0,
    attach=0.1,
)


def sign(angles: list[float], day: list[float] | None = None) -> Signatures:
    """Vectors in a plane: the cosine of two is that of the angle between them."""
    degrees = np.radians(angles)
    dense = np.stack([np.cos(degrees), np.sin(degrees)], axis=1).astype(np.float32)
    days = [np.nan] * len(angles) if day is None else day
    return Signatures(dense=dense, words=word_rows([""] * len(angles)), day=np.array(days))


def every_pair(n: int) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.triu_indices(n, 1)
    return one.astype(np.int64), other.astype(np.int64)


def attached(signatures: Signatures, label: list[int]) -> list[int]:
    pairs = every_pair(max(label) + 1)
    return [int(x) for x in attach(signatures, pairs, np.array(label), LEVEL)]


def test_a_leftover_that_almost_fits_joins_and_another_does_not() -> None:
    assert attached(sign([0, 10, 70]), [0, 0, 1]) == [0, 0, 0]  # a mean of 0.42, 0.40 is enough
    assert attached(sign([0, 10, 75]), [0, 0, 1]) == [0, 0, 1]


def test_it_joins_the_event_it_is_most_like_and_no_other_leftover() -> None:
    assert attached(sign([0, 5, 62, 120, 121]), [0, 0, 1, 2, 2]) == [0, 0, 2, 2, 2]
    assert attached(sign([0, 62]), [0, 1]) == [0, 1]


def test_an_event_is_not_stretched_beyond_its_span() -> None:
    assert attached(sign([0, 0, 62], day=[0.0, 2.0, 3.5]), [0, 0, 1]) == [0, 0, 1]
    assert attached(sign([0, 0, 62], day=[0.0, 2.0, 2.9]), [0, 0, 1]) == [0, 0, 0]


@given(st.permutations(list(range(7))))
def test_order_decides_nothing(order: list[int]) -> None:
    angles = [0.0, 8.0, 64.0, 120.0, 121.0, 55.0, 200.0]
    plain = grow(sign(angles), np.arange(7), LEVEL)
    moved = grow(sign([angles[i] for i in order]), np.arange(7), LEVEL)
    same = np.array(plain)[order][:, None] == np.array(plain)[order]
    assert ((moved[:, None] == moved) == same).all()


def test_the_core_fits_by_itself_and_the_nearest_are_named() -> None:
    signatures = sign([0, 10, 20, 70])
    label = np.zeros(4, np.int64)
    score = likeness_to_group(signatures, label, LEVEL)
    assert standing.core(signatures, score, LEVEL).tolist() == [True, True, True, False]
    named = standing.nearest(signatures, label, score, LEVEL)
    assert [j for j, _ in named[3]] == [2, 1, 0]
    assert named[3][0][1] == pytest.approx(np.cos(np.radians(50)), abs=1e-4)
    alone = standing.nearest(signatures, np.arange(4), score, LEVEL)
    assert alone == [[], [], [], []]


def test_of_a_large_group_the_most_central_are_named() -> None:
    angles = [float(a) for a in range(40)]
    signatures, label = sign(angles), np.zeros(40, np.int64)
    score = likeness_to_group(signatures, label, LEVEL)
    central = set(np.argsort(-score, kind="stable")[: standing.CENTRAL + 1].tolist())
    for i, named in enumerate(standing.nearest(signatures, label, score, LEVEL)):
        assert len(named) == standing.NAMED
        assert {j for j, _ in named} <= central - {i}
