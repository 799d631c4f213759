"""The product's memory bank and readers without order as the ones who remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from memory_lm.bank import AsOf, Bank, Record
from memory_lm.labs.interference_events import START, Embed, EventStream, noisy
from memory_lm.labs.interference_streams import Stream, Verdict, judge
from memory_lm.supersede import END_OF_TIME, NUMBER, PairHead, claim_of, latest, remember

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = "lab"
# LONGMEM reads its 64 nearest; this temperature makes it peaky, as its trained heads are.
NEAREST = 64
TEMPERATURE = 0.05

Vectors = Mapping[str, "NDArray[np.float32]"]


def embedded(embed: Embed, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Text to unit vector, each text once."""
    unique = list(dict.fromkeys(texts))
    return dict(zip(unique, embed(unique), strict=True))


def remembered(
    told: Stream, keys: Vectors, head: PairHead, *, noise: float = 0.0, seed: int = 0
) -> Bank:
    """A bank that read a stream update by update, an hour apart; no link is given to it."""
    rng = np.random.default_rng([seed, 5])
    bank = Bank(VERSION, width=len(next(iter(keys.values()))))
    for i, (key, value) in enumerate(told.updates):
        at = START + timedelta(hours=i)
        record = Record(
            record_id=i, article_id=f"update-{i}", part=0, event_id=None, publisher_id="stream",
            published_at=at, known_at=at, sequence=i + 1, backbone_version=VERSION, text=value,
        )  # fmt: skip
        remember(bank, head, record, noisy(keys[key], noise, rng))
    return bank


def newest(
    bank: Bank, head: PairHead, keys: Vectors, asked: Sequence[str]
) -> dict[str, str | None]:
    """What the bank says each key is now."""
    now = AsOf(time=END_OF_TIME, sequence=len(bank))
    found = {key: latest(bank, head, keys[key], now) for key in asked}
    return {key: hit.record.text if hit else None for key, hit in found.items()}


def consolidated(told: Stream, keys: Vectors, head: PairHead) -> Stream:
    """The stream as the bank leaves it: one line for each key, its newest value."""
    state = newest(remembered(told, keys, head), head, keys, told.keys)
    lines = tuple((key, value) for key, value in state.items() if value is not None)
    return Stream(updates=lines, asked=told.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutOrder:
    """Readers of the same vectors that know no time: nearest one, and softmax over the nearest."""

    nearest: dict[str, Verdict]
    softmax: dict[str, Verdict]


def without_order(
    told: Stream, keys: Vectors, values: Vectors, *, noise: float = 0.0, seed: int = 0
) -> WithoutOrder:
    """The controls. Equal scores are put in random order; a blend of values is decoded to the
    nearest value of the key that is asked for.
    """
    rng = np.random.default_rng([seed, 5])
    held = np.stack([noisy(keys[key], noise, rng) for key, _ in told.updates])
    first: dict[str, str | None] = {}
    blended: dict[str, str | None] = {}
    for key in told.asked:
        shuffled = rng.permutation(len(held))
        scores = (held @ keys[key])[shuffled]
        # Rounded, or the last bit of a product would decide between equal vectors.
        best = np.argsort(-scores.round(5), kind="stable")[:NEAREST]
        rows = shuffled[best]
        first[key] = told.updates[rows[0]][1]
        weights = np.exp((scores[best] - scores[best[0]]) / TEMPERATURE)
        blend = weights @ np.stack([values[told.updates[row][1]] for row in rows])
        own = told.values(key)
        blended[key] = own[int((np.stack([values[v] for v in own]) @ blend).argmax())]
    return WithoutOrder(nearest=judge(first, told), softmax=judge(blended, told))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventScore:
    """Shares of questions: right number, right number from an article that states it; and the
    share right when the nearest report wins whatever its time (the control).
    """

    right: float
    cited: float
    without_order: float


def event_score(told: EventStream, vectors: Vectors, head: PairHead) -> EventScore:
    """Read all reports in order of arrival, each inside its event, then ask."""
    bank = Bank(VERSION, width=len(next(iter(vectors.values()))))
    for record in told.records:
        vector = vectors[claim_of(record.text)]
        remember(bank, head, record, vector, events=[str(record.event_id)])
    now = AsOf(time=END_OF_TIME, sequence=len(bank))
    right = cited = loose = 0
    for asked in told.asked:
        question, events = vectors[claim_of(asked.text)], [asked.place]
        hit = latest(bank, head, question, now, events=events)
        if hit is not None and asked.number in NUMBER.findall(hit.record.text):
            right += 1
            cited += hit.record.article_id in asked.articles
        [any_time] = bank.search(question[None], now, k=NEAREST, events=events, superseded=True)
        # The bank puts the newer first among equals; a reader without order must not see that.
        ties = [x for x in any_time if any_time[0].score - x.score < 1e-5]
        oldest = min(ties, key=lambda x: x.record.order)
        loose += asked.number in NUMBER.findall(oldest.record.text)
    count = len(told.asked)
    return EventScore(right=right / count, cited=cited / count, without_order=loose / count)


def event_texts(told: EventStream) -> list[str]:
    """What must be embedded for a stream: the claims of reports and questions."""
    return [
        claim_of(text) for text in (*(r.text for r in told.records), *(a.text for a in told.asked))
    ]
