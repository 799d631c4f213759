"""Chunks as leased work rows: nothing lost, nothing doubled, nothing silently missing."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from annotator.longdoc import calibrate, document, labels, runner, tasks, transcript
from annotator.longdoc.bus import token_count
from newsroom import ids, queue
from newsroom.db import Database
from newsroom.errors import Later, NotFound, Refused
from newsroom.settings import Settings, Work
from newsroom.store import articles, longdoc

WORK = Work(batch=4, lease_s=30.0, attempts_max=2)
HEARING = transcript.make(2500, 11)
KILLED = 9


@pytest.fixture
def long_enough(monkeypatch) -> None:
    """A knee below the test's hearing, so that it is read in chunks."""
    monkeypatch.setattr(calibrate, "knee_of", lambda _: 64)


@pytest.fixture
def run_id(long_enough, db: Database, make_article: Any) -> str:
    article = make_article("hearing", text=HEARING.text, text_sha256=ids.text_sha256(HEARING.text))
    with db.transaction() as conn:
        articles.add(conn, article, stages=[])
        return runner.plan(conn, article.article_id)


def state(db: Database, run_id: str) -> dict[str, Any]:
    with db.transaction() as conn:
        found = longdoc.state(conn, run_id)
    assert found is not None
    return found


def read_all(db: Database, **options: Any) -> None:
    while runner.read_due(db, WORK, **options):
        pass


def end_leases_and_waits(db: Database) -> None:
    with db.transaction() as conn:
        conn.execute(
            "UPDATE longdoc_chunks SET lease_until = now() - interval '1 s' WHERE state = 'leased'"
        )
        conn.execute("UPDATE longdoc_chunks SET due_at = now() WHERE state = 'due'")


def test_the_stored_result_is_that_of_reading_alone(db: Database, run_id: str) -> None:
    read_all(db)
    assert runner.put_together(db) == run_id
    assert runner.put_together(db) is None
    found = state(db, run_id)
    alone = document.read_document(HEARING.text)
    assert found["status"] == "done"
    assert found["result"]["speakers"] == alone.as_dict()["speakers"]
    assert found["result"]["messages"] == alone.messages
    assert document.attribution(alone.speakers, HEARING.gold) >= 0.95


def test_reported_bits_and_tokens_are_the_sums_of_the_log(db: Database, run_id: str) -> None:
    read_all(db)
    runner.put_together(db)
    result = state(db, run_id)["result"]
    with db.transaction() as conn:
        sums = longdoc.sums(conn, run_id)
        calls = conn.execute(
            "SELECT count(*) AS n, sum(prompt_tokens) AS read FROM agent_calls WHERE ok"
        ).fetchone()
    assert sums == {
        "messages": result["messages"], "payload_bits": result["message_bits"],
        "payload_tokens": result["message_tokens"],
    }  # fmt: skip
    assert calls["n"] == result["chunks"]
    assert calls["read"] == token_count(HEARING.text)


def test_planning_again_adds_nothing(db: Database, run_id: str) -> None:
    read_all(db)
    runner.put_together(db)
    with db.transaction() as conn:
        [row] = conn.execute("SELECT article_id FROM longdoc_runs").fetchall()
        assert runner.plan(conn, row["article_id"]) == run_id
        assert runner.plan(conn, row["article_id"], chunk_sentences=7) != run_id
    assert state(db, run_id)["status"] == "done"


def test_a_failing_chunk_makes_the_result_partial_and_says_so(db: Database, run_id: str) -> None:
    def broken(model: str):
        def read(texts):
            if any(
                HEARING.text[document.spans(HEARING.text)[45].start :].startswith(t) for t in texts
            ):
                raise RuntimeError("a reader of ours")
            return labels.reader(model)(texts)

        return read

    for _ in range(2):
        read_all(db, readers=broken)
        end_leases_and_waits(db)
    assert runner.put_together(db) == run_id
    found = state(db, run_id)
    count = len(document.spans(HEARING.text))
    assert found["status"] == "partial"
    assert found["coverage"] == pytest.approx((count - 20) / count, abs=1e-4)
    assert found["result"]["missing"] == {"2": "chunk-failed"}
    with db.transaction() as conn:
        [failed] = conn.execute("SELECT count(*) AS n FROM agent_calls WHERE NOT ok").fetchall()
    assert failed["n"] == 2


def test_what_will_never_work_is_not_tried_again(db: Database, run_id: str) -> None:
    def never(model: str):
        raise Refused("longdoc-model", model)

    read_all(db, readers=never)
    assert runner.put_together(db) == run_id
    found = state(db, run_id)
    assert (found["status"], found["coverage"], found["result"]) == ("failed", 0.0, None)


def test_a_fault_that_passes_waits_as_long_as_it_says(db: Database, run_id: str) -> None:
    def away(model: str):
        raise Later("llm-busy", model, delay_s=3600)

    read_all(db, readers=away)
    assert runner.put_together(db) is None
    with db.transaction() as conn:
        rows = conn.execute(
            "SELECT DISTINCT state, error_code, due_at > now() + interval '50 min' AS late"
            " FROM longdoc_chunks"
        ).fetchall()
    assert rows == [{"state": "due", "error_code": "llm-busy", "late": True}]


CHILD = f"""
import os, sys
from annotator.longdoc import labels, runner
from newsroom.db import Database
from newsroom.settings import Work

def readers(model):
    os._exit({KILLED})

with Database(sys.argv[1], size_max=1) as db:
    runner.read_due(db, Work(batch=4), readers)
"""


def test_a_killed_worker_loses_nothing(db: Database, database_url: str, run_id: str) -> None:
    assert subprocess.call([sys.executable, "-c", CHILD, database_url]) == KILLED
    read_all(db)
    assert runner.put_together(db) is None  # four chunks are still leased to the dead
    end_leases_and_waits(db)
    read_all(db)
    assert runner.put_together(db) == run_id
    assert state(db, run_id)["coverage"] == 1.0


def test_a_lease_that_was_taken_away_stores_nothing(db: Database, run_id: str) -> None:
    with db.transaction() as conn:
        [mine] = longdoc.lease(conn, batch=1, lease_s=0.0)
    with db.transaction() as conn:
        assert longdoc.sweep(conn, attempts_max=5) == 1
        assert not longdoc.finish(conn, mine, "0|0||,,,0;||||100", {})
        conn.execute(
            "UPDATE longdoc_chunks SET state = 'done', message = '', reading = '{}' WHERE chunk > 0"
        )
        [again] = longdoc.lease(conn, batch=5, lease_s=30.0)
        assert (again.chunk, again.attempts) == (mine.chunk, 2)


def test_below_half_the_knee_one_reader_reads_all(db: Database, make_article: Any) -> None:
    article = make_article("short")
    with db.transaction() as conn:
        articles.add(conn, article, stages=[])
        run_id = runner.plan(conn, article.article_id)
        [row] = conn.execute(
            "SELECT strategy, chunk_sentences, sentences FROM longdoc_runs"
        ).fetchall()
    assert row["strategy"] == "single"
    assert row["chunk_sentences"] == row["sentences"]
    read_all(db)
    assert runner.put_together(db) == run_id


def test_only_long_articles_are_planned(long_enough, db: Database, make_article: Any) -> None:
    long, short = make_article("long", text=HEARING.text), make_article("short")
    with db.transaction() as conn:
        for article in (long, short):
            articles.add(conn, article, stages=[])
        planned = runner.plan_if_long(conn, long.article_id, long.text)
        assert runner.plan_if_long(conn, short.article_id, short.text) is None
        assert [r["run_id"] for r in conn.execute("SELECT run_id FROM longdoc_runs")] == [planned]


def test_a_taken_down_article_takes_its_runs_along(db: Database, run_id: str) -> None:
    with db.transaction() as conn:
        [chunk, *_] = longdoc.lease(conn, batch=4, lease_s=30.0)
        conn.execute("DELETE FROM articles")
        assert longdoc.text_of(conn, chunk) is None
    assert runner.read_due(db, WORK) == 0
    with db.transaction() as conn:
        assert longdoc.state(conn, run_id) is None


def test_an_unknown_article_is_said(db: Database) -> None:
    with pytest.raises(NotFound) as error, db.transaction() as conn:
        runner.plan(conn, "0" * 32)
    assert error.value.code == "article-unknown"


def test_nobody_reading_in_time_is_said_and_the_work_goes_on(
    settings: Settings, db: Database, run_id: str
) -> None:
    with db.transaction() as conn:
        [row] = conn.execute("SELECT article_id FROM longdoc_runs").fetchall()
    with pytest.raises(Later) as error:
        runner.read_article(settings, row["article_id"], chunk_sentences=20, wait_s=0.0)
    assert error.value.code == "longdoc-not-read"
    assert state(db, run_id)["open_chunks"] > 0
    read_all(db)
    runner.put_together(db)
    found = runner.read_article(settings, row["article_id"], chunk_sentences=20, wait_s=0.0)
    assert found["coverage"] == 1.0


def test_the_sweeper_rings_only_while_something_is_read(
    settings: Settings, db: Database, run_id: str
) -> None:
    app = queue.make_app(settings)
    with db.transaction() as conn:
        assert tasks.sweep(app, conn)
    assert queue.length(app, queue.QUEUE_LABEL) == 1
    read_all(db)
    runner.put_together(db)
    with db.transaction() as conn:
        assert not tasks.sweep(app, conn)
    assert queue.length(app, queue.QUEUE_LABEL) == 1


def test_other_sentence_heads_than_asked_for_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(labels, "_heads", lambda: ("here", labels.quoted_or_not))
    assert labels.reader("embedded+here") is labels.quoted_or_not
    with pytest.raises(Refused) as error:
        labels.reader("embedded+elsewhere")
    assert error.value.code == "longdoc-model"
