"""Where the quotations of an article lie: a reader of marks that runs over its sentences in order.

A quotation may span several sentences, and a list of sentences may miss some, so an opened mark is
carried on only if a closing one comes before the next opening one, and a closing mark that nothing
opened closes a quotation that began before the sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A quotation still open after this many further sentences is taken for a lost mark.
LONGEST_CARRY = 6
DOUBLE = re.compile("[“”„\"«»]|``|''")
# British style: a single mark that opens before a word and closes after it, with 2 words between.
SINGLE = re.compile(
    r"(?<![\w’'])[‘'](?=\w)((?:[^‘’'\s]|['’](?=\w))+(?:\s(?:[^‘’'\s]|['’](?=\w))+)+)['’](?!\w)"
)
OPENING, CLOSING = "“„«", "”»"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The quotations of one sentence.

    ``spans`` are character ranges within marks; ``before`` and ``after`` say that a quotation runs
    in from the last sentence and on into the next; ``stray`` that the sentence starts with the mark
    that closes the one before; ``unclosed`` that it ends within a quotation it opened.
    """

    spans: tuple[tuple[int, int], ...]
    before: bool
    after: bool
    stray: bool
    unclosed: bool

    def inside(self, position: int) -> bool:
        """Whether a character stands within a quotation."""
        return any(start <= position < end for start, end in self.spans)


def read(sentences: Sequence[str]) -> list[Quoted]:
    """The quotations of sentences in order."""
    marks = [_marks(sentence) for sentence in sentences]
    found: list[Quoted] = []
    carried = False
    for i, sentence in enumerate(sentences):
        quoted = _one(sentence, marks[i], before=carried)
        carried = quoted.after and _closes_soon(marks[i + 1 : i + 1 + LONGEST_CARRY])
        if quoted.after and not carried:
            quoted = replace(quoted, after=False)
        found.append(quoted)
    return found


def outside(sentence: str, quoted: Quoted) -> str:
    """What the author says in own words, quotations cut out."""
    pieces, at = [], 0
    for start, end in quoted.spans:
        pieces.append(sentence[at:start])
        at = end
    pieces.append(sentence[at:])
    return " ".join(" ".join(pieces).split())


def _marks(sentence: str) -> list[tuple[int, str]]:
    """Positions and sides of the double marks: `open`, `close`, or `either` at the very start."""
    found: list[tuple[int, str]] = []
    for match in DOUBLE.finditer(sentence):
        at, end, mark = match.start(), match.end(), match[0]
        if mark in OPENING:
            side = "open"
        elif mark in CLOSING:
            side = "close"
        elif not sentence[:at].strip() and sentence[end : end + 1].strip():
            side = "either"
        else:
            begins = at == 0 or not (sentence[at - 1].isalnum() or sentence[at - 1] in ".,!?…'’")
            side = "open" if begins and sentence[end : end + 1].strip() else "close"
        found.append((at, side))
    return found


def _one(sentence: str, marks: Sequence[tuple[int, str]], *, before: bool) -> Quoted:
    spans: list[tuple[int, int]] = []
    start = 0 if before else None
    stray = False
    for number, (at, side) in enumerate(marks):
        # A straight mark at the start closes what is open if the other marks pair up.
        pairs = side == "either" and (not before or len(marks) % 2 == 0)
        opens = side == "open" or pairs
        if opens:
            start = at
        elif not sentence[:at].strip():
            stray, start = True, None
        elif start is not None or number == 0:
            spans.append((start or 0, at + 1))
            start = None
    if start is not None:
        spans.append((start, len(sentence)))
    if not marks and not before:
        spans = [match.span() for match in SINGLE.finditer(sentence)]
        return Quoted(spans=tuple(spans), before=False, after=False, stray=False, unclosed=False)
    return Quoted(
        spans=tuple(spans), before=before and not stray, after=start is not None,
        stray=stray, unclosed=start is not None and start > 0,
    )  # fmt: skip


def _closes_soon(coming: Sequence[Sequence[tuple[int, str]]]) -> bool:
    for marks in coming:
        if marks:
            return marks[0][1] != "open"
    return False
