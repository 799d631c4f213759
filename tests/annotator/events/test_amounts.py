"""What a sentence is taken to state: numbers in all their forms, and what is no amount."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.events.amounts import amounts, numbers, singular, without_numbers


def told(sentence: str) -> list[tuple[float, str, str]]:
    return [(a.value, a.unit, a.kind or a.noun) for a in amounts(sentence)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The death toll rose to 14.", [(14, "count", "killed")]),
        ("Fourteen people died and 31 were hurt.", [(14, "count", "killed"), (31, "count", "injured")]),
        ("The blast killed three people and wounded six others.",
         [(3, "count", "killed"), (6, "count", "injured")]),
        ("A fourth victim died of burns.", [(4, "count", "killed")]),
        ("The flood left nineteen hundred families homeless.", [(1900, "count", "displaced")]),
        ("Twelve hundred and fifty workers were laid off.", [(1250, "count", "jobs")]),
        ("He had been arrested twice before.", [(2, "count", "arrested")]),
        ("The bridge will cost $2.1 million.", [(2_100_000, "money", "")]),
        ("It costs 40 million euros.", [(40_000_000, "money", "")]),
        ("Rents rose 4.5 percent, or 5% in town.", [(4.5, "percent", ""), (5, "percent", "")]),
        ("She was convicted on three counts.", [(3, "count", "counts")]),
        ("He was sentenced to 12 years in prison.", [(12, "span", "sentence")]),
        ("The death toll now stands at 4821.", [(4821, "count", "killed")]),
        ("The injured now number 31.", [(31, "count", "injured")]),
        ("The tally of ballots counted climbed to 912.", [(912, "count", "ballot")]),
        ("Crews found 7,200 barrels.", [(7200, "count", "barrel")]),
    ],
)  # fmt: skip
def test_reads(sentence: str, expected: list[tuple[float, str, str]]) -> None:
    assert told(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "key"),
    [
        ("The council voted 51-49 to sell.", (51, 49)),
        ("Members passed it by 58 votes to 41.", (58, 41)),
        ("The court ruled seven to two.", (7, 2)),
    ],
)
def test_a_vote_is_one_amount_with_two_sides(sentence: str, key: tuple[float, float]) -> None:
    (found,) = amounts(sentence)
    assert (found.unit, found.key) == ("tally", key)


@pytest.mark.parametrize(
    "sentence",
    [
        "They met on March 5, 2026, at 6:50 p.m.",
        "Ann Bell, 66, lives on Route 9.",
        "A 41-year-old man waited for a ten-day permit.",
        "Two-thirds of it is gone, and one of them knows.",
        "It is twice as large as the other one.",
        "The third quarter was calm.",
        "",
    ],
)
def test_is_no_amount(sentence: str) -> None:
    assert amounts(sentence) == []


def test_what_no_longer_holds_is_marked() -> None:
    new, old = amounts("The estimate rose to $265 million, from $190 million.")
    assert (new.former, old.former) == (False, True)
    (third, second) = amounts("It was his third arrest, not his second arrest.")
    assert (third.former, second.former) == (False, True)
    (wrong,) = amounts("Correction: the death toll of 14 was wrong.")
    assert wrong.former
    (origin,) = amounts("Aid came from 12 countries.")
    assert not origin.former


def test_what_is_no_state_is_set_aside() -> None:
    assert all(a.aside for a in amounts("They saved 650 of 1,900 jobs."))
    assert [a.aside for a in amounts("A rise of 4%, against the 8% asked for.")] == [False, True]
    assert [a.aside for a in amounts("In 2019 a fire killed 12 people.")] == [True]


def test_hedges_are_heard() -> None:
    assert [a.hedged for a in amounts("About 400 people fled; 30 people stayed.")] == [True, False]


def test_an_update_does_not_change_what_is_claimed() -> None:
    assert without_numbers("The toll is 14.") == without_numbers("The toll is 2,300.")
    assert numbers("Twelve people, 3 dogs and one cat") == {12, 3}


@pytest.mark.parametrize(
    ("word", "expected"),
    [("bodies", "body"), ("churches", "church"), ("jobs", "job"), ("people", "person"),
     ("crisis", "crisis"), ("bus", "bus"), ("classes", "class")],
)  # fmt: skip
def test_singular(word: str, expected: str) -> None:
    assert singular(word) == expected


@given(st.text(alphabet="0123456789 ,.$%-’'\"()abcdefghijklmnoprstuvw\u00e9\u4e2d", max_size=120))
def test_no_text_breaks_it_and_places_are_within(text: str) -> None:
    for one in amounts(text):
        assert 0 <= one.start < one.end <= len(text)
        assert (
            any(c.isdigit() for c in text[one.start : one.end]) or text[one.start : one.end].strip()
        )
