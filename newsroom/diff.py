"""What differs between two texts, by sentence and within changed sentences by word. Pure.

Sentences are aligned with difflib (Ratcliff and Obershelp 1988); in a stretch that was replaced,
each old sentence is paired with the new one that shares most of its words, in order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from newsroom.text import sentences, word_count

SAME_SENTENCE = 0.5  # share of common words from which a new sentence is the old one, reworded
PAIRS_MAX = 10_000  # a rewritten page of 60,000 words is shown whole, not sentence against sentence
_TOKEN = re.compile(r"\w+(?:['’\-]\w+)*|\s+|[^\w\s]")


class Op(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some words, with the spaces between them; never ``CHANGED``."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One sentence as it was and as it is, with the space behind it; empty where there is none.

    ``pieces`` are its words where it was changed, else one piece.
    """

    op: Op
    before: str
    after: str
    pieces: tuple[Piece, ...]

    @property
    def words_added(self) -> int:
        """Words that are new."""
        return sum(word_count(p.text) for p in self.pieces if p.op is Op.ADDED)

    @property
    def words_removed(self) -> int:
        """Words that are gone."""
        return sum(word_count(p.text) for p in self.pieces if p.op is Op.REMOVED)


def texts(before: str, after: str) -> tuple[Edit, ...]:
    """Sentence by sentence; all ``before`` joined are the old text, all ``after`` the new one."""
    old, new = _units(before), _units(after)
    matcher = SequenceMatcher(
        None, [u.strip() for u in old], [u.strip() for u in new], autojunk=False
    )
    found: list[Edit] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            found += [_same(x, y) for x, y in zip(old[a:b], new[c:d], strict=True)]
        else:
            found += _replaced(old[a:b], new[c:d])
    return tuple(found)


def words(before: str, after: str) -> tuple[Piece, ...]:
    """Word by word: for a headline, or for one sentence. Changed words in a row are one change."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    found: list[Piece] = []
    removed = added = ""
    for place, (tag, a, b, c, d) in enumerate(codes):
        gone, came = "".join(old[a:b]), "".join(new[c:d])
        space_between = bool(removed or added) and not came.strip() and place + 1 < len(codes)
        if tag != "equal" or space_between:
            removed, added = removed + gone, added + came
            continue
        found += [*_changed(removed, added), Piece(op=Op.SAME, text=came)]
        removed = added = ""
    return (*found, *_changed(removed, added))


def _changed(removed: str, added: str) -> list[Piece]:
    both = ((Op.REMOVED, removed), (Op.ADDED, added))
    return [Piece(op=op, text=text) for op, text in both if text]


def _units(text: str) -> list[str]:
    """The sentences of a text, each with what follows it; joined they are the text."""
    starts = [start for start, _ in sentences(text)]
    if not starts:
        return [text] if text else []
    starts[0] = 0
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def _replaced(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    found: list[Edit] = []
    i = j = 0
    for a, b in _paired(old, new):
        found += [_removed(x) for x in old[i:a]] + [_added(y) for y in new[j:b]]
        pieces = words(old[a], new[b])
        found.append(Edit(op=Op.CHANGED, before=old[a], after=new[b], pieces=pieces))
        i, j = a + 1, b + 1
    return found + [_removed(x) for x in old[i:]] + [_added(y) for y in new[j:]]


def _paired(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs in order, of the greatest common share of words in sum (as in edit distance)."""
    if not old or not new or len(old) * len(new) > PAIRS_MAX:
        return []
    a = [Counter(_TOKEN.findall(x.lower())) for x in old]
    b = [Counter(_TOKEN.findall(y.lower())) for y in new]
    best = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            share = _share(a[i], b[j])
            taken = share + best[i + 1][j + 1] if share >= SAME_SENTENCE else 0.0
            best[i][j] = max(taken, best[i + 1][j], best[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            pairs.append((i, j))
            i, j = i + 1, j + 1
    return pairs


def _share(a: Counter[str], b: Counter[str]) -> float:
    a, b = (Counter({t: n for t, n in c.items() if t.strip()}) for c in (a, b))
    return 2 * (a & b).total() / (a.total() + b.total()) if a or b else 1.0


def _same(before: str, after: str) -> Edit:
    return Edit(op=Op.SAME, before=before, after=after, pieces=(Piece(op=Op.SAME, text=after),))


def _removed(text: str) -> Edit:
    return Edit(op=Op.REMOVED, before=text, after="", pieces=(Piece(op=Op.REMOVED, text=text),))


def _added(text: str) -> Edit:
    return Edit(op=Op.ADDED, before="", after=text, pieces=(Piece(op=Op.ADDED, text=text),))
