"""A made-up hearing through real parts: PostgreSQL, Valkey and Celery workers of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from annotator.longdoc import document, runner, transcript
from annotator.longdoc.bench.report import CODE, Check, Report
from annotator.longdoc.transcript import Transcript
from newsroom import ids, migrate, stack
from newsroom import settings as settings_module
from newsroom.db import Database
from newsroom.process import stop
from newsroom.records import Article, Publisher, Via
from newsroom.settings import Settings
from newsroom.store import articles, longdoc, publishers
from newsroom.text import word_count

WAIT_S = 120.0
OUTLET = Publisher(
    publisher_id="hearing", name="Hearings", domain="hearing.example", country="US",
    language="en", timezone="UTC",
)  # fmt: skip
# A worker with the tasks of every package, as `newsroom worker` starts it, and ours.
WORKER = """
import os, sys
from annotator.longdoc import tasks
from newsroom import settings, worker
chosen = settings.load()
app = worker.app(chosen)
tasks.register(app, chosen)
app.worker_main(["worker", "--concurrency=1", "--queues=label", "--loglevel=WARNING",
                 "--without-gossip", "--without-mingle", f"--hostname=longdoc-{os.getpid()}@%h"])
"""


def article(hearing: Transcript, name: str) -> Article:
    """A hearing as a stored article would be."""
    url = f"https://{OUTLET.domain}/{name}"
    title = f"Hearing {name}"
    return Article(
        article_id=ids.article_id(url),
        publisher_id=OUTLET.publisher_id,
        url=url,
        canonical_url=url,
        title=title,
        text=hearing.text,
        text_sha256=ids.text_sha256(hearing.text),
        content_sha256=ids.content_sha256(title, hearing.text),
        language="en",
        words=word_count(hearing.text),
        via=Via.IMPORT,
        extractor="hearing",
        fetched_at=datetime.now(UTC),
    )


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker with one pool process, stopped at the end."""
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_URL")}
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER], env=inherited | settings_module.environ(settings)
    )
    try:
        yield process
    finally:
        stop(process, signal.SIGTERM, grace_s=20)


def read(settings: Settings, hearing: Transcript, name: str) -> dict[str, Any]:
    """Store a hearing and have the running workers read it."""
    made = article(hearing, name)
    with Database(settings.require_database(), size_max=1) as db, db.transaction() as conn:
        publishers.upsert(conn, [OUTLET])
        articles.add(conn, made, stages=[])
    return runner.read_article(
        settings, made.article_id, chunk_sentences=document.CHUNK_SENTENCES, wait_s=WAIT_S
    )


def speakers(found: Mapping[str, Any]) -> dict[int, str | None]:
    """Speakers by sentence number, from a stored result."""
    return {int(number): name for number, name in found["speakers"].items()}


def report(*, words: int, workers: int, seed: int) -> Report:
    """Read one hearing by so many workers and hold the result against its gold."""
    started = time.perf_counter()
    hearing = transcript.make(words, seed)
    with ExitStack() as running:
        home = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="newsroom-hearing-")))
        home.chmod(0o711)  # the services run as another user
        services = running.enter_context(stack.running(home))
        settings = services.into(Settings())
        migrate.upgrade(settings.require_database())
        for _ in range(workers):
            running.enter_context(worker(settings))
        read(settings, transcript.make(30_000, seed + 1), "first")  # until here workers start up
        asked = time.perf_counter()
        found = read(settings, hearing, "measured")
        read_s = time.perf_counter() - asked
        with Database(settings.require_database(), size_max=1) as db, db.transaction() as conn:
            logged = longdoc.sums(conn, found["run_id"])
            readers = longdoc.readers(conn, found["run_id"])
    chunks = document.read_chunks(hearing.text, document.CHUNK_SENTENCES)
    right = document.attribution(speakers(found), hearing.gold)
    apart = document.attribution(document.strangers(chunks), hearing.gold)
    row = {
        "words": len(hearing.text.split()), "sentences": found["sentences"],
        "chunks": found["chunks"], "quoted": len(hearing.gold), "workers": workers,
        "attribution": right, "apart": apart, "coverage": found["coverage"],
        "messages": found["messages"], "message_tokens_max": found["message_tokens_max"],
        "rounds": found["rounds"], "read_s": round(read_s, 2),
    }  # fmt: skip
    reported = (found["messages"], found["message_bits"], found["message_tokens"])
    return Report(
        bench="hearing",
        quick=False,
        settings={"seed": seed, "words": words, "workers": workers},
        checks=(
            Check(name="attribution through the workers", value=right, comparison=">=",
                  target=0.95),
            Check(name="attribution of chunks apart", value=apart, comparison="<=", target=0.65,
                  is_control=True),
            Check(name="processes that read", value=readers, comparison=">=", target=workers),
            Check(name="coverage", value=found["coverage"], comparison=">=", target=1.0),
            Check(name="messages, bits and tokens: reported minus logged", comparison="<=",
                  value=float(sum(abs(a - b) for a, b in zip(reported, logged.values(),
                                                             strict=True))), target=0.0),
        ),
        tables={"hearing": [row]},
        wall_s=time.perf_counter() - started,
        code=tuple(sorted({*CODE, "annotator.longdoc.runner", "annotator.longdoc.tasks",
                           "newsroom.store.longdoc"} - {"annotator.longdoc.bench.suite"})),
    )  # fmt: skip
