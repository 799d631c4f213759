"""A hearing through two real Celery workers, one of them killed on the way."""

from __future__ import annotations

import threading
import time

import psutil
import pytest

from annotator.longdoc import calibrate, document, runner, tasks, transcript
from annotator.longdoc.bench import hearing
from newsroom import queue
from newsroom.db import Database
from newsroom.settings import Settings, Work
from newsroom.store import articles, longdoc, publishers

PATIENCE_S = 120.0


@pytest.mark.long  # half a minute; tests/faults kill a worker each time
@pytest.mark.timeout(300)
def test_two_workers_one_killed(settings: Settings, db: Database, monkeypatch) -> None:
    monkeypatch.setattr(calibrate, "knee_of", lambda _: 64)  # or it would have to be 16,000 words
    site = settings.model_copy(update={"work": Work(batch=1, lease_s=1.0)})
    made = transcript.make(6_000, 5)
    article = hearing.article(made, "killed")
    with db.transaction() as conn:
        publishers.upsert(conn, [hearing.OUTLET])
        articles.add(conn, article, stages=[])
        run_id = runner.plan(conn, article.article_id)
    with hearing.worker(site) as first, hearing.worker(site):
        app = queue.make_app(site)
        pause, deadline, seen = threading.Event(), time.monotonic() + PATIENCE_S, 0

        def read_chunks() -> int:
            with db.transaction() as conn:
                rows = conn.execute("SELECT count(*) AS n FROM longdoc_chunks WHERE state = 'done'")
                return int(rows.fetchone()["n"])

        assert tasks.ring(app, times=2)
        while (seen := read_chunks()) < 5:
            assert time.monotonic() < deadline, "the first chunks"
            pause.wait(0.02)
        for child in psutil.Process(first.pid).children(recursive=True):
            child.kill()
        first.kill()
        found = runner.read_article(
            site, article.article_id, chunk_sentences=document.CHUNK_SENTENCES, wait_s=PATIENCE_S
        )
    assert seen < found["chunks"]
    assert (found["run_id"], found["status"], found["coverage"]) == (run_id, "done", 1.0)
    assert document.attribution(hearing.speakers(found), made.gold) >= 0.95
    apart = document.strangers(document.read_chunks(made.text, document.CHUNK_SENTENCES))
    assert document.attribution(apart, made.gold) <= 0.65
    with db.transaction() as conn:
        logged = longdoc.sums(conn, run_id)
    assert list(logged.values()) == [
        found["messages"],
        found["message_bits"],
        found["message_tokens"],
    ]
