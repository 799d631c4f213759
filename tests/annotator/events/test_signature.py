"""Word weights that do not depend on the other articles."""

from __future__ import annotations

import pytest

from annotator.events.signature import RAREST, content_words, document_frequency, word_rows


def test_words_are_plain_content_words() -> None:
    assert list(content_words("The Mayor’s 3 new budgets, of Oldport's")) == [
        "mayor",
        "new",
        "budgets",
        "oldport",
    ]


def test_likeness_of_two_texts_does_not_depend_on_a_third() -> None:
    texts = ["Mayor vetoes harbour budget", "Harbour budget vetoed by mayor"]
    pair = word_rows(texts)
    more = word_rows([*texts, "Harbour mayor budget budget budget", "zebra"])
    assert (pair[0] @ pair[1].T).toarray()[0, 0] == pytest.approx(
        (more[0] @ more[1].T).toarray()[0, 0]
    )


def test_rows_are_unit_or_empty() -> None:
    rows = word_rows(["Harbour blaze", "the of and", ""])
    assert [rows[i].nnz for i in range(3)] == [2, 0, 0]
    assert float(rows[0].multiply(rows[0]).sum()) == pytest.approx(1.0)
    assert word_rows([""]).shape == (1, 1)


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    known = document_frequency()
    assert known.weight("president") < known.weight("harbour")
    assert known.weight("qxzzvw") == max(known.weight(word) for word in known.count)
    assert min(known.count.values()) == RAREST
