"""Paragraphs that belong to the site and not to the article: dropped by a dictionary of phrases."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".toml")
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})
_NUMBER = re.compile(r"\d+")
_BIOGRAPHY = ("is a", "is an", "is the", "is", "covers", "writes", "reports", "has been", "was a")
_EDGE_LINES = 3  # an author is introduced above or below the article
_LINE_MAX_CHARS = 400
_REPEAT_MIN_CHARS = 60
_TAG_WORDS_MAX = 4
_TAGS_MAX = 5  # a longer list at the end is part of the article


@cache
def _dictionary() -> tuple[tuple[str, ...], int, frozenset[str]]:
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    begins = raw["begins"]
    return tuple(begins["phrases"]), int(begins["words_max"]), frozenset(raw["whole"]["phrases"])


def is_boilerplate(line: str) -> bool:
    """Whether a paragraph is one that sites repeat under any article."""
    if len(line) > _LINE_MAX_CHARS:
        return False
    begins, words_max, whole = _dictionary()
    if not any(character.isalnum() for character in line):
        return True
    plain = line.translate(_QUOTES).lower().removeprefix("- ").strip()
    if plain.startswith(begins) and len(plain.split()) <= words_max:
        return True
    return plain.rstrip(":.!") in whole or _NUMBER.sub("{n}", plain) in whole


def without(text: str, bylines: Iterable[str] = ()) -> str:
    """The text less such paragraphs, and less who its authors are; all of it where nothing else
    would be left.
    """
    lines = [line for line in _once(text.split("\n")) if not is_boilerplate(line)]
    last = next((i for i, line in enumerate(reversed(lines)) if not _is_tag(line)), 0)
    if 0 < last <= _TAGS_MAX:
        del lines[-last:]
    names = tuple(f"{name} {verb} " for name in bylines for verb in _BIOGRAPHY)
    edges = {*range(_EDGE_LINES), *range(len(lines) - _EDGE_LINES, len(lines))}
    kept = [x for i, x in enumerate(lines) if not (names and i in edges and x.startswith(names))]
    return "\n".join(kept) or text


def _once(lines: Iterable[str]) -> Iterator[str]:
    """Each long paragraph once: a page that shows a text twice tells it once."""
    seen: set[str] = set()
    for line in lines:
        if len(line) >= _REPEAT_MIN_CHARS:
            if line in seen:
                continue
            seen.add(line)
        yield line


def _is_tag(line: str) -> bool:
    """Whether a last line is an entry of a list of topics."""
    return line.startswith("- ") and len(line.split()) <= _TAG_WORDS_MAX and line[-1].isalnum()


def share(text: str) -> float:
    """Share of the words that stand in such paragraphs, 0 … 1."""
    lines = [(len(line.split()), is_boilerplate(line)) for line in text.split("\n")]
    total = sum(n for n, _ in lines)
    return sum(n for n, site in lines if site) / total if total else 0.0
