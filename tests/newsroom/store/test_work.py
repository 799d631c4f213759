from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from newsroom.db import Database
from newsroom.store import articles, work
from newsroom.store.work import Lease


@pytest.fixture
def due(db: Database, make_article: Any) -> list[str]:
    made = [make_article(f"a{i:02}") for i in range(20)]
    with db.transaction() as conn:
        for article in made:
            articles.add(conn, article, stages=["label"])
    return [a.article_id for a in made]


def take(db: Database, batch: int = 5, lease_s: float = 60) -> list[Lease]:
    with db.transaction() as conn:
        return work.lease(conn, "label", batch=batch, lease_s=lease_s)


def counts(db: Database) -> dict[str, int]:
    with db.transaction() as conn:
        return {str(r["state"]): int(str(r["n"])) for r in work.counts(conn)}


def test_two_workers_never_take_the_same_row(db: Database, due: list[str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        taken = [x.article_id for batch in pool.map(lambda _: take(db), range(4)) for x in batch]
    assert sorted(taken) == sorted(due)
    assert take(db) == []


def test_finish_needs_the_lease(db: Database, due: list[str]) -> None:
    (lease,) = take(db, batch=1, lease_s=0.0)
    with db.transaction() as conn:
        assert work.sweep(conn, attempts_max=5) == 1
    again = next(x for x in _drain(db) if x.article_id == lease.article_id)
    with db.transaction() as conn:
        assert not work.finish(conn, lease)  # ours ran out; another worker has it
        assert work.finish(conn, again)
        assert not work.finish(conn, again)


def _drain(db: Database) -> list[Lease]:
    leases: list[Lease] = []
    while batch := take(db):
        leases += batch
    return leases


def test_a_row_that_failed_is_taken_alone(db: Database, due: list[str]) -> None:
    first = take(db, batch=5)
    with db.transaction() as conn:
        for lease in first:
            work.retry(conn, lease, "x", "y", delay_s=0.0, attempts_max=5)
    sizes = []
    while batch := take(db, batch=5):
        sizes.append((len(batch), {x.attempts for x in batch}))
    assert sizes == [(5, {1})] * 3 + [(1, {2})] * 5


def test_poison_is_started_five_times_then_quarantined(db: Database, due: list[str]) -> None:
    starts = 0
    for _ in range(10):
        leases = take(db, batch=1, lease_s=0.0)
        starts += sum(x.article_id == due[0] for x in leases)
        with db.transaction() as conn:
            conn.execute(
                "UPDATE work SET state = 'done', lease_until = NULL WHERE article_id <> %s",
                (due[0],),
            )
            work.sweep(conn, attempts_max=5)
    with db.transaction() as conn:
        row = conn.execute(
            "SELECT state, attempts, error_code FROM work WHERE article_id = %s", (due[0],)
        ).fetchone()
    assert row == {"state": "quarantined", "attempts": 5, "error_code": "worker-lost"}
    assert starts <= 5


def test_back_off_doubles_and_quarantines_at_the_end(db: Database, due: list[str]) -> None:
    delays = []
    for attempt in range(1, 6):
        with db.transaction() as conn:
            conn.execute("UPDATE work SET due_at = now() - interval '1 second' WHERE state = 'due'")
        lease = next(x for x in _drain(db) if x.article_id == due[0])
        assert lease.attempts == attempt
        with db.transaction() as conn:
            work.retry(conn, lease, "model-away", "no", delay_s=None, attempts_max=5)
            row = conn.execute(
                "SELECT state, round(extract(epoch FROM due_at - now())) AS s FROM work WHERE article_id = %s",
                (due[0],),
            ).fetchone()
        assert row is not None
        delays.append((row["state"], int(row["s"])))
    assert delays == [("due", 30), ("due", 60), ("due", 120), ("due", 240), ("quarantined", 480)]
    with db.transaction() as conn:
        assert work.reopen(conn, "other-code") == 0
        assert work.reopen(conn, "model-away") == 1


def test_quarantine_says_why(db: Database, due: list[str]) -> None:
    (lease,) = take(db, batch=1)
    with db.transaction() as conn:
        assert work.quarantine(conn, lease, "too-short", "12 words")
    assert counts(db) == {"due": 19, "quarantined": 1}
