"""Taking a snapshot: archive the front page, have it measured, store what stands where."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from scrapy.http import Response

from newsroom import ids
from newsroom.db import Database
from newsroom.errors import NewsroomError, Refused
from newsroom.settings import Settings
from newsroom.store import front_pages as store
from newsroom.store import publishers
from scraper.archives import warc
from scraper.archives.warc import LocalFile, Stored
from scraper.extraction.decode import is_html_type
from scraper.extraction.extractors import Extractors
from scraper.frontpage import browser as browsers
from scraper.frontpage import measuring, schedule
from scraper.frontpage.browser import Browser, Captured
from scraper.frontpage.measuring import Reading
from scraper.frontpage.page import Front
from scraper.listings import discover
from scraper.outlets.registry import Outlet

THIN_BELOW = 5  # articles: a consent wall, a soft 404 or a page that scripts fill
SHEETS_MAX = 12
SHEET_MAX_BYTES = 2_000_000
IMPORTS_MAX = 2  # stylesheets that stylesheets import
SHEET_FRESH = timedelta(hours=24)  # a day's looks at a page ask for its stylesheets once
PASSING = frozenset({408, 425, 429})

Fetch = Callable[[str], Awaitable[Response]]
Keep = Callable[[str, Response, datetime], Awaitable[Stored]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What became of a look: its row, by which method it was read, and the articles to fetch."""

    row: store.FrontPage
    method: str | None
    top: tuple[str, ...]


class FrontPages:
    """Takes fetched front pages; a context manager, because of the browser.

    ``keep`` writes a response to the archive.
    """

    def __init__(
        self, db: Database, settings: Settings, extractors: Extractors, keep: Keep
    ) -> None:
        self._db = db
        self._archive_dir = settings.archive_dir
        self._hours = schedule.hours_of(settings.crawl.front_page_hours)
        self._top = settings.crawl.front_page_top
        self._extractors = extractors
        self._keep = keep
        program = browsers.find(settings.crawl.browser)
        self._browser = Browser(program) if program else None
        self._room = ThreadPoolExecutor(1, thread_name_prefix="front-page")

    async def take(self, outlet: Outlet, response: Response, fetch: Fetch) -> Snapshot:
        """Store a snapshot of a front page that answered; ``fetch`` asks for a stylesheet."""
        at = datetime.now(UTC)
        refusal = _not_a_front_page(outlet, response)
        body_sha256 = ids.body_sha256(response.body)
        stored = await self._archived(outlet, response, body_sha256, at)
        content_type = _content_type(response)
        row = replace(
            self._row(outlet, at, body_sha256),
            final_url=response.url,
            http_status=response.status,
            content_type=content_type,
            body_sha256=body_sha256,
            body_bytes=len(response.body),
            warc_file=stored.file,
            warc_offset=stored.offset,
        )
        if refusal is not None:
            return await self._store(outlet, _refused(row, refusal))
        front = Front(
            body=response.body, url=response.url, content_type=content_type, outlet=outlet
        )
        sheets: dict[str, store.Sheet] = {}
        captured = await self._captured(front, sheets, fetch)
        try:
            reading = await asyncio.to_thread(measuring.read, self._extractors, front, captured)
        except Refused as error:
            return await self._store(outlet, _refused(row, error), tuple(sheets.values()))
        ranked = [entry for entry in reading.layout.entries if entry.rank is not None]
        if len(ranked) < THIN_BELOW:
            message = f"{len(ranked)} articles on it, fewer than {THIN_BELOW}"
            row = replace(row, status="thin", code="few-articles", message=message)
        return await self._store(outlet, row, tuple(sheets.values()), reading)

    async def failed(self, outlet: Outlet, error: Exception) -> None:
        """Store that a front page did not come, and why."""
        row = self._row(outlet, datetime.now(UTC), "")
        code = error.code if isinstance(error, NewsroomError) else type(error).__name__
        status = "refused" if isinstance(error, Refused) else "failed"
        await self._store(outlet, replace(row, status=status, code=code, message=str(error)[:300]))

    def close(self) -> None:
        """Wait for the page that is being laid out, then end the browser."""
        self._room.shutdown(cancel_futures=True)
        if self._browser is not None:
            self._browser.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _row(self, outlet: Outlet, at: datetime, body_sha256: str) -> store.FrontPage:
        publisher = outlet.publisher
        return store.FrontPage(
            snapshot_id=ids.snapshot_id(publisher.publisher_id, at.isoformat(), body_sha256),
            publisher_id=publisher.publisher_id,
            url=outlet.front_page,
            taken_at=at,
            slot=schedule.slot_of(at, publisher.timezone, self._hours),
            status="ok",
        )

    async def _archived(
        self, outlet: Outlet, response: Response, body_sha256: str, at: datetime
    ) -> Stored:
        """Where the page lies: written now, unless the last look saw these very bytes."""

        def known() -> tuple[str, int] | None:
            with self._db.transaction() as conn:
                return store.archived(conn, outlet.publisher.publisher_id, body_sha256)

        if (place := await asyncio.to_thread(known)) is not None:
            return Stored(file=place[0], offset=place[1])
        return await self._keep(outlet.front_page, response, at)

    async def _captured(
        self, front: Front, sheets: dict[str, store.Sheet], fetch: Fetch
    ) -> Captured | Refused:
        """Lay the page out until it asks for no stylesheet that nobody tried to get."""
        bodies: dict[str, bytes] = {}
        room = asyncio.get_running_loop().run_in_executor
        for imports_left in reversed(range(IMPORTS_MAX + 1)):
            captured = await room(self._room, measuring.capture, self._browser, front, dict(bodies))
            if isinstance(captured, Refused):
                break
            new = [url for url in captured.wanted if url not in sheets]
            if not new or not imports_left:
                break
            for url in new:
                if len(sheets) >= SHEETS_MAX:
                    sheets[url] = _gone(url, "too-many")
                else:
                    sheets[url], bodies[url] = await self._sheet(url, fetch)
            bodies = {url: body for url, body in bodies.items() if sheets[url].code is None}
            if not bodies:
                break
        return captured

    async def _sheet(self, url: str, fetch: Fetch) -> tuple[store.Sheet, bytes]:
        """A stylesheet, from the archive if the crawl got it within a day; empty with a code."""
        at = datetime.now(UTC)

        def known() -> store.Sheet | None:
            with self._db.transaction() as conn:
                return store.known_sheet(conn, url, at - SHEET_FRESH)

        if (old := await asyncio.to_thread(known)) is not None:
            try:
                return old, await asyncio.to_thread(archived_sheet, self._archive_dir, old)
            except Refused:
                pass  # archived on another host: asked for again
        try:
            response = await fetch(url)
        except Exception as error:
            code = error.code if isinstance(error, NewsroomError) else type(error).__name__
            return _gone(url, code), b""
        content_type = (_content_type(response) or "").split(";")[0].strip().lower()
        if response.status != 200:
            return _gone(url, f"http-{response.status}"), b""
        if content_type != "text/css":
            return _gone(url, "not-css"), b""
        stored = await self._keep(url, response, at)
        sheet = store.Sheet(
            url=url,
            body_sha256=ids.body_sha256(response.body),
            warc_file=stored.file,
            warc_offset=stored.offset,
            fetched_at=at,
        )
        return sheet, response.body

    async def _store(
        self,
        outlet: Outlet,
        row: store.FrontPage,
        sheets: tuple[store.Sheet, ...] = (),
        reading: Reading | None = None,
    ) -> Snapshot:
        def write() -> None:
            with self._db.transaction() as conn:
                publishers.upsert(conn, [outlet.publisher])
                if store.add(conn, row, sheets) and reading is not None:
                    layout = measuring.layout_row(reading, sheets, row.taken_at)
                    store.add_layout(conn, row, layout, measuring.link_rows(reading.layout))

        await asyncio.to_thread(write)
        entries = reading.layout.entries if reading else ()
        top = tuple(e.url for e in entries if e.rank is not None and e.rank <= self._top)
        return Snapshot(row=row, method=str(reading.layout.method) if reading else None, top=top)


def archived_sheet(folder: Path, sheet: store.Sheet) -> bytes:
    """The bytes of a stylesheet. Raises Refused where the archive does not have them."""
    assert sheet.warc_file is not None
    assert sheet.warc_offset is not None
    return archived_body(folder, sheet.warc_file, sheet.warc_offset)


def archived_body(folder: Path, file: str, offset: int) -> bytes:
    """A body from our archive. Raises Refused ``archive-broken`` where it cannot be read."""
    try:
        found = warc.at(LocalFile(folder / file), offset)
    except OSError as error:
        raise Refused("archive-broken", f"{file}: {error.strerror}") from error
    if found.refused is not None:
        raise found.refused
    return found.body


def _not_a_front_page(outlet: Outlet, response: Response) -> Refused | None:
    if response.status != 200:
        return Refused("http-status", f"the server answered {response.status}")
    if not discover.on_outlet(response.url, outlet):
        host = urlsplit(response.url).hostname
        return Refused("off-site", f"redirected to {host}"[:200])
    if not is_html_type(_content_type(response)):
        return Refused("not-html", f"the server called it {_content_type(response)}"[:200])
    return None


def _refused(row: store.FrontPage, refusal: Refused) -> store.FrontPage:
    passing = row.http_status is not None and (row.http_status >= 500 or row.http_status in PASSING)
    status = "failed" if passing else "refused"
    return replace(row, status=status, code=refusal.code, message=refusal.message)


def _gone(url: str, code: str) -> store.Sheet:
    return store.Sheet(url=url, code=code, fetched_at=datetime.now(UTC))


def _content_type(response: Response) -> str | None:
    value = response.headers.get("Content-Type")
    return value.decode("latin-1") if value else None
