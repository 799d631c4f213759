"""What a labeller's lean does when the parties trade places in the text and nothing else changes.

A labeller that reads what is said would turn its sign; one that only counts party words follows
them; one that ignores parties stands still. The control trades as many words that no party owns.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annotator.heads.evaluate import interval
from annotator.labellers.base import ArticleInput, Labelled
from newsroom.errors import BadRequest
from newsroom.records import Scope, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from annotator.labellers.base import Labeller

SWAPS_PATH = Path(__file__).with_name("swaps.toml")
SEED = 0
AT_ONCE = 32
# `Republican` is noun and adjective, `Democrat` and `Democratic` are not: what follows tells which.
AFTER_WORDS = (
    "a an and are as at but by for from had has have in is of on or said says than that the to was "
    "were who will with would"
)
AFTER_A_NOUN = frozenset(AFTER_WORDS.split())
NEXT_WORD = re.compile(r" ([A-Za-z]+)")


def swap_parties(text: str) -> tuple[str, int]:
    """The text with the parties' words and names in each other's place, and how many traded."""
    pattern, other = _table("party")

    def traded(found: re.Match[str]) -> str:
        word = found[0]
        if word.lower() == "republican":
            following = NEXT_WORD.match(text, found.end())
            is_noun = following is None or following[1].lower() in AFTER_A_NOUN
            return _as(word, "Democrat" if is_noun else "Democratic")
        return _as(word, other[word.lower()])

    return pattern.subn(traded, text)


def swap_neutral(text: str, most: int) -> tuple[str, int]:
    """The same for words that no party owns, at most ``most`` of them."""
    pattern, other = _table("neutral")
    if most == 0:
        return text, 0
    return pattern.subn(lambda found: _as(found[0], other[found[0].lower()]), text, count=most)


def measure(
    labeller: Labeller,
    articles: Sequence[ArticleInput],
    done: Callable[[int], object] = lambda _: None,
) -> dict[str, Any]:
    """How lean answers to the swap, over the articles that hold a party's word.

    BadRequest ``no-party-words`` where fewer than two do.
    """
    plain, swapped, control = [], [], []
    for article in articles:
        title, in_title = swap_parties(article.title)
        text, in_text = swap_parties(article.text)
        if not in_title + in_text:
            continue
        plain.append(article)
        swapped.append(replace(article, title=title, text=text, sentences=None))
        neutral, _ = swap_neutral(article.text, in_title + in_text)
        control.append(replace(article, text=neutral, sentences=None))
    if len(plain) < 2:
        raise BadRequest("no-party-words", "fewer than two articles name a party")
    before, after, beside = (_leans(labeller, some, done) for some in (plain, swapped, control))
    known = ~(np.isnan(before) | np.isnan(after) | np.isnan(beside))
    before, after, beside = before[known], after[known], beside[known]
    return {
        "articles": len(plain),
        "answered": int(known.sum()),
        "swap": _compared(before, after),
        "control": _compared(before, beside),
        # 1 where the swap turns every lean into its opposite, -1 where it leaves all as they are.
        "turned": -float(np.corrcoef(before, after)[0, 1]),
    }


def _compared(before: NDArray[np.float64], after: NDArray[np.float64]) -> dict[str, Any]:
    each = np.arange(len(before)).astype(str)
    shift = after - before
    return {
        "sign_flips": float((before * after < 0).mean()),
        "mean_shift": float(shift.mean()),
        "mean_shift_95": interval(each, lambda rows: float(shift[rows].mean()), SEED),
        "mean_absolute_shift": float(np.abs(shift).mean()),
        "mean_absolute_shift_95": interval(
            each, lambda rows: float(np.abs(shift[rows]).mean()), SEED
        ),
    }


def _leans(
    labeller: Labeller, articles: Sequence[ArticleInput], done: Callable[[int], object]
) -> NDArray[np.float64]:
    """The lean of each article, NaN where there is none."""
    found = []
    for start in range(0, len(articles), AT_ONCE):
        batch = articles[start : start + AT_ONCE]
        for outcome in labeller.label(batch):
            labels = outcome.labels if isinstance(outcome, Labelled) else ()
            scores = [x.score for x in labels if x.stage is Stage.LEAN and x.scope is Scope.ARTICLE]
            found.append(scores[0] if scores and scores[0] is not None else np.nan)
        done(len(batch))
    return np.array(found, dtype=np.float64)


@cache
def _table(name: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    pairs = tomllib.loads(SWAPS_PATH.read_text(encoding="utf-8"))[name]
    other: dict[str, str] = {}
    for one, two in pairs:
        other.setdefault(one.lower(), two)
        other.setdefault(two.lower(), one)
    longest_first = sorted(other, key=lambda word: (-len(word), word))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE), other


def _as(word: str, put: str) -> str:
    """``put`` in the letter case of ``word``; names keep their own capitals."""
    if word.isupper() and len(word) > 1:
        return put.upper()
    return put[0].upper() + put[1:] if word[0].isupper() else put.lower()
