"""Evidence as readers may see it: short quotations, never the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from newsroom.text import sentences

WORDS_MAX: Final = 25  # what may be quoted of a sentence; rights stay with the outlets


def of(text: str, language: str, annotations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The sentences that labels rest on, in the order of the text, each cut to 25 words.

    A number outside the text is left out: there is nothing to quote.
    """
    wanted = sorted({n for annotation in annotations for n in annotation["evidence"]})
    if not wanted:
        return []
    spans = sentences(text, language)
    found = []
    for number in wanted:
        if 0 <= number < len(spans):
            start, end = spans[number]
            words = text[start:end].split()
            found.append(
                {
                    "sentence": number,
                    "quote": " ".join(words[:WORDS_MAX]),
                    "cut": len(words) > WORDS_MAX,
                }
            )
    return found
