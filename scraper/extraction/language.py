"""The language of a text: as it reads, and where it is too short to tell, as the page states it."""

from __future__ import annotations

import re
from collections import Counter

import py3langid

SAMPLE_CHARS = 750
SHORT_CHARS = 200  # two sentences; fewer are often taken for a related language
_TAG = re.compile(r"^[a-z]{2,3}(?=$|[-_])", re.IGNORECASE)


def language(text: str, stated: str | None) -> str:
    """ISO 639-1 code. Two samples are read, a third where they differ: the most frequent counts.

    ``stated`` is the page's ``lang``; it decides for a short text and where all samples differ.
    """
    tag = _TAG.match(stated or "")
    declared = tag.group().lower() if tag else None
    if len(text) < SHORT_CHARS and declared:
        return declared
    read = [_classified(text[:SAMPLE_CHARS])]
    if len(text) > 2 * SAMPLE_CHARS:
        middle = len(text) // 2
        read.append(_classified(text[middle : middle + SAMPLE_CHARS]))
        if read[0] != read[1]:
            read.append(_classified(text[-SAMPLE_CHARS:]))
    best, times = Counter(read).most_common(1)[0]
    if times == 1 and declared is not None and declared in read:
        return declared
    return best


def _classified(text: str) -> str:
    return str(py3langid.classify(text)[0])
