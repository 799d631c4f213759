"""The spider of one outlet: discover addresses, fetch those not fetched before, hand them over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from scrapy import Spider
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK
from twisted.python.failure import Failure

from newsroom.errors import Refused
from newsroom.records import Via
from newsroom.urls import canonical
from scraper.desk import Desk
from scraper.frontpage.desk import SHEET_MAX_BYTES, FrontPages
from scraper.outlets.registry import Outlet

NO_DATES: Mapping[str, datetime] = MappingProxyType({})
SITEMAPS_MAX = 20  # a sitemap index of an archive lists thousands; the newest come first


class OutletSpider(Spider):
    """Crawls one outlet once. ``limit`` caps the articles fetched, on top of the page budget."""

    name = "outlet"

    def __init__(
        self,
        *,
        outlet: Outlet,
        desk: Desk,
        front_pages: FrontPages,
        budget: int,
        limit: int | None,
        doors: Collection[Via],
        revisit: bool,
    ) -> None:
        super().__init__(name=f"outlet-{outlet.publisher.publisher_id}")
        self.outlet = outlet
        self.desk = desk
        self.front_pages = front_pages
        self.budget = budget if limit is None else min(budget, limit)
        self.doors = doors
        self.revisit = revisit
        self.known: set[str] = set()
        self.sitemaps = 0

    async def start(self) -> AsyncIterator[Any]:
        """Ask for the front page, then feeds, then sitemaps."""
        if Via.FRONT_PAGE in self.doors:
            yield Request(
                self.outlet.front_page,
                callback=self.front_page,
                errback=self.front_page_failed,
                priority=20,
                meta={"listing": True, "door": str(Via.FRONT_PAGE)},
            )
        ways = ((Via.FEED, self.outlet.feeds), (Via.SITEMAP, self.outlet.sitemaps))
        for door, urls in ways:
            for url in urls if door in self.doors else ():
                yield self._listing(url, door)

    async def front_page(self, response: Response) -> AsyncIterator[Request]:
        """Store what stands where, and ask for what stands highest."""
        try:
            snapshot = await self.front_pages.take(self.outlet, response, self._stylesheet)
        except Exception as error:
            await self._no_front_page(cast("Request", response.request), error)
            return
        self.desk.looked(self.outlet, snapshot)
        for request in await self._articles(snapshot.top, Via.FRONT_PAGE):
            yield request

    async def front_page_failed(self, failure: Failure) -> None:
        """Store that the front page did not come: no row would look like no coverage."""
        await self._no_front_page(_request(failure), _error(failure))

    async def listing(self, response: Response) -> AsyncIterator[Request]:
        """Articles that a feed or sitemap names, and the sitemaps of an index."""
        door = Via(response.meta["door"])
        found = await self.desk.links(self.outlet, response, door)
        for url in found.sitemaps[: SITEMAPS_MAX - self.sitemaps]:
            self.sitemaps += 1
            yield self._listing(url, Via.SITEMAP)
        for request in await self._articles(found.pages, door, dict(found.dates)):
            yield request

    async def article(self, response: Response) -> None:
        """Hand one fetched page over; whatever goes wrong with it is counted under its name."""
        try:
            await self.desk.take(self.outlet, response)
        except Exception as error:
            await self.desk.missed(self.outlet, cast("Request", response.request), error)

    def failed(self, failure: Failure) -> Any:
        """Note what could not be fetched: refused for good, or failed for now."""
        return self.desk.missed(self.outlet, _request(failure), _error(failure))

    async def _no_front_page(self, request: Request, error: Exception) -> None:
        await self.front_pages.failed(self.outlet, error)
        await self.desk.missed(self.outlet, request, error)

    async def _stylesheet(self, url: str) -> Response:
        """A stylesheet by the same guards, robots and pace as everything else."""
        assert self.crawler.engine is not None
        request = Request(
            url,
            callback=NO_CALLBACK,
            headers={"Accept": "text/css,*/*;q=0.1"},
            meta={"download_maxsize": SHEET_MAX_BYTES},
        )
        try:
            return await self.crawler.engine.download_async(request)
        except DownloadCancelledError as error:
            raise _too_large() from error

    def _listing(self, url: str, door: Via) -> Request:
        return Request(
            url,
            callback=self.listing,
            errback=self.failed,
            priority=10,
            # A crawl that asks for everything again must also hear of everything again.
            meta={"listing": True, "door": str(door), "conditional": not self.revisit},
        )

    async def _articles(
        self, urls: Iterable[str], via: Via, dates: Mapping[str, datetime] = NO_DATES
    ) -> list[Request]:
        """Requests for the addresses that are new to this run and, unless revisiting, to us."""
        new = {key: url for url in urls if (key := canonical(url)) not in self.known}
        self.known.update(new)
        seen = set() if self.revisit else await self.desk.seen(list(new))
        wanted = [(key, url) for key, url in new.items() if key not in seen][: self.budget]
        self.budget -= len(wanted)
        return [
            Request(
                url,
                callback=self.article,
                errback=self.failed,
                # Ours is the only duplicate filter: a redirect to a page of this run is still
                # fetched, so that its address is known and not asked for again in every run.
                dont_filter=True,
                meta={"via": str(via), "asked": url, "stated_at": dates.get(url)},
            )
            for _, url in wanted
        ]


def _request(failure: Failure) -> Request:
    return cast("Request", cast("Any", failure).request)


def _error(failure: Failure) -> Exception:
    error = failure.value
    return _too_large() if isinstance(error, DownloadCancelledError) else cast("Exception", error)


def _too_large() -> Refused:
    return Refused("too-large", "more than the size limit, dropped while it came")
