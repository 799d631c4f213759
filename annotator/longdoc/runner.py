"""Long documents through the database: plan, lease and read chunks, put the whole together.

PostgreSQL is the truth: a chunk is leased in a committed transaction before it is read, a killed
worker costs its lease, and a chunk that is given up is missing from the stated coverage.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import structlog

from annotator.longdoc import calibrate, document, labels, router
from annotator.longdoc.bus import Bus, Limits, token_count
from annotator.longdoc.messages import BUDGET_TOKENS, decode, encode
from annotator.longdoc.reading import (
    VERSION,
    ChunkReading,
    Line,
    SentenceReader,
    read_chunk,
)
from newsroom import ids
from newsroom.db import Conn, Database
from newsroom.errors import Later, NewsroomError, NotFound, Refused
from newsroom.settings import Settings, Work
from newsroom.store import longdoc
from newsroom.store.longdoc import Chunk, Ready, Run, Stored
from newsroom.text import sentences

log = structlog.get_logger()
POLL_S = 0.1
RING_S = 2.0


def plan(
    conn: Conn,
    article_id: str,
    *,
    chunk_sentences: int = document.CHUNK_SENTENCES,
    model: str = labels.PLAIN,
) -> str:
    """Make an article's reading due; its run id, the same for the same text and settings.

    Below half the knee the whole article is one chunk. Raises NotFound ``article-unknown``,
    Refused ``no-sentences``.
    """
    found = longdoc.revision(conn, article_id)
    if found is None:
        raise NotFound("article-unknown", f"no article {article_id}")
    at = document.spans(found.text)
    way = router.route("state", len(at), calibrate.knee_of(labels.PLAIN))
    size = len(at) if way.strategy == "single" else chunk_sentences
    configuration = (found.text_sha256, way.strategy, VERSION, model, str(size))
    run = Run(
        run_id=ids.run_id("longdoc", article_id, *configuration),
        article_id=article_id,
        content_sha256=found.content_sha256,
        text_sha256=found.text_sha256,
        strategy=way.strategy,
        version=VERSION,
        model=model,
        chunk_sentences=size,
        branching=document.BRANCHING,
        votes=1,  # the same text always reads the same: votes of a rule cannot differ
        budget_tokens=BUDGET_TOKENS,
        sentences=len(at),
    )
    chunks = [
        Chunk(
            run_id=run.run_id,
            model=model,
            chunk=number,
            sentence=part.start,
            starts=[at[i].start for i in part],
            ends=[at[i].end for i in part],
            paragraphs=[at[i].starts_paragraph for i in part],
        )
        for number, part in enumerate(document.cut(len(at), size))
    ]
    longdoc.add_run(conn, run, chunks)
    return run.run_id


def plan_if_long(conn: Conn, article_id: str, text: str) -> str | None:
    """For whoever just labelled an article: plan its reading where one reader is not enough.

    The run's id, or None where the text is below half the knee.
    """
    way = router.route("state", len(sentences(text)), calibrate.knee_of(labels.PLAIN))
    return None if way.strategy == "single" else plan(conn, article_id)


def read_due(
    db: Database, limits: Work, readers: Callable[[str], SentenceReader] = labels.reader
) -> int:
    """Read one batch of due chunks; how many were taken (0: nothing to do).

    ``readers`` gives the sentence reader of a model.
    """
    with db.transaction() as conn:
        longdoc.sweep(conn, attempts_max=limits.attempts_max)
        leased = longdoc.lease(conn, batch=limits.batch, lease_s=limits.lease_s)
    for chunk in leased:
        try:
            with db.transaction() as conn:
                text = longdoc.text_of(conn, chunk)
            if text is None:
                continue  # the article was taken down, and the run with it
            message, reading = _read(chunk, text, readers(chunk.model))
        except Exception as error:  # whatever a reader throws, its chunk is accounted for
            _put_back(db, chunk, error, limits)
            continue
        with db.transaction() as conn:
            longdoc.finish(conn, chunk, message, reading)
    return len(leased)


def _read(
    chunk: Chunk, text: str, sentence_reader: SentenceReader
) -> tuple[str, dict[str, object]]:
    started = time.perf_counter()
    first = chunk.starts[0]
    parts = zip(chunk.starts, chunk.ends, chunk.paragraphs, strict=True)
    lines = [
        Line(number=chunk.sentence + i, text=text[start - first : end - first],
             starts_paragraph=paragraph)
        for i, (start, end, paragraph) in enumerate(parts)
    ]  # fmt: skip
    message, reading = read_chunk(chunk.chunk, lines, sentence_reader)
    return encode(message), {
        "outside": reading.outside,
        "inside": reading.inside,
        "tokens": token_count(text),
        "process": f"{socket.gethostname()} {os.getpid()}",
        "ms": round(1000 * (time.perf_counter() - started)),
    }


def _put_back(db: Database, chunk: Chunk, error: Exception, limits: Work) -> None:
    code = error.code if isinstance(error, NewsroomError) else "chunk-failed"
    with db.transaction() as conn:
        longdoc.retry(
            conn, chunk, code, f"{type(error).__name__}: {error}",
            delay_s=error.delay_s if isinstance(error, Later) else None,
            attempts_max=limits.attempts_max, never=isinstance(error, Refused),
        )  # fmt: skip
    log.warning("chunk-put-back", run=chunk.run_id, chunk=chunk.chunk, code=code)


def put_together(db: Database) -> str | None:
    """Finish one run whose chunks are all accounted for; its id, None where there is none.

    One transaction: a worker killed in the middle leaves the run to the next one.
    """
    with db.transaction() as conn:
        run = longdoc.ready(conn)
        if run is None:
            return None
        stored = longdoc.chunks(conn, run.run_id)
        bus = _bus(run, stored)
        chunks = [_chunk(one) for one in stored]
        failed = all(chunk is None for chunk in chunks)
        result = None if failed else document.assemble(chunks, run.sentences, bus, run.branching)
        longdoc.close(
            conn,
            run.run_id,
            status="failed" if result is None else result.status,
            coverage=0.0 if result is None else result.coverage,
            result=None if result is None else result.as_dict() | {"missing": _missing(stored)},
            calls=_calls(bus),
            messages=[asdict(m) | {"dst": list(m.dst)} for m in bus.messages],
        )
    log.info("longdoc-read", run=run.run_id, chunks=len(stored))
    return run.run_id


def _bus(run: Ready, stored: Sequence[Stored]) -> Bus:
    """The run's bus, with the readers' calls on it: lost attempts cost nothing that we know of."""
    bus = Bus(limits=Limits(tokens=run.budget_tokens))
    for one in stored:
        for _ in range(one.attempts - (one.reading is not None)):
            bus.called(one.chunk, [(0, 0, 0.0, False)])
        if one.reading is not None:
            read, said = one.reading["tokens"], token_count(one.message or "")
            bus.called(one.chunk, [(read, said, one.reading["ms"] / 1000, True)])
    return bus


def _chunk(one: Stored) -> document.Read | None:
    if one.message is None or one.reading is None:
        return None
    outside, inside = (
        tuple((int(number), str(ref)) for number, ref in one.reading[key])
        for key in ("outside", "inside")
    )
    return decode(one.message), ChunkReading(outside=outside, inside=inside)


def _missing(stored: Sequence[Stored]) -> dict[str, str]:
    """Chunks that were given up, with their codes."""
    return {str(one.chunk): one.error_code or "" for one in stored if one.message is None}


def _calls(bus: Bus) -> list[Mapping[str, object]]:
    return [
        {
            "round": c.round, "agent": c.agent, "parent": c.parent,
            "prompt_tokens": c.prompt_tokens, "completion_tokens": c.completion_tokens,
            "ms": round(1000 * c.seconds), "ok": c.ok,
        }
        for c in bus.calls
    ]  # fmt: skip


def read_article(
    settings: Settings,
    article_id: str,
    *,
    chunk_sentences: int,
    wait_s: float,
    sentence_labels: bool = False,
) -> dict[str, Any]:
    """Plan a reading, ring the workers and wait for the result.

    Raises Later ``longdoc-not-read`` where they take longer than ``wait_s``: the work goes on,
    and the same question later finds it; Refused ``longdoc-failed`` where no chunk could be read.
    """
    from annotator.longdoc import tasks
    from newsroom import queue

    app = queue.make_app(settings)
    model = labels.model(sentence_labels=sentence_labels)
    pause, deadline, rung_at = threading.Event(), time.monotonic() + wait_s, -RING_S
    with Database(settings.require_database(), size_max=1) as db:
        with db.transaction() as conn:
            run_id = plan(conn, article_id, chunk_sentences=chunk_sentences, model=model)
        while True:
            with db.transaction() as conn:
                state = longdoc.state(conn, run_id)
            if state is None or state["status"] == "failed":
                raise Refused("longdoc-failed", f"no chunk of article {article_id} could be read")
            if state["status"] != "reading":
                return dict(state["result"]) | {"run_id": run_id}
            if time.monotonic() > deadline:
                raise Later("longdoc-not-read", f"{state['open_chunks']} chunks are still due")
            if time.monotonic() - rung_at >= RING_S:  # also wakes them for a lost worker's lease
                rung_at = time.monotonic()
                tasks.ring(app, times=min(8, state["open_chunks"] or 1))
            pause.wait(POLL_S)
