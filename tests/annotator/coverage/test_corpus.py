"""Days are those of the outlet's own zone; one gap in them and nothing can be said."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from annotator.coverage.corpus import corpus

OUTLETS = [
    {"publisher_id": "east", "name": "East", "timezone": "Pacific/Auckland"},
    {"publisher_id": "west", "name": "West", "timezone": "America/Los_Angeles"},
    {"publisher_id": "none", "name": "None", "timezone": None},
]
EVENT = {
    "event_id": "e",
    "first_at": datetime(2026, 3, 2, 2, tzinfo=UTC),  # the evening of the 1st in Los Angeles
    "last_at": datetime(2026, 3, 2, 13, tzinfo=UTC),  # the 3rd in Auckland
    "topic": None,
}
COUNTS = [{"event_id": "e", "publisher_id": "west", "articles": 3, "copies": 1}]


def build(*gaps: tuple[str, int, int], events=(EVENT,), counts=COUNTS):
    def known(publisher_ids, first: date, last: date):
        assert list(publisher_ids) == ["east", "west", "none"]
        for publisher_id, begin, end in gaps:
            yield {
                "publisher_id": publisher_id,
                "first_day": date(2026, 3, begin),
                "last_day": date(2026, 3, end),
            }

    return corpus(OUTLETS, events, counts, known, late_h=24)


def test_counts_and_days() -> None:
    built, days, crawled = build()
    assert built.articles.tolist() == [[0], [3], [0]]
    assert built.copies.tolist() == [[0], [1], [0]]
    assert days.tolist() == [[3], [3], [2]]
    assert np.array_equal(days, crawled)
    assert built.crawled.all()
    assert built.topic.tolist() == [""]


@pytest.mark.parametrize(
    ("gap", "crawled"),
    [
        (("west", 1, 1), [3, 2, 2]),
        (("west", 3, 3), [3, 2, 2]),
        (("west", 4, 4), [3, 3, 2]),
        (("east", 1, 1), [3, 3, 2]),
        (("east", 4, 4), [2, 3, 2]),
        (("none", 1, 4), [3, 3, 0]),
    ],
)
def test_gaps(gap: tuple[str, int, int], crawled: list[int]) -> None:
    built, days, good = build(gap)
    assert good[:, 0].tolist() == crawled
    assert built.crawled[:, 0].tolist() == [
        g == d for g, d in zip(good[:, 0], days[:, 0], strict=True)
    ]


def test_events_without_articles_are_left_out() -> None:
    built, days, _ = build(counts=[])
    assert built.events == ()
    assert days.shape == (3, 0)
