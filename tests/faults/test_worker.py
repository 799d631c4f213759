"""Real workers on a real broker, hurt on purpose. Every article ends labelled once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
import redis

from newsroom import queue
from newsroom import settings as settings_module
from newsroom.db import Database
from newsroom.process import stop
from newsroom.settings import Labels, Settings, Work
from newsroom.store import articles

ARTICLES = 300
PATIENCE_S = 120.0


@pytest.fixture
def site(settings: Settings, db: Database, make_article: Any) -> Settings:
    """Articles due, leases and sweeps short enough to watch a recovery."""
    with db.transaction() as conn:
        for i in range(ARTICLES):
            articles.add(conn, make_article(f"a{i:03}"), stages=["label"])
    return settings.model_copy(
        update={
            "work": Work(batch=4, lease_s=2.0, sweep_s=1.0),
            "labels": Labels(labeller="scripted"),
        }
    )


@contextmanager
def worker(site: Settings) -> Iterator[subprocess.Popen[bytes]]:
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_URL")}
    process = subprocess.Popen(
        [sys.executable, "-m", "newsroom", "worker", "--processes", "2", "--beat"],
        env=environment | settings_module.environ(site),
    )
    try:
        yield process
    finally:
        # As a supervisor would: Celery's orderly end has been seen to hang with a full queue.
        stop(process, signal.SIGTERM, grace_s=20)


def done(db: Database) -> int:
    with db.transaction() as conn:
        row = conn.execute("SELECT count(*) AS n FROM work WHERE state = 'done'").fetchone()
    return int(row["n"]) if row else 0


def until(condition: Callable[[], bool], what: str) -> None:
    event, deadline = threading.Event(), time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        event.wait(0.02)


def assert_each_labelled_once(db: Database) -> None:
    with db.transaction() as conn:
        rows = conn.execute(
            "SELECT article_id, stage, scope, sentence, count(*) AS n FROM annotations"
            " GROUP BY 1, 2, 3, 4"
        ).fetchall()
    assert len({r["article_id"] for r in rows}) == ARTICLES
    assert {r["n"] for r in rows} == {1}


def test_killed_worker_and_killed_child(site: Settings, db: Database) -> None:
    with worker(site) as process:
        until(lambda: done(db) >= 20, "the first labels")
        psutil.Process(process.pid).children()[0].kill()  # a pool child, as the OOM killer does
        until(lambda: done(db) >= 60, "labels after a child was killed")
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()
    assert done(db) < ARTICLES
    with worker(site):
        until(lambda: done(db) == ARTICLES, "every article")
    assert_each_labelled_once(db)


def test_emptied_broker(site: Settings, db: Database) -> None:
    with worker(site):
        until(lambda: done(db) >= 20, "the first labels")
        redis.Redis.from_url(site.require_broker()).flushall()
        until(lambda: done(db) == ARTICLES, "every article")
    assert_each_labelled_once(db)


@pytest.mark.long  # half a minute of waiting
def test_ringing_too_often_does_no_harm(site: Settings, db: Database) -> None:
    assert queue.ring(queue.make_app(site), 200)
    with worker(site):
        until(lambda: done(db) == ARTICLES, "every article")
    assert_each_labelled_once(db)


def test_ringing_a_broker_that_is_away_is_no_error() -> None:
    gone = Settings.model_validate({"redis_url": "redis://127.0.0.1:1/0"})
    assert not queue.ring(queue.make_app(gone))


def test_pickled_messages_are_refused(site: Settings, db: Database) -> None:
    from kombu.exceptions import ContentDisallowed
    from kombu.serialization import loads

    app = queue.make_app(site)
    with pytest.raises(ContentDisallowed):
        loads(b"x", "application/x-python-serialize", "binary", accept=app.conf.accept_content)
