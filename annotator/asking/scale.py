"""A distribution over the eleven points of a scale, read off an answer's tokens or its draws."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from annotator.asking.forms import LETTERS, NO_POINT
from annotator.codebook.loader import UNCLEAR
from newsroom.llm import Token

MIDDLE = LETTERS.index("F")
# Below this the model mostly wanted to write something that the form forbids, and what is left of
# its probability says little about the points.
COVERED_MIN = 0.9
# Points -1, 0, +1 are the middle class (the five bands of the Media Bias Detector's release).
MIDDLE_BAND = 1


def score(letter: str) -> float | None:
    """-5 to +5, None for the letter that abstains."""
    return None if letter == NO_POINT else float(LETTERS.index(letter) - MIDDLE)


def band(value: float, low: str, middle: str, high: str) -> str:
    """The class of a score."""
    return middle if abs(value) <= MIDDLE_BAND + 0.5 else high if value > 0 else low


def of_tokens(tokens: Sequence[Token]) -> dict[str, float] | None:
    """Probabilities of "-5" to "5" and "unclear" at the place of the letter, scaled to sum to 1.

    None where the server gave no alternatives, or where the letters hold less than nine tenths of
    the probability at that place. The letter is the last one-letter token before the end.
    """
    for token in reversed(tokens):
        if (letter := _letter(token.text)) and letter in LETTERS + NO_POINT:
            mass: defaultdict[str, float] = defaultdict(float)
            for text, logprob in token.alternatives.items():
                if found := _letter(text):
                    mass[found] += math.exp(logprob)
            total = math.fsum(mass.values())
            if len(token.alternatives) < 2 or total < COVERED_MIN:
                return None
            return {_name(k): mass[k] / total for k in (*LETTERS, NO_POINT)}
    return None


def of_draws(letters: Sequence[str]) -> dict[str, float] | None:
    """Shares of independently drawn answers; None for no draws."""
    counts = Counter(letters)
    if not letters:
        return None
    return {_name(k): counts[k] / len(letters) for k in (*LETTERS, NO_POINT)}


def _letter(token: str) -> str | None:
    bare = token.strip().strip('"}').strip()
    return bare if len(bare) == 1 and bare in LETTERS + NO_POINT else None


def _name(letter: str) -> str:
    value = score(letter)
    return UNCLEAR if value is None else f"{value:.0f}"
