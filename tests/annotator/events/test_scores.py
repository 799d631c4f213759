"""B-cubed and pairwise scores against values worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.events.scores import b_cubed, kept_alone, pairwise

LABELS = st.lists(
    st.tuples(st.sampled_from([None, 1, 2, 3]), st.sampled_from([None, "x", "y"])),
    min_size=1,
    max_size=30,
)


def test_a_perfect_grouping_scores_one_whatever_the_names() -> None:
    assert b_cubed([1, 1, 2, None], ["x", "x", "y", None]).f1 == 1.0
    assert pairwise([1, 1, 2, None], ["x", "x", "y", None]).f1 == 1.0


def test_values_worked_out_by_hand() -> None:
    # Found {a b c} {d}; true {a b} {c d}. Precision (2/3 + 2/3 + 1/3 + 1) / 4, recall (1 + 1 + ½ + ½) / 4.
    score = b_cubed([1, 1, 2, 2], [7, 7, 7, 8])
    assert score.precision == pytest.approx(2 / 3)
    assert score.recall == pytest.approx(3 / 4)
    assert score.f1 == pytest.approx(12 / 17)
    pairs = pairwise([1, 1, 2, 2], [7, 7, 7, 8])
    assert (pairs.precision, pairs.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 2))
    assert pairs.f1 == pytest.approx(0.4)


def test_none_is_a_group_of_one_on_both_sides() -> None:
    assert b_cubed([None, None], [1, 1]).precision == 0.5
    assert b_cubed([1, 1], [None, None]).recall == 0.5
    assert pairwise([None, None], [None, None]).f1 == 1.0
    assert pairwise([None, None], [1, 1]).f1 == 0.0


def test_unequal_or_empty_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="as many"):
        b_cubed([1], [1, 2])
    with pytest.raises(ValueError, match="at least one"):
        pairwise([], [])


@given(LABELS)
def test_swapping_truth_and_grouping_swaps_precision_and_recall(pairs) -> None:
    truth, found = [a for a, _ in pairs], [b for _, b in pairs]
    for measure in (b_cubed, pairwise):
        one, other = measure(truth, found), measure(found, truth)
        assert one.precision == pytest.approx(other.recall)
        assert one.f1 == pytest.approx(other.f1)
        assert 0.0 <= one.f1 <= 1.0


def test_the_share_of_singletons_that_stay_alone() -> None:
    assert kept_alone(["a", "a", None, "b"], [1, 1, 1, None]) == 0.5
    assert kept_alone(["a", "a"], [1, 2]) == 1.0
