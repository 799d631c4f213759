"""Text as every stage sees it: one normal form, one way to count words and sentences."""

from __future__ import annotations

import re
import unicodedata

import sentencex

# Control, bidirectional-override and invisible tag characters never carry news; NUL cannot enter
# PostgreSQL.
_CONTROL = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n\s*\n+")
_WORD = re.compile(r"\w+(?:['’\-]\w+)*")


def normalise(text: str) -> str:
    """NFC, no control or direction-override characters, single spaces, one newline a paragraph."""
    text = _SURROGATE.sub("\ufffd", text)
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _SPACES.sub(" ", _CONTROL.sub("", text))
    return _BLANK_LINES.sub("\n", "\n".join(line.strip() for line in text.split("\n"))).strip()


def word_count(text: str) -> int:
    """Words as a reader counts them: runs of letters and digits, with inner apostrophes."""
    return sum(1 for _ in _WORD.finditer(text))


def words(text: str) -> list[str]:
    """The lower-cased words of a text."""
    return [m.group().lower() for m in _WORD.finditer(text)]


def sentences(text: str, language: str = "en") -> list[tuple[int, int]]:
    """Character offsets ``(start, end)`` of the sentences of a normalised text, in order."""
    spans: list[tuple[int, int]] = []
    start = 0
    for paragraph in text.split("\n"):
        cursor = start
        for piece in sentencex.segment(language, paragraph):
            stripped = piece.strip()
            if stripped:
                at = text.index(stripped, cursor)
                spans.append((at, at + len(stripped)))
                cursor = at + len(stripped)
        start += len(paragraph) + 1
    return spans
