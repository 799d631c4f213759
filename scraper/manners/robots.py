"""robots.txt by RFC 9309: what an outlet allows, and what silence means.

| answer                  | means                                                            |
| ----------------------- | ---------------------------------------------------------------- |
| 2xx                     | its rules, from the first 500 KiB (section 2.5)                  |
| 4xx except 401 403 429  | no rules: everything is allowed (2.3.1.3)                        |
| 401, 403, 429           | keep out: they know us and say no                                |
| 5xx, error, timeout     | the last good answer of the past day, else keep out (2.3.1.4)    |
| 3xx                     | followed up to five times, other hosts too, then as silence      |

An answer is kept for four hours; a keep-out is asked again after half an hour.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK

from newsroom.errors import Refused
from newsroom.store.hosts import RobotsFile
from scraper.manners import hosts
from scraper.manners.polite import set_delay

PARSED_BYTES = 500 * 1024
CRAWL_DELAY_MAX_S = 60.0
FRESH = timedelta(hours=4)  # at most a day by section 2.4
ASK_AGAIN = timedelta(minutes=30)
LAST_GOOD = timedelta(hours=24)
AGENT_NAME = "NewsroomBot"
SAID_NO = {401, 403, 429}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_AGENT_LINE = re.compile(r"[ \t]*user[- ]?agent[ \t]*:[ \t]*([^#]*)", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z_-]*")


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


@dataclass(frozen=True, slots=True)
class Standing:
    """Rules, and for how long they need not be asked for again."""

    rules: Rules
    good_for: timedelta


def rules_of(status: int | None, body: bytes = b"") -> Rules:
    """The rules that an answer means; ``None`` for no answer at all."""
    if status is None:
        return Rules(keep_out="robots.txt did not answer")
    if 200 <= status < 300:
        parsed = Protego.parse(_for_us(_text(body)))
        delay = parsed.crawl_delay(AGENT_NAME)
        if delay is not None and delay > CRAWL_DELAY_MAX_S:
            return Rules(keep_out=f"robots.txt asks for {delay:g} s between pages")
        return Rules(parsed=parsed, crawl_delay_s=delay)
    if _is_good(status):
        return Rules()
    return Rules(keep_out=f"robots.txt answered {status}")


def standing(file: RobotsFile | None, now: datetime) -> Standing | None:
    """What is known of a site without asking it; None where it is time to ask."""
    if file is None:
        return None
    age = now - file.asked_at
    keep = FRESH if _is_good(file.status) else ASK_AGAIN
    if not timedelta(0) <= age < keep:  # an age below zero: the clock was set back
        return None
    return Standing(_in_force(file, now), keep - age)


def heard(
    known: RobotsFile | None, site: str, status: int | None, body: bytes, now: datetime
) -> RobotsFile:
    """What is known after an answer: a good one replaces the last good one."""
    file = replace(known, asked_at=now, status=status) if known else None
    file = file or RobotsFile(site=site, asked_at=now, status=status)
    if status is None or not _is_good(status):
        return file
    kept = body[:PARSED_BYTES] if 200 <= status < 300 else b""
    return replace(file, good_at=now, good_status=status, good_body=kept)


def _is_good(status: int | None) -> bool:
    if status is None or status in SAID_NO:
        return False
    return 200 <= status < 300 or 400 <= status < 500


def _in_force(file: RobotsFile, now: datetime) -> Rules:
    if _is_good(file.status):
        return rules_of(file.status, file.good_body or b"")
    recent = file.good_at is not None and timedelta(0) <= now - file.good_at < LAST_GOOD
    if recent and file.status not in SAID_NO:
        return rules_of(file.good_status, file.good_body or b"")
    return rules_of(file.status)


def _text(body: bytes) -> str:
    """UTF-8 (2.2), or what it must be instead; a line cut by the limit says nothing."""
    if len(body) > PARSED_BYTES:
        body = body[:PARSED_BYTES].rpartition(b"\n")[0]
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _for_us(text: str) -> str:
    """The file with each group named exactly as RFC 9309 2.2.1 reads it: our token, ``*``, others.

    Protego alone takes a group of ``news`` for ours and one of ``NewsroomBot/2026.11`` for not.
    """
    lines = []
    for line in _LINE_END.split(text):
        named = _AGENT_LINE.match(line)
        if named is None:
            lines.append(" ".join(line.splitlines()))  # Protego ends lines at more than CR and LF
            continue
        name = named[1].strip()
        token = _TOKEN.match(name)
        ours = token is not None and token[0].lower() == AGENT_NAME.lower()
        lines.append(f"User-agent: {AGENT_NAME if ours else '*' if name == '*' else '-'}")
    return "\n".join(lines)


class RobotsMiddleware:
    """Knows each site's rules before its first page is asked for; there is no switch for it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._hosts = hosts.of(crawler)
        self._known: dict[str, tuple[asyncio.Task[Standing], datetime]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Built by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise Refused ``robots`` for what the host does not allow."""
        if request.meta.get("robots"):
            return
        parts = urlsplit(request.url)
        rules = await self._rules(f"{parts.scheme}://{parts.netloc.lower()}")
        if not rules.allows(request.url):
            raise Refused("robots", rules.keep_out or "robots.txt disallows this address")
        if rules.crawl_delay_s:
            set_delay(self._crawler, request, at_least_s=rules.crawl_delay_s)
        request.meta["robots_rule"] = "allowed" if rules.parsed else "no-rules"

    async def _rules(self, site: str) -> Rules:
        """One question at a time: who comes while it is asked waits for the same answer."""
        now = datetime.now(UTC)
        task, since = self._known.get(site, (None, now))
        if task is None or (
            task.done() and (task.exception() or now - since >= task.result().good_for)
        ):
            task = asyncio.ensure_future(self._learn(site))
            self._known[site] = task, now
        return (await asyncio.shield(task)).rules

    async def _learn(self, site: str) -> Standing:
        file = await self._hosts.robots(site)
        known = standing(file, datetime.now(UTC))
        if known is not None:
            return known
        status, body = await self._ask(site)
        now = datetime.now(UTC)
        file = heard(file, site, status, body, now)
        await self._hosts.keep_robots(file)
        fresh = standing(file, now)
        assert fresh is not None  # its age is zero
        return fresh

    async def _ask(self, site: str) -> tuple[int | None, bytes]:
        assert self._crawler.engine is not None
        # No second try: silence is asked again in half an hour.
        meta = {"robots": True, "dont_retry": True}
        request = Request(f"{site}/robots.txt", callback=NO_CALLBACK, meta=meta)
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception:
            # Whatever kept the answer away, silence is no permission.
            return None, b""
        return response.status, response.body
