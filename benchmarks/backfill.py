"""Memory and speed of ``newsroom backfill ccnews`` over a file of many records.

Run: ``python -m benchmarks.backfill [--records N] [--wanted SHARE]``. The file is generated: small
records (1 kB of HTML), of which a share is of an outlet that is known and becomes articles; the
rest is passed over, as in CC-NEWS, where a registry of some dozens of outlets wants one page in
many. Resident memory of the reading process is taken ten times a second; what counts is whether it
still grows in the second half. A million records are stated by the measured slope, not by a run.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Self

import numpy as np
import psutil
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsroom import log, migrate, stack
from newsroom.db import Database
from newsroom.settings import Settings
from scraper.archives import warc
from scraper.archives.archive import Archive
from scraper.backfill.ccnews import backfill
from scraper.extraction.extractors import Extractors
from scraper.outlets import registry

RESULTS = Path(__file__).parent / "results" / "crawl"


def page(number: int) -> bytes:
    chance = random.Random(number)
    lines = []
    for n in range(12):
        a, b, c, d = (chance.randrange(9999) for _ in range(4))
        lines.append(
            f"<p>Line {n} of the report says that house {a} was sold to the owner of house {b} "
            f"after {c} people had asked for it and {d} of them were refused.</p>"
        )
    title = f"Story {number} of the day"
    body = "".join(lines)
    whole = f"<html lang=en><title>{title}</title><article><h1>{title}</h1>{body}</article></html>"
    return whole.encode()


def generate(path: Path, records: int, wanted: float) -> None:
    chance = random.Random(7)
    http = [("Content-Type", "text/html; charset=utf-8")]
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for n in range(records):
            host = "www.cnn.com" if chance.random() < wanted else f"site{n % 4999}.com"
            headers = StatusAndHeaders("200 OK", http, protocol="HTTP/1.1")
            body = page(n)
            writer.write_record(
                writer.create_warc_record(
                    f"https://{host}/2026/11/23/story-{n}-of-the-day", "response", io.BytesIO(body),
                    length=len(body), http_headers=headers,
                )
            )  # fmt: skip


class Memory:
    """Resident megabytes of this process over time."""

    def __init__(self) -> None:
        self.samples: list[tuple[float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        started = time.monotonic()
        while not self._stop.wait(0.1):
            self.samples.append((time.monotonic() - started, process.memory_info().rss / 1e6))


def growth(samples: list[tuple[float, float]], records: int) -> dict[str, Any]:
    """Slope of the second half by least squares, and what it would add over a million records."""
    half = samples[len(samples) // 2 :]
    at, mb = (np.array(column) for column in zip(*half, strict=True))
    slope = float(np.polyfit(at, mb, 1)[0])
    seconds = samples[-1][0]
    per_record = slope * seconds / records
    return {
        "first_mb": round(samples[0][1], 1),
        "peak_mb": round(max(mb for _, mb in samples), 1),
        "last_mb": round(samples[-1][1], 1),
        "second_half_growth_mb": round(slope * (half[-1][0] - half[0][0]), 2),
        "growth_mb_per_million_records": round(per_record * 1e6, 1),
    }


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--records", type=int, default=200_000)
    arguments.add_argument("--wanted", type=float, default=0.01)
    arguments.add_argument("--output", type=Path, default=RESULTS)
    wishes = arguments.parse_args()
    log.configure(Settings(log_level="ERROR"))
    home = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    home.chmod(0o711)
    path = home / "made-up.warc.gz"
    generate(path, wishes.records, wishes.wanted)
    known = registry.load()
    started = time.monotonic()
    with Memory() as reading:
        passed = sum(1 for _ in warc.responses(warc.LocalFile(path), wanted=lambda _: False))
    skipped_s = time.monotonic() - started
    with stack.running(home) as services:
        migrate.upgrade(services.database_url)
        with (
            Database(services.database_url) as db,
            Archive(home / "archive") as archive,
            Extractors(os.cpu_count() or 1) as extractors,
        ):
            started = time.monotonic()
            with Memory() as whole:
                [report] = backfill(db, [warc.LocalFile(path)], known, archive, extractors)
            seconds = time.monotonic() - started
    size = path.stat().st_size
    shutil.rmtree(home)
    result = {
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "records": wishes.records,
        "file_bytes": size,
        "counts": dict(report.counts),
        "reading_alone": {
            "records_per_s": round(passed / skipped_s), "memory": growth(reading.samples, passed),
        },
        "backfill": {
            "seconds": round(seconds, 1), "records_per_s": round(report.records / seconds),
            "memory": growth(whole.samples, report.records),
        },
    }  # fmt: skip
    wishes.output.mkdir(parents=True, exist_ok=True)
    (wishes.output / "backfill_memory.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
