"""One request and its answer: parameters spelt, waits obeyed, problems raised as our errors."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from types import TracebackType
from typing import Any, Final, Self

import httpx2

from newsroom import __version__
from newsroom.errors import BadRequest, Conflict, Later, NewsroomError, NotFound, Refused

Json = dict[str, Any]
Parameters = Sequence[tuple[str, str]]
Scalar = str | int | float | date
Value = Scalar | Sequence[Scalar] | None

TIMEOUT_S: Final = 30.0  # six times the API's own statement timeout
# A minute's window of the limits, and some.
PATIENCE_S: Final = 90.0
# Names whose several values are one parameter with commas; others are repeated.
JOINED: Final = frozenset({"by", "fields"})
WAIT_AND_ASK_AGAIN: Final = frozenset({429, 503})
KINDS: Final[Mapping[int, type[NewsroomError]]] = {
    401: Refused,
    403: Refused,
    404: NotFound,
    409: Conflict,
    410: Refused,
    413: Refused,
}


class Closing(ABC):
    """Something that is closed where a ``with`` ends."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of the connections."""


class Door(Closing):
    """The way to one API. Connections are kept; answers are not."""

    def __init__(
        self,
        base_url: str,
        key: str | None,
        *,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = PATIENCE_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise BadRequest("bad-address", f"no http address: {base_url[:80]!r}", field="base_url")
        self.base_url = base_url.rstrip("/")
        self.sleep = sleep
        self._patience_s = patience_s
        headers = {"Accept": "application/json", "User-Agent": f"newsroom-client/{__version__}"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx2.Client(headers=headers, timeout=timeout_s, follow_redirects=True)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, parameters: Parameters = ()) -> Json:
        """The JSON object at a path. Raises the API's own problem as an error of its code."""
        with self._answered("GET", path, params=list(parameters)) as answer:
            answer.read()
            return _object(answer, self.base_url)

    def post(self, path: str, body: Mapping[str, object], *, idempotency_key: str) -> Json:
        """The JSON object that a request to write is answered with."""
        headers = {"Idempotency-Key": idempotency_key}
        with self._answered("POST", path, json=dict(body), headers=headers) as answer:
            answer.read()
            return _object(answer, self.base_url)

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        """The bytes of a file, as they come."""
        with self._answered("GET", path, headers={"Accept": "*/*"}) as answer:
            yield self._bytes(answer)

    def _bytes(self, answer: httpx2.Response) -> Iterator[bytes]:
        try:
            yield from answer.iter_bytes()
        except httpx2.HTTPError as error:
            raise Later("api-unreachable", f"{self.base_url} broke off: {error}") from error

    @contextmanager
    def _answered(self, method: str, path: str, **sent: Any) -> Iterator[httpx2.Response]:
        """An answer of success, after as many waits as it asks for and patience allows."""
        patience_s = self._patience_s
        while True:
            with self._asked(method, path, **sent) as answer:
                if answer.is_success:
                    yield answer
                    return
                wait_s = _wait_s(answer)
                if wait_s is None or wait_s > patience_s:
                    answer.read()
                    raise problem(answer, wait_s)
            patience_s -= wait_s
            self.sleep(wait_s)

    @contextmanager
    def _asked(self, method: str, path: str, **sent: Any) -> Iterator[httpx2.Response]:
        request = self._http.build_request(method, self.base_url + path, **sent)
        try:
            answer = self._http.send(request, stream=True)
        except httpx2.TimeoutException as error:
            raise Later("api-slow", f"{self.base_url} does not answer in time") from error
        except httpx2.HTTPError as error:
            raise Later("api-unreachable", f"cannot reach {self.base_url}: {error}") from error
        try:
            yield answer
        finally:
            answer.close()


def spelt(values: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Parameters as the API reads them; None is left out.

    Several values of ``by`` and ``fields`` are joined by commas, of others the name is repeated.
    """
    out: list[tuple[str, str]] = []
    for name, value in values.items():
        if value is None:
            continue
        several = isinstance(value, Sequence) and not isinstance(value, str)
        texts = [_text(one) for one in value] if several else [_text(value)]  # type: ignore[union-attr, arg-type]
        out += [(name, ",".join(texts))] if name in JOINED else [(name, text) for text in texts]
    return out


def plain(value: object) -> object:
    """A value of a JSON body: dates and times as text."""
    return value.isoformat() if isinstance(value, date) else value


def problem(answer: httpx2.Response, wait_s: float | None = None) -> NewsroomError:
    """The error that an answer is: its code and words those of the problem document."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    said = body if isinstance(body, dict) else {}
    code = str(said.get("code") or f"http-{answer.status_code}")
    words = str(said.get("detail") or answer.reason_phrase)
    if answer.status_code == 429 or answer.status_code >= 500:
        return Later(code, words, delay_s=wait_s)
    kind = KINDS.get(answer.status_code)
    if kind is not None:
        return kind(code, words)
    fields = [error.get("field") for error in said.get("errors", ()) if isinstance(error, dict)]
    return BadRequest(code, words, field=next(filter(None, fields), None))


def _wait_s(answer: httpx2.Response) -> float | None:
    after = answer.headers.get("retry-after", "")
    known = answer.status_code in WAIT_AND_ASK_AGAIN and after.isdecimal()
    return float(after) if known else None


def _object(answer: httpx2.Response, base_url: str) -> Json:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused("no-such-api", f"{base_url} answers, but it is no Newsroom API")
    return body


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
