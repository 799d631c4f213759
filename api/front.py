"""What every answer of the API carries: request id, security headers, ETag, a line of metrics.

A JSON answer under /v1 is compressed here, so that its tag is strong: one tag, the same bytes. HEAD
is GET without its body.

Only the API's own paths: another part may share the application and set its own headers.
"""

from __future__ import annotations

import gzip
import re
import uuid
from collections.abc import Callable
from hashlib import sha256
from time import perf_counter
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics

PATHS: Final = ("/v1", "/healthz", "/readyz", "/version", "/metrics", "/openapi.json", "/docs")
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
LIMITED: Final = ("RateLimit", "RateLimit-Policy")
# JSON needs nothing; only the interactive documentation loads scripts.
GZIP_MIN_BYTES: Final = 1000
GZIP_LEVEL: Final = 5  # three times as fast as 9 for two percent more bytes
POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


def ours(path: str) -> bool:
    """True for a path of the API."""
    return any(path == p or path.startswith(f"{p}/") for p in PATHS)


class Front:
    """ASGI middleware: answers of the API go through gate, ``Answer`` and CORS, others do not."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, gate: Callable[[ASGIApp], ASGIApp]
    ) -> None:
        self._app = app
        self._api = CORSMiddleware(
            Answer(gate(app), metrics),
            allow_origins=["*"],
            allow_methods=["GET"],
            allow_headers=["*"],
            expose_headers=["ETag", "Link", *LIMITED, "Retry-After", "X-Request-ID"],
            max_age=86_400,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the request, and pick its way."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        known = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = known
        app = self._api if ours(scope["path"]) else self._app
        await app(scope, receive, send)


class Answer:
    """Adds headers, compresses, answers 304 where the caller has the same bytes, and counts."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete its answer."""
        began = perf_counter()
        status = 500
        held: Message | None = None
        parts: list[bytes] = []
        head = scope["method"] == "HEAD"
        if head:
            scope = {**scope, "method": "GET"}

        async def answer(message: Message) -> None:
            nonlocal status, held
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = scope["state"]["request_id"]
                headers.update(SECURITY)
                if not scope["path"].startswith("/docs"):
                    headers["Content-Security-Policy"] = POLICY
                if status == 405 and "GET" in headers.get("allow", ""):
                    headers["Allow"] += ", HEAD"
                if status == 200 and _tagged(scope, headers):
                    held = message  # sent with its body, whose digest is the tag
                    return
            elif held is not None:
                parts.append(message.get("body", b""))
                if message.get("more_body"):
                    return
                start, held = held, None
                message = {"type": "http.response.body", "body": _settle(scope, start, parts)}
                status = start["status"]
                await send(start)
            if head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "name", "unmatched")
            self._metrics.saw(route, status, perf_counter() - began)


def _tagged(scope: Scope, headers: MutableHeaders) -> bool:
    # Downloads are streamed, and bring a tag of their own.
    json = headers.get("content-type") == "application/json"
    return json and scope["method"] == "GET" and scope["path"].startswith("/v1/")


def _settle(scope: Scope, start: Message, parts: list[bytes]) -> bytes:
    """Give an answer its tag and length; its body as it is sent, empty where it is known."""
    body = b"".join(parts)
    tag = sha256(body).hexdigest()[:32]
    headers = MutableHeaders(scope=start)
    asked = Headers(scope=scope)
    headers.add_vary_header("Accept-Encoding")
    headers.setdefault("Cache-Control", "no-cache")  # may be kept, must be asked for again
    zipped = len(body) >= GZIP_MIN_BYTES and "gzip" in asked.get("accept-encoding", "")
    tag = f'"{tag}-gzip"' if zipped else f'"{tag}"'
    headers["ETag"] = tag
    known = asked.get("if-none-match", "").split(",")
    if tag in {one.strip().removeprefix("W/") for one in known}:
        start["status"] = 304
        del headers["content-length"]
        del headers["content-type"]
        return b""
    if zipped:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)  # no time of day in the bytes
    headers["Content-Length"] = str(len(body))
    return body
