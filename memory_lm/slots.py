"""Slots: records that say the same thing of one story at different times; the newest one stands.

A part of an article is a :class:`Record`; records are joined by :class:`Link` and so form a slot.
Inside a slot order is that of the world (``published_at``, then ``known_at``), never that of
arrival: a late old article takes its old place. Everything is asked as of a time in the world and
a sequence number of the system, so that nothing written later changes an answer. After
bi-temporal knowledge graphs (valid and known times kept apart) and the chains that LONGMEM (Wang
et al. 2023) lacks. No vectors here and no I/O.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

from newsroom.errors import BadRequest, NotFound, Refused

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Order = tuple[int, int, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One part of one article; ``text`` is what the pair head compares (may be empty).

    ``sequence`` is the system's number of the write: clocks may go back, it does not.
    """

    record_id: int
    article_id: str
    part: int
    event_id: str | None
    publisher_id: str
    published_at: datetime
    known_at: datetime
    sequence: int
    backbone_version: str
    text: str = ""

    @property
    def order(self) -> Order:
        """Place in the world: a later published record is newer, whenever it came in."""
        times = microseconds(self.published_at), microseconds(self.known_at)
        return *times, self.article_id, self.part


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two records of one slot; which of them is newer follows from their times, not from here.

    ``duplicate``: the newer one repeats the older and stands at the older one's place, so that a
    late copy of an old report does not bring the old claim back. ``since`` is set where they met
    through records now forgotten: no earlier than these were published.
    """

    first: int
    second: int
    sequence: int
    relation: Literal["updates", "duplicate"] = "updates"
    confidence: float = 1.0
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """What was published by ``time`` and written by ``sequence``."""

    time: datetime
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a record stands: superseded since ``valid_to`` by ``superseded_by``, or live."""

    valid_to: datetime | None
    superseded_by: int | None
    withdrawn: bool


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One end of a link, in the order in which links are made up for when a record goes."""

    sequence: int
    since_us: int
    other: int
    repeats: bool


@dataclass(frozen=True, slots=True)
class View:
    """An AsOf in numbers."""

    time_us: int
    sequence: int

    @classmethod
    def of(cls, as_of: AsOf) -> View:
        """Exact to the microsecond."""
        return cls(microseconds(as_of.time), as_of.sequence)


EVERYTHING = View(2**62, 2**62)


class Slots:
    """Records by id, and what joins them."""

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}
        self._edges: dict[int, list[Edge]] = {}
        self._withdrawn: dict[int, set[View]] = {}
        self._inherited: dict[int, Order] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, record_id: int) -> bool:
        return record_id in self._records

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def check(self, record: Record, twin: Record | None = None) -> None:
        """Refuse a known id (here or in a ``twin``) with another content, and naive times."""
        for time in (record.published_at, record.known_at):
            microseconds(time)
        twin = self._records.get(record.record_id, twin)
        if twin is not None and twin != record:
            raise Refused(
                "memory-record-changed", f"record {record.record_id} is known with other content"
            )

    def add(self, record: Record) -> None:
        """Add a record, :meth:`check`-ed before, that stands alone until it is joined."""
        self._records[record.record_id] = record

    def replace(self, record: Record) -> None:
        """The same record with another event: what it says and when is not touched."""
        self._records[record.record_id] = record

    def record(self, record_id: int) -> Record:
        """One record, or NotFound ``memory-record-unknown``."""
        found = self._records.get(record_id)
        if found is None:
            raise NotFound("memory-record-unknown", f"no record {record_id} in the memory bank")
        return found

    def join(self, link: Link) -> View | None:
        """Put two records into one slot; from when on they are, or None where they were.

        BadRequest ``memory-link`` when a record is the same or is written later than the link.
        """
        ends = [self.record(link.first), self.record(link.second)]
        if link.first == link.second or link.sequence < max(r.sequence for r in ends):
            raise BadRequest("memory-link", "a link joins two records written no later than it")
        since = max(microseconds(r.published_at) for r in ends)
        if link.since is not None:
            since = max(since, microseconds(link.since))
        repeats = link.relation == "duplicate"
        if Edge(link.sequence, since, link.second, repeats) in self._edges.get(link.first, ()):
            return None
        self._connect(link.first, link.second, link.sequence, since, repeats=repeats)
        return View(since, link.sequence)

    def withdraw(self, record_id: int, *, at: datetime, sequence: int) -> View:
        """A claim taken back at a time in the world."""
        record, view = self.record(record_id), View(microseconds(at), sequence)
        if sequence < record.sequence:
            raise BadRequest("memory-withdrawal", "a record is withdrawn after it is written")
        self._withdrawn.setdefault(record_id, set()).add(view)
        return view

    def inherit(self, record_id: int, published_us: int, known_us: int) -> None:
        """A copy keeps the place of the forgotten report that it repeats, first of its time."""
        self.record(record_id)
        place = published_us, known_us, "", 0
        self._inherited[record_id] = min(place, self._inherited.get(record_id, place))

    def remove(self, record_id: int, *, bridge: bool) -> set[int]:
        """Take a record out; those it was linked with, joined with one another if ``bridge``."""
        place = self.standing_place(record_id, EVERYTHING)
        edges = sorted(self._edges.pop(record_id, ()))
        for edge in edges:
            there = self._edges[edge.other]
            there[:] = [back for back in there if back.other != record_id]
            if bridge and edge.repeats:
                self.inherit(edge.other, *place[:2])
        for one, next_one in pairwise(edges) if bridge else ():
            # As each pair met through the one that goes, so late and no earlier.
            self._connect(
                one.other, next_one.other, next_one.sequence,
                max(one.since_us, next_one.since_us), repeats=one.repeats and next_one.repeats,
            )  # fmt: skip
        self._records.pop(record_id)
        self._withdrawn.pop(record_id, None)
        self._inherited.pop(record_id, None)
        return {edge.other for edge in edges}

    def chain(self, record_id: int, view: View) -> list[Record]:
        """The claims of a record's slot in a view, oldest first.

        Without what was withdrawn, and without duplicates of a claim that stands.
        """
        if not self.is_visible(record_id, view):
            return []
        return [self.record(i) for i in self.places(self.members(record_id, view), view).values()]

    def standing(self, record_id: int, view: View) -> Standing:
        """Whether a record is live in a view, and since when and by what it is not."""
        if not self.is_visible(record_id, view):
            raise NotFound("memory-record-unseen", f"record {record_id} is not known as of then")
        taken = self.withdrawals(record_id, view)
        if taken:
            at = EPOCH + timedelta(microseconds=min(taken))
            return Standing(valid_to=at, superseded_by=None, withdrawn=True)
        places = self.places(self.members(record_id, view), view)
        place = self.standing_place(record_id, view)
        if places[place] != record_id:  # a duplicate never stands beside its original
            since = self.record(record_id).published_at
            return Standing(valid_to=since, superseded_by=places[place], withdrawn=False)
        newer = next((other for other in places if other > place), None)
        if newer is None:
            return Standing(valid_to=None, superseded_by=None, withdrawn=False)
        until = EPOCH + timedelta(microseconds=newer[0])
        return Standing(valid_to=until, superseded_by=places[newer], withdrawn=False)

    def is_live(
        self, record_id: int, view: View, known: dict[int, bool], *, superseded: bool
    ) -> bool:
        """``known`` collects the verdicts of a whole slot, so that it is walked once."""
        if superseded:
            return not self.withdrawals(record_id, view)
        if record_id not in known:
            members = self.members(record_id, view)
            known.update(dict.fromkeys(members, False))
            newest = self.newest(members, view)
            if newest is not None:
                known[newest] = True
        return known[record_id]

    def is_visible(self, record_id: int, view: View) -> bool:
        """Whether a record was published and written by then."""
        record = self.record(record_id)
        return record.sequence <= view.sequence and record.order[0] <= view.time_us

    def withdrawals(self, record_id: int, view: View) -> list[int]:
        """The times at which a record was taken back, as far as a view knows."""
        return [
            taken.time_us
            for taken in self._withdrawn.get(record_id, ())
            if taken.sequence <= view.sequence and taken.time_us <= view.time_us
        ]

    def members(self, record_id: int, view: View, *, repeats: bool = False) -> set[int]:
        """All joined with a record in a view; withdrawn ones still join what they joined."""
        found, ahead = {record_id}, [record_id]
        while ahead:
            for edge in self._edges.get(ahead.pop(), ()):
                if (
                    edge.other not in found
                    and edge.sequence <= view.sequence
                    and edge.since_us <= view.time_us
                    and (edge.repeats or not repeats)
                ):
                    found.add(edge.other)
                    ahead.append(edge.other)
        return found

    def standing_place(self, record_id: int, view: View) -> Order:
        """The place of the earliest record that says the same."""
        same = self.members(record_id, view, repeats=True)
        orders = [self.record(i).order for i in same]
        return min(orders + [self._inherited[i] for i in same if i in self._inherited])

    def places(self, members: Collection[int], view: View) -> dict[Order, int]:
        """What stands at each place, oldest place first: the original, else its earliest copy."""
        found: dict[Order, int] = {}
        for i in sorted(members, key=lambda i: self.record(i).order):
            if not self.withdrawals(i, view):
                found.setdefault(self.standing_place(i, view), i)
        return dict(sorted(found.items()))

    def newest(self, members: Collection[int], view: View) -> int | None:
        """The one of a slot's members that stands, if any does."""
        places = self.places(members, view)
        return places[max(places)] if places else None

    def _connect(self, a: int, b: int, sequence: int, since_us: int, *, repeats: bool) -> None:
        if a == b:
            return
        for one, other in ((a, b), (b, a)):
            self._edges.setdefault(one, []).append(Edge(sequence, since_us, other, repeats))


def microseconds(time: datetime) -> int:
    """Whole microseconds since 1970, exact."""
    if time.tzinfo is None:
        raise BadRequest("memory-time-naive", "times in the memory bank are aware UTC")
    return (time - EPOCH) // timedelta(microseconds=1)
