"""robots.txt by RFC 9309: what an outlet allows, and what silence means.

| answer                  | means                                            |
| ----------------------- | ------------------------------------------------ |
| 2xx                     | its rules, from the first 500 KiB (section 2.5)  |
| 4xx except 401 403 429  | no rules: everything is allowed (2.3.1.3)        |
| 401, 403, 429           | keep out: they know us and say no                |
| 5xx, error, timeout     | keep out (2.3.1.4)                               |
| 3xx                     | followed up to five times, then keep out         |
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK

from newsroom.errors import Refused
from scraper.polite import set_delay

PARSED_BYTES = 500 * 1024
CRAWL_DELAY_MAX_S = 60.0
AGENT_NAME = "NewsroomBot"
SAID_NO = {401, 403, 429}


@dataclass(frozen=True, slots=True)
class Rules:
    """What one host allows us. ``keep_out`` is the reason why nothing is, if nothing is."""

    keep_out: str | None = None
    parsed: Protego | None = None
    crawl_delay_s: float | None = None

    def allows(self, url: str) -> bool:
        """Whether this address may be fetched."""
        if self.keep_out is not None:
            return False
        return self.parsed is None or bool(self.parsed.can_fetch(url, AGENT_NAME))


def rules_of(status: int | None, body: bytes = b"") -> Rules:
    """The rules that an answer means; ``None`` for no answer at all."""
    if status is None:
        return Rules(keep_out="robots.txt did not answer")
    if 200 <= status < 300:
        parsed = Protego.parse(body[:PARSED_BYTES].decode("utf-8-sig", "replace"))
        delay = parsed.crawl_delay(AGENT_NAME)
        if delay is not None and delay > CRAWL_DELAY_MAX_S:
            return Rules(keep_out=f"robots.txt asks for {delay:g} s between pages")
        return Rules(parsed=parsed, crawl_delay_s=delay)
    if 400 <= status < 500 and status not in SAID_NO:
        return Rules()
    return Rules(keep_out=f"robots.txt answered {status}")


class RobotsMiddleware:
    """Asks each host once for its rules, before its first page; there is no switch for it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._rules: dict[str, asyncio.Task[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Built by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise Refused ``robots`` for what the host does not allow."""
        if request.meta.get("robots"):
            return
        parts = urlsplit(request.url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._rules:
            self._rules[site] = asyncio.ensure_future(self._ask(site))
        rules = await asyncio.shield(self._rules[site])
        if not rules.allows(request.url):
            raise Refused("robots", rules.keep_out or "robots.txt disallows this address")
        if rules.crawl_delay_s:
            set_delay(self._crawler, request, at_least_s=rules.crawl_delay_s)
        request.meta["robots_rule"] = "allowed" if rules.parsed else "no-rules"

    async def _ask(self, site: str) -> Rules:
        assert self._crawler.engine is not None
        request = Request(f"{site}/robots.txt", callback=NO_CALLBACK, meta={"robots": True})
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception:
            # Whatever kept the answer away, silence is no permission.
            return rules_of(None)
        return rules_of(response.status, response.body)
