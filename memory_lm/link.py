"""Which earlier article tells of the same event: the event pointer over what the bank holds.

Every article asks the bank for its nearest records of other articles; a head judges each article
found on vectors, weighted words, names, numbers, time, and how it stands out from the others
found. When none is likely the event is new. Plain arrays; the weights are in ``relations``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from memory_lm.supersede import NUMBER, WORD, PairHead
from newsroom.errors import BadRequest
from newsroom.text import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memory_lm.bank import AsOf, Bank, Hit, Record

ARTICLES = 16
# A chunk asks for more records than articles are judged, since an article has several.
RECORDS = 24
WITNESSES = 2
FEATURES: Final = (
    "cosine of nearest parts", "cosine of means", "cosine to the lead",
    "shared words", "words of the nearest part", "shared names", "names of the shorter",
    "shared numbers", "both state numbers", "log hours apart", "dated",
    "cosine above the next", "words above the next", "cosine above the middle",
    "words above the middle", "log words of the shorter",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rarity:
    """In how many of ``documents`` background articles a word occurs; frequent words say little."""

    documents: int
    count: Mapping[str, int]
    least: int

    def weight(self, word: str) -> float:
        """Smoothed inverse document frequency; a word not listed counts as the rarest listed."""
        return math.log((self.documents + 1) / (self.count.get(word, self.least) + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHead:
    """A two-class pair head (other event, same event), its word weights and when to say NEW."""

    pair: PairHead
    rarity: Rarity
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An earlier article, its nearest record, its event then, and P(same event), calibrated."""

    article_id: str
    record_id: int
    event_id: str | None
    probability: float


@dataclass(frozen=True, slots=True)
class Found:
    """One article that the bank found, with the records of it, nearest first."""

    article_id: str
    hits: tuple[Hit, ...]


def candidates(
    bank: Bank,
    head: LinkHead,
    records: Sequence[Record],
    keys: NDArray[np.float32],
    as_of: AsOf,
    *,
    dated: bool = True,
) -> list[Candidate]:
    """The at most 16 articles nearest to this one as of then, likeliest first.

    ``records`` and ``keys`` [n, width] are the parts of one article, written or not. ``dated`` is
    False where its time of publication is not known, so that time says nothing.
    """
    nearest = found(bank, records, keys, as_of)
    if not nearest:
        return []
    rows = features(bank, head.rarity, records, keys, nearest, dated=dated)
    chances = head.pair.probabilities(rows)[:, 1]
    judged = [
        Candidate(
            article_id=one.article_id, record_id=one.hits[0].record.record_id,
            event_id=one.hits[0].record.event_id, probability=float(chance),
        )
        for one, chance in zip(nearest, chances, strict=True)
    ]  # fmt: skip
    return sorted(judged, key=lambda one: -one.probability)


def pointed(head: LinkHead, judged: Sequence[Candidate]) -> Candidate | None:
    """The likeliest article of the event that the article belongs to, or None: the event is new.

    An event counts by its two likeliest articles (mean of log odds), so that one look-alike does
    not decide; an article without an event stands for itself.
    """
    of_event: dict[tuple[str, str], list[Candidate]] = {}
    for one in judged:
        name = ("article", one.article_id) if one.event_id is None else ("event", one.event_id)
        of_event.setdefault(name, []).append(one)
    best = max(of_event.values(), key=_odds, default=None)
    return (
        best[0] if best and _odds(best) >= math.log(head.threshold / (1 - head.threshold)) else None
    )


def _odds(likeliest_first: Sequence[Candidate]) -> float:
    chances = [min(max(one.probability, 1e-6), 1 - 1e-6) for one in likeliest_first[:WITNESSES]]
    return sum(math.log(chance / (1 - chance)) for chance in chances) / len(chances)


def found(
    bank: Bank, records: Sequence[Record], keys: NDArray[np.float32], as_of: AsOf
) -> list[Found]:
    """The articles with the nearest live records, nearest first."""
    if not records or len({record.article_id for record in records}) != 1:
        raise BadRequest("link-one-article", "the parts of one article ask for its event")
    answers = bank.search(keys, as_of, k=RECORDS, without_article=records[0].article_id)
    best: dict[int, Hit] = {}
    for hit in (hit for hits in answers for hit in hits):
        held = best.get(hit.record.record_id)
        if held is None or hit.score > held.score:
            best[hit.record.record_id] = hit
    of_article: dict[str, list[Hit]] = {}
    for hit in sorted(best.values(), key=lambda hit: (-hit.score, hit.record.record_id)):
        of_article.setdefault(hit.record.article_id, []).append(hit)
    return [Found(name, tuple(hits)) for name, hits in list(of_article.items())[:ARTICLES]]


def features(
    bank: Bank,
    rarity: Rarity,
    records: Sequence[Record],
    keys: NDArray[np.float32],
    nearest: Sequence[Found],
    *,
    dated: bool,
) -> NDArray[np.float32]:
    """One row of :data:`FEATURES` for each article found, [n, 16]."""
    if not nearest:
        return np.zeros((0, len(FEATURES)), np.float32)
    unit = keys / np.linalg.norm(keys, axis=1, keepdims=True)
    middle = _unit_mean(unit)
    parts = [_reading(rarity, (record.text,)) for record in records]
    whole = _reading(rarity, tuple(record.text for record in records))
    rows = []
    for one in nearest:
        theirs = np.stack([bank.key(hit.record.record_id) for hit in one.hits])
        other = _reading(rarity, tuple(hit.record.text for hit in one.hits))
        facing = _reading(rarity, (one.hits[0].record.text,))
        cosines = unit @ theirs.T
        nearest_part = parts[int(cosines.max(axis=1).argmax())]
        names, shorter = _names(whole, other)
        numbers = min(len(whole.numbers), len(other.numbers))
        both = len(whole.numbers & other.numbers)
        away = records[0].published_at - one.hits[0].record.published_at
        rows.append(
            (
                cosines.max(), middle @ _unit_mean(theirs), cosines[0].max(),
                _words(whole, other), _words(nearest_part, facing),
                names, shorter, both / numbers if numbers else 0.0, numbers > 0,
                math.log1p(abs(away.total_seconds()) / 3600) if dated else 0.0, dated,
                math.log1p(min(whole.length, other.length)),
            )
        )  # fmt: skip
    told = np.array(rows, dtype=np.float64)
    cosine, shared = told[:, 0], told[:, 3]
    standing = (
        cosine - _next(cosine), shared - _next(shared),
        cosine - np.median(cosine), shared - np.median(shared),
    )  # fmt: skip
    return np.column_stack((told[:, :-1], *standing, told[:, -1])).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text by what it holds; ``words`` is a unit vector, ``names`` weigh their rarity."""

    words: Mapping[str, float]
    names: Mapping[str, float]
    numbers: frozenset[str]
    length: int


@lru_cache(maxsize=4096)
def _reading(rarity: Rarity, texts: tuple[str, ...]) -> _Reading:
    text = "\n".join(texts)
    counts = Counter(spelled(word) for word in words(text))
    weighed = {word: (1 + math.log(n)) * rarity.weight(word) for word, n in counts.items()}
    size = math.hypot(*weighed.values()) or 1.0
    named = dict.fromkeys(word.casefold() for word in WORD.findall(text) if word[0].isupper())
    return _Reading(
        words={word: weight / size for word, weight in weighed.items()},
        names={word: rarity.weight(word) for word in named},
        numbers=frozenset(NUMBER.findall(text)),
        length=counts.total(),
    )


def spelled(word: str) -> str:
    """A lower-cased word as it is counted: without its possessive ending."""
    return word.replace("’", "'").removesuffix("'s")


def _words(one: _Reading, other: _Reading) -> float:
    """Cosine of the two word counts, damped by logarithm and weighted by rarity."""
    # Summed in the order of the text: that of a set would differ from run to run.
    return sum(weight * other.words.get(word, 0.0) for word, weight in one.words.items())


def _names(one: _Reading, other: _Reading) -> tuple[float, float]:
    """Rarity of the names shared, as a part of all and of the smaller side."""
    both = sum(weight for name, weight in one.names.items() if name in other.names)
    a, b = sum(one.names.values()), sum(other.names.values())
    return (both / (a + b - both), both / min(a, b)) if both else (0.0, 0.0)


def _unit_mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = vectors.mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def _next(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each value the greatest of the others; 0 without others."""
    rest = np.zeros_like(values)
    if len(values) > 1:
        second, first = np.partition(values, -2)[-2:]
        rest[:] = first
        rest[values.argmax()] = second
    return rest
