"""Whether a new claim updates, repeats, adds to or withdraws an older one, and the write path.

Fixed cosine thresholds break both ways (they merge near keys when vectors are clean and lose all
when vectors are noisy), so the decision is learned on pairs (:mod:`.pair_fit`) and its
probabilities calibrated. The cue words of a withdrawal are English.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from memory_lm.bank import AsOf, Bank, Hit, Link, Record

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

Relation = Literal["unrelated", "duplicate", "adds", "updates", "withdraws"]
RELATIONS: Final[tuple[Relation, ...]] = ("unrelated", "duplicate", "adds", "updates", "withdraws")
FEATURES: Final = (
    "cosine", "mean |q-k|", "max |q-k|", "log hours apart", "shared words", "shared names",
    "both state numbers", "stated differs", "withdrawal words", "same outlet",
)  # fmt: skip
CANDIDATES = 16
# A wrong join mixes two slots for good, a missed one is made up for by the reader.
JOIN_LEAST = 0.6
# What joins at a read: records like records, and only what a question surely means.
READ_LEAST, ASKED_LEAST = 0.5, 0.8
END_OF_TIME = datetime.max.replace(tzinfo=UTC)

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
NAME = re.compile(r"(?<=[^.!?] )[A-Z]\w*(?: [A-Z]\w*)*")
WORD = re.compile(r"[^\W\d_]+")
WITHDRAWAL = re.compile(
    r"\b(correction|erratum|retract\w*|withdr(?:aws?|ew|awn)|erroneous\w*|mistaken\w*|in error"
    r"|an error|was wrong|takes? back|took back)\b",
    re.IGNORECASE,
)


def claim_of(text: str) -> str:
    """What a sentence claims, whatever of: numbers and names (after its first word) become N.

    Embed this for claims inside one event. An update changes the number and must not move the
    vector; who and where is compared by name, not by vector.
    """
    return NAME.sub("N", NUMBER.sub("N", text))


@dataclass(frozen=True, slots=True)
class _Reading:
    words: frozenset[str]
    names: frozenset[str]
    numbers: tuple[str, ...]
    withdraws: bool


@lru_cache(maxsize=4096)
def _reading(text: str) -> _Reading:
    words = WORD.findall(text)
    return _Reading(
        words=frozenset(word.casefold() for word in words),
        names=frozenset(word for word in words if word[0].isupper()),
        numbers=tuple(sorted(NUMBER.findall(text))),
        withdraws=WITHDRAWAL.search(text) is not None,
    )


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def features(
    record: Record, key: NDArray[np.float32], others: Sequence[Record], keys: NDArray[np.float32]
) -> NDArray[np.float32]:
    """One row of :data:`FEATURES` for each pair: key [d], keys [n, d] of unit length -> [n, 10].

    Only times say which of a pair is newer; the withdrawal words are looked for in that one.
    """
    apart, root = np.abs(keys - key), math.sqrt(len(key))
    mine = _reading(record.text)
    told = []
    for other in others:
        theirs = _reading(other.text)
        both = bool(mine.numbers and theirs.numbers)
        differs = mine.numbers != theirs.numbers if both else record.text != other.text
        newer = mine if record.order > other.order else theirs
        hours = abs((record.published_at - other.published_at).total_seconds()) / 3600
        told.append(
            (
                math.log1p(hours), _shared(mine.words, theirs.words),
                _shared(mine.names, theirs.names), both, differs, newer.withdraws,
                record.publisher_id == other.publisher_id,
            )
        )  # fmt: skip
    # Times the root of the width, so that they do not depend on it.
    vectors = (keys @ key, apart.mean(axis=1) * root, apart.max(axis=1) * root)
    return np.column_stack((*vectors, np.array(told).reshape(len(others), -1))).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairHead:
    """Two layers over standardised features; plain arrays, so that any format can hold them."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    inner: NDArray[np.float32]
    inner_bias: NDArray[np.float32]
    outer: NDArray[np.float32]
    outer_bias: NDArray[np.float32]
    temperature: float = 1.0

    def logits(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Feature rows [n, 10] -> [n, 5] in the order of RELATIONS, before the temperature."""
        hidden = np.tanh((rows - self.mean) / self.scale @ self.inner + self.inner_bias)
        found: NDArray[np.float32] = hidden @ self.outer + self.outer_bias
        return found

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities [n, 5]."""
        return _softmax(self.logits(rows) / self.temperature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one pair was taken for, with its calibrated probability."""

    other: int
    relation: Relation
    confidence: float


def remember(
    bank: Bank,
    head: PairHead,
    record: Record,
    key: NDArray[np.float32],
    *,
    events: Collection[str] | None = None,
) -> list[Judged]:
    """Write a record and join it to the slot it belongs to; the decisions that were acted on.

    It is compared with at most 16 live records written before it and joins those that are surely
    of its slot, which also mends a slot that was split. A notice of withdrawal takes back the
    claims it fits and is no claim itself.
    """
    now = AsOf(time=END_OF_TIME, sequence=record.sequence)
    [hits] = bank.search(
        key[None], now, k=CANDIDATES, events=events, without_article=record.article_id
    )
    bank.append([record], key[None])
    if not hits:
        return []
    others = [hit.record for hit in hits]
    keys = np.stack([bank.key(other.record_id) for other in others])
    chances = head.probabilities(features(record, bank.key(record.record_id), others, keys))
    judged = [
        Judged(
            other=other.record_id, relation=RELATIONS[int(p.argmax())], confidence=float(p.max())
        )
        for other, p in zip(others, chances, strict=True)
    ]
    taken_back = [pair for pair in judged if pair.relation == "withdraws"]
    if taken_back:
        for pair in taken_back:
            for record_id, at in (
                (pair.other, record.published_at),
                (record.record_id, record.published_at),
            ):
                bank.withdraw(record_id, at=at, sequence=record.sequence)
        return taken_back
    joined = [
        pair
        for pair, chance in zip(judged, same_slot(chances), strict=True)
        if chance >= JOIN_LEAST and pair.relation in {"duplicate", "updates"}
    ]
    for pair in joined:
        bank.join(
            Link(
                first=pair.other, second=record.record_id, sequence=record.sequence,
                relation="duplicate" if pair.relation == "duplicate" else "updates",
                confidence=pair.confidence,
            )
        )  # fmt: skip
    return joined


def latest(
    bank: Bank,
    head: PairHead,
    question: NDArray[np.float32],
    as_of: AsOf,
    *,
    events: Collection[str] | None = None,
) -> Hit | None:
    """The newest claim of the slot nearest to a question [width], or None in an empty bank.

    The nearest live record may be the stale half of a slot that was split when a link was missed:
    so the newest is taken of all live records that the head joins to it or to the question,
    directly or over others.
    """
    [hits] = bank.search(question[None], as_of, k=CANDIDATES, events=events)
    if not hits:
        return None
    records = [hit.record for hit in hits]
    keys = np.stack([bank.key(record.record_id) for record in records])
    asked = replace(records[0], article_id="", publisher_id="", text="")
    unit = question / np.linalg.norm(question)
    seeds = {0, *_joined(head, asked, unit, records, keys, least=ASKED_LEAST)}
    found, ahead = set(seeds), list(seeds)
    while ahead:
        at = ahead.pop()
        more = set(_joined(head, records[at], keys[at], records, keys, least=READ_LEAST)) - found
        found |= more
        ahead += more
    return max((hits[i] for i in found), key=lambda hit: hit.record.order)


def _joined(
    head: PairHead,
    record: Record,
    key: NDArray[np.float32],
    others: Sequence[Record],
    keys: NDArray[np.float32],
    *,
    least: float,
) -> list[int]:
    chances = same_slot(head.probabilities(features(record, key, others, keys)))
    return [int(i) for i in np.flatnonzero(chances >= least)]


def same_slot(chances: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probability that a pair is of one slot: duplicate or update, [n, 5] -> [n]."""
    found: NDArray[np.float32] = (
        chances[:, RELATIONS.index("duplicate")] + chances[:, RELATIONS.index("updates")]
    )
    return found


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: NDArray[np.float32] = shifted / shifted.sum(axis=1, keepdims=True)
    return found
