"""What linking one new article costs, by the size of the window: ``python -m benchmarks.linking``.

Made-up articles (events around topics, words of their own) over 14 days fill PostgreSQL, with
their vectors, events and stories, and a bank with four chunks of each. New ones are then linked by
the code that workers run: search and judgement by the memory, decision, write. What it takes to
encode the article belongs to remembering it. Medians and 95th percentiles of wall-clock time, and
of this process's CPU (without that of PostgreSQL), which tells a busy machine from a slow program;
writes
``benchmarks/results/events/linking.json`` and ``linking.png``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import string
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from annotator import encoder
from annotator.events import keeping, linking
from annotator.events.linking import Judged, Linker
from annotator.remember import ANY_TIME, pointing
from memory_lm import link as pointer
from memory_lm.bank import AsOf, Bank, Record
from memory_lm.relations import load_link
from newsroom import ids, migrate, stack
from newsroom.db import Database
from newsroom.store import embeddings, publishers
from newsroom.store.texts import Text

RESULTS = Path(__file__).parent / "results" / "events"
SIZES = (5_000, 20_000, 70_000)
DAYS, PER_EVENT, EVENTS_PER_STORY, CHUNKS, WIDTH = 14, 5, 4, 4, 384
NEW = 100
WRITES = ((linking, "join"), (linking, "join_story"), (keeping, "record"))
BATCH = 5_000
ENCODER = "made-up"
LAST = datetime(2026, 3, 15, tzinfo=UTC)
VOCABULARY = ["".join(letters) for letters in product(string.ascii_lowercase[:20], repeat=4)]

ARTICLES = """
INSERT INTO articles (article_id, revision, publisher_id, url, canonical_url, title, text,
                      text_sha256, content_sha256, language, words, bylines, published_at,
                      date_source, via, extractor, fetched_at, bands)
SELECT id, 1, 'bench.example', id, id, title, text, id, id, 'en', 90, '{}', at, 'page', 'import',
       'bench', at, '{}'
  FROM unnest(%(ids)s::text[], %(titles)s::text[], %(texts)s::text[], %(times)s::timestamptz[])
       AS t(id, title, text, at)
"""
# As a grouping leaves them, without going through its door seventy thousand times.
LEDGER = (
    "INSERT INTO ledger_versions VALUES (1, '2026-03-01', 'grouping:bench')",
    """
    CREATE TEMP TABLE place AS
    SELECT id, md5('event ' || event) AS event_id, md5('story ' || event / %(each)s) AS story_id,
           count(*) OVER (PARTITION BY event) AS fellows
      FROM unnest(%(ids)s::text[], %(events)s::int[]) AS t(id, event)
    """,
    "DELETE FROM place WHERE fellows < 2",
    """
    INSERT INTO stories (story_id, title, title_article_id, first_at, last_at, articles, publishers,
                         method, version)
    SELECT story_id, 't', min(id), min(sort_at), max(sort_at), count(*), 1, 'bench', 1
      FROM place JOIN articles ON article_id = id GROUP BY story_id
    """,
    """
    INSERT INTO events (event_id, story_id, title, title_article_id, first_at, last_at, articles,
                        publishers, method, version)
    SELECT event_id, story_id, 't', min(id), min(sort_at), max(sort_at), count(*), 1, 'bench', 1
      FROM place JOIN articles ON article_id = id GROUP BY event_id, story_id
    """,
    """
    INSERT INTO event_members (article_id, event_id, story_id, score, method)
    SELECT id, event_id, story_id, 0.5, 'bench' FROM place
    """,
    """
    INSERT INTO member_history (article_id, event_id, story_id, role, score, from_version)
    SELECT id, event_id, story_id, 'core', 0.5, 1 FROM place
    """,
)


class Made:
    """Events with a place among vectors, words and days; articles told of them, seeded."""

    def __init__(self, articles: int) -> None:
        self.random = np.random.default_rng(articles)
        self.events = articles // PER_EVENT
        topics = self.random.standard_normal((max(1, self.events // 20), WIDTH))
        self.topic = self.random.integers(0, len(topics), self.events)
        noise = self.random.standard_normal((self.events, WIDTH))
        self.centres = (topics[self.topic] + 1.1 * noise).astype(np.float32)
        self.day = self.random.random(self.events) * (DAYS - 1)

    def vectors(self, event: NDArray[np.int64]) -> NDArray[np.float32]:
        noise = self.random.standard_normal((len(event), WIDTH)).astype(np.float32)
        made = self.centres[event] + np.float32(0.8) * noise
        unit: NDArray[np.float32] = made / np.linalg.norm(made, axis=1, keepdims=True)
        return unit

    def words(self, event: int, count: int) -> str:
        own = event * 977 + self.random.integers(0, 25, count // 3)
        common = len(VOCABULARY) * self.random.random(count - len(own)) ** 4
        chosen = np.concatenate([own, common.astype(np.int64)]) % len(VOCABULARY)
        return " ".join(VOCABULARY[i].title() if i % 7 == 0 else VOCABULARY[i] for i in chosen)

    def time(self, event: int) -> datetime:
        days = min(float(self.day[event]) + self.random.random(), DAYS - 0.001)
        return LAST - timedelta(days=DAYS - days)


def fill(db: Database, bank: Bank, made: Made, articles: int) -> None:
    """Store articles, vectors and ledger, and give the bank four chunks of each."""
    with db.transaction() as conn:
        publishers.of_domain(conn, "bench.example")
    everything, of = [], made.random.integers(0, made.events, articles)
    for start in range(0, articles, BATCH):
        event = of[start : start + BATCH]
        names = [ids.digest("bench", str(start + i)) for i in range(len(event))]
        everything += names
        titles = [made.words(int(e), 9) for e in event]
        texts = [made.words(int(e), 90) for e in event]
        times = [made.time(int(e)) for e in event]
        vectors = made.vectors(event)
        with db.transaction() as conn:
            values = {"ids": names, "titles": titles, "texts": texts, "times": times}
            conn.execute(ARTICLES, values)
            embeddings.add(conn, ENCODER, dict(zip(names, vectors, strict=True)))
        for part in range(CHUNKS):
            bank.append(
                [
                    record(name, part, at, text, start * CHUNKS + part * BATCH + i)
                    for i, (name, at, text) in enumerate(zip(names, times, texts, strict=True))
                ],
                made.vectors(event),
            )
    with db.transaction() as conn:
        values = {"ids": everything, "events": of.tolist(), "each": EVENTS_PER_STORY}
        for statement in LEDGER:
            conn.execute(statement, values if "%(" in statement else None)
    with db.transaction() as conn:
        conn.execute("ANALYZE")


def record(name: str, part: int, at: datetime, text: str, number: int) -> Record:
    return Record(
        record_id=number, article_id=name, part=part, event_id=None, publisher_id="bench.example",
        published_at=at, known_at=at, sequence=1, backbone_version=ENCODER, text=text,
    )  # fmt: skip


class Timed:
    """A function that adds up the milliseconds spent in it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.spent_ms = function, 0.0

    def __call__(self, *args: Any, **more: Any) -> Any:
        started = time.perf_counter()
        try:
            return self.function(*args, **more)
        finally:
            self.spent_ms += 1e3 * (time.perf_counter() - started)


def one_by_one(
    db: Database, bank: Bank, made: Made, linker: Linker, head: pointer.LinkHead, *, seed: int
) -> dict[str, object]:
    """Tell new articles of the last day and link each; milliseconds by step."""
    late = np.flatnonzero(made.day > DAYS - 3.0)
    made.random = np.random.default_rng(seed)
    event = late[made.random.integers(0, len(late), NEW)]
    writes = [Timed(getattr(module, name)) for module, name in WRITES]
    took: dict[str, list[float]] = {"search": [], "decision": [], "write": [], "all": []}
    took |= {"search_cpu": [], "link_cpu": []}
    became: dict[str, int] = {}
    now = AsOf(time=ANY_TIME, sequence=1)
    for i, e in enumerate(event.tolist()):
        name = ids.digest("new", str(seed), str(i))
        text = made.words(e, 90)
        at = LAST - timedelta(seconds=NEW - i)
        one = Text(
            article_id=name, content_sha256=name, publisher_id="bench.example", publisher="b",
            domain="bench.example", bylines=[], title=made.words(e, 9), text=text, published_at=at,
            dated=True,
        )  # fmt: skip
        with db.transaction() as conn:
            values = {"ids": [name], "titles": [one.title], "texts": [text], "times": [at]}
            conn.execute(ARTICLES, values)
            vector = made.vectors(np.array([e]))[0]
            embeddings.add(conn, ENCODER, {name: vector})
        keys = made.vectors(np.full(CHUNKS, e))
        records = [
            record(name, part, at, text, 10**9 + i * CHUNKS + part) for part in range(CHUNKS)
        ]
        started, used = time.perf_counter(), time.process_time()
        judged = pointer.candidates(bank, head, records, keys, now, dated=True)
        searched, used_searching = time.perf_counter(), time.process_time()
        near = [Judged(article_id=o.article_id, chance=o.probability) for o in judged]
        for write in writes:
            write.spent_ms = 0.0
        with ExitStack() as timed:
            for (module, name), write in zip(WRITES, writes, strict=True):
                timed.enter_context(patch.object(module, name, write))
            with db.transaction() as conn:
                word = linking.link(conn, linker, one, near, version=ENCODER)
                decided = time.perf_counter()
            ended = time.perf_counter()
        became[word] = became.get(word, 0) + 1
        written = sum(write.spent_ms for write in writes) + 1e3 * (ended - decided)
        took["search"].append(1e3 * (searched - started))
        took["write"].append(written)
        took["decision"].append(1e3 * (ended - searched) - written)
        took["all"].append(1e3 * (ended - started))
        took["search_cpu"].append(1e3 * (used_searching - used))
        took["link_cpu"].append(1e3 * (time.process_time() - used_searching))
    return {"became": became} | {
        f"{name}_ms": {
            "median": round(float(np.median(values)), 1),
            "p95": round(float(np.percentile(values, 95)), 1),
        }
        for name, values in took.items()
    }


def measure(size: int) -> dict[str, object]:
    """One window size in a stack of its own."""
    home = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    home.chmod(0o711)
    head = load_link(encoder.chunks_version())
    try:
        with stack.running(home) as services:
            migrate.upgrade(services.database_url)
            with Database(services.database_url) as db:
                made, bank = Made(size), Bank(ENCODER)
                bank.reserve(size * CHUNKS)
                fill(db, bank, made, size)
                linkers = {
                    "similarity": Linker(window_days=DAYS, point=None),
                    "pointer": Linker(window_days=DAYS, point=pointing(head)),
                }
                return {"articles": size, "records": len(bank)} | {
                    name: one_by_one(db, bank, made, linker, head, seed=seed)
                    for seed, (name, linker) in enumerate(linkers.items())
                }
    finally:
        shutil.rmtree(home)


def main() -> None:
    """Measure every size and write result and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    load = round(os.getloadavg()[0], 1)
    rows = []
    for size in args.sizes:
        rows.append(measure(size))
        print(json.dumps(rows[-1]), flush=True)
    result = {
        "measure": "wall-clock milliseconds to link one article; target 50 at 70,000",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {p: version(p) for p in ("numpy", "psycopg")},
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "load_before": load,
        "new_articles": NEW,
        "windows": rows,
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "linking.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    figure(rows).savefig(args.out / "linking.png", dpi=110)


def figure(rows: Sequence[Any]) -> Figure:
    drawn = Figure(figsize=(8, 3.2), layout="constrained")
    for axis, linker in zip(
        drawn.subplots(1, 2, sharey=True), ("similarity", "pointer"), strict=True
    ):
        for step in ("search", "decision", "write", "all"):
            ys = [row[linker][f"{step}_ms"]["median"] for row in rows]
            axis.plot([row["articles"] for row in rows], ys, marker="o", label=step)
        axis.axhline(50, color="#999999", linestyle=":")
        axis.set_title(linker)
        axis.set_xlabel("articles in the window")
        axis.set_ylabel("ms, median")
    axis.legend()
    return drawn


if __name__ == "__main__":
    main()
