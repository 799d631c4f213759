"""The extractive title."""

from __future__ import annotations

import numpy as np

from annotator.events.signature import Item
from annotator.events.title import central_title


def member(name: str, title: str, *weights: float) -> Item:
    vector = np.zeros(384, np.float32)
    vector[: len(weights)] = weights
    return Item(id=name, title=title, text="", published_at=None, publisher=None, vector=vector)


def test_the_most_central_headline_wins_with_its_article() -> None:
    members = [
        member("a", "Far left", 1.0, 0.0),
        member("b", " The  middle\n", 0.8, 0.6),
        member("c", "Far right", 0.0, 1.0),
    ]
    assert central_title(members) == ("The middle", "b")
    assert central_title(members[::-1]) == ("The middle", "b")


def test_a_member_without_a_headline_counts_but_gives_no_title() -> None:
    members = [
        member("a", "Left", 1.0, 0.0),
        member("b", " ", 0.8, 0.6),
        member("c", "Right", 0.0, 1.0),
    ]
    assert central_title(members) == ("Left", "a")


def test_equal_nearness_goes_to_the_smaller_id() -> None:
    assert central_title([member("b", "B", 1.0), member("a", "A", 1.0)]) == ("A", "a")


def test_no_headline_no_title() -> None:
    assert central_title([]) is None
    assert central_title([member("a", "", 1.0)]) is None
