from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from newsroom.db import Database
from newsroom.errors import BadRequest, Later, NotFound, Refused
from newsroom.store import articles, work
from newsroom.store.memory import forget, read, write
from newsroom.store.memory.write import Candidate, Chunk, NewLink

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
V = "encoder-1"
TABLES = (
    "memory_records", "memory_links", "memory_withdrawals", "memory_places", "memory_candidates",
    "memory_forgotten",
)  # fmt: skip


def vectors(seed: int) -> dict[str, np.ndarray]:
    made = np.random.default_rng(seed).standard_normal((5, 384)).astype(np.float16)
    return {"key": made[0], "vals": made[1:]}


def chunk(article, part: int = 0, **changes) -> Chunk:
    made = Chunk(
        article_id=article.article_id, content_sha256=article.content_sha256, part=part,
        published_at=NOON, text=f"{article.title} {part}", **vectors(part),
    )  # fmt: skip
    return replace(made, **changes)


@pytest.fixture
def stored(db: Database, make_article):
    """Articles in the store, by name; asked again with another text it is the next revision."""

    def make(name: str, **changes):
        article = make_article(name, **changes)
        with db.transaction() as conn:
            articles.add(conn, article, stages=["label"])
        return article

    return make


def remember(db: Database, *chunks: Chunk, version: str = V) -> list[int]:
    with db.transaction() as conn:
        return write.add(conn, write.begin(conn), version, chunks)


def span(conn, after: int = 0) -> read.Span:
    head = read.head(conn, 14)
    return read.Span(version=V, since=head.since, after=after, upto=head.sequence)


def held(db: Database, after: int = 0) -> list[read.StoredRecord]:
    with db.transaction() as conn:
        rows = [row for rows, _ in read.records(conn, span(conn, after)) for row in rows]
    return sorted(rows, key=lambda row: row.record_id)


def test_what_is_written_is_read_back_with_outlet_and_event(db: Database, stored) -> None:
    article = stored("a")
    ids = remember(db, chunk(article, 0), chunk(article, 1, published_at=NOON - timedelta(days=9)))
    with db.transaction() as conn:
        [(rows, keys)] = read.records(conn, span(conn))
        values = read.values(conn, [*ids, 10**9])
        assert read.count(conn, span(conn)) == 2
        assert read.count(conn, span(conn, after=1)) == 0
    assert [row.record_id for row in rows] == ids
    assert [(row.part, row.sequence, row.publisher_id) for row in rows] == [
        (0, 1, "ledger"), (1, 1, "ledger"),
    ]  # fmt: skip
    assert rows[1].published_at == NOON - timedelta(days=9)
    np.testing.assert_array_equal(keys, np.stack([vectors(i)["key"] for i in (0, 1)]))
    assert sorted(values) == ids
    np.testing.assert_array_equal(values[ids[1]], vectors(1)["vals"])


def test_writing_again_adds_nothing_and_gives_the_same_ids(db: Database, stored) -> None:
    one, two = stored("a"), stored("b")
    first = remember(db, chunk(one), chunk(one, 1))
    again = remember(db, chunk(two), chunk(one, 1), chunk(two), chunk(one))
    assert again == [again[0], first[1], again[0], first[0]]
    assert len(held(db)) == 3
    assert [row.sequence for row in held(db)] == [1, 1, 2]
    assert len({*first, *remember(db, chunk(one), version="encoder-2")}) == 3
    assert remember(db) == []


def test_numbers_are_committed_in_order_and_a_broken_write_takes_none(db, stored) -> None:
    article = stored("a")
    with pytest.raises(Refused), db.transaction() as conn:
        started = write.begin(conn)
        write.add(conn, started, V, [chunk(article)])
        write.add(conn, started, V, [chunk(article, 1, key=np.full(384, np.nan, np.float16))])
    assert held(db) == []
    remember(db, chunk(article))
    with db.transaction() as conn:
        assert read.head(conn, 14).sequence == 1


def test_many_writers_lose_and_double_nothing_and_readers_see_no_gap(db: Database, stored) -> None:
    made = [stored(f"a{i}") for i in range(6)]
    seen: dict[int, set[int]] = {}
    done = threading.Event()

    def writes(seed: int) -> None:
        random = Random(seed)
        for _ in range(8):
            picked = random.sample(made, 3)
            chunks = [chunk(article, random.randrange(4)) for article in picked]
            with db.transaction() as conn:
                started = write.begin(conn)
                ids = write.add(conn, started, V, chunks)
                write.link(conn, started, [
                    NewLink(first=a, second=b, relation="updates", confidence=0.9)
                    for a, b in [ids[:2], ids[1:]] if a != b
                ])  # fmt: skip

    def polls() -> None:
        while not done.is_set():
            with db.transaction() as conn:
                head = read.head(conn, 14).sequence
                rows = [r for batch, _ in read.records(conn, span(conn)) for r in batch]
                seen[head] = {r.record_id for r in rows if r.sequence <= head}

    with ThreadPoolExecutor(6) as pool:
        poller = pool.submit(polls)
        list(pool.map(writes, range(5)))
        done.set()
        poller.result()
    rows = held(db)
    assert len({(r.article_id, r.part) for r in rows}) == len(rows) > 12
    assert [r.record_id for r in rows] == sorted(r.record_id for r in rows)
    with db.transaction() as conn:
        assert read.head(conn, 14).sequence == 40
        for head, ids in seen.items():
            assert ids == {r.record_id for r in rows if r.sequence <= head}
        pairs = [(x.first, x.second) for x in read.links(conn, span(conn))]
    assert len(pairs) == len(set(pairs))


def taken_back(db: Database) -> dict[int, str]:
    with db.transaction() as conn:
        return {x.record_id: x.reason for x in read.withdrawals(conn, span(conn))}


def test_a_new_revision_withdraws_the_older_one_and_a_late_old_one_itself(db, stored) -> None:
    old, new = stored("a"), stored("a", text="The council met again. It voted the other way.")
    assert old.article_id == new.article_id
    first = remember(db, chunk(old), chunk(old, 1))
    assert taken_back(db) == {}
    second = remember(db, chunk(new))
    assert taken_back(db) == dict.fromkeys(first, "revised")
    assert remember(db, chunk(old)) == first[:1]
    [late] = remember(db, chunk(old, 2))
    assert taken_back(db) == dict.fromkeys([*first, late], "revised")
    assert {r.sequence for r in held(db) if r.record_id in second} == {2}


def test_links_are_kept_once_whatever_their_direction(db: Database, stored) -> None:
    ids = remember(db, *(chunk(stored(name)) for name in "abc"))

    def link(a: int, b: int, relation="updates") -> int:
        with db.transaction() as conn:
            new = NewLink(first=a, second=b, relation=relation, confidence=0.7)
            return write.link(conn, write.begin(conn), [new, new])

    assert [link(ids[1], ids[0]), link(ids[0], ids[1]), link(ids[0], ids[1], "duplicate")] == [
        1, 0, 1,
    ]  # fmt: skip
    with db.transaction() as conn:
        [first, second] = read.links(conn, span(conn))
    assert (first.first, first.second, first.since, first.sequence) == (*ids[:2], NOON, 2)
    assert (second.relation, second.written, second.confidence) == ("duplicate", 4, 0.7)
    with pytest.raises(BadRequest, match="joins two records"):
        link(ids[0], ids[0])
    with pytest.raises(Later, match="no record 999"):
        link(ids[0], 999)


def test_withdrawals_are_kept_once(db: Database, stored) -> None:
    [record_id] = remember(db, chunk(stored("a")))
    for _ in range(2):
        with db.transaction() as conn:
            write.withdraw(conn, write.begin(conn), [(record_id, NOON)])
    assert taken_back(db) == {record_id: "withdrawn"}
    with pytest.raises(Later), db.transaction() as conn:
        write.withdraw(conn, write.begin(conn), [(record_id + 1, NOON)])
    with pytest.raises(BadRequest), db.transaction() as conn:
        write.withdraw(conn, write.begin(conn), [(record_id, NOON.replace(tzinfo=None))])


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"key": np.full(384, np.inf, np.float16)}, Refused, "memory-vector-broken"),
        ({"key": np.full(384, 1e6, np.float32)}, Refused, "memory-vector-broken"),
        ({"key": np.zeros(384, np.float16)}, Refused, "memory-vector-broken"),
        ({"vals": np.full((4, 384), np.nan, np.float16)}, Refused, "memory-vector-broken"),
        ({"key": np.ones(383, np.float16)}, BadRequest, "memory-vector-shape"),
        ({"vals": np.ones((3, 384), np.float16)}, BadRequest, "memory-vector-shape"),
        ({"published_at": datetime(2026, 3, 1)}, BadRequest, "memory-time-naive"),
        ({"content_sha256": "another"}, NotFound, "memory-revision-unknown"),
    ],
)
def test_bad_chunks_are_named(db: Database, stored, changes, kind, code) -> None:
    article = stored("a")
    with pytest.raises(kind) as caught:
        remember(db, chunk(article, 1), chunk(article, **changes))
    assert caught.value.code == code
    assert held(db) == []


def test_a_clock_that_goes_backwards_changes_no_order(db: Database, stored) -> None:
    made = [stored(name) for name in "abc"]
    for days, article in zip((0, -40, -3), made, strict=True):
        with db.transaction() as conn:
            started = write.begin(conn)
            turned = replace(started, known_at=started.known_at + timedelta(days=days))
            conn.execute("SELECT memory_month(%s)", [turned.known_at])
            write.add(conn, turned, V, [chunk(article)])
    assert [row.article_id for row in held(db)] == [made[0].article_id, made[2].article_id]
    assert [row.sequence for row in held(db)] == [1, 3]


def months(conn) -> list[str]:
    rows = conn.execute("SELECT relid::text FROM pg_partition_tree('memory_records') WHERE isleaf")
    return sorted(row["relid"] for row in rows)


def test_every_month_has_its_partition_and_the_oldest_can_be_dropped(db: Database, stored) -> None:
    ids = []
    for at in (datetime(2026, 1, 31, 23, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)):
        with db.transaction() as conn:
            conn.execute("SET LOCAL timezone = 'Pacific/Auckland'")
            for _ in range(2):
                conn.execute("SELECT memory_month(%s)", [at])
            started = replace(write.begin(conn), known_at=at)
            ids += write.add(conn, started, V, [chunk(stored(f"a{at:%m}"))])
    with db.transaction() as conn:
        write.link(conn, write.begin(conn), [
            NewLink(first=ids[0], second=ids[1], relation="updates", confidence=1.0)
        ])  # fmt: skip
        assert months(conn)[:2] == ["memory_records_2026_01", "memory_records_2026_02"]
        assert len(read.by_month(conn)) == 2
        conn.execute("DROP TABLE memory_records_2026_01")
        assert sorted(read.values(conn, ids)) == ids[1:]
        again = write.add(conn, write.begin(conn), V, [chunk(stored("a01"))])
    assert again[0] > ids[1]


def test_a_new_month_waits_for_no_reader(db: Database, stored) -> None:
    remember(db, chunk(stored("a")))
    with db.transaction() as reading:
        assert read.count(reading, span(reading)) == 1
        with db.transaction() as conn:
            conn.execute("SET LOCAL lock_timeout = '500ms'")
            conn.execute("SELECT memory_month('2020-05-05 00:00+00')")


def everything(conn) -> str:
    rows = [row for t in TABLES for row in conn.execute(f"SELECT t::text AS line FROM {t} t")]
    return "\n".join(row["line"] for row in rows)


def test_nothing_is_left_of_a_forgotten_article_but_its_name(db: Database, stored) -> None:
    secret, other, third = (stored(name) for name in ("secret", "other", "third"))
    ids = remember(
        db, chunk(secret, text="Nobody may read this.", **vectors(77)), chunk(secret, 1),
        chunk(other), chunk(third),
    )  # fmt: skip
    with db.transaction() as conn:
        started = write.begin(conn)
        write.link(conn, started, [
            NewLink(first=ids[0], second=ids[2], relation="duplicate", confidence=0.9),
            NewLink(first=ids[0], second=ids[3], relation="updates", confidence=0.8),
        ])  # fmt: skip
        write.withdraw(conn, started, [(ids[1], NOON)])
        write.propose(conn, started, [
            Candidate(article_id=a.article_id, other_article_id=b.article_id, event_id=None,
                      relation="same-event", score=0.8)
            for a, b in ((secret, other), (other, secret), (other, third))
        ])  # fmt: skip
        traces = [secret.article_id, "Nobody may", vectors(77)["key"].tobytes().hex(),
                  vectors(77)["vals"].tobytes().hex()]  # fmt: skip
        assert all(trace in everything(conn) for trace in traces)
        gone = forget.forget(conn, secret.article_id, "takedown")
        assert asdict(gone) == {
            "sequence": 3, "records": 2, "links": 2, "withdrawals": 1, "candidates": 2,
        }  # fmt: skip
        stones = list(conn.execute("DELETE FROM memory_forgotten RETURNING article_id, reason"))
        assert stones == [{"article_id": secret.article_id, "reason": "takedown"}]
        assert not [trace for trace in traces if trace in everything(conn)]
        [bridge] = read.links(conn, span(conn))
        assert (bridge.first, bridge.second, bridge.sequence, bridge.written) == (*ids[2:], 2, 3)
        assert bridge.relation == "updates"
        numbers = conn.execute("SELECT record_id FROM memory_places").fetchall()
        assert numbers == [{"record_id": ids[2]}]
    with pytest.raises(NotFound, match="nothing of article"), db.transaction() as conn:
        forget.forget(conn, secret.article_id, "takedown")
    assert remember(db, chunk(secret))[0] > ids[3]


def test_rebuild_drops_other_versions_and_asks_for_the_window_again(db: Database, stored) -> None:
    now = datetime.now(UTC)
    fresh = [stored(f"f{i}", fetched_at=now) for i in range(3)]
    old, imported = stored("old"), stored("imported")
    kept = remember(db, chunk(fresh[0]))
    others = remember(db, *(chunk(a) for a in (fresh[0], fresh[1], imported)), version="encoder-0")
    with db.transaction() as conn:
        started = write.begin(conn)
        write.link(conn, started, [
            NewLink(first=others[0], second=others[1], relation="updates", confidence=1.0)
        ])  # fmt: skip
        write.withdraw(conn, started, [(others[2], NOON)])
        for lease in work.lease(conn, "label", batch=9, lease_s=60):
            if lease.article_id != fresh[2].article_id:
                work.finish(conn, lease)
        done = forget.rebuild(conn, V, stage="label", window_days=14)
        assert asdict(done) == {"removed": 3, "due": 2}
        states = {r["article_id"]: r["state"] for r in conn.execute("SELECT * FROM work")}
    assert {a.title: states[a.article_id] for a in [*fresh, old, imported]} == {
        fresh[0].title: "done", fresh[1].title: "due", fresh[2].title: "leased",
        old.title: "done", imported.title: "due",
    }  # fmt: skip
    assert [row.record_id for row in held(db)] == kept
    with db.transaction() as conn:
        totals = read.totals(conn)
        assert (totals["links_updates"], totals["withdrawn"]) == (0, 0)
        assert asdict(forget.rebuild(conn, V, stage="label", window_days=14)) == {
            "removed": 0, "due": 0,
        }  # fmt: skip


def test_totals_count_what_is_there(db: Database, stored) -> None:
    one, two = stored("a"), stored("b")
    ids = remember(db, chunk(one), chunk(one, 1), chunk(two))
    with db.transaction() as conn:
        started = write.begin(conn)
        write.link(conn, started, [
            NewLink(first=ids[0], second=ids[2], relation="duplicate", confidence=1.0)
        ])  # fmt: skip
        write.propose(conn, started, [
            Candidate(article_id=one.article_id, other_article_id=two.article_id, event_id="e",
                      relation="same-event", score=0.8)
        ])  # fmt: skip
        totals, [month] = read.totals(conn), read.by_month(conn)
    assert totals.pop("bytes") > 3 * 3840
    assert totals == {
        "sequence": 2, "records": 3, "articles": 2, "links_updates": 0, "links_duplicate": 1,
        "withdrawn": 0, "revised": 0, "forgotten": 0, "candidates": 1,
    }  # fmt: skip
    assert month == {
        "month": f"{datetime.now(UTC):%Y-%m}", "version": V, "records": 3, "articles": 2,
    }  # fmt: skip
