"""The amounts that a sentence states: which number, of what, and whether it is said to hold.

Rules for English, pure. Numbers are read in digits and words (``1,900``, ``nineteen hundred``,
``2.1 million``, ``a third victim``, ``twice``), votes and scores as pairs (``58 to 41``). What is
counted is the noun behind the number and, where a word near it says so, one of ``KINDS``: in "two
people were killed and four wounded" each number gets the kind of its own half. Left out are dates,
years, times of day, ages, names (``Route 2``), compounds (``ten-day``) and fractions. Marked are
amounts said to hold no more (``to 14, from 12``; ``not his second``), parts of a whole (``650 of
1,900``), amounts of another year, and those that are told as about so many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from annotator.events.amount_words import (
    AFTER_WORDS,
    AHEAD_WORDS,
    AMOUNT,
    CLAUSE,
    COMPARED,
    FORMER,
    FORMER_AFTER,
    GENERIC,
    HEDGE,
    HEDGED,
    IRREGULAR,
    KINDS,
    LED,
    NO_AMOUNT,
    NUMBER,
    OTHER_TIME,
    RANK,
    SCALES,
    SMALL,
    SPANS,
    STOP,
    TALLY,
    TALLY_CUE,
    TOKEN,
    VERBS,
    WHOLE,
    WITHDRAWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number with what it counts; ``against`` is the other side of a vote or a score.

    ``unit`` is count, percent, money, tally or span (of time); ``kind`` one of ``KINDS`` or empty;
    ``noun`` the singular of what is counted, empty where it says nothing (people, others).
    """

    value: float
    against: float | None
    unit: str
    kind: str
    noun: str
    start: int
    end: int
    hedged: bool
    former: bool
    aside: bool  # a part, a comparison or another time: never a state

    @property
    def key(self) -> tuple[float, float]:
        """What is compared: both sides of a tally."""
        return self.value, -1.0 if self.against is None else self.against


def amounts(sentence: str) -> list[Amount]:
    """The amounts of one sentence in order. Never raises; words it does not know say nothing."""
    blocked = [match.span() for match in NO_AMOUNT.finditer(sentence)]
    found: list[Amount] = []
    for match in _tallies(sentence):
        if not _touches(match.span(), blocked):
            found.append(_tally(sentence, match))
            blocked.append(match.span())
    matches = [
        match
        for match in AMOUNT.finditer(sentence)
        if not _touches(_core(match), blocked) and _is_amount(sentence, match)
    ]
    edges = [_core(match) for match in matches]
    wholes = {
        other
        for i, (_, end) in enumerate(edges[:-1])
        if (part := WHOLE.match(sentence[end:])) and (other := i + 1)
        and edges[other][0] < end + part.end()
    }  # fmt: skip
    for i, match in enumerate(matches):
        before = edges[i - 1][1] if i else 0
        after = edges[i + 1][0] if i + 1 < len(matches) else len(sentence)
        one = _read(sentence, match, before, after, whole=i in wholes or i + 1 in wholes)
        if one is not None:
            found.append(one)
    return _paired(sorted(found, key=lambda amount: amount.start))


def _paired(found: list[Amount]) -> list[Amount]:
    """A former amount counts what the nearest one that holds counts."""
    holding = [one for one in found if not one.former]
    return [
        replace(one, kind=near.kind, noun=near.noun)
        if one.former and not one.kind and not one.noun
        and (near := min(
            (x for x in holding if x.unit == one.unit), default=None,
            key=lambda x: abs(x.start - one.start),
        ))
        else one
        for one in found
    ]  # fmt: skip


def numbers(text: str) -> frozenset[float]:
    """Every number above one in a text, in digits or words, whatever it counts."""
    values = (_value(match) for match in AMOUNT.finditer(text) if match["rank"] is None)
    return frozenset(value for value in values if value > 1)


def without_numbers(text: str) -> str:
    """The text with every number as N: an update must not move its vector."""
    return AMOUNT.sub(" N", text)


def _tallies(sentence: str) -> Iterator[re.Match[str]]:
    if TALLY_CUE.search(sentence) is None:
        return
    for match in TALLY.finditer(sentence):
        # "from 12 to 14" is a change, and so is "raised 12 to 14".
        if not re.search(r"\bfrom (?:\w+ )?$", sentence[: match.start()], re.IGNORECASE):
            yield match


def _tally(sentence: str, match: re.Match[str]) -> Amount:
    first, second = match["a"] or match["c"], match["b"] or match["d"]
    vote = re.search(r"\b(?:vot\w+|rul\w+|split|decid\w+|pass\w*|approv\w+|reject\w+|overr\w+)\b",
                     sentence, re.IGNORECASE)  # fmt: skip
    return Amount(
        value=_number(first), against=_number(second), unit="tally", kind="votes" if vote else "",
        noun="", start=match.start(), end=match.end(), hedged=False,
        former=_is_former(sentence, match.start(), match.end()),
        aside=OTHER_TIME.search(_clause(sentence, match.start(), match.end())) is not None,
    )  # fmt: skip


def _read(
    sentence: str, match: re.Match[str], before: int, after: int, *, whole: bool
) -> Amount | None:
    start, end = _core(match)
    behind = CLAUSE.split(sentence[match.end() : after], maxsplit=1)[0]
    ahead = CLAUSE.split(sentence[before:start])[-1]
    money = bool(match["money"] or match["currency"])
    counted = not (money or match["percent"])
    noun = _noun(behind, single=_value(match) == 1) if counted else ""
    kind = _kind(behind, ahead, noun) if counted else ""
    if (match["rank"] or match["th"]) and not kind:
        return None
    if counted and not noun:
        noun = _noun_before(ahead)
    unit = "money" if money else "percent" if match["percent"] else "count"
    if unit == "count" and noun in SPANS:
        unit = "span"
    clause = _clause(sentence, start, end)
    return Amount(
        value=_value(match), against=None, unit=unit, kind=kind,
        noun="" if noun in GENERIC else noun, start=start, end=match.end(),
        hedged=HEDGED.search(sentence[:start]) is not None,
        former=_is_former(sentence, start, match.end()),
        aside=whole or COMPARED.search(sentence[:start]) is not None
        or OTHER_TIME.search(clause) is not None,
    )  # fmt: skip


def _is_former(sentence: str, start: int, end: int) -> bool:
    if WITHDRAWN.search(sentence) or FORMER_AFTER.match(sentence[end:]):
        return True
    match = FORMER.search(sentence[:start])
    if match is None:
        return False
    # A bare "from" is where something came from unless the sentence says to what it went.
    bare = re.match(r"from\b", match[0], re.IGNORECASE)
    return bare is None or re.search(rf"\bto (?:{HEDGE} )?[$£€]?(?:{NUMBER})", sentence) is not None


def _kind(behind: str, ahead: str, noun: str) -> str:
    """By the words behind the number up to an "and", then by those before it, the nearest first.

    A number with a noun of its own takes nothing from words that stand far before it.
    """
    told = " ".join(TOKEN.findall(re.split(r"\band\b", behind, maxsplit=1)[0])[:AFTER_WORDS])
    near = re.split(r"\band\b", ahead)[-1]
    if noun and noun not in GENERIC and noun not in SPANS:
        near = ahead = " ".join(TOKEN.findall(near)[-AHEAD_WORDS:])
    for text, last in ((told, False), (near, True), (ahead, True)):
        hits = [
            (match.start(), kind)
            for kind, words in KINDS.items()
            for match in words.finditer(text)
            # Time behind bars is the only kind that counts years, and years are of no other kind.
            if (kind == "sentence") == (noun in SPANS)
        ]
        if hits:
            return (max if last else min)(hits)[1]
    return ""


def _noun(behind: str, *, single: bool) -> str:
    first = ""
    for word in TOKEN.findall(behind)[:4]:
        low = _plain(word)
        if low in STOP:
            break
        if _is_plural(low):
            return singular(low)
        first = first or low
    return first if single else ""


def _noun_before(ahead: str) -> str:
    """What a number counts that comes after its noun: "jobs cut climbed to 14"."""
    if LED.search(ahead) is None:
        return ""
    words = [word for word in TOKEN.findall(ahead) if word == word.lower()]
    plural = (word for word in map(_plain, words) if _is_plural(word) and len(word) > 3)
    return next((singular(word) for word in plural if word not in STOP | VERBS), "")


def _plain(word: str) -> str:
    return word.lower().removesuffix("'s").removesuffix("’s")


def _is_plural(word: str) -> bool:
    return word in IRREGULAR or (word.endswith("s") and not word.endswith(("ss", "us", "is")))


def singular(word: str) -> str:
    """The singular of a plain English plural."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _is_amount(sentence: str, match: re.Match[str]) -> bool:
    if match["words"] and match["words"].lower() == "one":
        after = TOKEN.match(sentence[match.end() :].lstrip())
        return after is not None and after[0].lower() not in STOP
    return True


def _core(match: re.Match[str]) -> tuple[int, int]:
    """The match without the blank that may come before it."""
    return match.start() + len(match[0]) - len(match[0].lstrip()), match.end()


def _clause(sentence: str, start: int, end: int) -> str:
    return (
        CLAUSE.split(sentence[:start])[-1]
        + sentence[start:end]
        + CLAUSE.split(sentence[end:], maxsplit=1)[0]
    )


def _touches(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _value(match: re.Match[str]) -> float:
    scale = (
        SCALES[(match["scale"] or match["short"] or "").lower()]
        if (match["scale"] or match["short"])
        else 1.0
    )
    if match["twice"]:
        return 2.0
    if match["rank"]:
        return float(RANK[match["rank"].lower()])
    return round(_number(match["digits"] or match["words"]) * scale, 6)


def _number(told: str) -> float:
    """A number in digits or in words, as ``nineteen hundred`` or ``twelve hundred and fifty``."""
    if told[0].isdigit():
        return float(told.replace(",", ""))
    total = part = 0.0
    for word in re.split(r"[- ]", told.lower()):
        if word in SMALL:
            part += SMALL[word]
        elif word in SCALES:
            part = max(part, 1.0) * SCALES[word]
            if SCALES[word] >= 1e3:
                total, part = total + part, 0.0
    return total + part
