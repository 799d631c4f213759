"""The spider of one outlet: discover addresses, fetch those not fetched before, hand them over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from typing import Any, cast

from scrapy import Spider
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from newsroom.errors import Refused
from newsroom.records import Via
from newsroom.urls import canonical
from scraper.desk import Desk
from scraper.registry import Outlet

SITEMAPS_MAX = 20  # a sitemap index of an archive lists thousands; the newest come first


class OutletSpider(Spider):
    """Crawls one outlet once. ``limit`` caps the articles fetched, on top of the page budget."""

    name = "outlet"

    def __init__(
        self,
        *,
        outlet: Outlet,
        desk: Desk,
        budget: int,
        limit: int | None,
        doors: Collection[Via],
        revisit: bool,
    ) -> None:
        super().__init__(name=f"outlet-{outlet.publisher.publisher_id}")
        self.outlet = outlet
        self.desk = desk
        self.budget = budget if limit is None else min(budget, limit)
        self.doors = doors
        self.revisit = revisit
        self.known: set[str] = set()
        self.sitemaps = 0

    async def start(self) -> AsyncIterator[Any]:
        """Ask for the front page, then feeds, then sitemaps."""
        ways = (
            (Via.FRONT_PAGE, (self.outlet.front_page,)),
            (Via.FEED, self.outlet.feeds),
            (Via.SITEMAP, self.outlet.sitemaps),
        )
        for door, urls in ways:
            for url in urls if door in self.doors else ():
                yield self._listing(url, door)

    async def listing(self, response: Response) -> AsyncIterator[Request]:
        """Articles that a front page, feed or sitemap names, and the sitemaps of an index."""
        door = Via(response.meta["door"])
        found = await self.desk.links(self.outlet, response, door)
        for url in found.sitemaps[: SITEMAPS_MAX - self.sitemaps]:
            self.sitemaps += 1
            yield self._listing(url, Via.SITEMAP)
        for request in await self._articles(found.pages, door):
            yield request

    async def article(self, response: Response) -> None:
        """Hand one fetched page over; whatever goes wrong with it is counted under its name."""
        try:
            await self.desk.take(self.outlet, response)
        except Exception as error:
            await self.desk.missed(self.outlet, cast("Request", response.request), error)

    def failed(self, failure: Failure) -> Any:
        """Note what could not be fetched: refused for good, or failed for now."""
        request = cast("Request", cast("Any", failure).request)
        error = failure.value
        if isinstance(error, DownloadCancelledError):
            error = Refused("too-large", "more than the size limit, dropped while it came")
        return self.desk.missed(self.outlet, request, cast("Exception", error))

    def _listing(self, url: str, door: Via) -> Request:
        return Request(
            url,
            callback=self.listing,
            errback=self.failed,
            priority=10,
            meta={"listing": True, "door": str(door)},
        )

    async def _articles(self, urls: Iterable[str], via: Via) -> list[Request]:
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
                meta={"via": str(via), "asked": url},
            )
            for _, url in wanted
        ]
