"""What changed between two versions of an article, in words that may be shown. Pure.

The headline is shown whole. Of the text only the first changed sentences are, each cut to 25 words
as evidence is, and few enough over all changes that the text cannot be put together from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.quotes import cut
from newsroom import diff
from newsroom.diff import Edit, Op

COMPARED_MAX: Final = 12  # changes of an article that are compared: the newest
QUOTED_MAX: Final = 3  # sentences of a change
WORDS_MAX: Final = 20_000  # of a text; comparing takes a second there, and grows with the square

Row = Mapping[str, Any]


def told(changes: Sequence[Row], texts: Mapping[int, Row]) -> list[dict[str, Any]]:
    """Changes, newest first, with what is different; ``texts`` are the revisions by number."""
    newest = sorted(changes, key=lambda change: change["seen_at"], reverse=True)
    return [
        _told(change, texts[change["before"]], texts[change["after"]], compare=n < COMPARED_MAX)
        for n, change in enumerate(newest)
    ]


def _told(change: Row, before: Row, after: Row, *, compare: bool) -> dict[str, Any]:
    edits: list[Edit] | None = None
    if compare and max(before["words"], after["words"]) <= WORDS_MAX:
        edits = [e for e in diff.texts(before["text"], after["text"]) if e.op is not Op.SAME]
    return dict(change) | {
        "note": change["note"] and cut(change["note"]),
        "title": [
            {"op": p.op, "text": p.text} for p in diff.words(before["title"], after["title"])
        ],
        "sentences_changed": None if edits is None else len(edits),
        "sentences": [_edit(edit) for edit in (edits or [])[:QUOTED_MAX]],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"op": edit.op, "before": _first(edit.before), "after": _first(edit.after)}


def _first(sentence: str) -> str | None:
    return cut(sentence) if sentence.strip() else None
