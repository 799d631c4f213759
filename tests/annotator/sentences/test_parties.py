from __future__ import annotations

from datetime import date

import pytest

from annotator.sentences import parties


def sides(*sentences: str, on: date | None = None) -> list[list[str]]:
    return [[mention.party for mention in found] for found in parties.mentions(sentences, on)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("House Democrats met on Monday.", ["democrat"]),
        ("The GOP and its donors met.", ["republican"]),
        ("The Democratic Republic of Congo held a vote.", []),
        ("Iran's Republican Guard marched.", []),
        ("A democratic vote in a republican country.", []),
        ("Trump spoke after Harris did.", ["republican", "democrat"]),
        ("Neil Harris and Emily Vance won the race.", []),
        ("The trumpet player bushwhacked a harrison.", []),
        ("Vice President Harris left.", ["democrat"]),
        ("Johnson and Brown scored.", []),
    ],
)
def test_words_and_names_need_their_borders_and_context(sentence: str, expected: list[str]) -> None:
    assert sides(sentence) == [expected]


def test_a_common_last_name_counts_once_the_full_name_was_given() -> None:
    assert sides("House Speaker Mike Johnson spoke.", "Johnson left.") == [
        ["republican"],
        ["republican"],
    ]


def test_a_well_known_last_name_is_a_strangers_where_the_article_names_one() -> None:
    assert sides("Tom Harris runs a bakery.", "Harris opens at six.")[1] == []
    assert sides("Mary Trump wrote of Donald Trump.", "Trump objected.")[1] == ["republican"]


@pytest.mark.parametrize(
    ("introduced", "party"),
    [
        ("Rep. Ada Quillfeather (D-Ohio) spoke.", "democrat"),
        ("Sen. Ada Quillfeather, R-Utah, spoke.", "republican"),
        ("Ada Quillfeather, a Republican from Utah, spoke.", "republican"),
        ("Democratic Gov. Ada Quillfeather spoke.", "democrat"),
    ],
)
def test_members_on_no_list_are_learned_from_the_article(introduced: str, party: str) -> None:
    assert sides(introduced, "Quillfeather left early.")[1] == [party]
    assert sides("Quillfeather left early.") == [[]]


def test_the_white_house_is_whose_it_was_that_day() -> None:
    sentence = "The White House declined to comment."
    assert sides(sentence, on=date(2014, 5, 1)) == [["democrat"]]
    assert sides(sentence, on=date(2019, 5, 1)) == [["republican"]]
    assert sides(sentence, on=date(2023, 5, 1)) == [["democrat"]]
    assert sides(sentence, on=date(2025, 1, 20)) == [["republican"]]


def test_without_a_date_the_article_says_who_is_president_or_nobody_is() -> None:
    assert sides("The White House declined to comment.") == [[]]
    told = sides("President Biden met former President Trump.", "The White House declined.")
    assert told[1] == ["democrat"]
    assert parties.in_office("President Obama and President Trump met.", None) is None


def test_the_president_of_another_country_is_not_ours() -> None:
    found = sides("President Emmanuel Macron met President Biden.", "The president smiled.")
    assert found[1] == []


def test_who_changed_sides_counts_by_the_day() -> None:
    sentence = "Tulsi Gabbard spoke."
    assert sides(sentence, on=date(2019, 1, 1)) == [["democrat"]]
    assert sides(sentence, on=date(2025, 1, 1)) == [["republican"]]
    assert sides(sentence, on=date(2023, 1, 1)) == [[]]


def test_every_name_stands_on_one_side_and_every_well_known_last_name_belongs_to_somebody() -> None:
    lists = parties._lists()
    spells: dict[str, set[str]] = {}
    for figure in lists.figures:
        if figure.start == date.min and figure.end == date.max:
            spells.setdefault(figure.name, set()).add(figure.party)
    assert all(len(found) == 1 for found in spells.values())
    assert lists.alone <= {figure.last for figure in lists.figures}
