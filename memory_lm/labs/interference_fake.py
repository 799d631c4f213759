"""An OpenAI-compatible endpoint on loopback whose mistakes are known: what proves the harness.

It is no model: it reads the stream out of the prompt and answers wrongly as often as it is told,
by a seeded draw for each prompt and key.
"""

from __future__ import annotations

import json
import math
import re
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from memory_lm.labs.interference_endpoint import STREAM_STARTS
from memory_lm.labs.interference_streams import FAULTS, Fault

MODEL = "fake-reader"
NEVER_SHOWN = "violet nowhere"


def steady(rates: Mapping[Fault, float]) -> Callable[[int], Mapping[Fault, float]]:
    """The same rates however many updates a key had; what is left over is answered rightly."""
    return lambda _: rates


def forgetful(level: float, slope: float) -> Callable[[int], Mapping[Fault, float]]:
    """Right with ``level + slope ln n`` after n updates, held in 0 to 1; else a stale value."""
    return lambda n: {"stale": 1 - min(max(level + slope * math.log(n), 0.0), 1.0)}


@dataclass(kw_only=True)
class Fake:
    """How the fake errs, and its own ledger of what it did.

    ``refused`` is the share of prompts that never get an answer, ``flaky`` that of prompts that
    get one at the second try.
    """

    rates: Callable[[int], Mapping[Fault, float]]
    refused: float = 0.0
    flaky: float = 0.0
    seed: int = 0
    tokens_max: int = 65_536
    did: Counter[Fault] = field(default_factory=Counter)
    refusals: set[int] = field(default_factory=set)
    calls: Counter[int] = field(default_factory=Counter)

    def reply(self, message: str) -> tuple[HTTPStatus, str]:
        """Status and text for one user message."""
        prompt = zlib.crc32(message.encode())
        self.calls[prompt] += 1
        rng = np.random.default_rng([self.seed, prompt])
        dice = rng.random()
        if dice < self.refused:
            self.refusals.add(prompt)
            return HTTPStatus.INTERNAL_SERVER_ERROR, "broken on purpose"
        if dice < self.refused + self.flaky and self.calls[prompt] == 1:
            return HTTPStatus.SERVICE_UNAVAILABLE, "try again"
        told, asked = _heard(message)
        said: dict[str, str] = {}
        for key in asked:
            fault = _drawn(self.rates(len(told[key])), rng)
            # With one value there is none that is stale, and with one key no other.
            if (fault == "stale" and len(told[key]) < 2) or (
                fault == "other-key" and len(told) < 2
            ):
                fault = "latest"
            self.did[fault] += 1
            if fault != "missing":
                said[key] = _value(fault, key, told, rng)
        if "JSON" in message:
            return HTTPStatus.OK, "Here it is:\n```json\n" + json.dumps(said) + "\n```"
        lines = [f"The current value of {key} is {value}." for key, value in said.items()]
        return HTTPStatus.OK, "I went through the stream.\n" + " ".join(lines)


def _heard(message: str) -> tuple[dict[str, list[str]], list[str]]:
    """The values of each key in a prompt, and the keys it asks for."""
    before, _, rest = message.partition(STREAM_STARTS)
    line = rest.strip().partition("\n")[0]
    told: dict[str, list[str]] = {}
    for update in line.strip(" ;").split("; "):
        key, _, value = update.partition(": ")
        told.setdefault(key, []).append(value)
    found = re.search(r"keys: (.+?)\. Afterwards", before)
    return told, found[1].split(", ") if found else []


def _drawn(rates: Mapping[Fault, float], rng: np.random.Generator) -> Fault:
    dice, total = rng.random(), 0.0
    for fault in FAULTS[1:]:
        total += rates.get(fault, 0.0)
        if dice < total:
            return fault
    return "latest"


def _value(fault: Fault, key: str, told: Mapping[str, list[str]], rng: np.random.Generator) -> str:
    own = told[key]
    if fault == "stale":
        return own[int(rng.integers(len(own) - 1))]
    if fault == "other-key":
        other = [name for name in told if name != key][int(rng.integers(len(told) - 1))]
        return told[other][-1]
    return NEVER_SHOWN if fault == "never-shown" else own[-1]


@contextmanager
def served(fake: Fake) -> Iterator[str]:
    """The fake behind a real socket on a free loopback port; yields its base URL."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(HTTPStatus.OK, {"data": [{"id": MODEL, "max_model_len": fake.tokens_max}]})

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            message = json.loads(self.rfile.read(length))["messages"][-1]["content"]
            with lock:
                status, text = fake.reply(message)
            self._send(status, {"choices": [{"message": {"content": text}}]})

        def _send(self, status: HTTPStatus, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Requests are in the ledger."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
