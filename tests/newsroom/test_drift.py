"""Comparing two runs: numbers that can be worked out by hand, and nothing filled in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from newsroom import drift
from newsroom.drift import Pair


def pair(i: int, a: str | None, b: str | None, **changes) -> Pair:
    made = Pair(
        article_id=f"a{i}", publisher_id="one" if i < 12 else "two", stage="lean", scope="article",
        label_a=a, label_b=b, score_a=None, score_b=None, in_a=True, in_b=True, n=1,
    )  # fmt: skip
    return replace(made, **changes)


def asked(pairs: list[Pair]) -> drift.Question:
    (found,) = drift.report(pairs, []).questions
    return found


def test_agreement_shares_and_flips_are_those_of_the_table() -> None:
    labels = ["left", "left", "center", "right"] * 4
    others = ["left", "center", "center", "right"] * 4
    found = asked([pair(i, a, b) for i, (a, b) in enumerate(zip(labels, others, strict=True))])
    assert (found.change.articles, found.change.compared) == (16, 16)
    assert found.change.agreement is not None
    assert found.change.agreement.value == 0.75
    # Wilson's interval of 12 of 16, from statsmodels' proportion_confint(12, 16, method="wilson").
    assert (found.change.agreement.low, found.change.agreement.high) == pytest.approx(
        (0.50498, 0.89818), abs=1e-4
    )
    shifts = {s.label: (s.share_a, s.share_b, s.shift.value) for s in found.labels}
    assert shifts == {
        "left": (0.5, 0.25, -0.25), "center": (0.25, 0.5, 0.25), "right": (0.25, 0.25, 0.0),
    }  # fmt: skip
    assert [(f.label_a, f.label_b, f.n) for f in found.flips] == [("left", "center", 4)]
    assert found.change.shift is None
    assert [o.publisher_id for o in found.outlets] == ["one"]
    assert found.outlets_few == 1  # "two" has four articles


def test_the_shift_of_scores_has_the_interval_of_the_mean_difference() -> None:
    rng = np.random.default_rng(3)
    moved = rng.normal(0.5, 1.0, 400)
    found = asked([pair(i, None, None, score_a=1.0, score_b=1.0 + m) for i, m in enumerate(moved)])
    assert found.change.agreement is None
    shift = found.change.shift
    assert shift is not None
    assert shift.value == pytest.approx(moved.mean())
    half = 1.96 * moved.std(ddof=1) / 20
    assert shift.low == pytest.approx(moved.mean() - half, abs=0.02)
    assert shift.high == pytest.approx(moved.mean() + half, abs=0.02)
    assert (found.change.mean_a, found.change.scored) == (1.0, 400)


def test_sentences_of_one_article_are_no_independent_sample() -> None:
    # Twenty articles of fifty sentences, in each of which all agree or none does.
    one = [pair(i, "fact", "fact" if i % 2 else "quote", scope="sentence", n=50) for i in range(20)]
    agreement = asked(one).change.agreement
    assert agreement is not None
    assert agreement.value == 0.5
    assert agreement.low is not None
    assert agreement.high is not None
    assert agreement.high - agreement.low > 0.3  # of 1,000 independent answers it would be 0.06


def test_an_abstention_is_a_label_and_no_score() -> None:
    pairs = [pair(i, "left", "left", score_a=-2.0, score_b=-1.0) for i in range(3)]
    pairs.append(pair(3, "left", "unclear", score_a=-2.0, score_b=None))
    change = asked(pairs).change
    assert (change.compared, change.scored) == (4, 3)
    assert change.shift is not None
    assert change.shift.value == 1.0
    assert change.agreement is not None
    assert change.agreement.value == 0.75


def test_answers_of_one_side_only_are_counted_and_not_compared() -> None:
    pairs = [
        pair(0, "left", "left"),
        pair(1, "left", None, in_b=False),
        pair(2, None, "right", in_a=False, n=3),
    ]
    found = asked(pairs)
    assert (found.change.compared, found.only_a, found.only_b) == (1, 1, 3)
    assert {s.label for s in found.labels} == {"left"}
    assert found.change.agreement is not None
    assert found.change.agreement.low is None  # one article has no interval


def test_words_are_neither_equal_nor_different() -> None:
    found = asked([pair(i, None, None, stage="takeaways") for i in range(5)])
    assert (found.change.articles, found.change.compared, found.change.agreement) == (5, 0, None)
    assert found.labels == ()


def test_what_either_run_refused_is_counted() -> None:
    outcomes = [
        {"a": "labelled", "b": "labelled", "n": 7},
        {"a": "labelled", "b": "text-too-long", "n": 2},
        {"a": None, "b": "labelled", "n": 1},
    ]
    report = drift.report([], outcomes)
    assert report.articles == 7
    assert [(o.a, o.b, o.n) for o in report.outcomes][1:] == [
        ("labelled", "text-too-long", 2), (None, "labelled", 1),
    ]  # fmt: skip


def test_the_same_pairs_give_the_same_report() -> None:
    pairs = [pair(i, "a" if i % 3 else "b", "a", score_a=0.0, score_b=i / 9) for i in range(30)]
    assert drift.report(pairs, []) == drift.report(pairs, [])
