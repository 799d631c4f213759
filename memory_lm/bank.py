"""The live window of the memory: exact as-of search over unit vectors, and the slots they form.

No I/O: truth is elsewhere and rows may come in any order. Reads are bi-temporal: as of a time in
the world and a sequence number of the system, so that nothing written later changes them. Only
:meth:`Bank.forget` reaches back, on purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from memory_lm.slots import (
    EVERYTHING,
    AsOf,
    Link,
    Record,
    Slots,
    Standing,
    View,
    microseconds,
)
from newsroom.errors import BadRequest, Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AsOf", "Bank", "Hit", "Link", "Question", "Record", "Standing"]

PUBLISHED, SEQUENCE, EVENT, PUBLISHER, ARTICLE, RECORD = range(6)
# Scores of this many queries are held at once: 45 MB for 350,000 records.
QUERIES_AT_ONCE = 32
ROWS_MOVED_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A record found, with its cosine to the query."""

    record: Record
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Queries [n, width] that are asked as of one moment, of the same part of the memory.

    ``events`` limits the stories; ``superseded`` finds history too (never what was withdrawn).
    """

    queries: NDArray[np.float32]
    as_of: AsOf
    events: Collection[str] | None = None
    without_article: str | None = None
    without_publisher: str | None = None
    superseded: bool = False


class Bank:
    """Records of one backbone version with their unit keys [n, width], in memory.

    Filling it again with rows it has changes nothing. For one thread.
    """

    def __init__(self, backbone_version: str, width: int = 384) -> None:
        self.backbone_version, self.width = backbone_version, width
        self.slots = Slots()
        self._row: dict[int, int] = {}
        # Beside each key its numbers, and whether it is superseded or withdrawn when everything
        # is seen, which is what most reads need. Rows past len(self) are room to grow.
        self._keys: NDArray[np.float32] = np.empty((0, width), dtype=np.float32)
        self._columns: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64) for _ in range(6)]
        self._hidden: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self._codes: dict[tuple[int, str | None], int] = {}
        self._unused_code = count()
        self._latest = View(-(2**62), -(2**62))

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, record_id: int) -> bool:
        return record_id in self._row

    def append(self, records: Sequence[Record], keys: NDArray[np.float32]) -> None:
        """Add records with their vectors [n, width]; all or none.

        Refused: vectors of another backbone version, not finite or zero, a known id with another
        content.
        """
        keys = self._unit(keys, len(records))
        fresh: dict[int, int] = {}
        for i, record in enumerate(records):
            if record.backbone_version != self.backbone_version:
                raise Refused(
                    "memory-backbone-version",
                    f"a vector of {record.backbone_version} cannot join a bank of "
                    f"{self.backbone_version}: rebuild it from the text",
                )
            twin = fresh.get(record.record_id)
            self.slots.check(record, None if twin is None else records[twin])
            if record.record_id not in self._row:
                fresh.setdefault(record.record_id, i)
        if fresh:
            self._place([records[i] for i in fresh.values()], keys[list(fresh.values())])

    def join(self, link: Link) -> None:
        """Put two records into one slot.

        BadRequest ``memory-link`` when a record is not here, is the same, or is written later.
        """
        since = self.slots.join(link)
        if since is None:
            return
        self._seen(since)
        rows = [self._row[link.first], self._row[link.second]]
        places = [self.slots.standing_place(i, EVERYTHING) for i in (link.first, link.second)]
        if link.relation == "updates" and not self._hidden[rows].any() and places[0] != places[1]:
            # Both are the newest of their slots: the usual case, and it needs no walk.
            self._hidden[rows[0] if places[0] < places[1] else rows[1]] = True
        else:
            self._settle([link.first])

    def withdraw(self, record_id: int, *, at: datetime, sequence: int) -> None:
        """A claim taken back at a time in the world: what it superseded is live again."""
        self._seen(self.slots.withdraw(record_id, at=at, sequence=sequence))
        self._settle([record_id])

    def inherit(self, record_id: int, *, published_at: datetime, known_at: datetime) -> None:
        """A copy of a forgotten report keeps its place in time."""
        self.slots.inherit(record_id, microseconds(published_at), microseconds(known_at))
        self._settle([record_id])

    def forget(self, article_id: str) -> int:
        """Remove an article's records, vectors and links for all reads; how many records went.

        What was joined through them stays joined, and a copy of a forgotten report keeps its
        place in time.
        """
        gone = self.of_articles([article_id])
        self._remove(gone, bridge=True)
        return len(gone)

    def drop(self, record_ids: Collection[int]) -> None:
        """Remove records and their links, as if they had never come in."""
        self._remove(record_ids, bridge=False)

    def of_articles(self, article_ids: Collection[str]) -> list[int]:
        """Ids of the records of articles, ascending."""
        codes = [self._codes.get((ARTICLE, article_id), -1) for article_id in article_ids]
        rows = np.isin(self._columns[ARTICLE][: len(self)], codes)
        found: list[int] = np.sort(self._columns[RECORD][: len(self)][rows]).tolist()
        return found

    def regroup(self, event_of: Mapping[str, str]) -> None:
        """Events by article as they are now; an article that is not named belongs to none."""
        for record_id, row in self._row.items():
            record = self.slots.record(record_id)
            event = event_of.get(record.article_id)
            if event != record.event_id:
                self.slots.replace(replace(record, event_id=event))
                self._columns[EVENT][row] = self._code(EVENT, event)

    def record(self, record_id: int) -> Record:
        """One record, or NotFound ``memory-record-unknown``."""
        return self.slots.record(record_id)

    def key(self, record_id: int) -> NDArray[np.float32]:
        """The unit vector of a record, [width]."""
        self.record(record_id)
        found: NDArray[np.float32] = self._keys[self._row[record_id]].copy()
        return found

    def chain(self, record_id: int, as_of: AsOf) -> list[Record]:
        """The claims of a record's slot as of then, oldest first.

        Without what was withdrawn, and without duplicates of a claim that stands.
        """
        return self.slots.chain(record_id, View.of(as_of))

    def state(self, record_id: int, as_of: AsOf) -> Record | None:
        """The newest claim of the slot this record is in, or None when nothing stands."""
        found = self.chain(record_id, as_of)
        return found[-1] if found else None

    def standing(self, record_id: int, as_of: AsOf) -> Standing:
        """Whether a record is live as of then, and since when and by what it is not."""
        return self.slots.standing(record_id, View.of(as_of))

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

        See :class:`Question` for the limits.
        """
        question = Question(
            queries=queries, as_of=as_of, events=events, without_article=without_article,
            without_publisher=without_publisher, superseded=superseded,
        )  # fmt: skip
        return self.search_all([question], k=k)[0]

    def search_all(self, questions: Sequence[Question], *, k: int) -> list[list[list[Hit]]]:
        """:meth:`search` for many articles at once: the vectors are read once for 32 queries."""
        units = [self._unit(q.queries, len(q.queries)) for q in questions]
        asked = [(i, unit) for i, block in enumerate(units) for unit in block]
        found: list[list[list[Hit]]] = [[] for _ in questions]
        rows: dict[int, NDArray[np.intp]] = {}
        for start in range(0, len(asked), QUERIES_AT_ONCE):
            block = asked[start : start + QUERIES_AT_ONCE]
            rows = {i: rows[i] if i in rows else self._candidates(questions[i]) for i, _ in block}
            for (i, _), scores in zip(block, self._scores(block, rows), strict=True):
                found[i].append(self._best(rows[i], scores, k, questions[i]))
        return found

    def _scores(
        self, asked: Sequence[tuple[int, NDArray[np.float32]]], rows: Mapping[int, NDArray[np.intp]]
    ) -> Iterable[NDArray[np.float32]]:
        """Cosines of each query with its candidates."""
        # Gathering rows costs more than multiplying with all of them unless they are few.
        few = {i for i, kept in rows.items() if 4 * len(kept) < len(self)}
        many = [unit for i, unit in asked if i not in few]
        whole = iter(np.stack(many) @ self._keys[: len(self)].T if many else ())
        for i, unit in asked:
            yield self._keys[rows[i]] @ unit if i in few else next(whole)[rows[i]]

    def _is_settled(self, question: Question) -> bool:
        """Whether a question sees all that is here, and asks for what stands."""
        view = View.of(question.as_of)
        sees_all = view.time_us >= self._latest.time_us and view.sequence >= self._latest.sequence
        return sees_all and not question.superseded

    def _candidates(self, question: Question) -> NDArray[np.intp]:
        """Rows that a question may find; unless it is settled, some of them are not live."""
        held = len(self)
        columns = [column[:held] for column in self._columns]
        if self._is_settled(question):
            kept = ~self._hidden[:held]
        else:
            view = View.of(question.as_of)
            kept = columns[PUBLISHED] <= view.time_us
            kept &= columns[SEQUENCE] <= view.sequence
        if question.events is not None:
            codes = [self._codes.get((EVENT, event), -1) for event in question.events]
            kept &= np.isin(columns[EVENT], codes)
        without = ((PUBLISHER, question.without_publisher), (ARTICLE, question.without_article))
        for column, name in without:
            if name is not None:
                kept &= columns[column] != self._codes.get((column, name), -1)
        return np.flatnonzero(kept)

    def _best(
        self, rows: NDArray[np.intp], scores: NDArray[np.float32], k: int, question: Question
    ) -> list[Hit]:
        """The best ``k`` rows; those that are not live as of then are passed over."""
        hits: list[Hit] = []
        live: dict[int, bool] = {}
        settled, view = self._is_settled(question), View.of(question.as_of)
        for i in self._descending(rows, scores, k):
            record_id = int(self._columns[RECORD][rows[i]])
            if settled or self.slots.is_live(record_id, view, live, superseded=question.superseded):
                hits.append(Hit(record=self.record(record_id), score=float(scores[i])))
                if len(hits) == k:
                    break
        return hits

    def _descending(
        self, rows: NDArray[np.intp], scores: NDArray[np.float32], k: int
    ) -> Iterable[int]:
        """Positions by score, ties by newer, then id; sorted piece by piece, as few are needed."""
        done, size = 0, max(4 * k, 64)
        while done < len(rows):
            size = min(size, len(rows))
            least = np.partition(scores, len(rows) - size)[len(rows) - size]
            top = np.flatnonzero(scores >= least)
            record, published = (self._columns[c][rows[top]] for c in (RECORD, PUBLISHED))
            newest_first = np.lexsort((record, -published, -scores[top]))
            yield from (int(i) for i in top[newest_first[done:]])
            done, size = len(top), 4 * len(top)

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

    def reserve(self, more: int) -> None:
        """Make room for so many more records at once; growing otherwise adds an eighth."""
        needed, held = len(self) + more, len(self._hidden)
        if needed > held:
            self._resize(max(needed, held + held // 8, 1024))

    def _resize(self, rows: int) -> None:
        # In place, or a window of half a gigabyte would stand there twice; no view of these
        # arrays is ever given out, so that none can be left behind.
        self._keys.resize((rows, self.width), refcheck=False)
        for array in (*self._columns, self._hidden):
            array.resize(rows, refcheck=False)

    def _place(self, records: Sequence[Record], keys: NDArray[np.float32]) -> None:
        self.reserve(len(records))
        start, stop = len(self), len(self) + len(records)
        numbers = np.array([self._numbers(record) for record in records], dtype=np.int64).T
        for column, values in zip(self._columns, numbers, strict=True):
            column[start:stop] = values
        self._keys[start:stop], self._hidden[start:stop] = keys, False
        for row, record in enumerate(records, start):
            self.slots.add(record)
            self._row[record.record_id] = row
        self._seen(View(int(numbers[PUBLISHED].max()), int(numbers[SEQUENCE].max())))

    def _numbers(self, record: Record) -> tuple[int, ...]:
        return (
            microseconds(record.published_at), record.sequence,
            self._code(EVENT, record.event_id), self._code(PUBLISHER, record.publisher_id),
            self._code(ARTICLE, record.article_id), record.record_id,
        )  # fmt: skip

    def _code(self, column: int, name: str | None) -> int:
        return self._codes.setdefault((column, name), next(self._unused_code))

    def _seen(self, view: View) -> None:
        latest = self._latest
        self._latest = View(max(latest.time_us, view.time_us), max(latest.sequence, view.sequence))

    def _remove(self, record_ids: Collection[int], *, bridge: bool) -> None:
        if not record_ids:
            return
        articles = {self.record(i).article_id for i in record_ids}
        neighbours: set[int] = set()
        for record_id in record_ids:
            neighbours |= self.slots.remove(record_id, bridge=bridge)
        kept = np.delete(np.arange(len(self)), [self._row[i] for i in record_ids])
        for start in range(0, len(kept), ROWS_MOVED_AT_ONCE):
            rows = kept[start : start + ROWS_MOVED_AT_ONCE]
            arrays: tuple[NDArray[Any], ...] = (self._keys, *self._columns, self._hidden)
            for array in arrays:
                array[start : start + len(rows)] = array[rows]
        self._resize(len(kept))
        self._row = {int(i): row for row, i in enumerate(self._columns[RECORD])}
        for article_id in articles:
            if not self.of_articles([article_id]):
                del self._codes[ARTICLE, article_id]
        self._settle(neighbours & self._row.keys())

    def _settle(self, record_ids: Iterable[int]) -> None:
        """Find anew what stands in the slots of these records."""
        settled: set[int] = set()
        for record_id in record_ids:
            if record_id in settled:
                continue
            members = self.slots.members(record_id, EVERYTHING)
            settled |= members
            self._hidden[[self._row[i] for i in members]] = True
            newest = self.slots.newest(members, EVERYTHING)
            if newest is not None:
                self._hidden[self._row[newest]] = False
