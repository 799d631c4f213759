"""How a text feels by the words of a rated lexicon: VADER (Hutto and Gilbert 2014), by sentence."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from annotator.heads.features import READ_CHARS
from newsroom.text import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MEASURES = ("compound", "neg", "pos")


def feelings(articles: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
    """Means over the sentences of (title, text) pairs, [n, 3]: compound -1..1, shares neg, pos.

    Sentence by sentence, because the compound of a long text is always near -1 or 1.
    """
    found = np.zeros((len(articles), len(MEASURES)), np.float32)
    for i, (title, text) in enumerate(articles):
        read = text[:READ_CHARS]
        pieces = [title] * bool(title) + [read[start:end] for start, end in sentences(read)]
        scores = [_analyser().polarity_scores(piece) for piece in pieces]
        if scores:
            found[i] = np.mean([[score[name] for name in MEASURES] for score in scores], axis=0)
    return found


@cache
def _analyser() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
