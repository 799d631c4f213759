"""How a panel is shared out among outlets and months."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.runs.panel import allocate
from newsroom.errors import BadRequest, Refused


def strata(*articles: int) -> list[dict[str, object]]:
    return [
        {"publisher_id": f"o{i}", "month": date(2026, 3, 1), "articles": n}
        for i, n in enumerate(articles)
    ]


@given(st.lists(st.integers(1, 400), min_size=1, max_size=40), st.integers(1, 900))
def test_a_panel_has_its_size_and_no_stratum_gives_more_than_it_has(
    articles: list[int], size: int
) -> None:
    drawn = allocate(strata(*articles), size)
    assert sum(s.drawn for s in drawn) == min(size, sum(articles))
    assert all(1 <= s.drawn <= s.articles for s in drawn)
    if len(articles) <= size:
        assert len(drawn) == len(articles)


def test_the_rest_is_in_proportion() -> None:
    assert [s.drawn for s in allocate(strata(600, 300, 100), 100)] == [60, 30, 10]
    assert [s.drawn for s in allocate(strata(900, 2, 2), 30)] == [28, 1, 1]
    assert [s.drawn for s in allocate(strata(5, 3, 2), 2)] == [1, 1]


def test_a_panel_of_nothing_is_refused() -> None:
    with pytest.raises(BadRequest):
        allocate(strata(3), 0)
    with pytest.raises(Refused) as caught:
        allocate([], 5)
    assert caught.value.code == "panel-empty"
