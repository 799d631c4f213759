"""The spider of an outlet's past: its sitemaps or paged feeds, oldest pages included, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast

from scrapy import Spider
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from newsroom.errors import Refused
from newsroom.records import Via
from newsroom.urls import canonical
from scraper.backfill.listings import Window, days_of
from scraper.backfill.shelf import Shelf
from scraper.desk import PASSING, Desk
from scraper.outlets.registry import Outlet

LISTINGS_MAX = 5_000  # of one run
SETTLED = timedelta(days=2)  # after which nobody adds to the sitemap of a day


@dataclass(slots=True)
class _Leaf:
    """A listing with articles: how many are still out, and whether one must be asked again."""

    articles: int
    out: int
    whole: bool = True


class BackfillSpider(Spider):
    """Fetches up to ``budget`` articles of a window, a listing's articles before the next one."""

    name = "backfill"
    # Pages of a feed follow one another; what bounds them is their number.
    custom_settings = {"DEPTH_LIMIT": 0}  # noqa: RUF012  # as Scrapy declares it

    def __init__(
        self, *, outlet: Outlet, desk: Desk, shelf: Shelf, door: Via, window: Window, budget: int
    ) -> None:
        super().__init__(name=f"backfill-{outlet.publisher.publisher_id}")
        self.outlet = outlet
        self.desk = desk
        self.shelf = shelf
        self.door = door
        self.window = window
        self.budget = budget
        self.known: set[str] = set()
        self.leaves: dict[str, _Leaf] = {}
        self.listings: Counter[str] = Counter()

    async def start(self) -> AsyncIterator[Any]:
        """Ask for the sitemaps, or for the feeds."""
        urls = self.outlet.sitemaps if self.door is Via.SITEMAP else self.outlet.feeds
        for url in urls:
            if (request := self._listing(url)) is not None:
                yield request

    async def listing(self, response: Response) -> AsyncIterator[Request]:
        """Articles first, then the listings that it leads to."""
        if self.budget <= 0:
            self.desk.unfinished(self.outlet)
            return
        found = await self.desk.links(self.outlet, response, self.door, self.window)
        for request in await self._articles(response, list(found.pages)):
            yield request
        changed = dict(found.dates)
        for url in found.sitemaps:
            if self._is_settled(url, changed.get(url)):
                self.desk.count(self.outlet).listings["done-before"] += 1
            elif (listing := self._listing(url)) is not None:
                yield listing

    async def article(self, response: Response) -> None:
        """Hand one fetched page over."""
        try:
            await self.desk.take(self.outlet, response)
        except Exception as error:
            await self._missed(cast("Request", response.request), error)
            return
        passing = response.status >= 500 or response.status in PASSING
        await self._came_back(str(response.meta["leaf"]), whole=not passing)

    async def failed(self, failure: Failure) -> None:
        """Note what could not be fetched: refused for good, or to be asked for again."""
        error = cast("Exception", failure.value)
        if isinstance(error, DownloadCancelledError):
            error = Refused("too-large", "more than the size limit, dropped while it came")
        await self._missed(cast("Request", cast("Any", failure).request), error)

    async def _missed(self, request: Request, error: Exception) -> None:
        await self.desk.missed(self.outlet, request, error)
        if request.meta.get("listing"):
            self.desk.unfinished(self.outlet)
        else:
            await self._came_back(str(request.meta["leaf"]), whole=isinstance(error, Refused))

    async def _came_back(self, url: str, *, whole: bool) -> None:
        leaf = self.leaves[url]
        leaf.out -= 1
        leaf.whole = leaf.whole and whole
        if leaf.out == 0:
            await self._close(url, leaf)

    async def _close(self, url: str, leaf: _Leaf) -> None:
        if not leaf.whole:
            self.desk.unfinished(self.outlet)
        elif self.door is Via.SITEMAP:
            await self.shelf.done(url, leaf.articles)

    def _listing(self, url: str) -> Request | None:
        """A listing that was not asked for in this run; its errors are told, none is followed."""
        if url in self.listings:
            return None
        if len(self.listings) >= LISTINGS_MAX:
            self.desk.unfinished(self.outlet)
            return None
        self.listings[url] += 1
        return Request(
            url,
            callback=self.listing,
            errback=self.failed,
            priority=10,
            dont_filter=True,
            meta={"listing": True, "door": str(self.door), "asked": url},
        )

    async def _articles(self, response: Response, urls: list[str]) -> list[Request]:
        leaf_url = str(response.meta["asked"])
        new = {key: url for url in urls if (key := canonical(url)) not in self.known}
        self.known.update(new)
        seen = await self.desk.seen(list(new))
        wanted = [url for key, url in new.items() if key not in seen]
        taken = wanted[: self.budget]
        self.budget -= len(taken)
        if not urls:
            return []
        leaf = _Leaf(len(urls), len(taken), whole=len(taken) == len(wanted))
        self.leaves[leaf_url] = leaf
        if not taken:
            await self._close(leaf_url, leaf)
        return [
            Request(
                url,
                callback=self.article,
                errback=self.failed,
                priority=20,
                dont_filter=True,
                meta={"via": str(Via.BACKFILL), "asked": url, "leaf": leaf_url},
            )
            for url in taken
        ]

    def _is_settled(self, url: str, changed: datetime | None) -> bool:
        """Whether all of a listing was taken before and nobody has added to it since."""
        done_at = self.shelf.known.get(url)
        if done_at is None:
            return False
        if changed is not None:
            return changed < done_at
        days = days_of(url)
        return days is not None and done_at > _midnight(days[1]) + SETTLED


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)
