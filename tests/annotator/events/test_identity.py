"""Ids that survive re-grouping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.events.identity import match
from newsroom.ids import ID_HEX, digest

PARTITIONS = st.dictionaries(
    st.sampled_from([f"art{n}" for n in range(14)]), st.integers(0, 4), max_size=14
)


def groups(partition: dict[str, int]) -> list[set[str]]:
    return [{a for a, g in partition.items() if g == n} for n in sorted(set(partition.values()))]


def test_new_events_are_named_after_their_first_article() -> None:
    assert match({}, [{"b", "a"}, {"c"}]) == [
        digest("event", "a")[:ID_HEX],
        digest("event", "c")[:ID_HEX],
    ]
    assert match({}, [{"a"}], kind="story") == [digest("story", "a")[:32]]


def test_an_event_that_gains_and_loses_articles_keeps_its_id() -> None:
    assert match({"E": {"a", "b", "c"}}, [{"b", "c", "d", "0"}]) == ["E"]


def test_of_a_split_the_larger_part_keeps_the_id() -> None:
    found = match({"E": {"a", "b", "c", "d", "e"}}, [{"a", "b"}, {"c", "d", "e"}])
    assert found == [digest("event", "a")[:ID_HEX], "E"]


def test_a_part_never_gets_the_id_of_the_event_it_left() -> None:
    old = digest("event", "a")[:ID_HEX]
    found = match({old: {"a", "b", "c"}}, [{"a"}, {"b", "c"}])
    assert found[1] == old
    assert found[0] != old
    assert len(found[0]) == 32


def test_of_a_merge_the_larger_part_gives_the_id() -> None:
    assert match({"S": {"a"}, "L": {"b", "c"}}, [{"a", "b", "c"}]) == ["L"]


def test_equal_overlaps_go_to_the_event_that_loses_least_then_to_the_smaller_id() -> None:
    assert match({"A": {"a", "b", "x", "y"}, "B": {"c", "d"}}, [{"a", "b", "c", "d"}]) == ["B"]
    assert match({"B": {"c", "d"}, "A": {"a", "b"}}, [{"a", "b", "c", "d"}]) == ["A"]


def test_a_retired_id_is_not_used_again() -> None:
    assert match({}, [{"a", "b"}], retired=[digest("event", "a")[:ID_HEX]]) == [
        digest("event", "b")[:ID_HEX]
    ]
    every = [digest("event", "a")[:ID_HEX], digest("event", "a")[:32]]
    assert match({}, [{"a"}], retired=every)[0] not in every


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(ValueError, match="no identity"):
        match({}, [set()])


@given(PARTITIONS, PARTITIONS)
def test_matching_again_changes_nothing(before: dict[str, int], after: dict[str, int]) -> None:
    old = groups(before)
    named = dict(zip(match({}, old), old, strict=True))
    new = groups(after)
    first = match(named, new)
    assert len(set(first)) == len(new)
    assert match(dict(zip(first, new, strict=True)), new) == first
    assert match(named, new[::-1]) == first[::-1]
