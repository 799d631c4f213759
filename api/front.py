"""What every answer of the API carries: request id, security headers, ETag, a line of metrics.

Only the API's own paths: another part may share the application and set its own headers.
"""

from __future__ import annotations

import re
import uuid
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
# JSON needs nothing; only the interactive documentation loads scripts.
POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


def ours(path: str) -> bool:
    """True for a path of the API."""
    return any(path == p or path.startswith(f"{p}/") for p in PATHS)


class Front:
    """ASGI middleware: answers of the API go through ``Answer`` and CORS, the rest untouched."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._api = CORSMiddleware(
            Answer(app, metrics),
            allow_origins=["*"],
            allow_methods=["GET"],
            allow_headers=["*"],
            expose_headers=["ETag", "Retry-After", "X-Request-ID"],
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
    """Adds headers, answers 304 where the caller has the same bytes, and counts."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete its answer."""
        began = perf_counter()
        status = 500
        held: Message | None = None
        body = b""

        async def answer(message: Message) -> None:
            nonlocal status, held, body
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = scope["state"]["request_id"]
                headers.update(SECURITY)
                if not scope["path"].startswith("/docs"):
                    headers["Content-Security-Policy"] = POLICY
                if status == 200 and scope["path"].startswith("/v1/"):
                    held = message  # sent with its body, whose digest is the tag
                    return
            elif held is not None:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                start, held = held, None
                unchanged = _tag(scope, start, body)
                status = start["status"]
                await send(start)
                message = {"type": "http.response.body", "body": b"" if unchanged else body}
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "name", "unmatched")
            self._metrics.saw(route, status, perf_counter() - began)


def _tag(scope: Scope, start: Message, body: bytes) -> bool:
    # Weak, because compression may change the bytes on the way.
    tag = f'W/"{sha256(body).hexdigest()[:32]}"'
    headers = MutableHeaders(scope=start)
    headers["ETag"] = tag
    headers["Cache-Control"] = "no-cache"  # may be kept, must be asked for again
    asked = Headers(scope=scope).get("if-none-match", "")
    if tag not in {t.strip() for t in asked.split(",")}:
        return False
    start["status"] = 304
    del headers["content-length"]
    del headers["content-type"]
    return True
