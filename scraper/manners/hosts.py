"""What crawlers know of the hosts they ask: in PostgreSQL for all of them, or alone without it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Self, TypeVar
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Request
from typing_extensions import override

from newsroom.db import Conn, Database
from newsroom.store import hosts as store
from newsroom.store.hosts import RobotsFile, Turn, Validators

SETTING = "NEWSROOM_HOSTS"
T = TypeVar("T")


class Hosts:
    """The knowledge of one process that runs without a database, such as ``newsroom fetch``.

    Scrapy's own slots keep its pace; nothing is remembered after it ends.
    """

    def __init__(self) -> None:
        self._refusals: Counter[str] = Counter()

    async def turn(self, host: str, delay_s: float) -> Turn:  # noqa: ARG002
        """When the host may be asked next."""
        return Turn(refusals=self._refusals[host])

    async def refused(self, host: str) -> int:
        """Count a refusal; how many there were in a row."""
        self._refusals[host] += 1
        return self._refusals[host]

    async def answered(self, host: str) -> None:
        """Forget the refusals of a host."""
        self._refusals[host] = 0

    async def stop(self, host: str, seconds: float, reason: str) -> None:
        """Keep the crawlers that come later away from a host."""

    async def robots(self, site: str) -> RobotsFile | None:  # noqa: ARG002
        """What is known of a site's robots.txt."""
        return None

    async def keep_robots(self, file: RobotsFile) -> None:
        """Remember what a site answered."""

    async def validators(self, url: str) -> Validators | None:  # noqa: ARG002
        """What the address was called when it was last read whole."""
        return None

    async def keep_validators(self, read: Sequence[Validators]) -> None:
        """Remember what addresses are called."""


class SharedHosts(Hosts):
    """The knowledge of all crawlers on one database. Every call raises Later ``database-away``."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db

    def __deepcopy__(self, memo: object) -> Self:
        """Itself: Scrapy copies its settings for each spider, and all of them share this."""
        return self

    @override
    async def turn(self, host: str, delay_s: float) -> Turn:
        return await self._ask(lambda conn: store.take_turn(conn, host, delay_s))

    @override
    async def refused(self, host: str) -> int:
        return await self._ask(lambda conn: store.refused(conn, host))

    @override
    async def answered(self, host: str) -> None:
        await self._ask(lambda conn: store.answered(conn, host))

    @override
    async def stop(self, host: str, seconds: float, reason: str) -> None:
        await self._ask(lambda conn: store.stop(conn, host, seconds, reason))

    @override
    async def robots(self, site: str) -> RobotsFile | None:
        return await self._ask(lambda conn: store.robots_of(conn, site))

    @override
    async def keep_robots(self, file: RobotsFile) -> None:
        await self._ask(lambda conn: store.keep_robots(conn, file))

    @override
    async def validators(self, url: str) -> Validators | None:
        return await self._ask(lambda conn: store.validators_of(conn, url))

    @override
    async def keep_validators(self, read: Sequence[Validators]) -> None:
        await self._ask(lambda conn: store.keep_validators(conn, read))

    async def _ask(self, question: Callable[[Conn], T]) -> T:
        def in_thread() -> T:
            with self._db.transaction() as conn:
                return question(conn)

        return await asyncio.to_thread(in_thread)


def of(crawler: Crawler) -> Hosts:
    """The knowledge that a crawler was given; its own where it runs without a database."""
    given = crawler.settings[SETTING]
    return given if isinstance(given, Hosts) else Hosts()


def host_of(request: Request) -> str:
    """The host that a request goes to, in one spelling."""
    return (urlsplit(request.url).hostname or "").rstrip(".").lower()
