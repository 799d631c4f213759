"""The spider that looks again: articles of one outlet whose time has come, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

from scrapy import Spider
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from newsroom.errors import NewsroomError, Refused
from newsroom.records import Article, Via
from newsroom.store.revisits import Due
from newsroom.store.sightings import Finding
from scraper.desk import Desk
from scraper.manners.conditional import UNREAD
from scraper.outlets.registry import Outlet
from scraper.revisions import looks as looking
from scraper.revisions.looks import Looks

LEASED_AT_ONCE = 20
SHOWN = {None, "changed", "unchanged"}


class RevisitSpider(Spider):
    """Fetches what is due of one outlet, up to ``budget`` articles."""

    name = "revisit"

    def __init__(self, *, outlet: Outlet, desk: Desk, looks: Looks, budget: int) -> None:
        super().__init__(name=f"revisit-{outlet.publisher.publisher_id}")
        self.outlet = outlet
        self.desk = desk
        self.looks = looks
        self.budget = budget
        self.taken: set[str] = set()

    async def start(self) -> AsyncIterator[Any]:
        """Take what is due, some at a time."""
        while self.budget > 0:
            due = await self.looks.lease(
                self.outlet.publisher.publisher_id,
                min(self.budget, LEASED_AT_ONCE),
                self.outlet.delay_s,
            )
            if not due:
                return
            self.budget -= len(due)
            self.taken.update(one.article_id for one in due)
            for one in due:
                yield self._request(one)

    async def article(self, response: Response) -> None:
        """Note what the address shows now."""
        article_id = str(response.meta["article_id"])
        if response.status == 304:
            self.taken.discard(article_id)
            await self.looks.unchanged(article_id)
            self.desk.unchanged(self.outlet)
            return
        try:
            found = await self.desk.take(self.outlet, response)
        except Exception as error:
            await self._missed(cast("Request", response.request), error)
            return
        self.taken.discard(article_id)
        if isinstance(found, Article) and found.article_id == article_id:
            return  # the intake noted it with the article
        what = looking.finding(response.status, found, article_id)
        if what is None:
            await self.looks.failed(article_id, f"http-{response.status}")
            return
        other = found.article_id if isinstance(found, Article) else None
        moved_to = other if what is Finding.MOVED else None
        await self.looks.found(article_id, what, page_id=None, moved_to=moved_to)

    async def failed(self, failure: Failure) -> None:
        """Try again later what gave no answer."""
        request = cast("Request", cast("Any", failure).request)
        error = cast("Exception", failure.value)
        if isinstance(error, DownloadCancelledError):
            error = Refused("too-large", "more than the size limit, dropped while it came")
        await self._missed(request, error)

    async def closed(self, _reason: str) -> None:
        """Give back what was taken and not asked for: the run was cut short."""
        await self.looks.release(sorted(self.taken))

    async def _missed(self, request: Request, error: Exception) -> None:
        request.meta[UNREAD] = True
        article_id = str(request.meta["article_id"])
        self.taken.discard(article_id)
        await self.desk.missed(self.outlet, request, error)
        code = error.code if isinstance(error, NewsroomError) else type(error).__name__
        await self.looks.failed(article_id, code)

    def _request(self, due: Due) -> Request:
        return Request(
            due.url,
            callback=self.article,
            errback=self.failed,
            dont_filter=True,
            meta={
                "via": str(Via.REVISIT),
                "asked": due.url,
                "article_id": due.article_id,
                # "Not modified" is an answer only where the last one showed the article.
                "conditional": due.last_status in SHOWN,
            },
        )
