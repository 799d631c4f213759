"""A file on the web as a stream: guarded, polite, and taken up again where it broke off.

Scrapy holds a body in memory; an archive of a gigabyte needs a stream. The rules are the same ones:
addresses and their answers pass :mod:`scraper.manners.guard`, each request takes its turn among all
crawlers, ``robots.txt`` and ``Retry-After`` are obeyed, TLS is verified.
"""

from __future__ import annotations

import http
import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from typing_extensions import override

from newsroom.db import Database
from newsroom.errors import Later, Refused
from newsroom.settings import Crawl
from newsroom.store import hosts
from scraper.manners import guard, robots
from scraper.manners.polite import WAIT_MAX_S, retry_after_s
from scraper.settings import user_agent

REDIRECTS_MAX = 5
TRIES = 5
ROBOTS_MAX_BYTES = robots.PARSED_BYTES
_BROKEN = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """How files are asked for. ``demo_hosts``: where reserved names live, empty outside tests."""

    db: Database
    crawl: Crawl
    demo_hosts: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def get(self, url: str, *, offset: int = 0) -> http.client.HTTPResponse:
        """The answer to one request, redirects followed, its body still to be read.

        Raises Refused ``bad-url``, ``robots``, ``http-status`` or ``no-ranges``, Later
        ``host-stopped`` or ``fetch-failed``.
        """
        for _ in range(REDIRECTS_MAX):
            guard.check_url(url)
            self._check_robots(url)
            answer = self._ask(url, offset)
            if answer.status not in {301, 302, 303, 307, 308}:
                return _checked(answer, url, offset)
            url = urljoin(url, answer.headers.get("Location", ""))
            answer.close()
        raise Refused("http-status", f"{url}: more than {REDIRECTS_MAX} redirects")

    def _check_robots(self, url: str) -> None:
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc.lower()}"
        now = datetime.now(UTC)
        with self.db.transaction() as conn:
            file = hosts.robots_of(conn, site)
        known = robots.standing(file, now)
        if known is None:
            status, body = self._robots(f"{site}/robots.txt")
            file = robots.heard(file, site, status, body, now)
            with self.db.transaction() as conn:
                hosts.keep_robots(conn, file)
            known = robots.standing(file, now)
            assert known is not None  # its age is zero
        if not known.rules.allows(url):
            reason = known.rules.keep_out or "robots.txt disallows this address"
            raise Refused("robots", f"{url}: {reason}")

    def _robots(self, url: str) -> tuple[int | None, bytes]:
        """Its answer; silence where it leads astray, which is no permission."""
        try:
            for _ in range(REDIRECTS_MAX):
                guard.check_url(url)
                with self._ask(url, 0) as answer:
                    if not 300 <= answer.status < 400:
                        return answer.status, answer.read(ROBOTS_MAX_BYTES + 1)
                    url = urljoin(url, answer.headers.get("Location", ""))
        except (Refused, *_BROKEN):
            pass
        return None, b""

    def _ask(self, url: str, offset: int) -> http.client.HTTPResponse:
        """One request in its turn, asked again after the pause that the host wishes for."""
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
        for _ in range(TRIES):
            self._wait_turn(host)
            answer = self._request(url, host, offset)
            if answer.status not in {429, 503}:
                return answer
            wish_s = retry_after_s(answer.headers.get("Retry-After"), datetime.now(UTC))
            answer.close()
            with self.db.transaction() as conn:
                hosts.refused(conn, host)
                if wish_s is not None and wish_s > WAIT_MAX_S:
                    hosts.stop(conn, host, wish_s, f"asked to stay away for {wish_s:.0f} s")
            time.sleep(min(wish_s or WAIT_MAX_S, WAIT_MAX_S) if host not in self.demo_hosts else 0)
        raise Later("host-stopped", f"{host}: answered 429 or 503 {TRIES} times")

    def _wait_turn(self, host: str) -> None:
        delay_s = 0.0 if host in self.demo_hosts else self.crawl.delay_s
        with self.db.transaction() as conn:
            turn = hosts.take_turn(conn, host, delay_s)
        if turn.stopped is not None:
            raise Later("host-stopped", f"{host}: {turn.stopped}")
        time.sleep(turn.wait_s)

    def _request(self, url: str, host: str, offset: int) -> http.client.HTTPResponse:
        parts = urlsplit(url)
        connection = _Guarded(host, parts.scheme, self.demo_hosts, self.crawl.timeout_s)
        headers = {"User-Agent": user_agent(self.crawl.contact), "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers=headers)
        return connection.getresponse()


class _Guarded(http.client.HTTPConnection):
    """A connection to exactly the public address that was checked; demo names lead to the demo."""

    def __init__(
        self, host: str, scheme: str, demo: Mapping[str, tuple[str, int]], timeout_s: float
    ) -> None:
        super().__init__(host, guard.PORTS[scheme], timeout=timeout_s)
        self._demo = demo.get(host) if scheme == "http" else None
        self._tls = ssl.create_default_context() if scheme == "https" else None

    @override
    def connect(self) -> None:
        if self._demo is not None:
            self.sock = socket.create_connection(self._demo, self.timeout)
            return
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        public = [str(info[4][0]) for info in found if guard.is_public(str(info[4][0]))]
        if not public:
            raise Refused("bad-url", f"{self.host} has no public address")
        plain = socket.create_connection((public[0], self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host) if self._tls else plain


@dataclass(slots=True)
class RemoteFile:
    """A WARC file on the web, a source of records; ``size`` once it has answered."""

    url: str
    web: Web
    size: int | None = None

    @property
    def name(self) -> str:
        """The path of its address, which is how Common Crawl names its files."""
        return urlsplit(self.url).path.lstrip("/")

    def open(self, offset: int) -> Any:
        """A stream from this byte on that survives broken connections."""
        return _Stream(self, offset)


class _Stream(io.RawIOBase):
    """Bytes of a remote file; asks again from where it was when the connection breaks."""

    def __init__(self, file: RemoteFile, offset: int) -> None:
        self._file = file
        self._at = offset
        self._answer: http.client.HTTPResponse | None = None

    @override
    def readable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._at

    @override
    def read(self, size: int = -1) -> bytes:
        """Some bytes, none at the end. Later ``fetch-failed`` after five broken connections."""
        last: Exception | None = None
        for _ in range(TRIES):
            try:
                if self._answer is None:
                    self._answer = self._file.web.get(self._file.url, offset=self._at)
                    self._file.size = _size(self._answer, self._at)
                if self._answer.status == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    return b""  # asked for what begins at its end
                part = self._answer.read(size if size >= 0 else None)
            except _BROKEN as error:
                last = error
            else:
                if part or self._file.size is None or self._at >= self._file.size:
                    self._at += len(part)
                    return part
                last = EOFError("the connection ended early")
            self._hang_up()
        raise Later("fetch-failed", f"{self._file.url}, byte {self._at}: {last}") from last

    @override
    def close(self) -> None:
        self._hang_up()
        super().close()

    def __enter__(self) -> Self:
        return self

    def _hang_up(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None


def _checked(answer: http.client.HTTPResponse, url: str, offset: int) -> http.client.HTTPResponse:
    if answer.status not in {200, 206} and not (answer.status == 416 and offset):
        answer.close()
        raise Refused("http-status", f"{url}: answered {answer.status}")
    if offset and answer.status == 200:
        answer.close()
        raise Refused("no-ranges", f"{url}: cannot be taken up in the middle: fetch it first")
    return answer


def _size(answer: http.client.HTTPResponse, offset: int) -> int | None:
    """Bytes of the whole file, where the answer says."""
    if answer.status == 416:
        return offset
    length = answer.headers.get("Content-Length")
    return offset + int(length) if length and length.isdigit() else None
