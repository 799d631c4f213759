"""Manners towards a host: its pace, its pauses, and when to go away.

Every request takes a turn that all crawlers share. ``Retry-After`` is obeyed to the second, up to
a day and across runs. Without it a 429 or 503 means waiting six times the pace of the host, then
twice that. Three refusals in a row, a long wish, or silence end the run for that host.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
from scrapy.http import Request, Response

from newsroom.errors import Later, NewsroomError
from scraper.manners import hosts

REFUSALS_MAX = 3
WAIT_MAX_S = 60.0  # what a run waits for; a longer wish is for the next run
AWAY_MAX_S = 86_400.0
PAUSE_DELAYS = 6  # 30 s at five seconds a request, then 60 s
STOP_DELAYS = 180  # 15 min at five seconds a request, doubled with each further refusal
TIMEOUTS_MAX = 2
SLACK = 1.02  # of a delay: what a busy process may add to one wait and not to the next
SLOW_DOWN = {429, 503}
SAYS_NO = {401, 403, 429, 503}


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110 10.2.3); None where unreadable."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value), AWAY_MAX_S)
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), AWAY_MAX_S)


def pause_s(refusals: int, delay_s: float) -> float:
    """How long to wait after so many refusals in a row of a host that names no time."""
    return PAUSE_DELAYS * delay_s * 2.0 ** (refusals - 1)


def away_s(refusals: int, delay_s: float) -> float:
    """How long every crawler stays away after so many refusals in a row."""
    return min(STOP_DELAYS * delay_s * 2.0 ** min(refusals - REFUSALS_MAX, 16), AWAY_MAX_S)


def delay_of(crawler: Crawler, request: Request) -> float:
    """Seconds between two requests to the host of this one: its outlet's, or its Crawl-delay."""
    assert crawler.engine is not None
    _, slot = crawler.engine.downloader._get_slot(request)
    return float(slot.delay)


def set_delay(crawler: Crawler, request: Request, *, at_least_s: float) -> None:
    """Slow the host of this request down to one request in ``at_least_s``."""
    assert crawler.engine is not None
    _, slot = crawler.engine.downloader._get_slot(request)
    slot.delay = max(slot.delay, at_least_s)


class PoliteMiddleware:
    """Waits for turns, pauses, and stops hosts by what they answer. Raises Later ``host-stopped``.

    A host without a delay (the demo's) takes one turn a run, to learn whether it is stopped.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._hosts = hosts.of(crawler)
        self._refusals: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._timeouts: Counter[str] = Counter()
        self._paused_until: dict[str, float] = {}
        self._stopped: dict[str, str] = {}
        self._met: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Built by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Wait for the turn and for the pause that the host asked for; give up where it said no."""
        host = hosts.host_of(request)
        clock = asyncio.get_running_loop().time
        if (wait_s := self._paused_until.get(host, 0.0) - clock()) > 0:
            await asyncio.sleep(wait_s)
        self._give_up_if_stopped(host)
        delay_s = delay_of(self._crawler, request)
        if host in self._met and not delay_s:
            return
        turn = await self._hosts.turn(host, delay_s * SLACK)
        if host not in self._met:
            self._met.add(host)
            self._refusals[host] = turn.refusals
        if turn.stopped:
            self._stopped[host] = turn.stopped
        elif turn.wait_s > WAIT_MAX_S + 2 * delay_s:
            raise Later("host-busy", f"{host}: other crawlers are before us", delay_s=turn.wait_s)
        self._give_up_if_stopped(host)
        await asyncio.sleep(turn.wait_s)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Count refusals in a row; ask once more after the pause that the host wished."""
        host = hosts.host_of(request)
        self._failures[host] = self._timeouts[host] = 0
        if response.status not in SAYS_NO:
            if self._refusals[host]:
                self._refusals[host] = 0
                await self._hosts.answered(host)
            return response
        refusals = self._refusals[host] = await self._hosts.refused(host)
        delay_s = delay_of(self._crawler, request)
        header = response.headers.get("Retry-After")
        wish_s = retry_after_s(header.decode("latin-1") if header else None, datetime.now(UTC))
        wait_s = pause_s(refusals, delay_s) if wish_s is None else wish_s
        if wish_s is not None and wish_s > WAIT_MAX_S:
            await self._stop(host, wish_s, f"asked to stay away for {wish_s:.0f} s")
        elif refusals >= REFUSALS_MAX:
            away = max(away_s(refusals, delay_s), wish_s or 0.0)
            await self._stop(host, away, f"{REFUSALS_MAX} refusals in a row")
        elif response.status in SLOW_DOWN and wait_s > WAIT_MAX_S:
            await self._stop(host, wait_s, f"is busy, stay away for {wait_s:.0f} s")
        elif response.status in SLOW_DOWN:
            self._paused_until[host] = asyncio.get_running_loop().time() + wait_s
            tries = request.meta.get("asked_again", 0)
            if tries < REFUSALS_MAX - 1 and not request.meta.get("robots"):
                again = request.meta | {"asked_again": tries + 1}
                return request.replace(dont_filter=True, meta=again)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Two answers in a row that took too long, or four that broke off: it is not there."""
        if isinstance(exception, (NewsroomError, DownloadCancelledError, IgnoreRequest)):
            return
        host = hosts.host_of(request)
        self._failures[host] += 1
        self._timeouts[host] += isinstance(exception, DownloadTimeoutError)
        if self._timeouts[host] >= TIMEOUTS_MAX or self._failures[host] >= 2 * TIMEOUTS_MAX:
            self._stopped[host] = "does not answer"

    async def _stop(self, host: str, seconds: float, reason: str) -> None:
        self._stopped[host] = reason
        await self._hosts.stop(host, seconds, reason)

    def _give_up_if_stopped(self, host: str) -> None:
        if reason := self._stopped.get(host):
            raise Later("host-stopped", f"{host}: {reason}")
