"""The live window against the real store: it answers like a bank that was filled in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory_lm.bank import AsOf, Bank, Link
from memory_lm.live import LiveBank, as_record
from newsroom.db import Database
from newsroom.errors import Misconfigured, NotFound
from newsroom.store import articles, events
from newsroom.store.memory import forget, read, write
from newsroom.store.memory.write import Chunk, NewLink

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
V = "encoder-1"
NAMES, REVISIONS = 4, 2


def vectors(seed: int) -> dict[str, np.ndarray]:
    made = np.random.default_rng(seed).standard_normal((5, 384)).astype(np.float16)
    return {"key": made[0], "vals": made[1:]}


@pytest.fixture
def library(db: Database, make_article):
    """Articles in all their revisions: library[article][revision]."""
    made = [
        [make_article(f"a{i}", text=f"Report {i}, version {r}.") for r in range(REVISIONS)]
        for i in range(NAMES)
    ]
    with db.transaction() as conn:
        for revisions in made:
            for article in revisions:
                articles.add(conn, article, stages=["label"])
    return made


def chunk(article, part: int, day: int = 0) -> Chunk:
    return Chunk(
        article_id=article.article_id, content_sha256=article.content_sha256, part=part,
        published_at=NOON + timedelta(days=day), text=f"{article.text} {part}",
        **vectors(int(article.content_sha256[:6], 16) + part),
    )  # fmt: skip


def remember(db: Database, *chunks: Chunk, version: str = V, at: datetime | None = None):
    with db.transaction() as conn:
        started = write.begin(conn)
        if at is not None:
            conn.execute("SELECT memory_month(%s)", [at])
            started = replace(started, known_at=at)
        return write.add(conn, started, version, chunks)


def join(db: Database, *links: tuple[int, int, str]) -> None:
    with db.transaction() as conn:
        started = write.begin(conn)
        for first, second, relation in links:
            write.link(conn, started, [
                NewLink(first=first, second=second, relation=relation, confidence=0.9)
            ])  # fmt: skip


def refreshed(db: Database, bank: LiveBank | None = None, **options) -> LiveBank:
    bank = LiveBank(V) if bank is None else bank
    with db.transaction() as conn:
        bank.refresh(conn, **options)
    return bank


def answers(bank: Bank, upto: int) -> list[object]:
    """What a bank says of every record, as of many moments."""
    query = np.stack([vectors(1001)["key"], vectors(1002)["key"]]).astype(np.float32)
    told: list[object] = []
    for sequence in range(upto + 1):
        for time in (NOON, NOON + timedelta(days=2), END):
            as_of = AsOf(time=time, sequence=sequence)
            for line in bank.search(query, as_of, k=99):
                told += [(hit.record, round(hit.score, 5)) for hit in line]
            for record in sorted(bank.slots, key=lambda r: r.record_id):
                told.append(bank.chain(record.record_id, as_of))
                try:
                    told.append(bank.standing(record.record_id, as_of))
                except NotFound:
                    told.append("unseen")
    return told


indices = st.integers(0, 30)
operations = st.one_of(
    st.tuples(
        st.just("write"),
        st.lists(
            st.tuples(st.integers(0, NAMES - 1), st.integers(0, REVISIONS - 1), st.integers(0, 3)),
            min_size=1, max_size=4,
        ),
        st.integers(-2, 3),  # day of publication
        st.integers(0, 3),  # days the clock is behind
    ),
    st.tuples(
        st.just("link"),
        st.lists(st.tuples(indices, indices, st.sampled_from(["updates", "duplicate"])),
                 min_size=1, max_size=4),
    ),
    st.tuples(st.just("withdraw"), indices, st.integers(-2, 4)),
    st.tuples(st.just("forget"), st.integers(0, NAMES - 1)),
    st.tuples(st.just("refresh"), st.integers(0, 1)),
)  # fmt: skip


class Model:
    """The store, two processes that follow it, and one bank filled in order."""

    def __init__(self, db: Database, library) -> None:
        self.db, self.library = db, library
        self.lives = [LiveBank(V), LiveBank(V)]
        self.bank = Bank(V)
        self.sequence = 0
        self.revision: dict[int, tuple[int, int]] = {}
        with db.transaction() as conn:
            conn.execute(
                "TRUNCATE memory_records, memory_links, memory_withdrawals, memory_places,"
                " memory_candidates, memory_forgotten"
            )
            conn.execute("UPDATE memory_head SET sequence = 0")

    def begun(self, conn, behind: int = 0) -> write.Write:
        started = write.begin(conn)
        self.sequence = started.sequence
        turned = replace(started, known_at=started.known_at - timedelta(days=behind))
        conn.execute("SELECT memory_month(%s)", [turned.known_at])
        return turned

    def write(self, chosen, day: int, behind: int) -> None:
        chunks = [chunk(self.library[a][r], part, day) for a, r, part in chosen]
        with self.db.transaction() as conn:
            ids = write.add(conn, self.begun(conn, behind), V, chunks)
            rows = [
                row
                for batch, _ in read.records(conn, span(conn, self.sequence - 1))
                for row in batch
            ]
        for row in rows:
            where = ids.index(row.record_id)
            self.bank.append([as_record(row)], chunks[where].key[None].astype(np.float32))
            self.revision[row.record_id] = chosen[where][:2]
        for a in {a for a, _, _ in chosen}:
            mine = [
                i for i, (article, _) in self.revision.items() if article == a and i in self.bank
            ]
            newest = max(self.revision[i][1] for i in mine)
            for i in mine:
                if self.revision[i][1] < newest:
                    self.take_back(i, self.bank.record(i).published_at)

    def take_back(self, record_id: int, at: datetime) -> None:
        self.bank.withdraw(record_id, at=at, sequence=self.sequence)

    def pick(self, index: int) -> int | None:
        ids = sorted(r.record_id for r in self.bank.slots)
        return ids[index % len(ids)] if ids else None

    def link(self, pairs) -> None:
        with self.db.transaction() as conn:
            started = self.begun(conn)
            for one, other, relation in pairs:
                first, second = self.pick(one), self.pick(other)
                if first == second or first is None or second is None:
                    continue
                new = NewLink(first=first, second=second, relation=relation, confidence=0.5)
                if write.link(conn, started, [new]):
                    self.bank.join(
                        Link(first=first, second=second, relation=relation, sequence=self.sequence)
                    )

    def withdraw(self, index: int, day: int) -> None:
        record_id, at = self.pick(index), NOON + timedelta(days=day)
        if record_id is not None:
            with self.db.transaction() as conn:
                write.withdraw(conn, self.begun(conn), [(record_id, at)])
            self.take_back(record_id, at)

    def forget(self, article: int) -> None:
        article_id = self.library[article][0].article_id
        if self.bank.forget(article_id):
            with self.db.transaction() as conn:
                self.sequence = forget.forget(conn, article_id, "asked").sequence

    def refresh(self, which: int) -> None:
        refreshed(self.db, self.lives[which])


def span(conn, after: int = 0) -> read.Span:
    head = read.head(conn, 14)
    return read.Span(version=V, since=head.since, after=after, upto=head.sequence)


@given(st.lists(operations, min_size=1, max_size=14))
@settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_every_process_answers_like_one_bank_filled_in_order(db, library, monkeypatch, steps):
    monkeypatch.setattr(read, "ROWS_AT_ONCE", 2)
    model = Model(db, library)
    for name, *arguments in steps:
        getattr(model, name)(*arguments)
    expected = answers(model.bank, model.sequence)
    for live in (*model.lives, LiveBank(V)):
        refreshed(db, live)
        assert live.sequence == model.sequence
        assert answers(live, model.sequence) == expected


def test_what_met_through_a_forgotten_report_stays_joined_in_the_same_order(db, library):
    for days in ((1, 3, 2), (3, 1, 2)):
        model = Model(db, library)
        model.write([(0, 1, 0)], 0, 0)
        for article, day in enumerate(days, start=1):
            model.write([(article, 1, 0)], day, 0)
        model.refresh(0)
        model.link([(0, other, "updates") for other in (1, 2, 3)])
        model.link([(0, 2, "duplicate")])
        model.forget(0)
        model.refresh(0)
        second = AsOf(time=NOON + timedelta(days=2), sequence=model.sequence)
        joined = model.bank.chain(model.pick(days.index(1)), second)
        assert len(joined) == 2
        expected = answers(model.bank, model.sequence)
        assert answers(model.lives[0], model.sequence) == expected
        assert answers(refreshed(db), model.sequence) == expected


def test_events_are_those_of_now_when_asked(db: Database, library) -> None:
    one, other = library[0][1], library[1][1]
    ids = remember(db, chunk(one, 0), chunk(other, 0))
    bank = refreshed(db)
    assert [bank.record(i).event_id for i in ids] == [None, None]
    story = events.Group(
        group_id="s", story_id=None, title="t", title_article_id=one.article_id, first_at=NOON,
        last_at=NOON, articles=2, publishers=1, method="m",
    )  # fmt: skip
    event = replace(story, group_id="e", story_id="s")
    member = events.Member(article_id=one.article_id, event_id="e", story_id="s", score=0.5)
    with db.transaction() as conn:
        events.replace(
            conn, window=[], stories=[story], events=[event], members=[member], method="m"
        )
    assert refreshed(db, bank).record(ids[0]).event_id is None
    refreshed(db, bank, events=True)
    assert [bank.record(i).event_id for i in ids] == ["e", None]
    now = AsOf(time=END, sequence=bank.sequence)
    query = vectors(5)["key"][None].astype(np.float32)
    assert [h.record.record_id for h in bank.search(query, now, k=9, events=["e"])[0]] == ids[:1]
    assert refreshed(db).record(ids[0]).event_id == "e"


def test_what_left_the_window_is_let_go(db: Database, library) -> None:
    now = datetime.now(UTC)
    old, new = chunk(library[0][1], 0), chunk(library[1][1], 0)
    [first] = remember(db, old, at=now - timedelta(days=9))
    [second] = remember(db, new)
    join(db, (first, second, "updates"))
    bank = refreshed(db)
    as_of = AsOf(time=END, sequence=bank.sequence)
    assert bank.standing(second, as_of).superseded_by is None
    assert len(bank.chain(second, as_of)) == 2
    for days, ids in ((3, [second]), (14, [first, second])):
        bank.window_days = days
        refreshed(db, bank)
        assert sorted(r.record_id for r in bank.slots) == ids
        assert len(bank.chain(second, as_of)) == len(ids)
    assert refreshed(db, LiveBank(V, window_days=3)).sequence == 3


def test_a_dropped_month_leaves_the_rest_readable(db: Database, library) -> None:
    [first] = remember(db, chunk(library[0][1], 0), at=datetime(2020, 1, 5, tzinfo=UTC))
    [second] = remember(db, chunk(library[1][1], 0))
    join(db, (first, second, "duplicate"))
    with db.transaction() as conn:
        conn.execute("DROP TABLE memory_records_2020_01")
    bank = refreshed(db, LiveBank(V, window_days=9999))
    assert [r.record_id for r in bank.slots] == [second]


def test_a_restored_database_is_read_anew(db: Database, library) -> None:
    [first] = remember(db, chunk(library[0][1], 0))
    [second] = remember(db, chunk(library[1][1], 0))
    bank = refreshed(db)
    with db.transaction() as conn:
        conn.execute("DELETE FROM memory_records WHERE record_id = %s", [second])
        conn.execute("UPDATE memory_head SET sequence = 1")
    refreshed(db, bank)
    assert [r.record_id for r in bank.slots] == [first]
    assert bank.sequence == 1


def test_an_article_forgotten_while_it_is_read_is_gone_afterwards(db: Database, library) -> None:
    ids = remember(db, *(chunk(library[i][1], 0) for i in range(3)))
    join(db, (ids[0], ids[1], "updates"), (ids[0], ids[2], "updates"))
    forgotten: list[int] = []

    def forget_meanwhile(_done: int, total: int) -> None:
        if not forgotten:
            forgotten.append(total)
            with db.transaction() as conn:
                forget.forget(conn, library[0][0].article_id, "asked")

    bank = refreshed(db, progress=forget_meanwhile)
    assert forgotten == [3]
    assert sorted(r.record_id for r in bank.slots) == ids[1:]
    assert bank.sequence == 3
    assert len(bank.chain(ids[1], AsOf(time=END, sequence=3))) == 2


def test_a_refresh_that_broke_off_goes_on(db: Database, library, monkeypatch) -> None:
    monkeypatch.setattr(read, "ROWS_AT_ONCE", 1)
    ids = remember(db, *(chunk(library[i][1], 0) for i in range(3)))
    join(db, (ids[0], ids[1], "updates"))
    bank = LiveBank(V)

    def break_off(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refreshed(db, bank, progress=break_off)
    assert (len(bank), bank.sequence) == (2, 0)
    assert answers(refreshed(db, bank), 2) == answers(refreshed(db), 2)


def test_other_versions_are_never_mixed_and_alone_they_are_refused(db: Database, library) -> None:
    remember(db, chunk(library[0][1], 0), version="encoder-0")
    with pytest.raises(Misconfigured, match="written by encoder-0, this is encoder-1: run") as told:
        refreshed(db)
    assert told.value.code == "memory-version"
    mine = remember(db, chunk(library[0][1], 0))
    assert [r.record_id for r in refreshed(db).slots] == mine
