from __future__ import annotations

import math

import pytest

from annotator.asking import scale
from newsroom.llm import Token


def place(letter: str, **mass: float) -> Token:
    return Token(text=letter, alternatives={k: math.log(p) for k, p in mass.items()})


def test_letters_run_from_minus_five_to_five() -> None:
    assert [scale.score(letter) for letter in scale.LETTERS] == list(range(-5, 6))
    assert scale.score("X") is None


@pytest.mark.parametrize(
    ("value", "band"), [(-5, "a"), (-2, "a"), (-1, "b"), (0, "b"), (1, "b"), (2, "c"), (5, "c")]
)
def test_bands_are_those_of_the_published_table(value: float, band: str) -> None:
    assert scale.band(value, "a", "b", "c") == band


def test_the_place_of_the_letter_is_the_last_one() -> None:
    tokens = [place("A", A=0.99), place('"', **{'"': 1.0}), place("B", B=0.7, A=0.28, x=0.02)]
    found = scale.of_tokens(tokens)
    assert found is not None
    assert found["-4"] == pytest.approx(0.7 / 0.98)
    assert found["-5"] == pytest.approx(0.28 / 0.98)


def test_a_letter_with_its_quote_is_the_same_letter() -> None:
    found = scale.of_tokens([place('B"', **{'B"': 0.6, " B": 0.2, "A": 0.15, "?": 0.05})])
    assert found is not None
    assert found["-4"] == pytest.approx(0.8 / 0.95)


def test_no_alternatives_no_distribution() -> None:
    assert scale.of_tokens([]) is None
    assert scale.of_tokens([place("B", B=1.0)]) is None
    assert scale.of_tokens([place("B", B=0.5, A=0.3, word=0.2)]) is None


def test_shares_of_draws() -> None:
    found = scale.of_draws(["B", "B", "X", "F"])
    assert found is not None
    assert (found["-4"], found["unclear"], found["0"]) == (0.5, 0.25, 0.25)
    assert sum(found.values()) == 1
    assert scale.of_draws([]) is None
