"""Means and shares of what an outlet brought, with their intervals."""

from __future__ import annotations

from typing import Any

import pytest

from newsroom import intervals
from newsroom.store.reading.event_coverage import measured


def row(articles: list[tuple[int, int]], leans: tuple[float, float, int]) -> dict[str, Any]:
    """``articles``: sentences and facts of each; ``leans``: mean, deviation, number."""
    found: dict[str, Any] = {
        "publisher_id": "o", "publisher": "O", "articles": len(articles), "copies": 0,
        "special": 0, "first_at": None, "lean_mean": leans[0], "lean_sd": leans[1],
        "lean_n": leans[2], "tone_mean": None, "tone_sd": None, "tone_n": 0,
        "sentences": sum(s for s, _ in articles), "sentence_articles": len(articles),
        "sentences_squared": float(sum(s * s for s, _ in articles)),
    }  # fmt: skip
    for plural, of in (("facts", 1), ("opinions", 0), ("quotes", 0)):
        found[plural] = sum(f * of for _, f in articles)
        found[f"{plural}_crossed"] = float(sum(f * of * s for s, f in articles))
        found[f"{plural}_squared"] = float(sum((f * of) ** 2 for _, f in articles))
    return found


def test_a_share_is_as_sure_as_its_articles_differ() -> None:
    alike = measured(row([(20, 10), (20, 10)], (0.0, 1.0, 2)))
    apart = measured(row([(20, 2), (20, 18)], (0.0, 1.0, 2)))
    assert alike["fact_share"] == apart["fact_share"] == 0.5
    assert (alike["fact_low"], alike["fact_high"]) == pytest.approx(intervals.of_share(0.5, 40))
    assert (apart["fact_low"], apart["fact_high"]) == (0.0, 1.0)


def test_none_of_forty_sentences_is_not_surely_none() -> None:
    found = measured(row([(20, 10), (20, 10)], (0.0, 1.0, 2)))
    assert (found["opinion_share"], found["opinion_low"]) == (0.0, 0.0)
    assert 0.05 < found["opinion_high"] < 0.12


def test_one_article_has_no_interval_and_none_no_share() -> None:
    one = measured(row([(20, 10)], (1.0, 0.0, 1)))
    assert (one["fact_share"], one["fact_low"], one["fact_high"]) == (0.5, None, None)
    assert (one["lean_mean"], one["lean_low"], one["lean_high"]) == (1.0, None, None)
    none = measured(row([], (0.0, 0.0, 0)))
    assert (none["fact_share"], none["fact_low"], none["sentences"]) == (None, None, 0)
    assert (none["tone_mean"], none["tone_low"]) == (None, None)


def test_a_mean_has_its_normal_interval() -> None:
    found = measured(row([], (1.0, 2.0, 16)))
    assert (found["lean_low"], found["lean_high"]) == pytest.approx((0.02, 1.98), abs=1e-3)
