"""Write due articles to the memory, and what the event pointer thinks of them.

lease (committed) → encode → write the records → bring the process's bank up to them → judge →
store the scored candidate links and mark done, if the lease is still ours → give each its event
(:mod:`annotator.events.linking`). Whoever of two articles is written later sees the other, so no
pair is missed, however many workers there are; what it saw is fixed by the sequence number stored
with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import structlog

from annotator import encoder, runner
from annotator.events import linking
from annotator.events.linking import Judged, Linker
from annotator.events.online import Near, Point
from annotator.masking import mask
from newsroom.db import Database
from newsroom.records import WorkStage
from newsroom.settings import Events, Work
from newsroom.store import texts, work
from newsroom.store.memory import write

if TYPE_CHECKING:
    from memory_lm.link import LinkHead
    from memory_lm.live import LiveBank
    from newsroom.store.texts import Text

log = structlog.get_logger()

SAME_EVENT = "same event"
# The event does not depend on who published first; what came later is a candidate as well.
ANY_TIME = datetime.max.replace(tzinfo=UTC)
# Less likely ones are found again by whoever needs them.
LEAST_STORED = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The live window of this process and the head that reads it."""

    bank: LiveBank
    pointer: LinkHead


def memory() -> Memory:
    """An empty window, filled at its first use; Misconfigured without torch, encoder or head."""
    version = encoder.chunks_version()
    from memory_lm.live import LiveBank
    from memory_lm.relations import load_link

    return Memory(bank=LiveBank(version), pointer=load_link(version))


def linker(memory: Memory, chosen: Events) -> Linker | None:
    """The linker of the settings; None where only the nightly grouping forms events."""
    if chosen.linker == "none":
        return None
    point = pointing(memory.pointer) if chosen.linker == "pointer" else None
    return Linker(window_days=chosen.window_days, point=point)


def remember_due(db: Database, memory: Memory, limits: Work, linker: Linker | None = None) -> int:
    """Remember one batch of what is due; how many articles were taken (0: nothing to do)."""
    with db.transaction() as conn:
        leases = work.lease(conn, WorkStage.REMEMBER, batch=limits.batch, lease_s=limits.lease_s)
    if not leases:
        return 0
    try:
        with db.transaction() as conn:
            keys = [(lease.article_id, lease.content_sha256) for lease in leases]
            read = texts.of_revisions(conn, keys)
        ids = _write(db, memory.bank.backbone_version, read)
        with db.transaction() as conn:
            memory.bank.refresh(conn, events=True)
        judged = _judge(memory, ids, {text.article_id for text in read if text.dated})
    except Exception as error:  # whatever goes wrong, its articles go back, none is lost
        runner.put_back(db, leases, error, limits, "memory-failed")
        return len(leases)
    with db.transaction() as conn:
        number = write.begin(conn)
        # A lease that is lost stores nothing.
        mine = {lease.article_id for lease in leases if work.finish(conn, lease)}
        likely = [one for one in judged if one.score >= LEAST_STORED]
        write.propose(conn, number, [one for one in likely if one.article_id in mine])
    linked: Mapping[str, int] = {}
    if linker is not None:
        near: dict[str, list[Judged]] = {}
        for one in judged:
            judge = Judged(article_id=one.other_article_id, chance=one.score)
            near.setdefault(one.article_id, []).append(judge)
        kept = [text for text in read if text.article_id in mine]
        linked = linking.link_all(db, linker, kept, near)
    records = sum(map(len, ids.values()))
    log.info("remembered", articles=len(leases), records=records, **linked)
    return len(leases)


def pointing(head: LinkHead) -> Point:
    """Which of the articles found is of the same event, as the event pointer has it."""

    def point(near: Sequence[Near]) -> str | None:
        from memory_lm import link

        best = link.pointed(
            head,
            [
                link.Candidate(
                    article_id=one.article_id, record_id=0, event_id=one.group,
                    probability=one.chance,
                )
                for one in near
            ],
        )  # fmt: skip
        return None if best is None else best.article_id

    return point


def _write(db: Database, version: str, read: Sequence[Text]) -> Mapping[str, list[int]]:
    """Record ids by article; an article without words has none."""
    chunks = _chunks(read)
    with db.transaction() as conn:
        ids = write.add(conn, write.begin(conn), version, chunks)
    found: dict[str, list[int]] = {text.article_id: [] for text in read}
    for chunk, record_id in zip(chunks, ids, strict=True):
        found[chunk.article_id].append(record_id)
    return found


def _chunks(read: Sequence[Text]) -> list[write.Chunk]:
    encoded = encoder.chunks([(text.title, text.text) for text in read])
    return [
        write.Chunk(
            article_id=text.article_id,
            content_sha256=text.content_sha256,
            part=part,
            published_at=text.published_at,
            text=part_text(text.title, part, piece),
            key=found.keys[part].astype(np.float16),
            vals=found.values[part],
        )
        for text, found in zip(read, encoded, strict=True)
        for part, piece in enumerate(found.texts)
    ]


def part_text(title: str, part: int, piece: str) -> str:
    """What the pointer reads of a chunk: the first carries the headline, masked, as text too."""
    return piece if part else "\n".join(filter(None, (mask(title), piece)))


def _judge(
    memory: Memory, ids: Mapping[str, list[int]], dated: Collection[str]
) -> list[write.Candidate]:
    from memory_lm import link
    from memory_lm.bank import AsOf

    bank, now = memory.bank, AsOf(time=ANY_TIME, sequence=memory.bank.sequence)
    found = []
    for article_id, record_ids in ids.items():
        here = [i for i in record_ids if i in bank]  # the others are forgotten, or too old
        if not here:
            continue
        records = [bank.record(i) for i in here]
        keys = np.stack([bank.key(i) for i in here])
        found += [
            write.Candidate(
                article_id=article_id,
                other_article_id=one.article_id,
                event_id=one.event_id,
                relation=SAME_EVENT,
                score=one.probability,
            )
            for one in link.candidates(
                bank, memory.pointer, records, keys, now, dated=article_id in dated
            )
        ]
    return found
