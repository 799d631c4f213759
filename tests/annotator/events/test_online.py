"""The choice of an event for one article, on made-up vectors with known cosines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annotator.events import online
from annotator.events.cluster import EVENT
from annotator.events.online import Near
from annotator.events.signature import Signatures, word_rows

DENSE = replace(EVENT, dense_weight=1.0, crowd_step=0.0, threshold=0.5)


def sign(cosines: list[float], day: list[float] | None = None) -> Signatures:
    """Row 0 is the new article; each other row has the given cosine to it."""
    rows = np.zeros((len(cosines) + 1, len(cosines) + 1), np.float32)
    rows[0, 0] = 1.0
    for i, cosine in enumerate(cosines, start=1):
        rows[i, 0], rows[i, i] = cosine, np.sqrt(1 - cosine**2)
    days = [np.nan] * len(rows) if day is None else day
    return Signatures(dense=rows, words=word_rows([""] * len(rows)), day=np.array(days))


def choose(cosines: list[float], groups: str, **more: object) -> online.Fit | None:
    names = [f"{group}{i}" for i, group in enumerate(groups)]
    return online.by_likeness(sign(cosines, **more), names, list(groups), DENSE, before=500)


def test_the_group_most_alike_on_average_is_joined_with_its_nearest_members() -> None:
    fit = choose([0.9, 0.6, 0.8, 0.8], "aabb")
    assert fit is not None
    assert (fit.group, fit.score) == ("b", 0.8)
    fit = choose([0.9, 0.8, 0.7, 0.95, 0.1], "aaaab")
    assert fit is not None
    assert fit.evidence() == {
        "nearest": [
            {"article_id": "a3", "score": 0.95},
            {"article_id": "a0", "score": 0.9},
            {"article_id": "a1", "score": 0.8},
        ]
    }


def test_what_is_like_nothing_is_alone() -> None:
    assert choose([0.9, 0.05], "aa") is None  # one look-alike does not decide
    assert choose([], "") is None


def test_more_articles_around_ask_for_more_likeness() -> None:
    level = replace(DENSE, crowd_step=0.2)
    few = online.by_likeness(sign([0.55]), ["a"], ["a"], level, before=500)
    many = online.by_likeness(sign([0.55]), ["a"], ["a"], level, before=2500)
    assert few is not None
    assert many is None


def test_a_group_does_not_outlast_its_span() -> None:
    assert choose([0.9, 0.9], "ab", day=[0.0, -3.5, -2.5]).group == "b"  # type: ignore[union-attr]
    assert choose([0.9], "a", day=[0.0, -3.5]) is None
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    hours = [timedelta(hours=h) for h in (-12, 0, 60, 61)]
    assert online.reaches(noon + hours[0], noon, noon + hours[2], 3.0)
    assert not online.reaches(noon + hours[0], noon, noon + hours[3], 3.0)


def near(*told: tuple[str, str | None, float]) -> list[Near]:
    return [Near(article_id=a, group=g, chance=c) for a, g, c in told]


def test_the_pointer_names_an_article_and_its_group_is_joined() -> None:
    found = near(("a", "e1", 0.9), ("b", None, 0.8), ("c", "e1", 0.7))
    fit = online.by_pointer(found, lambda _: "c")
    assert fit == online.Fit(group="e1", score=0.9, nearest=(("a", 0.9), ("c", 0.7)))
    lone = online.by_pointer(found, lambda _: "b")
    assert lone == online.Fit(group="b", score=0.8, nearest=(("b", 0.8),))
    assert online.by_pointer(found, lambda _: None) is None
    assert online.by_pointer([], lambda _: None) is None


@given(st.permutations(list(range(6))))
def test_the_order_of_what_was_found_decides_nothing(order: list[int]) -> None:
    cosines, groups = [0.8, 0.7, 0.6, 0.75, 0.74, 0.2], "aabbcc"
    whole = sign(cosines)
    rows = [0, *(i + 1 for i in order)]
    moved = Signatures(dense=whole.dense[rows], words=whole.words[rows], day=whole.day[rows])
    names = [f"{groups[i]}{i}" for i in order]
    found = online.by_likeness(moved, names, [groups[i] for i in order], DENSE, before=500)
    assert found == choose(cosines, groups)
