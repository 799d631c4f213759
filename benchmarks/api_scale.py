"""How the API answers as the corpus grows: ``python -m benchmarks.api_scale``.

For each of ``--sizes`` a corpus of benchmarks/made_up_corpus.py, with 40 sentence labels an
article: made in a folder under ``--homes``, or taken from there where an earlier run made it. Two
processes of ``newsroom serve`` answer. Measured are, on this machine, which all of it shares with
the database and with whoever asks:

- every kind of question of :mod:`benchmarks.api_questions`, one after another on one connection,
  after a warm-up, from the request to the last byte of the answer;
- the page at nine tenths of the list of articles, beside the first;
- ``--per-second`` requests for ``--seconds``, evenly, whether or not the answers keep up: all the
  kinds that have a target, mixed by lot, and how many were errors. A request's time runs from
  when it was due.

Writes ``benchmarks/results/api/scale.json`` and draws ``growth.png`` beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import httpx2
import psycopg

from benchmarks import api_questions, made_up_corpus
from benchmarks.gate import wait_for
from newsroom import migrate, process, stack
from newsroom import settings as settings_module
from newsroom.db import Database
from newsroom.settings import Settings
from newsroom.store import trend_sums

RESULTS: Final = Path(__file__).parent / "results" / "api"
SEED: Final = 8
TARGETS: Final = {"lists": 25, "articles": 30, "trends": 150}  # p95, ms
CONNECTIONS: Final = 24
KIND_S: Final = 8.0  # a kind that takes longer in all is asked less often: see its n


def told(ms: Sequence[float]) -> dict[str, float]:
    """Of times in ms: how many, median, p95 and the longest."""
    cut = statistics.quantiles(ms, n=100) if len(ms) > 1 else [ms[0]] * 99
    return {
        "n": len(ms),
        "p50_ms": round(cut[49], 1),
        "p95_ms": round(cut[94], 1),
        "max_ms": round(max(ms), 1),
    }


@contextmanager
def corpus(homes: Path, articles: int) -> Iterator[tuple[stack.Services, float | None]]:
    """A corpus of this size, made unless it is there; and the seconds that making it took."""
    home = homes / f"corpus-{articles}"
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)
    with stack.running(home) as services:
        url = services.database_url
        migrate.upgrade(url)
        with psycopg.connect(url) as conn:
            row = conn.execute("SELECT count(*) FROM run_outcomes").fetchone()
        there = row is not None and row[0] == articles
        seconds = None if there else made_up_corpus.fill(url, articles=articles, told=say)
        with Database(url, size_max=1) as database:
            trend_sums.refresh(database)
        yield services, seconds


@contextmanager
def serving(services: stack.Services, home: Path) -> Iterator[list[str]]:
    """Two processes of the API; their addresses."""
    chosen = services.into(Settings(home=home))
    environment = dict(os.environ) | settings_module.environ(chosen)
    ports = [stack.free_port() for _ in range(2)]
    children = [
        process.start(
            [sys.executable, "-m", "newsroom", "serve", "--port", str(port)],
            log=home / f"serve-{port}.log",
            env=environment,
        )
        for port in ports
    ]
    try:
        for port in ports:
            wait_for(port)
        yield [f"http://127.0.0.1:{port}" for port in ports]
    finally:
        for child in children:
            child.terminate()
            child.wait()


def one_by_one(
    address: str, asked: api_questions.Corpus, times: int, only: str
) -> dict[str, dict[str, Any]]:
    """Each kind alone: by group, what all of it took and what each kind of it took."""
    found: dict[str, dict[str, Any]] = {}
    lot = random.Random(SEED)
    with httpx2.Client(base_url=address, timeout=30) as http:
        for group, kinds in api_questions.KINDS.items():
            by_kind: dict[str, Any] = {}
            everything: list[float] = []
            for name, draw in kinds.items():
                if only not in name:
                    continue
                ms, failed, size = [], 0, 0
                until = time.perf_counter() + KIND_S
                for n in range(times + 5):
                    if len(ms) >= 3 and time.perf_counter() > until:
                        break
                    path = draw(asked, lot)
                    began = time.perf_counter()
                    answer = http.get(path)
                    took = 1000 * (time.perf_counter() - began)
                    if n >= 5:  # the first five warm up
                        ms.append(took)
                        failed += answer.status_code != 200
                        size += len(answer.content)
                by_kind[name] = told(ms) | {"not_200": failed, "bytes": round(size / len(ms))}
                everything += ms
                say(f"{name}: {by_kind[name]}")
            if everything:
                found[group] = {"all": told(everything), "kinds": by_kind}
    return found


async def load(
    addresses: Sequence[str], asked: api_questions.Corpus, per_s: float, seconds: float
) -> dict[str, Any]:
    """An open loop: requests are due evenly, and wait for a free connection where none is."""
    lot = random.Random(SEED)
    draws = [(group, draw) for group in TARGETS for draw in api_questions.KINDS[group].values()]
    times: dict[str, list[float]] = defaultdict(list)
    statuses: dict[str, int] = defaultdict(int)
    began = time.perf_counter() + 0.5
    due = iter(range(round(per_s * seconds)))

    async def ask(http: httpx2.AsyncClient) -> None:
        for n in due:
            at = began + n / per_s
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            group, draw = lot.choice(draws)
            try:
                answer = await http.get(draw(asked, lot))
                statuses[str(answer.status_code)] += 1
            except httpx2.HTTPError as error:
                statuses[type(error).__name__] += 1
            times[group].append(1000 * (time.perf_counter() - at))

    async def connection(address: str) -> None:
        async with httpx2.AsyncClient(base_url=address, timeout=30) as http:
            await ask(http)

    await asyncio.gather(*(connection(addresses[n % 2]) for n in range(CONNECTIONS)))
    took = time.perf_counter() - began
    total = sum(statuses.values())
    return {
        "per_second": per_s,
        "seconds": seconds,
        "answered_per_second": round(total / took, 1),
        "errors": total - statuses["200"],
        "statuses": dict(statuses),
        **{group: told(ms) for group, ms in times.items()},
    }


def measure(services: stack.Services, home: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    asked = api_questions.of(services.database_url)
    with serving(services, home) as addresses:
        found: dict[str, Any] = {
            "deep_row": asked.deep_row,
            **one_by_one(addresses[0], asked, arguments.times, arguments.only),
        }
        if arguments.per_second:
            found["load"] = [
                asyncio.run(load(addresses, asked, per_s, arguments.seconds))
                for per_s in arguments.per_second
            ]
            say(str(found["load"]))
    with psycopg.connect(services.database_url) as conn:
        row = conn.execute("SELECT pg_database_size(current_database())").fetchone()
    return found | {"database_gb": None if row is None else round(row[0] / 1e9, 2)}


def draw(sizes: dict[str, Any], file: Path) -> None:
    """p95 of every kind over the number of articles, a panel a group."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(TARGETS), figsize=(12, 4.2), layout="constrained")
    counts = sorted(map(int, sizes))
    for panel, (group, target) in zip(panels, TARGETS.items(), strict=True):
        for name in api_questions.KINDS[group]:
            p95 = [sizes[str(n)][group]["kinds"][name]["p95_ms"] for n in counts]
            panel.plot(counts, p95, color="#9db4c8", linewidth=1)
        p95 = [sizes[str(n)][group]["all"]["p95_ms"] for n in counts]
        panel.plot(counts, p95, color="#14496b", linewidth=2.4, marker="o", label="all kinds")
        panel.axhline(target, color="#b3402a", linestyle="--", label=f"target {target} ms")
        panel.set(xscale="log", yscale="log", xlabel="articles", title=group)
        panel.legend(frameon=False, fontsize=8)
    panels[0].set_ylabel("p95 (ms), each kind thin")
    figure.savefig(file, dpi=130)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--homes", type=Path, required=True, help="folder of the corpora, kept")
    parser.add_argument("--times", type=int, default=60, help="requests of a kind")
    parser.add_argument("--per-second", type=float, nargs="*", default=[200.0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", default="", help="kinds with this in their name; nothing is kept")
    arguments = parser.parse_args()
    file = RESULTS / "scale.json"
    sizes = json.loads(file.read_text())["sizes"] if file.exists() else {}
    for articles in arguments.sizes:
        with corpus(arguments.homes, articles) as (services, seconds):
            found = measure(services, arguments.homes / f"corpus-{articles}", arguments)
        before = sizes.get(str(articles), {}).get("filled_in_s")
        sizes[str(articles)] = {"filled_in_s": round(seconds) if seconds else before, **found}
    if arguments.only:
        return
    result = {
        "sizes": sizes,
        "sentence_labels_an_article": 40,
        "targets_p95_ms": TARGETS,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, which database, two servers and "
        "whoever asks share",
        "versions": {n: version(n) for n in ("fastapi", "uvicorn", "psycopg", "pydantic")}
        | {"python": platform.python_version()},
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n")
    draw(sizes, RESULTS / "growth.png")


if __name__ == "__main__":
    main()
