"""Scrapy's HTTP handler with a bound on what precedes the body: headers can be endless too."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web._newclient import BODY, DONE
from twisted.web._newclient import Request as TxRequest
from twisted.web.iweb import IResponse

HEAD_MAX_BYTES = 256 * 1024  # browsers and servers agree on 8 to 256 KiB; Twisted on nothing


class _BoundedHead(_LenientHTTP11ClientProtocol):
    """Gives up on an answer whose status line and headers do not end."""

    _head_bytes = 0

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        self._head_bytes = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._parser is not None and self._parser.state not in {BODY, DONE}:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_MAX_BYTES:
                error = ValueError(f"more than {HEAD_MAX_BYTES} bytes of headers")
                self._giveUp(Failure(error))  # type: ignore[no-untyped-call]
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class _BoundedHeadFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: object) -> _BoundedHead:  # noqa: ARG002, N802
        return _BoundedHead(self._quiescentCallback)  # type: ignore[no-untyped-call]


class BoundedHandler(HTTP11DownloadHandler):
    """HTTP/1.1 by Twisted, whose connections ask the reactor's resolver: the guard."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _BoundedHeadFactory
