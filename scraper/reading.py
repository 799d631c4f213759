"""What an extracting process is asked, and its answer as a plain value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from newsroom.errors import Refused
from newsroom.records import Via
from scraper import discover
from scraper.discover import Found
from scraper.extract import Extracted, extract
from scraper.registry import Outlet


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What extraction needs to know of a page."""

    html: bytes | str
    url: str
    now: datetime
    content_type: str | None = None
    publisher: str | None = None
    timezone: str | None = None
    languages: tuple[str, ...] = ("en",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A front page, feed or sitemap to read addresses from."""

    body: bytes
    url: str
    outlet: Outlet
    door: Via


# Loads every model and rule before the memory limit is set.
WARM_UP = Page(
    html="<html><body><article><h1>Warm up</h1><p>"
    + "This is a plain sentence of some words. " * 40
    + "</p></article></body></html>",
    url="https://warm-up.invalid/story/1",
    now=datetime(2026, 1, 1, tzinfo=UTC),
)


def answer(page: Page | Listing) -> Extracted | Found | tuple[str, str]:
    """What was found, or code and message of a refusal: an exception does not survive pickling."""
    try:
        if isinstance(page, Listing):
            return discover.links(page.body, page.url, page.outlet, page.door)
        return extract(
            page.html,
            page.url,
            now=page.now,
            content_type=page.content_type,
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
