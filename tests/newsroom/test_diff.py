from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from newsroom import diff
from newsroom.diff import Op

BEFORE = (
    "The council voted on Monday. The mayor called it a triumph. Nobody spoke against it.\n"
    "The bridge will close in June. A ferry will run instead."
)
AFTER = (
    "The council voted on Tuesday. Nobody spoke against it.\n"
    "The bridge will close in June. Shops fear for their trade. A ferry will run instead."
)
PIECES = st.lists(
    st.sampled_from(["The mayor spoke. ", "It rained!\n", "Nobody came? ", "A", " 3.5 ", "“Yes.” "])
)


def test_by_sentence_and_by_word() -> None:
    edits = diff.texts(BEFORE, AFTER)
    assert [(e.op, e.before.strip(), e.after.strip()) for e in edits if e.op is not Op.SAME] == [
        (Op.CHANGED, "The council voted on Monday.", "The council voted on Tuesday."),
        (Op.REMOVED, "The mayor called it a triumph.", ""),
        (Op.ADDED, "", "Shops fear for their trade."),
    ]
    assert [(p.op, p.text) for p in edits[0].pieces if p.op is not Op.SAME] == [
        (Op.REMOVED, "Monday"),
        (Op.ADDED, "Tuesday"),
    ]
    assert (edits[0].words_added, edits[0].words_removed) == (1, 1)


@given(PIECES, PIECES)
def test_nothing_is_lost(old: list[str], new: list[str]) -> None:
    before, after = "".join(old), "".join(new)
    edits = diff.texts(before, after)
    assert "".join(e.before for e in edits) == before
    assert "".join(e.after for e in edits) == after
    for edit in edits:
        if edit.op is Op.CHANGED:
            kept = [p.text for p in edit.pieces if p.op is not Op.REMOVED]
            assert "".join(kept) == edit.after
    pieces = diff.words(before, after)
    assert "".join(p.text for p in pieces if p.op is not Op.ADDED) == before
    assert "".join(p.text for p in pieces if p.op is not Op.REMOVED) == after


def test_equal_texts_have_no_edits() -> None:
    assert {e.op for e in diff.texts(BEFORE, BEFORE)} == {Op.SAME}
    assert diff.texts("", "") == ()


def test_a_rewritten_book_ends() -> None:
    """Sixty thousand words against sixty thousand others: shown whole, in no time worth a wait."""
    before = "".join(f"Sentence {n} tells of thing {n} at length. " for n in range(8000))
    after = "".join(f"Line {n} speaks about matter {n * 7} in short. " for n in range(8000))
    started = time.process_time()
    edits = diff.texts(before, after)
    assert sum(e.op is Op.ADDED for e in edits) == 8000
    assert time.process_time() - started < 60  # minutes, if it were quadratic
