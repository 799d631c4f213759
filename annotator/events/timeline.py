"""The state of a story: amounts that were told again and again, and what they are now.

Mentions of one amount (a death toll, a vote, a sum) across the articles of a story form a *slot*.
Its values stand in the order in which each was first told; the last of them is the latest, and an
older one told again after it is a stale repeat. A late article that repeats an old report thus
brings no old value back. Pure.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from annotator.events.amounts import Amount, amounts, without_numbers
from annotator.events.pairing import PairModel, groups, shipped
from annotator.events.signature import content_words, document_frequency

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METHOD: Final = "timeline-1"
FEATURES: Final = (
    "vectors", "words", "same kind", "kind of one only", "same noun", "other noun",
    "log ratio of values", "same value", "same article", "tallies",
)  # fmt: skip
# Beyond it pairs cost more than a story is worth; what is told most often is read.
MOST_MENTIONS: Final = 1_500
ROUND: Final = 0.1  # "about 400,000" is 412,000 told roundly
RATIO_MOST: Final = 3.0  # three powers of e: values further apart are equally far apart

TOLLS: Final = frozenset(
    {"killed", "injured", "missing", "arrested", "displaced", "ill", "jobs", "rescued"}
)
SURE: Final = 1.0

Role = Literal["new", "repeat", "stale", "former"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence of a story; ``number`` 0 … in the text, -1 the headline."""

    article: str
    outlet: str
    source: str
    at: datetime
    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """An amount where it was told."""

    told: Told
    amount: Amount

    @property
    def words(self) -> str:
        """As it is written."""
        return self.told.text[self.amount.start : self.amount.end].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One telling of a value: new, repeated, stale (after a newer one), or told as former."""

    mention: Mention
    value: int
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Values in the order of their first telling, and every telling in the order of time."""

    name: str
    unit: str
    values: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def latest(self) -> tuple[Step, ...]:
        """Those who told the latest value."""
        last = len(self.values) - 1
        return tuple(s for s in self.steps if s.value == last and s.role != "former")


def mentions(told: Sequence[Told]) -> list[Mention]:
    """The amounts that can be a state: no parts, comparisons, other times or mere spans of time."""
    found = [
        Mention(told=one, amount=amount)
        for one in told
        for amount in amounts(one.text)
        if not amount.aside and (amount.unit != "span" or amount.kind == "sentence")
    ]
    if len(found) <= MOST_MENTIONS:
        return found
    often = Counter((m.amount.unit, m.amount.kind or m.amount.noun) for m in found)
    rank = sorted(
        range(len(found)),
        key=lambda i: -often[found[i].amount.unit, found[i].amount.kind or found[i].amount.noun],
    )
    return [found[i] for i in sorted(rank[:MOST_MENTIONS])]


def claims(found: Sequence[Mention]) -> list[str]:
    """What each mention claims, whatever the number: this is what a vector is made of."""
    return [without_numbers(m.told.text) for m in found]


def slots(
    found: Sequence[Mention], vectors: NDArray[np.float32], model: PairModel | None = None
) -> list[Slot]:
    """The slots whose value changed, most told first, from mentions and unit vectors [n, d]."""
    chosen = model or shipped("slots", FEATURES)
    if not found:
        return []
    return of_chances(found, chosen.probabilities(features(found, vectors)), chosen.least)


def of_chances(found: Sequence[Mention], chances: Floats, least: float) -> list[Slot]:
    """The same from P(same slot) of every pair [n, n]."""
    held = np.where(comparable(found), chances, 0.0)
    held[same_kind(found)] = SURE
    for i, j in changes(found):
        held[i, j] = held[j, i] = 1.0
    chains = [chain([found[i] for i in members]) for members in groups(held, least)]
    kept = [slot for slot in chains if slot is not None]
    return sorted(kept, key=lambda s: (-len(s.steps), s.name, s.steps[0].mention.told.article))


def same_kind(found: Sequence[Mention]) -> NDArray[np.bool_]:
    """Pairs [n, n] that are one slot by what they count: a story has one toll of each kind.

    Two amounts of one text are left to the model: it may tell the dead of two places.
    """
    kinds = np.array([m.amount.kind if m.amount.kind in TOLLS else "" for m in found])
    home = np.array([m.told.source for m in found])
    same: NDArray[np.bool_] = (kinds[:, None] == kinds) & (kinds != "")
    apart: NDArray[np.bool_] = home[:, None] != home
    return same & apart


def changes(found: Sequence[Mention]) -> list[tuple[int, int]]:
    """Pairs of a former amount and the one that the same sentence puts in its place."""
    pairs = []
    for i, old in enumerate(found):
        if old.amount.former:
            near = [
                j
                for j, one in enumerate(found)
                if one.told == old.told and not one.amount.former
                and (one.amount.unit, one.amount.kind) == (old.amount.unit, old.amount.kind)
            ]  # fmt: skip
            if near:
                start = old.amount.start
                pairs.append((i, min(near, key=lambda j: abs(found[j].amount.start - start))))
    return pairs


def comparable(found: Sequence[Mention]) -> NDArray[np.bool_]:
    """Which pairs [n, n] can be one slot at all: of one unit, and not of two kinds."""
    units = np.array([m.amount.unit for m in found])
    kinds = np.array([m.amount.kind for m in found])
    said = kinds != ""
    other: NDArray[np.bool_] = (kinds[:, None] != kinds) & said[:, None] & said
    same: NDArray[np.bool_] = units[:, None] == units
    return same & ~other


def features(found: Sequence[Mention], vectors: NDArray[np.float32]) -> Floats:
    """``FEATURES`` of every pair, [n, n, 10]."""
    n = len(found)
    kinds = np.array([m.amount.kind for m in found])
    nouns = np.array([m.amount.noun for m in found])
    home = np.array([m.told.source for m in found])
    values = np.array([max(m.amount.value, 0.5) for m in found])
    keys = np.array([m.amount.key for m in found]).reshape(n, 2)
    tally = np.array([m.amount.unit == "tally" for m in found])
    cosine = np.clip(vectors @ vectors.T, 0.0, 1.0).astype(np.float64)
    said, named = kinds != "", nouns != ""
    ratio = np.minimum(np.abs(np.log(values[:, None] / values)), RATIO_MOST)
    same_noun, both_named = nouns[:, None] == nouns, named[:, None] & named
    rows: tuple[NDArray[np.generic], ...] = (
        cosine,
        _words(found),
        (kinds[:, None] == kinds) & said,
        said[:, None] ^ said,
        same_noun & both_named,
        ~same_noun & both_named,
        ratio,
        (keys[:, None] == keys).all(axis=-1),
        home[:, None] == home,
        tally[:, None] & tally,
    )
    return np.stack([row.astype(np.float64) for row in rows], axis=-1)


def chain(members: Sequence[Mention]) -> Slot | None:
    """The slot that mentions of one amount make; None where nothing superseded anything.

    A value counts as new when no earlier one is equal to it, or is it told roundly. One that was
    told as former since (``to 14, from 12``; a withdrawal) stands no more.
    """
    ordered = sorted(
        members,
        key=lambda m: (
            m.told.at,
            not m.amount.former,
            m.told.article,
            m.told.number,
            m.amount.start,
        ),
    )
    values: list[list[Mention]] = []
    placed: list[tuple[Mention, int]] = []
    for one in ordered:
        at = next((k for k, v in enumerate(values) if _equal(one, v)), None)
        if at is None:
            at = len(values)
            values.append([])
        values[at].append(one)
        placed.append((one, at))
    first = {k: min(told) for k, v in enumerate(values) if (told := _plain(v))}
    if not first or len(values) < 2:
        return None
    standing = {k for k in first if not _taken_back(values[k], first[k])} or set(first)
    order = sorted(range(len(values)), key=lambda k: (k in standing, k in first, first.get(k), k))
    last, before = values[order[-1]], [m for k in order[:-1] for m in values[k]]
    if len(standing) == len(first) and not _replaces(last, before):
        return None
    place = {k: n for n, k in enumerate(order)}
    newest: datetime | None = None
    seen: set[int] = set()
    steps = []
    for one, k in placed:
        role: Role = "former" if one.amount.former else "repeat" if k in seen else "new"
        if role == "repeat" and newest is not None and first[k] < newest:
            role = "stale"
        if role == "new":
            newest = first[k]
            seen.add(k)
        steps.append(Step(mention=one, value=place[k], role=role))
    return Slot(
        name=_name(ordered),
        unit=ordered[0].amount.unit,
        values=tuple(_best(values[k]).words for k in order),
        steps=tuple(steps),
    )


def _replaces(last: Sequence[Mention], before: Sequence[Mention]) -> bool:
    """Whether the last value came after others: in a later text, or in one that says so.

    Two numbers that one text tells side by side are two amounts, whatever they look like.
    """
    told_by = {m.told.source for m in last if not m.amount.former}
    if any(m.amount.former and m.told.source in told_by for m in before):
        return True
    newest = max(m.told.at for m in last)
    return any(m.told.source not in told_by and m.told.at < newest for m in before)


def _plain(value: Sequence[Mention]) -> list[datetime]:
    return [m.told.at for m in value if not m.amount.former]


def _taken_back(value: Sequence[Mention], first: datetime) -> bool:
    return any(m.amount.former and m.told.at >= first for m in value)


def _equal(one: Mention, value: Sequence[Mention]) -> bool:
    for other in value:
        if one.amount.key == other.amount.key:
            return True
        hedged = one.amount.hedged or other.amount.hedged
        a, b = one.amount.value, other.amount.value
        # A toll of 9 and one of 10 differ, however roundly they are told.
        if hedged and min(a, b) >= 50 and abs(a - b) <= ROUND * max(a, b):
            return True
    return False


def _best(value: Sequence[Mention]) -> Mention:
    """The mention that tells a value plainly: not roundly, and in the body."""
    return min(value, key=lambda m: (m.amount.hedged, m.told.number < 0, m.told.at, m.told.article))


def _name(ordered: Sequence[Mention]) -> str:
    """What the amount is of: its kind and noun, and the two words its sentences share most."""
    kinds = Counter(m.amount.kind for m in ordered if m.amount.kind)
    nouns = Counter(m.amount.noun for m in ordered if m.amount.noun)
    told = [top for count in (kinds, nouns) for top, _ in count.most_common(1)]
    shared: Counter[str] = Counter()
    for one in ordered:
        shared.update(set(content_words(without_numbers(one.told.text))))
    known = document_frequency()
    rest = sorted(
        (w for w, n in shared.items() if n > 1 and w not in told),
        key=lambda w: (-shared[w] * known.weight(w), w),
    )
    return " · ".join(dict.fromkeys((*told, *rest[: max(0, 3 - len(told))])))


def _words(found: Sequence[Mention]) -> Floats:
    """Cosine of the words of the sentences [n, n], weighted by how rare they are."""
    known = document_frequency()
    bags = [set(content_words(without_numbers(m.told.text))) for m in found]
    articles: defaultdict[str, set[str]] = defaultdict(set)
    for one, bag in zip(found, bags, strict=True):
        for word in bag:
            articles[word].add(one.told.source)
    every = len({m.told.source for m in found})
    column = {word: k for k, word in enumerate(sorted(articles))}
    table = np.zeros((len(found), max(1, len(column))))
    for i, bag in enumerate(bags):
        for word in bag:
            rare = math.log1p(every / len(articles[word]))
            table[i, column[word]] = known.weight(word) * rare
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
    product: Floats = table @ table.T
    return product
