"""Serve the demo web over real HTTP on loopback, one virtual host per outlet."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from scraper.demo.site import Response, Site, build

COMPRESS_FROM_BYTES = 256


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD with keep-alive, ETag and Last-Modified, gzip where the client accepts it."""

    protocol_version = "HTTP/1.1"
    server_version = "DemoWeb"
    sys_version = ""
    # Headers and body are two writes; Nagle would hold the second back on a kept-alive connection.
    disable_nagle_algorithm = True
    server: _Listener

    def do_GET(self) -> None:
        """Answer with the page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers of the page."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent: the request counter is the log."""

    def _answer(self, *, with_body: bool) -> None:
        # A client that takes the server for its proxy sends the whole address (RFC 9112 3.2.2).
        asked = urlsplit(self.path)
        host = asked.hostname or self.headers.get("Host", "").rsplit(":", 1)[0]
        target = asked.path + (f"?{asked.query}" if asked.query else "")
        found = self.server.site.get(host, target)
        status = HTTPStatus.NOT_MODIFIED if self._is_current(found) else HTTPStatus(found.status)
        self.server.count(host, target, status)

        body = b"" if status is HTTPStatus.NOT_MODIFIED else found.body
        headers = dict(found.headers)
        accepted = self.headers.get("Accept-Encoding", "")
        if len(body) >= COMPRESS_FROM_BYTES and "gzip" in accepted:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Vary", "Accept-Encoding")
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _is_current(self, found: Response) -> bool:
        """Whether the client's copy is still good; If-None-Match wins (RFC 9110 13.2.2)."""
        etag, modified = found.headers.get("ETag"), found.headers.get("Last-Modified")
        if found.status != HTTPStatus.OK:
            return False
        if (known := self.headers.get("If-None-Match")) is not None:
            return etag is not None and etag in {tag.strip() for tag in known.split(",")}
        since = self.headers.get("If-Modified-Since")
        if since is None or modified is None:
            return False
        try:
            return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
        except (TypeError, ValueError):
            return False


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # The crawler opens many connections at once; the default backlog of 5 would reset some.
    request_queue_size = 128

    def __init__(self, port: int, site: Site) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.site = site
        self.hits: Counter[tuple[str, str, int]] = Counter()
        self._lock = threading.Lock()

    def count(self, host: str, target: str, status: int) -> None:
        with self._lock:
            self.hits[host, target, int(status)] += 1


class DemoServer:
    """The running demo web. A context manager; `set_edition` changes what it serves at run time."""

    def __init__(self, listener: _Listener) -> None:
        self._listener = listener
        self._thread = threading.Thread(
            target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @classmethod
    def start(cls, port: int = 0, *, edition: int = 1) -> Self:
        """Listen on 127.0.0.1 (port 0: any free one). OSError where the port is in use."""
        return cls(_Listener(port, build(edition)))

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to connect to, whatever the host name in the URL."""
        return "127.0.0.1", self._listener.server_address[1]

    @property
    def hits(self) -> Counter[tuple[str, str, int]]:
        """Requests answered so far by (host, path and query, status): a copy."""
        with self._listener._lock:
            return Counter(self._listener.hits)

    def set_edition(self, edition: int) -> None:
        """Serve another edition from the next request on."""
        self._listener.site = build(edition)

    def stop(self) -> None:
        """Close the socket and wait for the serving thread."""
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
