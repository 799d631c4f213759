"""What an extracting process is asked, and its answer as a plain value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from newsroom.errors import Refused
from newsroom.records import Via
from scraper.backfill import listings
from scraper.backfill.listings import Window
from scraper.extraction.extract import Extracted, extract
from scraper.frontpage import page as front_page
from scraper.frontpage.page import Front, Layout
from scraper.listings import discover
from scraper.listings.discover import Found
from scraper.outlets.registry import Outlet


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What extraction needs to know of a page."""

    html: bytes | str
    url: str
    now: datetime
    fetched_at: datetime | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    publisher: str | None = None
    timezone: str | None = None
    languages: tuple[str, ...] = ("en",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A feed or sitemap to read addresses from; of a window of the past, or of now."""

    body: bytes
    url: str
    outlet: Outlet
    door: Via
    window: Window | None = None


# Loads every model and rule before the memory limit is set.
WARM_UP = Page(
    html="<html><body><article><h1>Warm up</h1><p>"
    + "This is a plain sentence of some words. " * 40
    + "</p></article></body></html>",
    url="https://warm-up.invalid/story/1",
    now=datetime(2026, 1, 1, tzinfo=UTC),
)


def sent_headers(headers: Mapping[bytes, Iterable[bytes]]) -> tuple[tuple[str, str], ...]:
    """Scrapy's headers as pairs of text, a repeated one once for each value."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        for value in values
    )


def answer(page: Page | Listing | Front) -> Extracted | Found | Layout | tuple[str, str]:
    """What was found, or code and message of a refusal: an exception does not survive pickling."""
    try:
        if isinstance(page, Listing) and page.window is not None:
            return listings.past(page.body, page.url, page.outlet, page.door, page.window)
        if isinstance(page, Listing):
            return discover.links(page.body, page.url, page.outlet, page.door)
        if isinstance(page, Front):
            return front_page.read(page)
        return extract(
            page.html,
            page.url,
            now=page.now,
            fetched_at=page.fetched_at,
            content_type=page.content_type,
            headers=page.headers,
            publisher=page.publisher,
            timezone=page.timezone,
            languages=page.languages,
        )
    except Refused as refusal:
        return refusal.code, refusal.message
    except MemoryError:
        return "parser-limit", "the parser ran out of memory"
    except Exception as error:  # a page must not stop the run, whatever it trips over
        return "parser-limit", f"the parser failed: {type(error).__name__}: {error}"[:300]
