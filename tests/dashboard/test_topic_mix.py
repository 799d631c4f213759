"""Shares of topics under three weights, and the figures drawn of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard import coverage_figures, topic_mix
from dashboard.topic_mix import Mix

NAMES = {"gull": "Gull", "heron": "Heron"}


def cell(publisher: str, category: str | None, n: int, **more: float) -> dict[str, Any]:
    return {"publisher": publisher, "category": category, "n": n, **more}


CELLS = [
    cell("gull", "politics", 30), cell("gull", "sports", 10), cell("gull", None, 4),
    cell("heron", "politics", 2), cell("heron", "sports", 6),
]  # fmt: skip


def mixed(cells: list[dict[str, Any]], weighed: str = "article", keep: int = 10) -> Mix:
    found = topic_mix.mixed(cells, "category", NAMES, weighed=weighed, keep=keep)
    assert found is not None
    return found


def test_articles_alike_pool_and_outlets_alike_do_not() -> None:
    pooled, alike = mixed(CELLS), mixed(CELLS, "outlet")
    assert [(row.name, row.n, row.few) for row in pooled.rows] == [
        ("Gull", 40, False),
        ("Heron", 8, True),
    ]
    assert pooled.unlabelled == 4
    assert pooled.together.parts["politics"].share == pytest.approx(32 / 48)
    assert alike.together.parts["politics"].share == pytest.approx((0.75 + 0.25) / 2)
    for found in (pooled, alike):
        for row in (*found.rows, found.together):
            assert sum(part.share for part in row.parts.values()) == pytest.approx(1)
            for part in row.parts.values():
                assert part.low is not None
                assert part.high is not None
                assert part.low <= part.share <= part.high
    # Heron's eight articles widen the interval of what counts as half of everything.
    wide, narrow = (f.together.parts["politics"] for f in (alike, pooled))
    assert (wide.high or 0) - (wide.low or 0) > (narrow.high or 0) - (narrow.low or 0)


def test_prominence_weighs_articles_and_names_those_without_a_place() -> None:
    cells = [
        cell("gull", "politics", 1, weight=1.0, n_effective=1.0, n_unweighted=9),
        cell("gull", "sports", 4, weight=1.0, n_effective=4.0, n_unweighted=0),
        cell("heron", "sports", 0, weight=0.0, n_effective=None, n_unweighted=3),
    ]
    found = mixed(cells, "prominence")
    (gull,) = found.rows
    assert gull.parts["politics"].share == gull.parts["sports"].share == 0.5
    assert (gull.n, found.n, found.unweighted) == (5, 5, 12)
    # Σw²(x − x̄)² = 1·¼ + 4·(¼)²·¼ of weights 1 and four times ¼, by Cochran 1977, 6.4.
    half = 1.959963984540054 * ((0.25 + 4 * 0.0625 * 0.25) * 5 / 4) ** 0.5 / 2
    assert gull.parts["sports"].high == pytest.approx(min(1.0, 0.5 + half))


def test_one_article_has_no_interval_and_nothing_labelled_has_no_mix() -> None:
    part = mixed([cell("gull", "sports", 1)]).rows[0].parts["sports"]
    assert (part.share, part.low, part.high) == (1.0, None, None)
    assert topic_mix.mixed(CELLS[2:3], "category", NAMES, weighed="article", keep=9) is None


def test_small_classes_are_folded_and_nothing_is_lost() -> None:
    found = mixed([cell("gull", f"topic{n:02}", n + 1) for n in range(20)], keep=10)
    assert len(found.classes) == 11
    assert found.classes[-1] == topic_mix.OTHER
    assert sum(part.n for part in found.rows[0].parts.values()) == sum(range(1, 21))
    assert set(coverage_figures.palette(found.classes)) >= set(found.classes)


def test_few_articles_are_never_ranked_by_a_share() -> None:
    cells = [cell(key, "sports", n) for key, n in (("a", 29), ("b", 40), ("c", 50))]
    cells += [cell("b", "politics", 40), cell("c", "politics", 10), cell("a", "politics", 0)]
    order = topic_mix.ordered(mixed(cells).rows, "sports")
    assert [row.name for row in order] == ["c", "b", "a"]


def test_bars_of_counts_and_shares_agree_and_the_highlighted_class_comes_first() -> None:
    found = mixed(CELLS)
    draw = {"axis": "Articles by category"}
    plain = coverage_figures.stacked(found.rows, found.classes, shares=False, **draw)
    shares = coverage_figures.stacked(
        found.rows, found.classes, shares=True, highlight="sports", **draw
    )
    assert {t["name"]: sum(t["x"]) for t in plain["data"]} == {"Politics": 32, "Sports": 16}
    for place in range(2):
        assert sum(t["x"][place] for t in shares["data"]) == pytest.approx(100)
    assert plain["layout"]["xaxis"]["title"]["text"] == "Articles by category"
    assert all("n = " in row for row in plain["data"][0]["y"])
    first, other = shares["data"]
    assert first["name"] == "Sports"
    assert first["marker"]["color"] != coverage_figures.MUTED == other["marker"]["color"]


def test_markup_in_names_reaches_plotly_as_text() -> None:
    evil = '<a href="javascript:alert(1)">x</a>'
    found = mixed([cell(evil, evil, 2)])
    drawn = json.dumps(
        coverage_figures.stacked(found.rows, found.classes, shares=False, axis="Articles")
    )
    assert "<a" not in drawn
    assert "&lt;a" in drawn
