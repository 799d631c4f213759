"""Extraction quality against gold pages, beside trafilatura alone on the same pages.

Run: ``python -m benchmarks.extraction`` with NEWSROOM_DATA_DIR set. Rules were tuned on the pages
whose id digest is even; the other half is what counts. Scores: F1 of the bag of tokens (full-text
gold), F1 of wanted and unwanted segments, exact headline after Unicode and quote normalisation,
exact day. Intervals are a paired bootstrap over pages, for each half and for each test suite that
pages come from. Speed is CPU time on one core, both systems page by page in turn, so that a
busy machine slows both alike.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from trafilatura import bare_extraction

from newsroom.errors import Refused
from newsroom.text import normalise, words
from scraper.extraction.extract import EXTRACTOR, read

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RESULTS = Path(__file__).parent / "results" / "extraction"
RESAMPLES = 5_000
ROUNDS = 3
QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Read:
    """What an extractor made of a page."""

    title: str
    text: str
    day: str


def ours(html: bytes, url: str) -> Read:
    try:
        found = read(html, url, now=NOW).article
    except Refused:
        return Read("", "", "")
    return Read(found.title, found.text, _day(found.published_at))


def trafilatura(html: bytes, url: str) -> Read:
    found: Any = bare_extraction(html, url=url, with_metadata=True, include_comments=False)
    if found is None:
        return Read("", "", "")
    return Read(found.title or "", normalise(found.text or ""), found.date or "")


def main() -> None:
    data = Path(os.environ["NEWSROOM_DATA_DIR"]) / "extraction" / "dev.parquet"
    rows = pq.read_table(data).to_pylist()
    systems = {"newsroom": ours, "trafilatura": trafilatura}
    scores: dict[str, dict[str, list[float | None]]] = {}
    for name, system in systems.items():  # this also fills caches and loads rules
        scores[name] = _scores(rows, [system(row["html"], row["url"]) for row in rows])
    speed = _speed(rows, systems)
    voices = Counter(read(row["html"], row["url"], now=NOW).article.text_from for row in rows)
    halves = {"tuned": 0, "held out": 1}
    report: dict[str, Any] = {
        "data_sha256": sha256(data.read_bytes()).hexdigest(),
        "extractor": EXTRACTOR,
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {p: version(p) for p in ("trafilatura", "htmldate", "lxml")},
        "pages_per_cpu_second": speed,
        "text_from": dict(voices.most_common()),
        "halves": {},
        "sources": {},
    }
    for half, parity in {**halves, "all": None}.items():
        chosen = [i for i, row in enumerate(rows) if parity is None or _parity(row["id"]) == parity]
        report["halves"][half] = _compare(scores, chosen)
    for source in sorted({row["source"].split("/")[0] for row in rows}):
        for half, parity in halves.items():
            chosen = [
                i
                for i, row in enumerate(rows)
                if row["source"].startswith(source) and _parity(row["id"]) == parity
            ]
            report["sources"].setdefault(source, {})[half] = _compare(scores, chosen)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "dev.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for half, metrics in report["halves"].items():
        for metric, line in metrics.items():
            print(f"{half:9} {metric:12} {line}")
    for source, parts in report["sources"].items():
        for half, metrics in parts.items():
            for metric, line in metrics.items():
                print(f"{source:27} {half:9} {metric:12} {line}")
    print(speed, dict(voices))


def _speed(
    rows: list[dict[str, Any]], systems: dict[str, Callable[[bytes, str], Read]]
) -> dict[str, float]:
    """Pages per CPU second of each system: of several rounds the best time of every page."""
    best = {name: [float("inf")] * len(rows) for name in systems}
    for _ in range(ROUNDS):
        for i, row in enumerate(rows):
            for name, system in systems.items():
                started = time.process_time()
                system(row["html"], row["url"])
                best[name][i] = min(best[name][i], time.process_time() - started)
    return {name: round(len(rows) / sum(times), 1) for name, times in best.items()}


def _scores(rows: list[dict[str, Any]], reads: list[Read]) -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = {
        m: [] for m in ("token_f1", "segment_f1", "title", "date")
    }
    for row, read_ in zip(rows, reads, strict=True):
        full = row["gold_kind"] == "full_text"
        found["token_f1"].append(_token_f1(row["gold_text"] or "", read_.text) if full else None)
        found["segment_f1"].append(
            None
            if full
            else _segment_f1(
                json.loads(row["must_have"]),
                json.loads(row["must_not"] or "[]"),
                f"{read_.title}\n{read_.text}",  # some pages count their headline as a segment
            )
        )
        title, day = row["gold_title"], row["gold_date"]
        found["title"].append(float(_plain(title) == _plain(read_.title)) if title else None)
        found["date"].append(float(day[:10] == read_.day) if day else None)
    return found


def _compare(scores: dict[str, dict[str, list[float | None]]], pages: list[int]) -> dict[str, Any]:
    generator = np.random.default_rng(7)
    table = {}
    for metric in scores["newsroom"]:
        used = [i for i in pages if scores["newsroom"][metric][i] is not None]
        if not used:
            continue
        a = np.array([scores["newsroom"][metric][i] for i in used], dtype=float)
        b = np.array([scores["trafilatura"][metric][i] for i in used], dtype=float)
        draws = generator.integers(0, len(used), (RESAMPLES, len(used)))
        low, high = np.percentile((a - b)[draws].mean(axis=1), [2.5, 97.5])
        table[metric] = {
            "pages": len(used),
            "newsroom": round(float(a.mean()), 4),
            "trafilatura": round(float(b.mean()), 4),
            "difference_95": [round(float(low), 4), round(float(high), 4)],
        }
    return table


def _token_f1(gold: str, found: str) -> float:
    a, b = Counter(words(gold)), Counter(words(found))
    common = (a & b).total()
    return 2 * common / (a.total() + b.total()) if a or b else 1.0


def _segment_f1(wanted: Iterable[str], unwanted: Iterable[str], text: str) -> float:
    flat = _plain(text)
    hits = [_plain(s) in flat for s in wanted]
    wrong = sum(_plain(s) in flat for s in unwanted)
    return 2 * sum(hits) / (sum(hits) + wrong + len(hits)) if hits else float(not wrong)


def _plain(text: str) -> str:
    return " ".join(normalise(text).translate(QUOTES).split())


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at else ""


def _parity(page_id: str) -> int:
    return sha256(page_id.encode()).digest()[0] % 2


if __name__ == "__main__":
    main()
