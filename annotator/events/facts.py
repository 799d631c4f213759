"""What each outlet told of an event: sentences of its articles that state the same fact.

Sentences are compared by vector, by words weighted with how rare they are in the event, by the
numbers they state and by where they stand (openings tell the event itself). Who ran a copy of a
text printed its facts too, but copies are one source. Pure.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_matrix

from annotator.events.amounts import numbers
from annotator.events.pairing import PairModel, groups, shipped
from annotator.events.signature import content_words, document_frequency
from newsroom.text import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METHOD: Final = "facts-2"
FEATURES: Final = (
    "vectors", "words", "words of both squared", "numbers shared", "numbers clash", "both open",
    "same article",
)  # fmt: skip
# Beyond it pairs cost more than an event is worth; what stands first in its article is read.
MOST_SENTENCES: Final = 1_500
SHORTEST_WORDS: Final = 4  # "He declined." is no fact
# Of the weight of its words, what another outlet's texts of the event may hold of an exclusive
# fact; 0.2 to 0.8 were tried on the tuning stories of benchmarks/event_state.py.
HELD_MOST: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of an article of the event; ``source`` is the article that the text is of.

    ``factual``: it can state a fact of its own; others (quotations, opinions) can only repeat one.
    """

    article: str
    outlet: str
    source: str
    number: int
    text: str
    factual: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Sentences that state one fact, the most central first, and the outlets that printed it.

    ``asides`` are sentences of other outlets that tell it in passing: they state another fact, or
    are a quotation or an opinion. ``sources`` counts texts, copies as one. ``exclusive``: printed
    by one outlet while others covered the event, nothing they printed comes close to it, and none
    of them has more than a few of its words anywhere; what is neither exclusive nor of several
    outlets is told by one as far as can be seen.
    """

    sentences: tuple[Sentence, ...]
    asides: tuple[Sentence, ...]
    outlets: tuple[str, ...]
    sources: int
    exclusive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One wording and everyone who printed it."""

    text: str
    sentences: tuple[Sentence, ...]

    @property
    def factual(self) -> bool:
        """Whether anyone states a fact by it."""
        return any(one.factual for one in self.sentences)

    @property
    def articles(self) -> frozenset[str]:
        """Texts it stands in, copies as one."""
        return frozenset(one.source for one in self.sentences)


def nodes(sentences: Sequence[Sentence]) -> list[Node]:
    """Distinct wordings, those that open their articles first; at most ``MOST_SENTENCES``."""
    same: defaultdict[tuple[str, ...], list[Sentence]] = defaultdict(list)
    for one in sentences:
        key = tuple(words(one.text))
        if len(key) >= SHORTEST_WORDS:
            same[key].append(one)
    ordered = [
        sorted(group, key=lambda s: (s.source != s.article, s.number, s.article))
        for group in same.values()
    ]
    ordered.sort(key=lambda group: (group[0].number, group[0].source, group[0].article))
    return [Node(text=g[0].text, sentences=tuple(g)) for g in ordered[:MOST_SENTENCES]]


def align(
    found: Sequence[Node],
    vectors: NDArray[np.float32],
    outlets: int,
    model: PairModel | None = None,
) -> list[Fact]:
    """The facts of an event whose wordings have these unit vectors [n, d], most sources first.

    ``outlets`` is how many covered the event. Independent of the order given.
    """
    chosen = model or shipped("facts", FEATURES)
    if not found:
        return []
    return of_chances(found, chosen.probabilities(features(found, vectors)), outlets, chosen)


def of_chances(
    found: Sequence[Node], chances: Floats, outlets: int, model: PairModel
) -> list[Fact]:
    """The same from P(same fact) of every pair [n, n]."""
    stating = [i for i, node in enumerate(found) if node.factual]
    words_of = _words_by_outlet(found)
    facts = []
    for group in groups(chances[np.ix_(stating, stating)], model.least):
        members = [stating[k] for k in group]
        near = chances[np.ix_(members, members)].sum(axis=1)
        central = sorted(range(len(members)), key=lambda k: (-round(near[k], 9), members[k]))
        told = tuple(one for k in central for one in found[members[k]].sentences)
        likeness = chances[:, members].mean(axis=1)
        asides = _asides(found, likeness, members, told, model.near)
        who = tuple(sorted({one.outlet for one in (*told, *asides)}))
        facts.append(
            Fact(
                sentences=told,
                asides=asides,
                outlets=who,
                sources=len({one.source for one in (*told, *asides)}),
                exclusive=len(who) == 1
                and outlets > 1
                and not _asides(found, likeness, members, told, model.alone)
                and _held(told[0].text, words_of, who[0]) <= HELD_MOST,
            )
        )
    return sorted(facts, key=_rank)


def _asides(
    found: Sequence[Node],
    likeness: Floats,
    members: Sequence[int],
    told: Sequence[Sentence],
    near: float,
) -> tuple[Sentence, ...]:
    """The nearest sentence of each outlet that does not state the fact but comes near it."""
    stating = {one.outlet for one in told}
    best: dict[str, tuple[float, Sentence]] = {}
    for i in np.flatnonzero(np.round(likeness, 9) >= near).tolist():
        if i not in members:
            for one in found[i].sentences:
                if one.outlet not in stating and likeness[i] > best.get(one.outlet, (0.0,))[0]:
                    best[one.outlet] = float(likeness[i]), one
    return tuple(one for _, (_, one) in sorted(best.items()))


def _words_by_outlet(found: Sequence[Node]) -> dict[str, set[str]]:
    held: defaultdict[str, set[str]] = defaultdict(set)
    for node in found:
        for outlet in {one.outlet for one in node.sentences}:
            held[outlet].update(content_words(node.text))
    return dict(held)


def _held(text: str, words_of: Mapping[str, set[str]], outlet: str) -> float:
    """The largest share of the weight of a text's words that one other outlet has, anywhere."""
    known = document_frequency()
    weight = {word: known.weight(word) for word in content_words(text)}
    shares = (
        sum(weight[word] for word in weight.keys() & held) / (sum(weight.values()) or 1.0)
        for other, held in words_of.items()
        if other != outlet
    )
    return max(shares, default=0.0)


def features(found: Sequence[Node], vectors: NDArray[np.float32]) -> Floats:
    """``FEATURES`` of every pair, [n, n, 7]."""
    n = len(found)
    cosine = np.clip(vectors @ vectors.T, 0.0, 1.0).astype(np.float64)
    alike = _words(found)
    told = [numbers(node.text) for node in found]
    shared, clash = np.zeros((n, n)), np.zeros((n, n))
    with_numbers = [i for i, one in enumerate(told) if one]
    for i in with_numbers:
        for j in with_numbers:
            both = bool(told[i] & told[j])
            shared[i, j], clash[i, j] = both, not both
    opening = np.array([min(s.number for s in node.sentences) == 0 for node in found], float)
    home = _incidence([node.articles for node in found])
    together = np.asarray((home @ home.T).todense() > 0, dtype=float)
    return np.stack(
        (cosine, alike, cosine * alike, shared, clash, np.outer(opening, opening), together),
        axis=-1,
    )


def _words(found: Sequence[Node]) -> Floats:
    """Cosine of words [n, n], weighted by how rare they are in news and in this event."""
    bags = [Counter(content_words(node.text)) for node in found]
    articles: defaultdict[str, set[str]] = defaultdict(set)
    for node, bag in zip(found, bags, strict=True):
        for word in bag:
            articles[word] |= node.articles
    every = len(frozenset().union(*(node.articles for node in found)))
    known = document_frequency()
    column = {word: k for k, word in enumerate(sorted(articles))}
    weight = {word: known.weight(word) * math.log1p(every / len(articles[word])) for word in column}
    rows, columns, values = [], [], []
    for i, bag in enumerate(bags):
        for word in bag:
            rows.append(i)
            columns.append(column[word])
            values.append(weight[word])
    table = csr_matrix((values, (rows, columns)), shape=(len(found), max(1, len(column))))
    length = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    product: Floats = np.asarray((table @ table.T).todense(), dtype=np.float64)
    product /= np.maximum(np.outer(length, length), 1e-12)
    return product


def _incidence(sets: Sequence[frozenset[str]]) -> csr_matrix:
    column = {name: k for k, name in enumerate(sorted(frozenset().union(*sets)))}
    pairs = [(i, column[name]) for i, names in enumerate(sets) for name in names]
    rows, columns = zip(*pairs, strict=True)
    return csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(sets), len(column)))


def _rank(fact: Fact) -> tuple[int, int, str, int]:
    """Most sources first, then what stands first in its article."""
    first = fact.sentences[0]
    return -fact.sources, min(s.number for s in fact.sentences), first.article, first.number
