"""Conditional GET (RFC 9110 13): ask a listing whether it changed before reading it again.

A request with ``meta["conditional"]`` carries what PostgreSQL knows of that exact address; a 304
reaches its callback as a response with that status. What an address is called is kept at the end
of the crawl, unless its callback marked the request ``meta["unread"]``. For a listing the crawl of
its outlet must have ended well, too: after a cut, a stop or a fault, what it named may not have
been fetched yet, and the next run must read it whole.
"""

from __future__ import annotations

import re
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Request, Response

from newsroom.errors import Refused
from newsroom.store.hosts import Validators
from scraper.manners import hosts
from scraper.manners.polite import SAYS_NO

ASKED = "conditional"
UNREAD = "unread"
VALUE_MAX_CHARS = 512
_SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


def validators(url: str, response: Response) -> Validators:
    """How the server names this state of the address, to be sent back word for word.

    One value each, printable ASCII of at most 512 characters; anything else is no name.
    """
    return Validators(
        url=url,
        etag=_one(response.headers.getlist("ETag")),
        last_modified=_one(response.headers.getlist("Last-Modified")),
    )


def _one(values: list[bytes]) -> str | None:
    if len(values) != 1:
        return None
    value = values[0].decode("latin-1").strip()
    return value if len(value) <= VALUE_MAX_CHARS and _SENDABLE.fullmatch(value) else None


class ConditionalMiddleware:
    """Sends what is known of an address, keeps what it is called now."""

    def __init__(self, crawler: Crawler) -> None:
        self._hosts = hosts.of(crawler)
        self._read: dict[str, tuple[Validators, Request]] = {}
        self._whole = True

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Built by Scrapy."""
        middleware = cls(crawler)
        crawler.signals.connect(middleware.spider_closed, signal=signals.spider_closed)
        return middleware

    async def process_request(self, request: Request) -> None:
        """Ask for this state of exactly this address; a redirect must not inherit the question."""
        for name in ("If-None-Match", "If-Modified-Since"):
            request.headers.pop(name, None)
        if not request.meta.get(ASKED):
            return
        known = await self._hosts.validators(request.url)
        if known is not None and known.etag is not None:
            request.headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified is not None:
            request.headers["If-Modified-Since"] = known.last_modified

    def process_response(self, request: Request, response: Response) -> Response:
        """Note the name of a whole answer, and whether the server is in trouble."""
        if response.status >= 500 or response.status in SAYS_NO:
            self._whole = False
        elif request.meta.get(ASKED) and response.status == 200:
            self._read[request.url] = validators(request.url, response), request
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:  # noqa: ARG002
        """A passing fault leaves something unread; a lasting refusal does not."""
        if not isinstance(exception, (Refused, DownloadCancelledError, IgnoreRequest)):
            self._whole = False

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Keep the names of what was read; of listings only if all that they name was asked for."""
        cut = getattr(spider, "budget", None) == 0
        whole = self._whole and reason == "finished" and not cut
        read = [
            named
            for named, request in self._read.values()
            if not request.meta.get(UNREAD) and (whole or not request.meta.get("listing"))
        ]
        if read:
            await self._hosts.keep_validators(read)
