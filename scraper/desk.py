"""The crawl's effects in one place: archive a page, extract it, store it, and keep count."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scrapy.http import Request, Response

from newsroom import ids
from newsroom.db import Database
from newsroom.errors import Misconfigured, NewsroomError, Refused
from newsroom.records import Article, RawPage, Via
from newsroom.store import pages
from newsroom.urls import canonical
from scraper import intake
from scraper.archives.archive import Archive
from scraper.archives.warc import Stored
from scraper.backfill.listings import Window
from scraper.extraction.extractors import Extractors
from scraper.extraction.reading import Listing, Page, sent_headers
from scraper.frontpage.desk import Snapshot
from scraper.intake import Incoming, Tally
from scraper.listings.discover import Found
from scraper.listings.feeds import dated
from scraper.manners.conditional import UNREAD
from scraper.outlets.registry import Outlet
from scraper.revisions import schedule
from scraper.revisions.schedule import Schedule

NOTES_MAX = 20
PASSING = frozenset({408, 425, 429})


@dataclass(slots=True)
class OutletCount:
    """What one outlet's crawl did: pages fetched, tally, failures by kind, lines for people.

    ``listings`` counts front pages, feeds and sitemaps by outcome: answered, empty, unchanged, or
    the code of what was wrong.
    """

    fetched: int = 0
    listings: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    failed: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


class Desk:
    """Takes fetched pages. ``tell`` hears ``(outlet id, outcome, new articles)`` after each."""

    def __init__(
        self,
        db: Database,
        archive: Archive,
        extractors: Extractors,
        tell: Callable[[str, str, int], object],
        plan: Schedule = schedule.DEFAULT,
    ) -> None:
        self._db = db
        self._archive = archive
        self._extractors = extractors
        self._tell = tell
        self._plan = plan
        self._archiving = asyncio.Lock()
        self.counts: dict[str, OutletCount] = {}
        self.fatal: Misconfigured | None = None
        self.halt: Callable[[], object] | None = None

    def count(self, outlet: Outlet) -> OutletCount:
        """The counters of an outlet."""
        return self.counts.setdefault(outlet.publisher.publisher_id, OutletCount())

    def note(self, outlet: Outlet, line: str) -> None:
        """Something a person should know about this outlet."""
        notes = self.count(outlet).notes
        if len(notes) < NOTES_MAX:
            notes.append(line)

    async def keep(self, asked: str, response: Response, at: datetime) -> Stored:
        """Write a response to the archive."""
        async with self._archiving:
            return await asyncio.to_thread(self._written, asked, response, at)

    async def seen(self, canonical_urls: list[str]) -> set[str]:
        """Which addresses were fetched in any run."""

        def ask() -> set[str]:
            with self._db.transaction() as conn:
                return pages.seen_urls(conn, canonical_urls)

        return await asyncio.to_thread(ask)

    async def links(
        self, outlet: Outlet, response: Response, door: Via, window: Window | None = None
    ) -> Found:
        """What a listing names; nothing, with a line in the report, where it cannot be read."""
        listings = self.count(outlet).listings
        if response.status != 200:
            unchanged = response.status == 304
            listings["unchanged" if unchanged else f"http-{response.status}"] += 1
            if not unchanged:
                self.note(outlet, f"{response.url} answered {response.status}")
            return Found(())
        listing = Listing(
            body=response.body, url=response.url, outlet=outlet, door=door, window=window
        )
        found = await asyncio.wrap_future(self._extractors.discover(listing))
        if isinstance(found, Refused):
            listings[found.code] += 1
            response.meta[UNREAD] = True
            self.note(outlet, f"{response.url}: {found.message}")
            return Found(())
        listings["answered" if found.pages or found.sitemaps else "empty"] += 1
        return found

    def unfinished(self, outlet: Outlet) -> None:
        """Count a listing of the past that is to be read again in another run."""
        self.count(outlet).listings["unfinished"] += 1

    def looked(self, outlet: Outlet, snapshot: Snapshot) -> None:
        """Count a look at the front page; a line in the report where something is wrong with it."""
        row = snapshot.row
        code = f"http-{row.http_status}" if row.code == "http-status" else row.code
        self.count(outlet).listings[code or "answered"] += 1
        if row.code is not None:
            self.note(outlet, f"{row.url}: {row.code}: {row.message}")

    async def take(self, outlet: Outlet, response: Response) -> Article | Refused | None:
        """Archive, extract, store. A passing fault of the server leaves no page behind.

        What the page is; None where its status says that it is none.
        """
        at = datetime.now(UTC)
        asked = str(response.meta["asked"])
        self.count(outlet).fetched += 1
        if response.status >= 500 or response.status in PASSING:
            await self._store(outlet, asked, None, _status_refusal(response.status), at)
            return None
        page = await self._page(outlet, asked, response, at)
        if response.status != 200:
            await self._store(outlet, asked, page, _status_refusal(response.status), at)
            return None
        publisher = outlet.publisher
        found = await asyncio.wrap_future(
            self._extractors.submit(
                Page(
                    html=response.body,
                    url=response.url,
                    now=at,
                    content_type=page.content_type,
                    headers=sent_headers(response.headers),
                    publisher=publisher.name,
                    timezone=publisher.timezone,
                    languages=(publisher.language,),
                )
            )
        )
        if isinstance(found, Refused):
            await self._store(outlet, asked, page, found, at)
            return found
        found = dated(found, response.meta.get("stated_at"), page.via, at)
        article = intake.article(
            found,
            publisher_id=publisher.publisher_id,
            via=page.via,
            fetched_at=at,
            page_id=page.page_id,
        )
        item = Incoming(
            source=page.canonical_url,
            url=asked,
            publisher=publisher,
            page=page,
            found=article,
            at=at,
        )
        await self._take(outlet, item)
        return article

    def unchanged(self, outlet: Outlet) -> None:
        """Count an article of which the server says: not modified."""
        count = self.count(outlet)
        count.fetched += 1
        count.tally.stored["unchanged"] += 1
        self._tell(outlet.publisher.publisher_id, "unchanged", 0)

    async def missed(self, outlet: Outlet, request: Request, error: Exception) -> None:
        """An address that gave no page: a lasting refusal is stored, a passing fault reported.

        Where nothing can be stored any more (``archive-full``) the whole crawl is halted.
        """
        if isinstance(error, Misconfigured) and self.fatal is None:
            self.fatal = error
            if self.halt is not None:
                self.halt()
        if isinstance(error, Refused) and not request.meta.get("listing"):
            await self._store(outlet, str(request.meta["asked"]), None, error, datetime.now(UTC))
            return
        code = error.code if isinstance(error, NewsroomError) else type(error).__name__
        self.count(outlet).failed[code] += 1
        if request.meta.get("listing"):
            self.count(outlet).listings[code] += 1
        self.note(outlet, f"{request.url}: {code}: {error}"[:300])
        self._tell(outlet.publisher.publisher_id, code, 0)

    async def _page(self, outlet: Outlet, asked: str, response: Response, at: datetime) -> RawPage:
        address = canonical(asked)
        body_sha256 = ids.body_sha256(response.body)
        page_id = ids.page_id(address, body_sha256)
        content_type = response.headers.get("Content-Type")
        async with self._archiving:
            stored = await asyncio.to_thread(self._archived, page_id, asked, response, at)
        return RawPage(
            page_id=page_id,
            url=asked,
            final_url=response.url,
            canonical_url=address,
            publisher_id=outlet.publisher.publisher_id,
            fetched_at=at,
            status=response.status,
            content_type=content_type.decode("latin-1") if content_type else None,
            body_sha256=body_sha256,
            body_bytes=len(response.body),
            via=Via(response.meta["via"]),
            warc_file=stored[0] if stored else None,
            warc_offset=stored[1] if stored else None,
            robots_rule=response.meta.get("robots_rule"),
        )

    def _archived(
        self, page_id: str, asked: str, response: Response, at: datetime
    ) -> tuple[str, int] | None:
        """Write the page unless these very bytes are archived under this address already."""
        with self._db.transaction() as conn:
            if pages.known(conn, [page_id]):
                return None
        stored = self._written(asked, response, at)
        return stored.file, stored.offset

    def _written(self, asked: str, response: Response, at: datetime) -> Stored:
        return self._archive.write(
            url=response.url,
            asked_url=asked,
            fetched_at=at,
            status=response.status,
            headers=list(sent_headers(response.headers)),
            body=response.body,
        )

    async def _store(
        self, outlet: Outlet, url: str, page: RawPage | None, refusal: Refused, at: datetime
    ) -> None:
        await self._take(
            outlet,
            Incoming(
                source=canonical(url),
                url=url,
                publisher=outlet.publisher,
                page=page,
                found=refusal,
                at=at,
            ),
        )

    async def _take(self, outlet: Outlet, item: Incoming) -> None:
        tally = await asyncio.to_thread(intake.take_all, self._db, [item], plan=self._plan)
        self.count(outlet).tally.add(tally)
        outcome = next(iter([*tally.stored, *tally.refused]))
        self._tell(outlet.publisher.publisher_id, outcome, tally.fresh)


def _status_refusal(status: int) -> Refused:
    return Refused("http-status", f"the server answered {status}")
