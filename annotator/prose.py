"""What of a text is English prose: the embedded labeller reads nothing else.

Its heads learned from English prose only. A foreign sentence, markup or an encoded block tells them
nothing and moves a label as any noise does; orders to a machine are often planted in just these
forms. What is left out keeps its place: sentence numbers and everything around it stay.
"""

from __future__ import annotations

import re
from functools import cache

import py3langid

from newsroom.text import sentences

RULES = "1"  # another number wherever another text would be read
# Function words make up 25 to 50 % of English prose and hardly any of other languages' text.
FUNCTION_WORDS = (
    "the of and to in is that for on with as was it by at from be are this have has not but they "
    "his her he she you we were will would an or which their its who had been"
)
MIN_FUNCTION_SHARE = 0.12
WORDS_MIN = 6  # fewer words do not tell a language: names, dates, headings
WORD = re.compile(r"[^\W\d_]+")
# Tags, template tokens, fences and JSON, none of which a printed sentence holds; and base64.
MARKUP = re.compile(r"</?[a-zA-Z!][^<>]*>|<\||\|>|```|\{\s*\"|[A-Za-z0-9+/]{32,}={0,2}(?![\w/.-])")


def only(text: str) -> str:
    """The text without sentences that are not English prose; others keep every character."""
    kept, end = [], 0
    for start, stop in sentences(text):
        kept.append(text[end:start])
        if is_english_prose(text[start:stop]):
            kept.append(text[start:stop])
        end = stop
    kept.append(text[end:])
    return "".join(kept)


def is_english_prose(sentence: str) -> bool:
    """False for markup, encoded blocks, and what both words and letters say is not English."""
    if MARKUP.search(sentence):
        return False
    words = WORD.findall(sentence.lower())
    if len(words) < WORDS_MIN or function_share(words) >= MIN_FUNCTION_SHARE:
        return True
    language, _ = py3langid.classify(sentence)
    return bool(language == "en")


def function_share(words: list[str]) -> float:
    """The share of English function words among lower-case words; 0 for none."""
    return sum(word in _function_words() for word in words) / max(len(words), 1)


@cache
def _function_words() -> frozenset[str]:
    return frozenset(FUNCTION_WORDS.split())
