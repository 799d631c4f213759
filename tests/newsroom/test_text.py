from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from newsroom import text


@given(st.text())
def test_normalising_twice_changes_nothing(raw: str) -> None:
    once = text.normalise(raw)
    assert text.normalise(once) == once
    once.encode("utf-8")
    assert "\x00" not in once


@given(st.text())
def test_sentences_are_ordered_disjoint_and_lose_no_letter(raw: str) -> None:
    clean = text.normalise(raw)
    spans = text.sentences(clean)
    assert all(a < b for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in itertools.pairwise(spans))
    kept = "".join("".join(clean[a:b].split()) for a, b in spans)
    assert kept == "".join(clean.split())


def test_abbreviations_do_not_end_sentences() -> None:
    clean = "Mr. Hale met Sen. Ortiz. They spoke.\nU.S. Rep. Bell was absent."
    assert [clean[a:b] for a, b in text.sentences(clean)] == [
        "Mr. Hale met Sen. Ortiz.",
        "They spoke.",
        "U.S. Rep. Bell was absent.",
    ]


def test_words() -> None:
    assert text.word_count("Don't stop—it's 3.5 well-known") == 6
    assert text.words("A's b") == ["a's", "b"]
    assert text.normalise("a\u200b\u202eb\x00\r\n\r\n  c  d\ud800") == "ab\nc d\ufffd"
