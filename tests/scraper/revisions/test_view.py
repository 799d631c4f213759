from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scraper.revisions import view


def _at(hour: int) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC)


def test_headlines_as_long_as_they_stood() -> None:
    looks = [
        {"finding": "shown", "revision": 1, "first_at": _at(1), "last_at": _at(2), "looks": 2},
        {"finding": "gone", "revision": None, "first_at": _at(3), "last_at": _at(3), "looks": 1},
        {"finding": "shown", "revision": 2, "first_at": _at(4), "last_at": _at(5), "looks": 3},
        {"finding": "shown", "revision": 3, "first_at": _at(6), "last_at": _at(6), "looks": 1},
        {"finding": "shown", "revision": 1, "first_at": _at(7), "last_at": _at(8), "looks": 2},
    ]
    found = view.headlines(looks, {1: "Old", 2: "Old", 3: "New"})
    assert [(h["title"], h["first_at"], h["last_at"], h["looks"]) for h in found] == [
        ("Old", _at(1), _at(5), 5),
        ("New", _at(6), _at(6), 1),
        ("Old", _at(7), _at(8), 2),
    ]


def _label(content: str, run: str, label: str, *, promoted: bool = False) -> dict[str, Any]:
    return {
        "content_sha256": content,
        "run_id": run,
        "stage": "lean",
        "scope": "article",
        "label": label,
        "score": 1.0,
        "confidence": 0.5,
        "promoted": promoted,
    }


@pytest.mark.parametrize(
    ("rows", "runs", "why"),
    [
        ([_label("a", "r1", "left"), _label("b", "r1", "right")], ("r1", "r1"), None),
        (
            [_label("a", "r1", "x"), _label("b", "r1", "x"),
             _label("a", "r2", "left", promoted=True), _label("b", "r2", "right", promoted=True)],
            ("r2", "r2"),
            None,
        ),
        (
            [_label("a", "r1", "left"), _label("b", "r2", "right", promoted=True)],
            ("r1", "r2"),
            "no run has labelled both revisions",
        ),
        ([_label("a", "r1", "left")], ("r1", None), "no run has labelled revision 2"),
        ([], (None, None), "no run has labelled revision 1 or 2"),
    ],
)  # fmt: skip
def test_labels_are_of_one_run_or_said_not_to_be(rows: Any, runs: Any, why: str | None) -> None:
    before, after = (
        {"revision": 1, "content_sha256": "a"},
        {"revision": 2, "content_sha256": "b"},
    )
    found = view.labels(rows, before, after)
    assert (found["run_before"], found["run_after"]) == runs
    assert (found["comparable"], found["why_not"]) == (why is None, why)
    if why is None:
        line = found["labels"][0]
        assert (line["before"]["label"], line["after"]["label"]) == ("left", "right")
