"""Dated articles told to a bank in the order of their days: what each could remember.

An article is reminded of what was published before its day. The bank, the event pointer, the
relation head and the recall are those of the running system. No label is told to any of them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import structlog

from memory_lm import link, spans, supersede
from memory_lm.backbone import WIDTH
from memory_lm.bank import AsOf, Bank, Record
from memory_lm.batches import ABSENT
from memory_lm.event_state import RECORDS_READ, event_state, recalled
from memory_lm.recall import CHUNKS_READ, recall
from memory_lm.spans import CHUNKS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from annotator.past.chunks import Chunks
    from memory_lm.backbone import Backbone
    from memory_lm.event_state import StateRule
    from memory_lm.link import LinkHead
    from memory_lm.recall import Recalled
    from memory_lm.supersede import PairHead

log = structlog.get_logger()

# The corpus has nine articles a day, the product's 14 days hold far more than these.
WINDOW_DAYS = 90
MOMENT = timedelta(seconds=1)
STATE_RULES: tuple[StateRule, ...] = ("delta", "hebbian")
LOG_EVERY = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One article to tell: its outlet, its day where known, and its masked headline and text."""

    outlet: str
    date: str | None
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What n articles are reminded of.

    ``found`` [n, 32] are chunk numbers, -1 where there are fewer; the next four [n, 32] are as in
    :class:`memory_lm.recall.Recalled`. ``event`` [n] is the event the pointer put an article in.
    ``day`` [n] counts from 1970, -1 where unknown. ``delta`` and ``hebbian`` [n, 4, 384] are what
    the state of its event answers to its chunks; ``has_state`` [n] says where there is one.
    """

    found: NDArray[np.int64]
    age_h: NDArray[np.float32]
    rank: NDArray[np.float32]
    same_event: NDArray[np.float32]
    same_outlet: NDArray[np.bool_]
    event: NDArray[np.int64]
    day: NDArray[np.int64]
    delta: NDArray[np.float16]
    hebbian: NDArray[np.float16]
    has_state: NDArray[np.bool_]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All of it by name, as it is kept in a file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def empty(cls, articles: int) -> Past:
        """Articles that remember nothing, each an event of its own."""
        table = articles, CHUNKS_READ
        state = articles, CHUNKS_MAX, WIDTH
        return cls(
            found=np.full(table, ABSENT), age_h=np.zeros(table, np.float32),
            rank=np.zeros(table, np.float32), same_event=np.zeros(table, np.float32),
            same_outlet=np.zeros(table, np.bool_), event=np.arange(articles),
            day=np.full(articles, ABSENT), delta=np.zeros(state, np.float16),
            hebbian=np.zeros(state, np.float16), has_state=np.zeros(articles, np.bool_),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """What judges pairs: the event pointer and the relations of claims."""

    pointer: LinkHead
    relations: PairHead


def replay(articles: Sequence[Told], chunks: Chunks, heads: Heads, backbone: Backbone) -> Past:
    """The past of every article; those without a date have none and are in nobody's."""
    past = Past.empty(len(articles))
    bank = Bank("replay")
    days = [_day(article.date) for article in articles]
    order = sorted((day, i) for i, day in enumerate(days) if day is not None)
    events: dict[str, list[int]] = defaultdict(list)
    told_day: datetime | None = None
    for sequence, (day, i) in enumerate(order, start=1):
        if day != told_day:
            _let_go(bank, events, day)
            told_day = day
        records = list(_records(articles[i], i, day, sequence, chunks, backbone))
        keys = chunks.keys[chunks.of(i)].astype(np.float32)
        past.day[i] = (day - datetime(1970, 1, 1, tzinfo=UTC)).days
        if not records:
            continue
        _remind(past, i, bank, records, keys, heads, events, chunks)
        event = str(past.event[i])
        for record, key in zip(records, keys, strict=True):
            known = replace(record, event_id=event)
            supersede.remember(bank, heads.relations, known, key, events=[event])
            events[event].append(record.record_id)
        if sequence % LOG_EVERY == 0:
            log.info("told", articles=sequence, of=len(order), held=len(bank))
    return past


def _remind(
    past: Past, i: int, bank: Bank, records: list[Record], keys: NDArray[np.float32],
    heads: Heads, events: dict[str, list[int]], chunks: Chunks,
) -> None:  # fmt: skip
    now = AsOf(time=supersede.END_OF_TIME, sequence=records[0].sequence)
    judged = link.candidates(bank, heads.pointer, records, keys, now)
    best = link.pointed(heads.pointer, judged)
    if best is not None and best.event_id is not None:
        past.event[i] = int(best.event_id)
    before = AsOf(time=records[0].published_at - MOMENT, sequence=records[0].sequence)
    chances = {one.article_id: one.probability for one in judged}
    _note(past, i, recall(bank, records, keys, before, chances))
    told = [n for n in events[str(past.event[i])] if bank.record(n).published_at <= before.time]
    if told:
        held = chunks.keys[told[-RECORDS_READ:]].astype(np.float32)
        values = chunk_values(chunks, told[-RECORDS_READ:])
        past.has_state[i] = True
        for rule in STATE_RULES:
            answer = recalled(event_state(held, values, rule), keys)
            past.arrays()[rule][i, : len(keys)] = answer


def _note(past: Past, i: int, recalled: Recalled) -> None:
    here = slice(0, len(recalled.record_ids))
    past.found[i, here] = recalled.record_ids
    past.age_h[i, here], past.rank[i, here] = recalled.age_h, recalled.rank
    past.same_event[i, here] = recalled.same_event
    past.same_outlet[i, here] = recalled.same_outlet


def chunk_values(chunks: Chunks, rows: Sequence[int]) -> NDArray[np.float32]:
    """Mean last-layer vectors of chunks, [n, 384]: what an event's state is written with."""
    summed = chunks.spans[rows].astype(np.float32).sum(axis=2)
    there = chunks.present[rows][..., None]
    mean: NDArray[np.float32] = (summed * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return mean.astype(np.float32)


def _records(
    article: Told, i: int, day: datetime, sequence: int, chunks: Chunks, backbone: Backbone
) -> Iterator[Record]:
    """Record ids are chunk numbers."""
    here = chunks.of(i)
    texts = spans.texts(backbone, article.title, article.text, chunks_max=here.stop - here.start)
    for part, (number, text) in enumerate(zip(range(here.start, here.stop), texts, strict=True)):
        yield Record(
            record_id=number, article_id=str(i), part=part, event_id=None,
            publisher_id=article.outlet, published_at=day, known_at=day, sequence=sequence,
            backbone_version="replay",
            text=text if part else "\n".join(filter(None, (article.title, text))),
        )  # fmt: skip


def _let_go(bank: Bank, events: dict[str, list[int]], day: datetime) -> None:
    since = day - timedelta(days=WINDOW_DAYS)
    gone = {r.record_id for r in bank.slots if r.published_at < since}
    if not gone:
        return
    bank.drop(gone)
    for event, told in list(events.items()):
        kept = [n for n in told if n not in gone]
        if kept:
            events[event] = kept
        else:
            del events[event]


def _day(date: str | None) -> datetime | None:
    return None if date is None else datetime.fromisoformat(date[:10]).replace(tzinfo=UTC)
