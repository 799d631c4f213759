"""What the heads see of a sentence beside its vector: marks, wording, feelings, parties, context.

Everything is read from masked sentences of one article in order; a list without the rest of the
article is an article like any other. Columns are named, so that a weight can be explained.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from annotator import masking
from annotator.sentences import focus, parties, quoting
from annotator.sentences.wording import COUNTED, IMPERATIVE, NOTICE, SPEECH
from newsroom.text import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from annotator.sentences.quoting import Quoted

    Floats = NDArray[np.float32]

# A sentence longer than this is read up to here, as the encoder reads its first 256 tokens.
READ_CHARS = 2000
# Masking that leaves less than this of a sentence says that it was page furniture; how long the
# outlet's name was must not be seen.
MOSTLY_LOST = 0.4
TYPE_COLUMNS = (
    "quoted", "half_quoted", "all_quoted", "quoted_words", "runs_in", "runs_on", "stray",
    "speech", "speech_with_quote", "notice", "lost", "question", "exclaims", "imperative",
    "no_stop", "no_verb", "one_word", "short", "length", "colon_end", "upper", "title_case",
    *COUNTED, "feeling", "strength", "first", "last", "next_quoted", "previous_quoted",
    "notice_before", "notice_after",
)  # fmt: skip
TONE_COLUMNS = (
    "compound", "negative", "positive", "outside_compound", "quoted", "exclaims", "question",
    "notice", "length", "negative_squared", "near_compound",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The sentences of one article as the heads see them, with columns by head [n, c].

    ``texts`` are in normal form, ``masked`` without what names the outlet, which may leave nothing.
    """

    texts: tuple[str, ...]
    masked: tuple[str, ...]
    type: Floats
    tone: Floats
    focus: Floats
    stray: NDArray[np.bool_]
    unclosed: NDArray[np.bool_]


def read(sentences: Sequence[str], on: date | None = None) -> Read:
    """The columns of one article's sentences; ``on`` is the day it was published, if known."""
    texts = [" ".join(normalise(sentence[:READ_CHARS]).split()) for sentence in sentences]
    masked = [_mask(text) for text in texts]
    quotes = quoting.read(masked)
    own = [
        quoting.outside(sentence, quoted) for sentence, quoted in zip(masked, quotes, strict=True)
    ]
    found = parties.mentions([_lowered(sentence) for sentence in masked], on)
    shares = [_share(sentence, quoted) for sentence, quoted in zip(masked, quotes, strict=True)]
    scores = [_analyser().polarity_scores(sentence) for sentence in masked]
    notices = [_notice(text, sentence) for text, sentence in zip(texts, masked, strict=True)]
    type_rows = [
        _type_row(i, texts, masked, quotes, own, shares, scores, notices)
        for i in range(len(masked))
    ]
    tone_rows = [_tone_row(i, masked, own, shares, scores) for i in range(len(masked))]
    return Read(
        texts=tuple(texts),
        masked=tuple(masked),
        type=focus.matrix(type_rows, TYPE_COLUMNS),
        tone=focus.matrix(tone_rows, TONE_COLUMNS),
        focus=focus.columns(masked, own, quotes, found, shares),
        stray=np.array([quoted.stray for quoted in quotes], dtype=np.bool_),
        unclosed=np.array([quoted.unclosed for quoted in quotes], dtype=np.bool_),
    )


def _mask(sentence: str) -> str:
    """Outlet names out, marks of quotation kept: straightened, they would not say which side."""
    kept = sentence.replace("“", "\ue000").replace("”", "\ue001")
    return masking.mask(kept).replace("\ue000", "“").replace("\ue001", "”")


def _lowered(sentence: str) -> str:
    """A shouted sentence as written words, so that its names are found."""
    letters = [c for c in sentence if c.isalpha()]
    shouted = len(letters) > 5 and sum(c.isupper() for c in letters) > 0.8 * len(letters)
    return sentence.title() if shouted else sentence


def _notice(text: str, masked: str) -> bool:
    """Whether the page speaks to its reader: a notice's words, or the outlet as `we`."""
    of_us = masking.PLACEHOLDER in masked and COUNTED["first_person"].search(masked) is not None
    return NOTICE.search(text) is not None or (of_us and '"' not in masked and "“" not in masked)


def _share(sentence: str, quoted: Quoted) -> float:
    return sum(end - start for start, end in quoted.spans) / max(len(sentence), 1)


def _type_row(
    i: int, raw: Sequence[str], masked: Sequence[str], quotes: Sequence[Quoted],
    own: Sequence[str], shares: Sequence[float], scores: Sequence[dict[str, float]],
    notices: Sequence[bool],
) -> dict[str, float]:  # fmt: skip
    sentence, quoted, mine, share = masked[i], quotes[i], own[i], shares[i]
    words = sentence.split()
    per_word = 1 / max(len(words), 4)
    said = sum(len(sentence[start:end].split()) for start, end in quoted.spans)
    speech = SPEECH.search(mine) is not None
    letters = [word for word in words if word[0].isalpha()]
    capitals = sum(word[0].isupper() for word in letters) / max(len(letters), 1)
    row = {
        "quoted": share,
        "half_quoted": share > 0.3,
        "all_quoted": share > 0.9,
        "quoted_words": min(said, 12) / 12,
        "runs_in": quoted.before,
        "runs_on": quoted.after,
        "stray": quoted.stray,
        "speech": speech,
        "speech_with_quote": speech and share > 0.05,
        "notice": notices[i],
        "lost": len(sentence) < MOSTLY_LOST * len(raw[i]),
        "question": sentence.rstrip("”\"' ").endswith("?"),
        "exclaims": sentence.rstrip("”\"' ").endswith("!"),
        "imperative": IMPERATIVE.match(sentence) is not None,
        "no_stop": not sentence.rstrip("”\"')] ").endswith((".", "!", "?", ":", "…")),
        "no_verb": COUNTED["past"].search(sentence) is None
        and COUNTED["be"].search(sentence) is None and not speech,
        "one_word": len(words) <= 2,
        "short": len(words) <= 6,
        "length": min(len(words), 60) / 30,
        "colon_end": sentence.endswith(":"),
        "upper": sum(c.isupper() for c in sentence) / max(len(sentence), 1) > 0.4,
        "title_case": capitals > 0.7,
        **{
            name: len(pattern.findall(mine)) * per_word * 5 for name, pattern in COUNTED.items()
        },
        "feeling": scores[i]["compound"],
        "strength": abs(scores[i]["compound"]),
        "first": i == 0 and len(masked) > 1,
        "last": i == len(masked) - 1 and len(masked) > 1,
        "next_quoted": shares[i + 1] > 0.3 if i + 1 < len(masked) else False,
        "previous_quoted": shares[i - 1] > 0.3 if i else False,
        "notice_before": any(notices[max(i - 2, 0) : i]),
        "notice_after": any(notices[i + 1 : i + 3]),
    }  # fmt: skip
    return {name: float(value) for name, value in row.items()}


def _tone_row(
    i: int, masked: Sequence[str], own: Sequence[str], shares: Sequence[float],
    scores: Sequence[dict[str, float]],
) -> dict[str, float]:  # fmt: skip
    sentence, score = masked[i], scores[i]
    near = [scores[j]["compound"] for j in (i - 1, i + 1) if 0 <= j < len(masked)]
    mine = score if shares[i] == 0 else _analyser().polarity_scores(own[i])
    return {
        "compound": score["compound"],
        "negative": score["neg"],
        "positive": score["pos"],
        "outside_compound": mine["compound"],
        "quoted": shares[i],
        "exclaims": float("!" in sentence),
        "question": float("?" in sentence),
        "notice": float(NOTICE.search(sentence) is not None),
        "length": min(len(sentence.split()), 60) / 30,
        "negative_squared": score["neg"] ** 2 * 4,
        "near_compound": float(np.mean(near)) if near else 0.0,
    }


@cache
def _analyser() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
