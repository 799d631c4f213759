"""What the articles of one batch may be reminded of, as of one number of the memory.

The labeller asks with what it encoded and gets chunks without names: it stays blind to outlets,
but for the mark of which chunks come from the article's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annotator.remember import part_text
from newsroom.db import Database
from newsroom.store.memory import read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annotator.remember import Memory
    from memory_lm.bank import AsOf, Record
    from memory_lm.batches import Neighbours
    from memory_lm.event_state import StateRule as StateRule  # noqa: PLC0414 (the door passes it on)
    from memory_lm.link import Candidate
    from memory_lm.recall import Recalled
    from memory_lm.spans import Chunks
    from newsroom.store.texts import Text

Values = Mapping[int, "NDArray[np.float16]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The memory as of ``sequence`` and the batch that may ask it; ``rule`` adds event states."""

    db: Database
    memory: Memory
    articles: Sequence[Text]
    sequence: int
    rule: StateRule | None = None

    def neighbours(self, numbers: Sequence[int], chunks: Sequence[Chunks]) -> Neighbours | None:
        """What some articles of the batch, by number, read; None when all find nothing.

        It was published before each of them, and written by the number.
        """
        asked = [_Asked(self, number, one) for number, one in zip(numbers, chunks, strict=True)]
        wanted = sorted({i for one in asked for i in (*one.recalled.record_ids, *one.told)})
        with self.db.transaction() as conn:
            values = read.values(conn, wanted)
        return _table(self, asked, values) if values else None


def past(db: Database, memory: Memory, articles: Sequence[Text], rule: StateRule | None) -> Past:
    """The memory as it stands now, for one batch."""
    with db.transaction() as conn:
        memory.bank.refresh(conn, events=True)
    return Past(db=db, memory=memory, articles=articles, sequence=memory.bank.sequence, rule=rule)


class _Asked:
    """One article, what it recalled, and the records of its event where its state is asked for."""

    def __init__(self, past: Past, number: int, chunks: Chunks) -> None:
        from memory_lm import link
        from memory_lm.bank import AsOf
        from memory_lm.recall import recall

        article, bank = past.articles[number], past.memory.bank
        self.keys = chunks.keys
        self.records = list(_records(article, chunks, past))
        as_of = AsOf(time=article.published_at, sequence=past.sequence)
        judged: list[Candidate] = []
        if self.records:
            judged = link.candidates(
                bank, past.memory.pointer, self.records, self.keys, as_of, dated=article.dated
            )
        chances = {one.article_id: one.probability for one in judged}
        self.recalled: Recalled = recall(bank, self.records, self.keys, as_of, chances)
        self.told = self._of_event(past, judged, as_of) if past.rule is not None else []

    def _of_event(self, past: Past, judged: Sequence[Candidate], as_of: AsOf) -> list[int]:
        from memory_lm import link
        from memory_lm.event_state import RECORDS_READ

        best = link.pointed(past.memory.pointer, judged)
        if best is None or best.event_id is None:
            return []
        [hits] = past.memory.bank.search(
            self.keys.mean(axis=0, keepdims=True), as_of, k=RECORDS_READ, superseded=True,
            events=[best.event_id], without_article=self.records[0].article_id,
        )  # fmt: skip
        return [r.record_id for r in sorted((h.record for h in hits), key=lambda r: r.order)]


def _records(article: Text, chunks: Chunks, past: Past) -> list[Record]:
    from memory_lm.bank import Record

    return [
        Record(
            # Not written yet, or not for this reader: of no record's number.
            record_id=-1 - part, article_id=article.article_id, part=part, event_id=None,
            publisher_id=article.publisher_id, published_at=article.published_at,
            known_at=article.published_at, sequence=past.sequence,
            backbone_version=past.memory.bank.backbone_version,
            text=part_text(article.title, part, piece),
        )
        for part, piece in enumerate(chunks.texts)
    ]  # fmt: skip


def _table(past: Past, asked: Sequence[_Asked], values: Values) -> Neighbours:
    from memory_lm.batches import ABSENT, Neighbours
    from memory_lm.event_state import event_state, recalled
    from memory_lm.recall import CHUNKS_READ
    from memory_lm.spans import CHUNKS_MAX, SPANS

    bank = past.memory.bank
    row = {record_id: i for i, record_id in enumerate(values)}
    width = bank.width
    keys = np.array([bank.key(i) for i in row], np.float16).reshape(-1, width)
    shape = len(asked), CHUNKS_READ
    found = np.full(shape, ABSENT)
    age_h, rank, same_event = (np.zeros(shape, np.float32) for _ in range(3))
    same_outlet = np.zeros(shape, np.bool_)
    state = np.zeros((len(asked), CHUNKS_MAX, width), np.float16)
    for i, one in enumerate(asked):
        r = one.recalled
        # What was forgotten between the search and the reading of its values is absent.
        kept = [n for n, record_id in enumerate(r.record_ids) if record_id in row]
        here = slice(0, len(kept))
        found[i, here] = [row[r.record_ids[n]] for n in kept]
        age_h[i, here], rank[i, here] = r.age_h[kept], r.rank[kept]
        same_event[i, here], same_outlet[i, here] = r.same_event[kept], r.same_outlet[kept]
        told = [record_id for record_id in one.told if record_id in row]
        if told and past.rule is not None:
            means = np.stack([_mean(values[record_id]) for record_id in told])
            held = np.stack([bank.key(record_id) for record_id in told])
            answers = recalled(event_state(held, means, past.rule), one.keys)
            state[i, : len(answers)] = answers
    return Neighbours(
        keys=keys,
        values=np.array(list(values.values()), np.float16).reshape(-1, SPANS, width),
        found=found, age_h=age_h, rank=rank, same_event=same_event, same_outlet=same_outlet,
        states={} if past.rule is None else {past.rule: state},
    )  # fmt: skip


def _mean(values: NDArray[np.float16]) -> NDArray[np.float32]:
    there = values.any(axis=1)
    mean: NDArray[np.float32] = values.astype(np.float32).sum(axis=0) / max(int(there.sum()), 1)
    return mean
