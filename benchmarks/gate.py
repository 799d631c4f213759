"""What the gate of the API holds: floods, exact counts, revoked keys, guessed keys.

Run: ``python -m benchmarks.gate``. The embedded services are started and two processes of the API
serve an empty newsroom; the caller's networks are addresses of the loopback network (Linux), which
are counted here like any other. Other networks ask evenly, first alone, then while one network,
in a process of its own, asks ten times as often as all of them together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import socket
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx2

from newsroom import keys as form
from newsroom import migrate, process, stack
from newsroom import settings as settings_module
from newsroom.db import Database
from newsroom.settings import Api, Settings
from newsroom.store import keys

OUTPUT = Path("benchmarks/results/gate/gate.json")
PATH = "/v1/outlets?limit=1"
OTHERS = 30  # networks, each asking every two seconds: half of what it may
EVERY_S = 2.0
FLOOD_PER_S = 10 * OTHERS / EVERY_S
FLOODERS = 15  # connections of the one network that floods


@dataclass(slots=True)
class Asked:
    """What a group of callers saw."""

    seconds: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        ms = sorted(1000 * s for s in self.seconds)
        cut = statistics.quantiles(ms, n=100)
        return {
            "requests": len(ms),
            "let_in": self.statuses.count(200),
            "refused": self.statuses.count(429),
            "p50_ms": round(cut[49], 2),
            "p95_ms": round(cut[94], 2),
            "p99_ms": round(cut[98], 2),
        }


def client(port: int, at: str) -> httpx2.AsyncClient:
    transport = httpx2.AsyncHTTPTransport(local_address=at)
    return httpx2.AsyncClient(
        transport=transport, base_url=f"http://127.0.0.1:{port}", timeout=30.0
    )


async def ask(http: httpx2.AsyncClient, seen: Asked, **headers: str) -> int:
    began = time.perf_counter()
    answer = await http.get(PATH, headers=headers)
    seen.seconds.append(time.perf_counter() - began)
    seen.statuses.append(answer.status_code)
    return answer.status_code


async def evenly(port: int, network: int, until: float, seen: Asked) -> None:
    await asyncio.sleep(EVERY_S * random.Random(network).random())
    async with client(port, f"127.{network // 200 + 2}.{network % 200}.9") as http:
        while time.perf_counter() < until:
            began = time.perf_counter()
            await ask(http, seen)
            await asyncio.sleep(max(0.0, EVERY_S - (time.perf_counter() - began)))


async def flood(port: int, seconds: float) -> Asked:
    """One network that asks at its rate, whatever it is answered."""
    seen = Asked()
    until = time.perf_counter() + seconds

    async def one(n: int) -> None:
        pause = FLOODERS / FLOOD_PER_S
        due = time.perf_counter() + n / FLOOD_PER_S
        async with client(port, f"127.99.1.{n + 1}") as http:
            while due < until:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await ask(http, seen)
                due += pause

    await asyncio.gather(*(one(n) for n in range(FLOODERS)))
    return seen


async def evenly_all(port: int, seconds: float, *, first: int) -> Asked:
    others = Asked()
    until = time.perf_counter() + seconds
    await asyncio.gather(*(evenly(port, first + n, until, others) for n in range(OTHERS)))
    return others


async def revoked(ports: list[int], db: Database, rounds: int) -> list[float]:
    """Seconds from the commit of a revocation until the last process refuses the key."""
    waits = []
    for n in range(rounds):
        with db.transaction() as conn:
            key = keys.add(conn, "bench", [], note="", expires_at=None)
        sent = {"Authorization": f"Bearer {key}"}
        async with client(ports[0], f"127.50.{n}.1") as a, client(ports[1], f"127.50.{n}.2") as b:
            for http in (a, b):
                assert await ask(http, Asked(), **sent) == 200
            with db.transaction() as conn:
                keys.revoke(conn, form.key_id(key))
            began = time.perf_counter()
            for http in (a, b):
                while await ask(http, Asked(), **sent) == 200:  # noqa: ASYNC110 (the server is elsewhere)
                    await asyncio.sleep(0.05)
            waits.append(time.perf_counter() - began)
    return waits


def guessed(db: Database, times: int) -> dict[str, Any]:
    """Microseconds that the look-up takes for a wrong beginning and for a wrong end."""
    with db.transaction() as conn:
        key = keys.add(conn, "bench", [], note="", expires_at=None)
    kinds = {"wrong_beginning": form.make, "wrong_end": lambda: key[:11] + form.make()[11:]}
    took: dict[str, list[float]] = {name: [] for name in kinds}
    with db.transaction() as conn:
        for _ in range(times):
            for name in random.sample(sorted(kinds), 2):
                guess = kinds[name]()
                began = time.perf_counter()
                assert keys.accepted(conn, guess) is None
                took[name].append(1e6 * (time.perf_counter() - began))
    result: dict[str, Any] = {
        name: {"median_us": round(statistics.median(us), 1), "n": len(us)}
        for name, us in took.items()
    }
    medians = {
        name: [statistics.median(random.choices(us, k=len(us))) for _ in range(200)]
        for name, us in took.items()
    }
    gaps = sorted(
        b - a for a, b in zip(medians["wrong_beginning"], medians["wrong_end"], strict=True)
    )
    result["difference_us_95"] = [round(gaps[5], 2), round(gaps[194], 2)]
    return result


async def measure(ports: list[int], db: Database, seconds: float) -> dict[str, Any]:
    async with client(ports[0], "127.60.1.1") as http:
        for _ in range(50):
            await ask(http, Asked())
    alone = await evenly_all(ports[0], seconds, first=0)
    command = [sys.executable, "-m", "benchmarks.gate", "--flood", str(ports[0])]
    flooder = await asyncio.create_subprocess_exec(
        *command, "--seconds", str(seconds), stdout=asyncio.subprocess.PIPE
    )
    others = await evenly_all(ports[0], seconds, first=100)
    told, _ = await flooder.communicate()
    p95 = [a.told()["p95_ms"] for a in (alone, others)]
    waits = await revoked(ports, db, 3)
    return {
        "others_alone": alone.told(),
        "others_while_one_floods": others.told(),
        "p95_ratio": round(p95[1] / p95[0], 2),
        "flooder": json.loads(told),
        "revoked_s": [round(w, 2) for w in waits],
        "guesses": guessed(db, 2_000),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--flood", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.flood:
        print(json.dumps(asyncio.run(flood(asked.flood, asked.seconds)).told()))
        return
    home = Path(tempfile.mkdtemp(prefix="newsroom-gate-"))
    home.chmod(0o711)
    with stack.running(home) as services:
        chosen = services.into(Settings(home=home, api=Api(unlimited="")))
        migrate.upgrade(services.database_url)
        ports = [stack.free_port() for _ in range(2)]
        environment = dict(os.environ) | settings_module.environ(chosen)
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
            with Database(services.database_url, size_max=1) as db:
                found = asyncio.run(measure(ports, db, asked.seconds))
        finally:
            for child in children:
                child.terminate()
                child.wait()
    found |= {
        "seconds": asked.seconds,
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {n: version(n) for n in ("fastapi", "uvicorn", "redis", "psycopg")}
        | {"python": platform.python_version()},
        "targets": {"p95_ratio": 2, "flooder.let_in": "60 in each 60 s", "revoked_s": 5},
    }
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    main()
