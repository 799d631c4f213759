"""Quality on our own pages: floors in a file, and the committed measurement is of this code's data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import front_pages
from scraper.frontpage.browser import Browser
from scraper.frontpage.page import LAYOUT

ROOT = Path(__file__).resolve().parents[3]
FLOORS = json.loads((ROOT / "tests/floors/front_pages.json").read_text())
RESULT = json.loads((ROOT / "benchmarks/results/front_pages/own-pages.json").read_text())


def _below(method: str, scores: dict[str, dict[str, float]]) -> list[str]:
    floors = FLOORS[method]
    wrong = [
        f"{name}: {key} {scores[name][key]} < {floor}"
        for name, wanted in floors["pages"].items()
        for key, floor in wanted.items()
        if scores[name][key] < floor
    ]
    for half, wanted in floors["mean"].items():
        means = front_pages.mean(scores, None if half == "all" else half)
        wrong += [f"{half}: {k} {means[k]} < {v}" for k, v in wanted.items() if means[k] < v]
    return wrong


def test_there_are_eight_pages_with_twenty_stories_each() -> None:
    pages = front_pages.gold()
    assert len(pages) >= 8
    assert {len(one.urls) for one in pages} == {20}
    assert {len(set(one.urls)) for one in pages} == {20}


def test_the_committed_measurement_is_of_these_pages_and_this_version() -> None:
    assert RESULT["data_digest"] == front_pages.data_digest()
    assert RESULT["layout"] == LAYOUT
    for method in ("rendered", "heuristic"):
        assert not _below(method, RESULT["methods"][method]["pages"])


def test_by_the_markup_alone() -> None:
    scores = front_pages.measure(None)
    assert not _below("heuristic", scores)
    assert scores == RESULT["methods"]["heuristic"]["pages"]


@pytest.mark.long  # the committed result is held to its floors, pages and code above
@pytest.mark.timeout(300)
def test_by_the_browser(browser: Browser) -> None:
    assert not _below("rendered", front_pages.measure(browser))


def test_the_measure_itself() -> None:
    wanted = list("abcd")
    assert front_pages.in_order("abcd", wanted) == 1.0
    assert front_pages.in_order("abxcd", wanted) == 1.0
    assert front_pages.in_order("bacd", wanted) == 0.75
    assert front_pages.in_order("dcba", wanted) == 0.25
    assert front_pages.in_order("", wanted) == 0.0
