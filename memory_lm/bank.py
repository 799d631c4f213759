"""The live window of the memory: exact as-of search, and chains in which the newest claim wins.

A part of an article is a :class:`Record`; records that say the same thing of the same story at
different times are joined by :class:`Link` and form a slot. Inside a slot order is that of the
world (``published_at``, then ``known_at``), never that of arrival: a late old article takes its
old place. Reads are bi-temporal: as of a time in the world and a sequence number of the system,
so that nothing written later changes them. Only :meth:`Bank.forget` reaches back, on purpose.

No I/O: truth is elsewhere and rows may come in any order. After bi-temporal knowledge graphs
(valid and known times kept apart) and the chains that LONGMEM (Wang et al. 2023) lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from newsroom.errors import BadRequest, NotFound, Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GROWTH = 1024

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
        return _us(self.published_at), _us(self.known_at), self.article_id, self.part


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two records of one slot; which of them is newer follows from their times, not from here.

    ``duplicate``: the newer one repeats the older and stands at the older one's place, so that a
    late copy of an old report does not bring the old claim back.
    """

    first: int
    second: int
    sequence: int
    relation: Literal["updates", "duplicate"] = "updates"
    confidence: float = 1.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A record found, with its cosine to the query."""

    record: Record
    score: float


@dataclass(frozen=True, slots=True)
class _Edge:
    other: int
    sequence: int
    since_us: int
    repeats: bool


@dataclass(frozen=True, slots=True)
class _View:
    """An AsOf in numbers."""

    time_us: int
    sequence: int


EVERYTHING = _View(2**62, 2**62)


class Bank:
    """Records of one backbone version with their unit keys [n, width], in memory.

    Filling it again with rows it has changes nothing.
    """

    def __init__(self, backbone_version: str, width: int = 384) -> None:
        self.backbone_version, self.width = backbone_version, width
        self._records: list[Record] = []
        self._row: dict[int, int] = {}
        self._keys: NDArray[np.float32] = np.empty((0, width), dtype=np.float32)
        # Columns beside the keys: published, sequence, event, publisher, article.
        self._columns: NDArray[np.int64] = np.empty((0, 5), dtype=np.int64)
        # Superseded or withdrawn when everything is seen: what most reads need.
        self._hidden: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self._codes: dict[tuple[int, str | None], int] = {}
        self._unused_code = count()
        self._edges: dict[int, list[_Edge]] = {}
        self._withdrawn: dict[int, set[_View]] = {}
        self._inherited: dict[int, Order] = {}
        self._latest = _View(-(2**62), -(2**62))

    def __len__(self) -> int:
        return len(self._records)

    def append(self, records: Sequence[Record], keys: NDArray[np.float32]) -> None:
        """Add records with their vectors [n, width]; all or none.

        Refused: vectors of another backbone version, not finite or zero, a known id with another
        content.
        """
        keys = self._unit(keys, len(records))
        fresh: dict[int, int] = {}
        for i, record in enumerate(records):
            self._check(
                record, records[fresh[record.record_id]] if record.record_id in fresh else None
            )
            if record.record_id not in self._row:
                fresh.setdefault(record.record_id, i)
        self._reserve(len(fresh))
        for i in fresh.values():
            self._place_row(records[i], keys[i])

    def join(self, link: Link) -> None:
        """Put two records into one slot.

        BadRequest ``memory-link`` when a record is not here, is the same, or is written later.
        """
        ends = [self.record(link.first), self.record(link.second)]
        if link.first == link.second or link.sequence < max(r.sequence for r in ends):
            raise BadRequest("memory-link", "a link joins two records written no later than it")
        since, repeats = max(_us(r.published_at) for r in ends), link.relation == "duplicate"
        if _Edge(link.second, link.sequence, since, repeats) in self._edges.get(link.first, ()):
            return
        self._connect(link.first, link.second, link.sequence, since, repeats=repeats)
        self._seen(since, link.sequence)
        rows = [self._row[r.record_id] for r in ends]
        places = [self._standing_place(r.record_id, EVERYTHING) for r in ends]
        if link.relation == "updates" and not self._hidden[rows].any() and places[0] != places[1]:
            # Both are the newest of their slots: the usual case, and it needs no walk.
            self._hidden[rows[0] if places[0] < places[1] else rows[1]] = True
        else:
            self._settle(link.first)

    def withdraw(self, record_id: int, *, at: datetime, sequence: int) -> None:
        """A claim taken back at a time in the world: what it superseded is live again."""
        record, view = self.record(record_id), _View(_us(at), sequence)
        if sequence < record.sequence:
            raise BadRequest("memory-withdrawal", "a record is withdrawn after it is written")
        self._withdrawn.setdefault(record_id, set()).add(view)
        self._seen(view.time_us, sequence)
        self._settle(record_id)

    def forget(self, article_id: str) -> int:
        """Remove an article's records, vectors and links for all reads; how many records went.

        What was joined through them stays joined, and a copy of a forgotten report keeps its
        place in time.
        """
        gone = [r.record_id for r in self._records if r.article_id == article_id]
        neighbours: set[int] = set()
        for record_id in gone:
            neighbours |= self._cut(record_id)
        kept = [i for i, r in enumerate(self._records) if r.article_id != article_id]
        self._keys, self._columns = self._keys[kept], self._columns[kept]
        self._hidden = self._hidden[kept]
        self._codes.pop((4, article_id), None)
        self._records = [self._records[i] for i in kept]
        self._row = {r.record_id: i for i, r in enumerate(self._records)}
        for record_id in neighbours & self._row.keys():
            self._settle(record_id)
        return len(gone)

    def record(self, record_id: int) -> Record:
        """One record, or NotFound ``memory-record-unknown``."""
        row = self._row.get(record_id)
        if row is None:
            raise NotFound("memory-record-unknown", f"no record {record_id} in the memory bank")
        return self._records[row]

    def key(self, record_id: int) -> NDArray[np.float32]:
        """The unit vector of a record, [width]."""
        self.record(record_id)
        found: NDArray[np.float32] = self._keys[self._row[record_id]]
        return found

    def chain(self, record_id: int, as_of: AsOf) -> list[Record]:
        """The claims of a record's slot as of then, oldest first.

        Without what was withdrawn, and without duplicates of a claim that stands.
        """
        view = _view(as_of)
        if not self._visible(record_id, view):
            return []
        found = self._chain(self._members(record_id, view), view).values()
        return [self.record(i) for i in found]

    def state(self, record_id: int, as_of: AsOf) -> Record | None:
        """The newest claim of the slot this record is in, or None when nothing stands."""
        found = self.chain(record_id, as_of)
        return found[-1] if found else None

    def standing(self, record_id: int, as_of: AsOf) -> Standing:
        """Whether a record is live as of then, and since when and by what it is not."""
        view = _view(as_of)
        if not self._visible(record_id, view):
            raise NotFound("memory-record-unseen", f"record {record_id} is not known as of then")
        taken = self._withdrawals(record_id, view)
        if taken:
            at = EPOCH + timedelta(microseconds=min(taken))
            return Standing(valid_to=at, superseded_by=None, withdrawn=True)
        chain = self._chain(self._members(record_id, view), view)
        place = self._standing_place(record_id, view)
        if chain[place] != record_id:  # a duplicate never stands beside its original
            since = self.record(record_id).published_at
            return Standing(valid_to=since, superseded_by=chain[place], withdrawn=False)
        newer = next((other for other in chain if other > place), None)
        if newer is None:
            return Standing(valid_to=None, superseded_by=None, withdrawn=False)
        until = EPOCH + timedelta(microseconds=newer[0])
        return Standing(valid_to=until, superseded_by=chain[newer], withdrawn=False)

    def search(
        self,
        queries: NDArray[np.float32],
        as_of: AsOf,
        *,
        k: int,
        events: Collection[str] | None = None,
        without_article: str | None = None,
        without_publisher: str | None = None,
        superseded: bool = False,
    ) -> list[list[Hit]]:
        """The ``k`` nearest live records for each query [n, width], nearest first, newer on ties.

        ``events`` limits the stories; ``superseded`` finds history too (never what was withdrawn).
        """
        queries = self._unit(queries, len(queries))
        view, held = _view(as_of), len(self)
        columns = self._columns[:held]
        kept = (columns[:, 0] <= view.time_us) & (columns[:, 1] <= view.sequence)
        if events is not None:
            codes = [self._codes.get((2, event), -1) for event in events]
            kept &= np.isin(columns[:, 2], codes)
        for column, name in ((3, without_publisher), (4, without_article)):
            if name is not None:
                kept &= columns[:, column] != self._codes.get((column, name), -1)
        whole = view.time_us >= self._latest.time_us and view.sequence >= self._latest.sequence
        settled = whole and not superseded
        if settled:
            kept &= ~self._hidden[:held]
        rows = np.flatnonzero(kept)
        # Gathering rows costs more than multiplying with all of them unless they are few.
        if 4 * len(rows) < held:
            scores = queries @ self._keys[rows].T
        else:
            scores = (queries @ self._keys[:held].T)[:, rows]
        return [
            self._best(rows, line, k, None if settled else view, superseded=superseded)
            for line in scores
        ]

    def _best(
        self,
        rows: NDArray[np.intp],
        scores: NDArray[np.float32],
        k: int,
        view: _View | None,
        *,
        superseded: bool,
    ) -> list[Hit]:
        """The best ``k`` rows; with a view, those that are not live in it are passed over."""
        hits: list[Hit] = []
        live: dict[int, bool] = {}
        for i in self._descending(rows, scores, k):
            record = self._records[rows[i]]
            if view is not None and not self._is_live(record.record_id, view, live, superseded):
                continue
            hits.append(Hit(record=record, score=float(scores[i])))
            if len(hits) == k:
                break
        return hits

    def _descending(
        self, rows: NDArray[np.intp], scores: NDArray[np.float32], k: int
    ) -> Iterable[int]:
        """Positions by score, ties by newer; sorted piece by piece, as few are needed."""
        done, size = 0, max(4 * k, 64)
        while done < len(rows):
            size = min(size, len(rows))
            least = np.partition(scores, len(rows) - size)[len(rows) - size]
            top = np.flatnonzero(scores >= least)
            newest_first = np.lexsort((-self._columns[rows[top], 0], -scores[top]))
            yield from (int(i) for i in top[newest_first[done:]])
            done, size = len(top), 4 * len(top)

    def _is_live(
        self, record_id: int, view: _View, known: dict[int, bool], superseded: bool
    ) -> bool:
        """``known`` collects the verdicts of a whole slot, so that it is walked once."""
        if superseded:
            return not self._withdrawals(record_id, view)
        if record_id not in known:
            members = self._members(record_id, view)
            known.update(dict.fromkeys(members, False))
            chain = self._chain(members, view)
            if chain:
                known[chain[max(chain)]] = True
        return known[record_id]

    def _check(self, record: Record, twin: Record | None) -> None:
        if record.backbone_version != self.backbone_version:
            raise Refused(
                "memory-backbone-version",
                f"a vector of {record.backbone_version} cannot join a bank of "
                f"{self.backbone_version}: rebuild it from the text",
            )
        for time in (record.published_at, record.known_at):
            _us(time)
        held = self._row.get(record.record_id)
        twin = twin if held is None else self._records[held]
        if twin is not None and twin != record:
            raise Refused(
                "memory-record-changed", f"record {record.record_id} is known with other content"
            )

    def _unit(self, vectors: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.shape != (rows, self.width):
            raise BadRequest(
                "memory-vector-shape", f"vectors {vectors.shape}, expected {(rows, self.width)}"
            )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(norms).all() and (norms > 0).all()):
            raise Refused("memory-vector-broken", "a vector is zero or not finite")
        unit: NDArray[np.float32] = vectors / norms
        return unit

    def _reserve(self, more: int) -> None:
        needed, held = len(self) + more, len(self._hidden)
        if needed > held:
            extra = max(needed, 2 * held, GROWTH) - held
            self._keys = np.pad(self._keys, ((0, extra), (0, 0)))
            self._columns = np.pad(self._columns, ((0, extra), (0, 0)))
            self._hidden = np.pad(self._hidden, (0, extra))

    def _place_row(self, record: Record, key: NDArray[np.float32]) -> None:
        row = len(self)
        self._keys[row] = key
        published = _us(record.published_at)
        names = (record.event_id, record.publisher_id, record.article_id)
        codes = [
            self._codes.setdefault((column, name), next(self._unused_code))
            for column, name in enumerate(names, start=2)
        ]
        self._columns[row] = (published, record.sequence, *codes)
        self._hidden[row] = False
        self._records.append(record)
        self._row[record.record_id] = row
        self._seen(published, record.sequence)

    def _seen(self, time_us: int, sequence: int) -> None:
        latest = self._latest
        self._latest = _View(max(latest.time_us, time_us), max(latest.sequence, sequence))

    def _connect(self, a: int, b: int, sequence: int, since_us: int, *, repeats: bool) -> None:
        if a == b:
            return
        for one, other in ((a, b), (b, a)):
            self._edges.setdefault(one, []).append(_Edge(other, sequence, since_us, repeats))

    def _cut(self, record_id: int) -> set[int]:
        """Take a record out of the links, joining those it joined; those it was linked with."""
        edges = sorted(self._edges.pop(record_id, ()), key=lambda edge: edge.sequence)
        place = self._standing_place(record_id, EVERYTHING)
        for edge in edges:
            there = self._edges[edge.other]
            there[:] = [back for back in there if back.other != record_id]
            if edge.repeats:
                self._inherited[edge.other] = min(place, self._inherited.get(edge.other, place))
        for one, next_one in pairwise(edges):
            # As each pair met through the one that goes, so late and no earlier.
            self._connect(
                one.other, next_one.other, next_one.sequence,
                max(one.since_us, next_one.since_us), repeats=one.repeats and next_one.repeats,
            )  # fmt: skip
        self._withdrawn.pop(record_id, None)
        self._inherited.pop(record_id, None)
        return {edge.other for edge in edges}

    def _settle(self, record_id: int) -> None:
        members = self._members(record_id, EVERYTHING)
        self._hidden[[self._row[i] for i in members]] = True
        chain = self._chain(members, EVERYTHING)
        if chain:
            self._hidden[self._row[chain[max(chain)]]] = False

    def _visible(self, record_id: int, view: _View) -> bool:
        record = self.record(record_id)
        return record.sequence <= view.sequence and _us(record.published_at) <= view.time_us

    def _withdrawals(self, record_id: int, view: _View) -> list[int]:
        """The times at which a record was taken back, as far as a view knows."""
        return [
            taken.time_us
            for taken in self._withdrawn.get(record_id, ())
            if taken.sequence <= view.sequence and taken.time_us <= view.time_us
        ]

    def _members(self, record_id: int, view: _View, *, repeats: bool = False) -> set[int]:
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

    def _standing_place(self, record_id: int, view: _View) -> Order:
        """The place of the earliest record that says the same."""
        same = self._members(record_id, view, repeats=True)
        orders = [self.record(i).order for i in same]
        return min(orders + [self._inherited[i] for i in same if i in self._inherited])

    def _chain(self, members: Collection[int], view: _View) -> dict[Order, int]:
        """What stands at each place, oldest place first: the original, else its earliest copy."""
        found: dict[Order, int] = {}
        for i in sorted(members, key=lambda i: self.record(i).order):
            if not self._withdrawals(i, view):
                found.setdefault(self._standing_place(i, view), i)
        return dict(sorted(found.items()))


def _view(as_of: AsOf) -> _View:
    return _View(_us(as_of.time), as_of.sequence)


def _us(time: datetime) -> int:
    """Whole microseconds since 1970, exact."""
    if time.tzinfo is None:
        raise BadRequest("memory-time-naive", "times in the memory bank are aware UTC")
    return (time - EPOCH) // timedelta(microseconds=1)
