"""The live window at full size: filling it from PostgreSQL, its memory, and exact search in it.

Run: ``python -m benchmarks.memory [RECORDS]``; without a number 350,000, which is 14 days of 5,000
articles in 5 chunks. Vectors are made up and lie around the centres of 3,000 events; a seventh of
the records is joined to another. Times are medians, on the wall and of this process's CPU, which
tell a busy machine from a slow program; one thread where OMP_NUM_THREADS is 1.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memory_lm.bank import AsOf, Question
from memory_lm.live import LiveBank
from newsroom import migrate, stack
from newsroom.db import Database
from newsroom.store import publishers
from newsroom.store.memory import read, write

RESULTS = Path(__file__).parent / "results" / "memory"
RECORDS, PARTS, WIDTH, EVENTS = 350_000, 4, 384, 3_000
BATCH = 1_000
WINNERS = 32
VERSION = "made-up"
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
TEXT = "What a chunk says of an event, some ninety words of it. " * 10

# Rows as an import leaves them, without going through its door a hundred thousand times.
ARTICLES = """
INSERT INTO articles (article_id, revision, publisher_id, url, canonical_url, title, text,
                      text_sha256, content_sha256, language, words, bylines, date_source, via,
                      extractor, fetched_at, bands)
SELECT 'a' || i, 1, 'bench.example', 'u' || i, 'u' || i, 't', 't', 's', 'c' || i, 'en', 90, '{}',
       'absent', 'import', 'bench', now(), '{}' FROM generate_series(0, %s - 1) AS i
"""


class Made:
    """Vectors [n, 384] in batches, always the same."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(0)
        self.centres = self.random.standard_normal((EVENTS, WIDTH)).astype(np.float32)

    def vectors(self, n: int) -> NDArray[np.float32]:
        near = self.centres[self.random.integers(0, EVENTS, n)]
        noise = self.random.standard_normal((n, WIDTH)).astype(np.float32)
        made: NDArray[np.float32] = near + noise
        return made / np.linalg.norm(made, axis=1, keepdims=True)


def fill(db: Database, made: Made, records: int) -> float:
    """Write the bank in batches; the seconds it took."""
    with db.transaction() as conn:
        publishers.of_domain(conn, "bench.example")
        conn.execute(ARTICLES, [records // PARTS])
    vals = made.vectors(4).astype(np.float16)
    started = time.perf_counter()
    for start in range(0, records, BATCH):
        keys = made.vectors(BATCH).astype(np.float16)
        chunks = [
            write.Chunk(
                article_id=f"a{i // PARTS}", content_sha256=f"c{i // PARTS}", part=i % PARTS,
                published_at=FIRST + timedelta(seconds=3 * i), text=TEXT, key=keys[i - start],
                vals=vals,
            )
            for i in range(start, start + BATCH)
        ]  # fmt: skip
        with db.transaction() as conn:
            began = write.begin(conn)
            ids = write.add(conn, began, VERSION, chunks)
            pairs = list(zip(ids[::14], ids[1::14], strict=False))
            write.link(
                conn,
                began,
                [
                    write.NewLink(first=a, second=b, relation="updates", confidence=0.9)
                    for a, b in pairs
                ],
            )
    return time.perf_counter() - started


def median_ms(function: Callable[[], object], runs: int = 7, each: int = 1) -> dict[str, float]:
    """Median of runs, divided by how many things ``each`` run does."""
    wall, cpu = [], []
    for _ in range(runs):
        started, used = time.perf_counter(), time.process_time()
        function()
        wall.append(1e3 * (time.perf_counter() - started) / each)
        cpu.append(1e3 * (time.process_time() - used) / each)
    return {
        "wall_ms": round(statistics.median(wall), 2),
        "cpu_ms": round(statistics.median(cpu), 2),
    }


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


def searches(bank: LiveBank, queries: NDArray[np.float32], records: int) -> dict[str, object]:
    """Time of a query: of all that stands now, and as of half-way."""
    now = AsOf(time=FIRST + timedelta(days=999), sequence=bank.sequence)
    then = AsOf(time=FIRST + timedelta(seconds=1.5 * records), sequence=bank.sequence)
    found: dict[str, object] = {}
    for name, as_of in (("now", now), ("as_of_half_way", then)):
        for n in (1, 8, 32):
            block = queries[:n]
            found[f"{name}_batch_{n}"] = median_ms(
                lambda block=block, as_of=as_of: bank.search(block, as_of, k=WINNERS), each=n
            )
    return found


def questions(queries: NDArray[np.float32], records: int, sequence: int) -> Sequence[Question]:
    """32 articles of 4 chunks, each as of its own time and without its own outlet."""
    return [
        Question(
            queries=queries[PARTS * i : PARTS * (i + 1)],
            as_of=AsOf(time=FIRST + timedelta(seconds=2.5 * records + i), sequence=sequence),
            without_article=f"a{i}",
        )
        for i in range(32)
    ]


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    home = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    home.chmod(0o711)
    load = round(os.getloadavg()[0], 1)
    with stack.running(home) as services:
        migrate.upgrade(services.database_url)
        with Database(services.database_url) as db:
            made = Made()
            written_s = fill(db, made, records)
            before = resident_mb()
            bank = LiveBank(VERSION)
            started, used = time.perf_counter(), time.process_time()
            with db.transaction() as conn:
                bank.refresh(conn)
            filled_s, filled_cpu_s = time.perf_counter() - started, time.process_time() - used
            assert len(bank) == records
            after = resident_mb()
            queries = made.vectors(32 * PARTS)
            spread = sorted(r.record_id for r in bank.slots)[:: max(1, records // 1000)][:1000]
            with db.transaction() as conn:
                totals = read.totals(conn)
                refresh = median_ms(lambda: bank.refresh(conn))
                regroup = median_ms(lambda: bank.refresh(conn, events=True), runs=3)
                values = median_ms(lambda: read.values(conn, spread))
            asked = questions(queries, records, bank.sequence)
            result = {
                "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
                "python": platform.python_version(),
                "versions": {p: version(p) for p in ("numpy", "psycopg")},
                "threads": os.environ.get("OMP_NUM_THREADS", "all"),
                "load_before": load,
                "records": records,
                "links": totals["links_updates"],
                "stored_mb": round(int(str(totals["bytes"])) / 1e6),
                "written_records_per_s": round(records / written_s),
                "fill": {
                    "wall_s": round(filled_s, 2),
                    "cpu_s": round(filled_cpu_s, 2),
                    "records_per_s": round(records / filled_s),
                    "resident_mb": round(after - before),
                },
                "refresh_with_nothing_new": refresh,
                "refresh_with_events": regroup,
                "values_of_1000_records": values,
                "search_per_query": searches(bank, queries, records),
                "article_of_4_queries_in_batch_of_32": median_ms(
                    lambda: bank.search_all(asked, k=WINNERS), runs=3, each=32
                ),
            }
    shutil.rmtree(home)
    RESULTS.mkdir(parents=True, exist_ok=True)
    if records == RECORDS:
        (RESULTS / "bank.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
