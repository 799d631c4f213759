"""How grouping time and memory grow with the articles: ``python -m benchmarks.cluster_growth``.

Made-up signatures (topics, events in them, articles around events; 5,000 articles a day), so only
the grouping is measured, not the encoder. Each size runs in its own process, because peak memory is
that of a process. Writes ``benchmarks/results/events/growth.json`` and ``growth.png``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from annotator.events.cluster import EVENT, STORY, grow
from annotator.events.scores import b_cubed
from annotator.events.signature import Signatures

SIZES = (10_000, 30_000, 100_000)
ARTICLES_PER_DAY = 5_000
ARTICLES_PER_EVENT = 5
EVENTS_PER_TOPIC = 20
DIMENSIONS = 384
VOCABULARY = 30_000
WORDS_PER_ARTICLE = 60


def made_up(n: int, *, dated: bool) -> tuple[Signatures, list[int]]:
    """Signatures of n articles and the event of each, seeded."""
    random = np.random.default_rng(n)
    events = n // ARTICLES_PER_EVENT
    topic = random.integers(max(1, events // EVENTS_PER_TOPIC), size=events)
    topic_vectors = random.normal(size=(topic.max() + 1, DIMENSIONS))
    centres = topic_vectors[topic] + 1.1 * random.normal(size=(events, DIMENSIONS))
    event = random.integers(events, size=n)
    dense = centres[event] + 0.8 * random.normal(size=(n, DIMENSIONS))
    own = (event[:, None] * 977 + random.integers(25, size=(n, 20))) % VOCABULARY
    common = (VOCABULARY * random.random((n, WORDS_PER_ARTICLE - 20)) ** 4).astype(np.int64)
    columns = np.concatenate([own, common], axis=1).ravel()
    values = np.log1p(columns) + 1.0
    starts = np.arange(n + 1) * WORDS_PER_ARTICLE
    words = csr_matrix((values, columns, starts), shape=(n, VOCABULARY))
    words.sum_duplicates()
    day = random.random(events)[event] * n / ARTICLES_PER_DAY + random.random(n)
    signatures = Signatures(
        dense=normalize(dense).astype(np.float32),
        words=csr_matrix(normalize(words), dtype=np.float32),
        day=day if dated else np.full(n, np.nan),
    )
    return signatures, [int(e) for e in event]


def measure(n: int, dated: bool) -> dict[str, float | int | bool]:
    """Group both levels once, in this process."""
    signatures, truth = made_up(n, dated=dated)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    events = grow(signatures, np.arange(n), EVENT)
    stories = grow(signatures, events, STORY)
    return {
        "articles": n,
        "dated": dated,
        "wall_s": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "input_mb": round(before / 1024),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "events": len(set(events.tolist())),
        "stories": len(set(stories.tolist())),
        "b_cubed_f1": round(b_cubed(truth, events.tolist()).f1, 4),
    }


def main() -> None:
    """Measure every size and write result and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/events"))
    args = parser.parse_args()
    rows = []
    for n in args.sizes:
        for dated in (True, False):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
                rows.append(fresh.submit(measure, n, dated).result())
            print(json.dumps(rows[-1]), flush=True)
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "threads": os.environ.get("OMP_NUM_THREADS", "default"),
        "runs": rows,
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "growth.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axis, key in zip(figure.subplots(1, 2), ("cpu_s", "peak_mb"), strict=True):
        for dated, name in ((True, "dated, 5,000 a day"), (False, "undated")):
            chosen = [row for row in rows if row["dated"] is dated]
            xs, ys = [row["articles"] for row in chosen], [row[key] for row in chosen]
            axis.loglog(xs, ys, marker="o", label=name)
        axis.set_xlabel("articles")
        axis.set_ylabel(key)
    axis.legend()
    figure.savefig(args.out / "growth.png", dpi=110)


if __name__ == "__main__":
    main()
