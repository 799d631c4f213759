from __future__ import annotations

import json
import math
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from newsroom.settings import Llm

MODEL = "scripted-7b"


class Scripted:
    """A model server on loopback that answers any schema with its first legal value, or lies.

    ``fault`` names how it lies; ``faults`` is for how many chat answers (None: all of them).
    ``letters`` are probabilities of the letters it gives as alternatives at a point.
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self.faults: int | None = None
        self.letters: dict[str, float] | None = None
        self.draws: list[str] = []
        self.described: dict[str, Any] = {"max_model_len": 8192, "root": "/models/scripted"}
        self.requests: list[dict[str, Any]] = []
        self.seen: Counter[str] = Counter()
        self.busy = self.most_busy = 0
        self.lock = threading.Lock()
        self.freed = threading.Event()

    def lies(self) -> str | None:
        with self.lock:
            if self.fault is None or self.faults == 0:
                return None
            if self.faults is not None:
                self.faults -= 1
            return self.fault

    def answer(self, body: dict[str, Any], fault: str | None) -> dict[str, Any]:
        schema = body["response_format"]["json_schema"]["schema"]
        value = _first(schema, schema.get("$defs", {}))
        if fault == "wrong-numbers":
            for one in value.get("sentences", ()):
                one["n"] += 1
        if body["temperature"] == 1.0 and "point" in value and self.draws:
            value["point"] = self.draws[body["seed"] % len(self.draws)]
        elif "point" in value and self.letters:
            points = {k: p for k, p in self.letters.items() if k in "ABCDEFGHIJKX"}
            value["point"] = max(points, key=lambda letter: points[letter])
        if fault == "other-article":
            value["article"] = "0badf00d"
        if fault == "wrong-label":
            name = next(k for k in ("label", "point", "text", "sentences") if k in value)
            value[name] = "entirely new"
        if fault == "no-evidence" and "evidence" in value:
            value["evidence"] = [999]
        if fault == "extra":
            value["score"] = 3
        text = json.dumps(value, ensure_ascii=False)
        if fault == "not-json":
            text = text[:-4] + "\n\n\n"
        choice: dict[str, Any] = {
            "message": {"role": "assistant", "content": text},
            "finish_reason": "length" if fault == "cut-off" else "stop",
        }
        if body.get("logprobs") and self.letters:
            place = [
                {"token": letter, "logprob": math.log(p)} for letter, p in self.letters.items()
            ]
            best = max(place, key=lambda one: one["logprob"])
            choice["logprobs"] = {
                "content": [
                    {"token": '"', "logprob": -0.1, "top_logprobs": []},
                    best | {"top_logprobs": place},
                    {"token": '"}', "logprob": -0.1, "top_logprobs": []},
                ]
            }
        return {
            "id": "x",
            "object": "chat.completion",
            "model": "another-model" if fault == "other-model" else MODEL,
            "choices": [choice],
            "usage": {
                "prompt_tokens": 100, "completion_tokens": 20,
                "prompt_tokens_details": {"cached_tokens": 60},
            },
        }  # fmt: skip


def _first(schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _first(defs[schema["$ref"].rsplit("/", 1)[1]], defs)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        return {name: _first(one, defs) for name, one in schema["properties"].items()}
    if schema["type"] == "array":
        places = schema.get("prefixItems") or [schema["items"]] * schema.get("minItems", 1)
        return [_first(one, defs) for one in places]
    return schema.get("minimum", 1) if schema["type"] == "integer" else "because it is so"


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            card = {"id": MODEL, "created": len(scripted.requests), **scripted.described}
            self.send({"object": "list", "data": [card]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with scripted.lock:
                scripted.requests.append(body)
                scripted.busy += 1
                scripted.most_busy = max(scripted.most_busy, scripted.busy)
            try:
                self.reply(body, scripted.lies())
            finally:
                with scripted.lock:
                    scripted.busy -= 1

        def reply(self, body: dict[str, Any], fault: str | None) -> None:
            if fault and fault.isdigit():
                self.send({"error": "on purpose"}, int(fault))
            elif fault == "429-wait":
                self.send({"error": "busy"}, 429, {"retry-after": "77"})
            elif fault == "hang":
                scripted.freed.wait(20)
                self.close_connection = True
            elif fault == "drip":
                self.start(200, 10_000)
                for _ in range(10_000):
                    if scripted.freed.wait(0.05):
                        break
                    try:
                        self.wfile.write(b" ")
                        self.wfile.flush()
                    except OSError:
                        break
                self.close_connection = True
            elif fault == "closes":
                self.start(200, 10_000)
                self.wfile.write(b'{"choices": [')
                self.close_connection = True
            elif fault == "huge":
                self.send({"choices": [{"message": {"content": "x" * 10_000_000}}]})
            elif fault == "not-openai":
                self.send({"hello": "there"})
            elif fault == "html":
                self.start(200, 13)
                self.wfile.write(b"<html></html>")
            else:
                self.send(scripted.answer(body, fault))

        def start(self, status: int, length: int, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("content-length", str(length))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()

        def send(
            self, body: object, status: int = 200, headers: dict[str, str] | None = None
        ) -> None:
            data = json.dumps(body).encode()
            try:
                self.start(status, len(data), headers)
                self.wfile.write(data)
            except OSError:
                self.close_connection = True  # the client had enough

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    scripted.base_url = f"http://127.0.0.1:{http.server_port}/v1"  # type: ignore[attr-defined]
    try:
        yield scripted
    finally:
        scripted.freed.set()
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture
def llm(server: Scripted) -> Llm:
    return Llm(base_url=server.base_url, timeout_s=5, concurrency=4, draws=0)  # type: ignore[attr-defined]
