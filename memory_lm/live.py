"""The bank of a process, filled from the store and kept up to date with it.

Any number of processes may hold one. What it answers depends on the rows up to its sequence
number and on nothing else: neither on how often it was refreshed nor on who wrote.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from memory_lm.bank import SEQUENCE, Bank, Link, Record
from newsroom.errors import Misconfigured
from newsroom.store.memory import read

if TYPE_CHECKING:
    from datetime import datetime

    from newsroom.db import Conn
    from newsroom.store.memory.read import Head, Span, StoredLink, StoredRecord

WINDOW_DAYS: Final = 14
Progress = Callable[[int, int], object]


class LiveBank(Bank):
    """Records that came in during the last ``window_days``, of one version.

    A slot is what is joined inside the window.
    """

    def __init__(self, version: str, *, window_days: int = WINDOW_DAYS) -> None:
        super().__init__(version)
        self.window_days = window_days
        # Every write up to it is here: the number to read as of, and to store with a label.
        self.sequence = 0
        self._since: datetime | None = None

    def refresh(
        self, conn: Conn, *, events: bool = False, progress: Progress | None = None
    ) -> None:
        """Take in all that was written since the last time, and let go what left the window.

        In a transaction that has written nothing: what it rolls back must not be here.
        ``events`` asks anew in which event every article is: grouping may have moved those that
        were here. ``progress`` is called with rows done and rows in all. Misconfigured
        ``memory-version``: the window holds records of another version only.
        """
        head = self._advance(conn, progress)
        while read.is_forgetting(conn, self.sequence):
            # Forgotten between two of our reads: some of its links may be gone already.
            head = self._advance(conn, progress)
        if not self and (other := read.other_version(conn, head.since)) is not None:
            raise Misconfigured(
                "memory-version",
                f"the memory was written by {other}, this is {self.backbone_version}: "
                "run `newsroom memory rebuild`",
            )
        if events:
            self.regroup(read.events(conn, self.backbone_version, head.since))

    def _advance(self, conn: Conn, progress: Progress | None) -> Head:
        head = read.head(conn, self.window_days)
        if head.sequence < self.sequence or (self._since is not None and head.since < self._since):
            # The database was restored, or its clock went back: what is here may be no more.
            self.drop([record.record_id for record in self.slots])
            self.sequence = 0
        span = read.Span(
            version=self.backbone_version, since=head.since, after=self.sequence, upto=head.sequence
        )
        self._take_records(conn, span, progress)
        self._let_go(conn, span)
        self._take_slots(conn, span)
        self.sequence, self._since = head.sequence, head.since
        return head

    def _take_records(self, conn: Conn, span: Span, progress: Progress | None) -> None:
        total = read.count(conn, span)
        self.reserve(total)
        done = 0
        for rows, keys in read.records(conn, span):
            # Some are here where the last refresh broke off.
            new = [i for i, row in enumerate(rows) if row.record_id not in self]
            self.append([as_record(rows[i]) for i in new], keys[new].astype(np.float32))
            done += len(rows)
            if progress is not None:
                progress(done, total)

    def _let_go(self, conn: Conn, span: Span) -> None:
        stones = read.forgotten(conn, span)
        gone = {
            record_id
            for record_id in self.of_articles(stones)
            if (record := self.record(record_id)).sequence < stones[record.article_id]
        }
        if span.since != self._since:
            gone |= {r.record_id for r in self.slots if r.known_at < span.since}
        self.drop(gone)

    def _take_slots(self, conn: Conn, span: Span) -> None:
        # What joins records that are here was written no earlier than they were.
        first = self._columns[SEQUENCE][: len(self)].min(initial=span.upto)
        span = replace(span, after=max(span.after, int(first) - 1))
        for link in read.links(conn, span):
            if link.first in self and link.second in self:
                self.join(as_link(link))
        for taken in read.withdrawals(conn, span):
            if taken.record_id in self:
                self.withdraw(taken.record_id, at=taken.at, sequence=taken.sequence)
        for place in read.places(conn, span):
            if place.record_id in self:
                self.inherit(
                    place.record_id, published_at=place.published_at, known_at=place.known_at
                )


def as_record(row: StoredRecord) -> Record:
    """A stored record as the bank holds it; names that repeat are kept once."""
    return Record(
        record_id=row.record_id,
        article_id=sys.intern(row.article_id),
        part=row.part,
        event_id=None if row.event_id is None else sys.intern(row.event_id),
        publisher_id=sys.intern(row.publisher_id),
        published_at=row.published_at,
        known_at=row.known_at,
        sequence=row.sequence,
        backbone_version=sys.intern(row.version),
        text=row.text,
    )


def as_link(row: StoredLink) -> Link:
    """A stored link as the bank holds it."""
    return Link(
        first=row.first,
        second=row.second,
        sequence=row.sequence,
        relation=row.relation,
        confidence=row.confidence,
        since=row.since,
    )
