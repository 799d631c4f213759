"""The gate before every answer under /v1: whose key it is, whether it may ask now, and how much.

Refusals are answered here, before a route, a thread or a connection is taken.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.callers import Door
from api.limits import Limits, Policy, Verdict
from newsroom import keys
from newsroom.db import Database
from newsroom.errors import NewsroomError, Refused
from newsroom.keys import Key
from newsroom.settings import Api
from newsroom.store import keys as store

log = logging.getLogger(__name__)

REMEMBERED_S: Final = 4.0  # a revoked key opens nothing five seconds later
REMEMBERED_MAX: Final = 10_000
SCHEME: Final = "bearer"


@dataclass(slots=True)
class _Remembered:
    key: Key | None
    until: float
    hour: int


class Keys:
    """The keys that were asked for lately, by digest, wrong ones too."""

    def __init__(self, reading: Database, writing: Database, clock: Callable[[], float]) -> None:
        self._reading = reading
        self._writing = writing
        self._clock = clock
        self._known: OrderedDict[bytes, _Remembered] = OrderedDict()

    async def accepted(self, key: str) -> Key | None:
        """Whose key this is, as of at most ``REMEMBERED_S`` ago. Raises Later."""
        if not keys.well_formed(key):
            return None
        now, digest = self._clock(), keys.digest(key)
        known = self._known.get(digest)
        if known is not None and now < known.until:
            return known.key
        hour = int(now // 3600)
        found = await to_thread.run_sync(self._look_up, key, known is None or known.hour != hour)
        self._known[digest] = _Remembered(key=found, until=now + REMEMBERED_S, hour=hour)
        self._known.move_to_end(digest)
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return found

    def _look_up(self, key: str, first_this_hour: bool) -> Key | None:
        with self._reading.transaction() as conn:
            found = store.accepted(conn, key)
        if found is not None and first_this_hour:
            try:
                with self._writing.transaction() as conn:
                    store.used(conn, found.key_id)
            except NewsroomError as error:  # a reader does not wait for our books
                log.warning("use of a key not noted: %s", error.code)
        return found


class Gate:
    """ASGI middleware around the routes; the key of a request is in ``request.state.key``."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Api,
        keys: Keys,
        limits: Limits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._keys = keys
        self._limits = limits
        self._clock = clock
        self._door = Door.of(settings)
        self._body_max_bytes = settings.body_max_bytes
        self._anonymous = (
            Policy(name="minute", quota=settings.anonymous_per_minute, window_s=60),
            Policy(name="day", quota=settings.anonymous_per_day, window_s=86_400),
        )
        self._keyed = (Policy(name="minute", quota=settings.key_per_minute, window_s=60),)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer it."""
        if not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        verdict: Verdict | None = None

        async def answer(message: Message) -> None:
            if verdict is not None and message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(verdict.headers())
            await send(message)

        headers = Headers(scope=scope)
        try:
            given = _given(headers)
            key = await self._keys.accepted(given) if given else None
            verdict = await self._count(scope, headers, key)
            if verdict is not None and not verdict.allowed:
                wait = {"Retry-After": str(verdict.retry_after_s)}
                raise _Answered("too-many-requests", "more requests than this allows", wait)
            if given is not None and key is None:
                raise Refused("key-refused", "this key is not accepted")
            body = await self._body(headers, receive)
        except NewsroomError as error:
            extra = error.headers if isinstance(error, _Answered) else {}
            response = problems.answered(Request(scope), error, headers=extra)
            await response(scope, receive, answer)
            return
        scope["state"]["key"] = key
        await self._app(scope, receive if body is None else _replayed(body, receive), answer)

    async def _count(self, scope: Scope, headers: Headers, key: Key | None) -> Verdict | None:
        if key is not None:
            return await self._limits.hit(f"key:{key.key_id}", self._keyed, self._clock())
        client = scope.get("client")
        bucket = self._door.bucket(
            client[0] if client else None, headers.getlist("x-forwarded-for")
        )
        if bucket is None:
            return None
        return await self._limits.hit(bucket, self._anonymous, self._clock())

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        """All of a request's body, which is small; None where it has none.

        Raises Refused ``body-too-large``.
        """
        too_large = Refused(
            "body-too-large", f"a request has at most {self._body_max_bytes} bytes of body"
        )
        stated = headers.get("content-length", "0")
        if not stated.isdecimal() or int(stated[:20]) > self._body_max_bytes:
            raise too_large
        if stated == "0" and "transfer-encoding" not in headers:
            return None
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._body_max_bytes:
                raise too_large
            more = bool(message.get("more_body")) and message["type"] == "http.request"
        return body


class _Answered(Refused):
    """A refusal with headers of its own."""

    def __init__(self, code: str, message: str, headers: dict[str, str]) -> None:
        super().__init__(code, message)
        self.headers = headers


def _given(headers: Headers) -> str | None:
    """The key of a request; None where it names none. Another scheme is no key."""
    value = headers.get("authorization")
    if value is None:
        return None
    scheme, _, key = value.partition(" ")
    return key.strip() if scheme.lower() == SCHEME else ""


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body that was read, then whatever else comes: that the caller left."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
