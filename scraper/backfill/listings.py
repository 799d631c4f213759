"""Sitemaps and feeds as a way into the past: what they name that may fall into a window of days.

Pure, and run in the limited child like all reading of what strangers wrote. A date is read where
the listing states it, else off the address (``/2024/01/05/``); what has none is kept, because the
page itself will say.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from lxml import etree  # type: ignore[import-untyped]

from newsroom.errors import Refused
from newsroom.records import Via
from newsroom.urls import canonical
from scraper.listings import feeds, xmltree
from scraper.listings.discover import Found, absolute, is_article_page, on_outlet
from scraper.listings.xmltree import local
from scraper.outlets.registry import Outlet

ENTRIES_MAX = 50_000  # of one sitemap, by sitemaps.org 0.9
NEXT = ("prev-archive", "next")  # RFC 5005: towards older entries
_DAY = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-/_.]?(0[1-9]|1[0-2])(?:[-/_.]?(0[1-9]|[12]\d|3[01]))?(?!\d)"
)
_QUERY = re.compile(r"y{1,4}(?:ear)?=(\d{4})&(?:mm?|month)=(\d{1,2})(?:&(?:dd?|day)=(\d{1,2}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days that are wanted, both included; None is open."""

    since: date | None = None
    until: date | None = None

    def meets(self, first: date, last: date) -> bool:
        """Whether any of these days is wanted."""
        return (self.since is None or last >= self.since) and (
            self.until is None or first <= self.until
        )

    def __str__(self) -> str:
        return f"{self.since or '…'} to {self.until or '…'}"


def past(body: bytes, url: str, outlet: Outlet, door: Via, window: Window) -> Found:
    """Articles and further listings that may fall into the window, in the listing's order.

    ``dates`` hold when articles appeared and when further listings last changed, where stated.
    Raises Refused ``not-sitemap``, ``not-feed`` or ``too-large``.
    """
    if door is Via.SITEMAP:
        return _sitemap(body, url, outlet, window)
    return _feed(body, url, outlet, window)


def days_of(url: str) -> tuple[date, date] | None:
    """The day or month that an address names, as first and last day."""
    parts = urlsplit(url)
    named = _QUERY.search(parts.query) or _DAY.search(parts.path)
    if named is None:
        return None
    year, month, day = int(named[1]), int(named[2]), named[3]
    try:
        if day is not None:
            return date(year, month, int(day)), date(year, month, int(day))
        return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    except ValueError:
        return None


def _sitemap(body: bytes, url: str, outlet: Outlet, window: Window) -> Found:
    root = xmltree.tree(body, "not-sitemap")
    if local(root) not in {"urlset", "sitemapindex"}:
        raise Refused("not-sitemap", "neither a urlset nor a sitemapindex")
    zone = ZoneInfo(outlet.publisher.timezone)
    pages: dict[str, str] = {}
    maps: dict[str, str] = {}
    dates: dict[str, datetime] = {}
    for child in islice(root.iterchildren(etree.Element), ENTRIES_MAX):
        link = absolute((child.findtext("{*}loc") or "").strip(), url)
        if link is None or not on_outlet(link, outlet):
            continue
        changed = _moment(child.findtext("{*}lastmod"), zone)
        if local(child) == "sitemap":
            if _may_hold(link, None, changed, window):
                maps.setdefault(canonical(link), link)
                dates |= {link: changed} if changed else {}
        elif is_article_page(link, outlet):
            appeared = _moment(child.findtext("{*}news/{*}publication_date"), zone)
            if _may_hold(link, appeared, changed, window):
                pages.setdefault(canonical(link), link)
                dates |= {link: appeared} if appeared else {}
    return Found(tuple(pages.values()), tuple(maps.values()), tuple(dates.items()))


def _feed(body: bytes, url: str, outlet: Outlet, window: Window) -> Found:
    zone = ZoneInfo(outlet.publisher.timezone)
    pages: dict[str, str] = {}
    dates: dict[str, datetime] = {}
    too_old = True
    for entry in feeds.entries(body):
        appeared = _moment(entry.published, zone)
        too_old = too_old and appeared is not None and _before(appeared, window)
        link = absolute(entry.link, url)
        if link and on_outlet(link, outlet) and _may_hold(link, appeared, None, window):
            pages.setdefault(canonical(link), link)
            dates |= {link: appeared} if appeared else {}
    older = () if too_old else tuple(u for u in _older(body, url) if on_outlet(u, outlet))
    return Found(tuple(pages.values()), older[:1], tuple(dates.items()))


def _older(body: bytes, url: str) -> Iterator[str]:
    """The page of a feed before this one (RFC 5005 3 and 4)."""
    if body.lstrip()[:1] == b"{":
        return
    root = xmltree.tree(body, feeds.CODE)
    links = [e for e in root.iter(etree.Element) if local(e) == "link" and e.get("href")]
    for relation in NEXT:
        for link in links:
            if link.get("rel") == relation and (found := absolute(link.get("href"), url)):
                yield urljoin(url, found)


def _may_hold(
    url: str, appeared: datetime | None, changed: datetime | None, window: Window
) -> bool:
    """Whether something may have appeared in the window; what changed last before it did not."""
    if appeared is not None:
        return window.meets(appeared.date(), appeared.date())
    days = days_of(url)
    if days is not None and not window.meets(*days):
        return False
    return changed is None or not _before(changed, window)


def _before(at: datetime, window: Window) -> bool:
    return window.since is not None and at.date() < window.since


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    return feeds.moment(text, zone) if text and text.strip() else None
