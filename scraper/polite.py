"""Manners towards a host: its pace, its pauses, and when to go away.

429 and 503 with ``Retry-After`` are obeyed to the second as long as waiting makes sense within a
run; a longer wish, or three refusals in a row, ends the run for that host.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from newsroom.errors import Later

REFUSALS_MAX = 3
WAIT_MAX_S = 300.0
SLOW_DOWN = {429, 503}
SAYS_NO = {401, 403, 429, 503}


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110 10.2.3); None where unreadable."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def set_delay(crawler: Crawler, request: Request, *, at_least_s: float) -> None:
    """Slow the host of this request down to one request in ``at_least_s``."""
    assert crawler.engine is not None
    downloader = crawler.engine.downloader
    _, slot = downloader._get_slot(request)
    slot.delay = max(slot.delay, at_least_s)


class PoliteMiddleware:
    """Pauses and stops hosts by what they answer. Raises Later ``host-stopped``."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._refusals: Counter[str] = Counter()
        self._paused_until: dict[str, float] = {}
        self._stopped: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Built by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Wait where the host asked for a pause; give up where it wants us gone."""
        host = _host(request)
        if (wait := self._paused_until.get(host, 0.0) - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        if reason := self._stopped.get(host):
            raise Later("host-stopped", f"{host}: {reason}")

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Count refusals in a row; ask once more after the pause that the host wished."""
        host = _host(request)
        if response.status not in SAYS_NO:
            self._refusals[host] = 0
            return response
        self._refusals[host] += 1
        header = response.headers.get("Retry-After")
        wait = retry_after_s(header.decode("latin-1") if header else None, datetime.now(UTC))
        if wait is not None and wait > WAIT_MAX_S:
            self._stopped[host] = f"asked to stay away for {wait:.0f} s"
        elif self._refusals[host] >= REFUSALS_MAX:
            self._stopped[host] = f"{REFUSALS_MAX} refusals in a row"
        elif wait is not None and response.status in SLOW_DOWN:
            self._paused_until[host] = time.monotonic() + wait
            return request.replace(dont_filter=True)
        return response


def _host(request: Request) -> str:
    return request.url.split("/", 3)[2].lower()
