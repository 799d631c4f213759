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
from newsroom.errors import NewsroomError, Refused
from newsroom.records import RawPage, Via
from newsroom.store import pages
from newsroom.urls import canonical
from scraper import intake
from scraper.archive import Archive
from scraper.discover import Found
from scraper.extractors import Extractors
from scraper.intake import Incoming, Tally
from scraper.reading import Listing, Page
from scraper.registry import Outlet

NOTES_MAX = 20
PASSING = frozenset({408, 425, 429})


@dataclass(slots=True)
class OutletCount:
    """What one outlet's crawl did: pages fetched, tally, failures by kind, lines for people."""

    fetched: int = 0
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
    ) -> None:
        self._db = db
        self._archive = archive
        self._extractors = extractors
        self._tell = tell
        self._archiving = asyncio.Lock()
        self.counts: dict[str, OutletCount] = {}

    def count(self, outlet: Outlet) -> OutletCount:
        """The counters of an outlet."""
        return self.counts.setdefault(outlet.publisher.publisher_id, OutletCount())

    def note(self, outlet: Outlet, line: str) -> None:
        """Something a person should know about this outlet."""
        notes = self.count(outlet).notes
        if len(notes) < NOTES_MAX:
            notes.append(line)

    async def seen(self, canonical_urls: list[str]) -> set[str]:
        """Which addresses were fetched in any run."""

        def ask() -> set[str]:
            with self._db.transaction() as conn:
                return pages.seen_urls(conn, canonical_urls)

        return await asyncio.to_thread(ask)

    async def links(self, outlet: Outlet, response: Response, door: Via) -> Found:
        """What a listing names; nothing, with a line in the report, where it cannot be read."""
        if response.status != 200:
            self.note(outlet, f"{response.url} answered {response.status}")
            return Found(())
        listing = Listing(body=response.body, url=response.url, outlet=outlet, door=door)
        found = await asyncio.wrap_future(self._extractors.discover(listing))
        if isinstance(found, Refused):
            self.note(outlet, f"{response.url}: {found.message}")
            return Found(())
        return found

    async def take(self, outlet: Outlet, response: Response) -> None:
        """Archive, extract, store. A passing fault of the server leaves no page behind."""
        at = datetime.now(UTC)
        asked = str(response.meta["asked"])
        self.count(outlet).fetched += 1
        if response.status >= 500 or response.status in PASSING:
            await self._store(outlet, asked, None, _status_refusal(response.status), at)
            return
        page = await self._page(outlet, asked, response, at)
        if response.status != 200:
            await self._store(outlet, asked, page, _status_refusal(response.status), at)
            return
        publisher = outlet.publisher
        found = await asyncio.wrap_future(
            self._extractors.submit(
                Page(
                    html=response.body,
                    url=response.url,
                    now=at,
                    content_type=page.content_type,
                    publisher=publisher.name,
                    timezone=publisher.timezone,
                    languages=(publisher.language,),
                )
            )
        )
        if isinstance(found, Refused):
            await self._store(outlet, asked, page, found, at)
            return
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

    async def missed(self, outlet: Outlet, request: Request, error: Exception) -> None:
        """An address that gave no page: a lasting refusal is stored, a passing fault reported."""
        if isinstance(error, Refused) and not request.meta.get("listing"):
            await self._store(outlet, str(request.meta["asked"]), None, error, datetime.now(UTC))
            return
        code = error.code if isinstance(error, NewsroomError) else type(error).__name__
        self.count(outlet).failed[code] += 1
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
        stored = self._archive.write(
            url=response.url,
            asked_url=asked,
            fetched_at=at,
            status=response.status,
            headers=[
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, values in response.headers.items()
                for value in values
            ],
            body=response.body,
        )
        return stored.file, stored.offset

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
        tally = await asyncio.to_thread(intake.take_all, self._db, [item])
        self.count(outlet).tally.add(tally)
        outcome = next(iter([*tally.stored, *tally.refused]))
        self._tell(outlet.publisher.publisher_id, outcome, tally.fresh)


def _status_refusal(status: int) -> Refused:
    return Refused("http-status", f"the server answered {status}")
