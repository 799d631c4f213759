"""Addresses out of front pages, feeds and sitemaps. Pure: bytes in, links out, order kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from newsroom.errors import Refused
from newsroom.records import Via
from newsroom.urls import canonical, registered_domain
from scraper.extraction.decode import html_text
from scraper.extraction.extract import parse
from scraper.listings import feeds, xmltree
from scraper.listings.feeds import ENTRIES_MAX
from scraper.listings.xmltree import local
from scraper.outlets.registry import Outlet

ARTICLE_SLUG_MIN_WORDS = 3
_ASSET = re.compile(
    r"\.(?:jpe?g|png|gif|svg|webp|css|js|pdf|mp[34]|xml|rss|ico|zip)$", re.IGNORECASE
)
_SERVICE = re.compile(
    r"^/(?:section|category|tag|topic|topics|author|authors|search|desk|people|about|contact|privacy|terms|"
    r"login|signin|subscribe|newsletters?|account|members|donate|help|wp-admin|print|by|profiles?)(?:/|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a listing names: pages, further sitemaps, and when it says that pages appeared."""

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...] = ()
    dates: tuple[tuple[str, datetime], ...] = ()


def links(body: bytes, url: str, outlet: Outlet, door: Via) -> Found:
    """What a front page, feed or sitemap names. Raises Refused where it is none."""
    if door is Via.SITEMAP:
        return sitemap_links(body, url, outlet)
    if door is Via.FEED:
        return feed_links(body, url, outlet)
    return Found(tuple(front_page_links(body, url, outlet)))


def front_page_links(body: bytes, url: str, outlet: Outlet) -> list[str]:
    """Addresses of likely articles on an HTML page, in the order of the page, each once."""
    tree = parse(html_text(body))
    base = next(iter(tree.xpath("//base/@href")), None)
    base = urljoin(url, base) if base else url
    found: dict[str, str] = {}
    for anchor in tree.iter("a"):
        href = (anchor.get("href") or "").strip()
        if not href or href.startswith(("#", "javascript:", "mailto:", "tel:")):
            continue
        link = absolute(href, base)
        if link and is_article_link(link, outlet, _text(anchor)):
            found.setdefault(canonical(link), link)
    return list(found.values())


def feed_links(body: bytes, url: str, outlet: Outlet) -> Found:
    """Addresses and dates of the entries of a feed. Refused ``not-feed``, ``too-large``."""
    entries = feeds.entries(body)
    found = ((absolute(entry.link, url), entry.published) for entry in entries)
    return _listed(((u, date) for u, date in found if u and on_outlet(u, outlet)), outlet)


def sitemap_links(body: bytes, url: str, outlet: Outlet) -> Found:
    """Addresses of a sitemap or sitemap index (sitemaps.org 0.9, news namespace included).

    Raises Refused ``not-sitemap`` or ``too-large``.
    """
    root = xmltree.tree(body, "not-sitemap")
    if local(root) not in {"urlset", "sitemapindex"}:
        raise Refused("not-sitemap", "neither a urlset nor a sitemapindex")
    pages: list[tuple[str, str | None]] = []
    maps: list[str] = []
    for child in islice(root.iterchildren(etree.Element), ENTRIES_MAX):
        loc = next((c for c in child.iterchildren(etree.Element) if local(c) == "loc"), None)
        link = absolute((loc.text or "").strip(), url) if loc is not None else None
        if link is None:
            continue
        if local(child) == "sitemap":
            maps.append(link)
        elif is_article_page(link, outlet):
            pages.append((link, child.findtext("{*}news/{*}publication_date")))
    listed = _listed(pages, outlet)
    sitemaps = tuple(link for link in _once(maps) if on_outlet(link, outlet))
    return Found(listed.pages, sitemaps, listed.dates)


def on_outlet(url: str, outlet: Outlet) -> bool:
    """Whether an address is on the outlet's own site."""
    host = urlsplit(url).hostname or ""
    if outlet.publisher.demo:
        return host == outlet.publisher.domain
    return registered_domain(host) in outlet.domains


def is_article_page(url: str, outlet: Outlet) -> bool:
    """Whether an address that a sitemap lists may be an article: its pattern, or no known other."""
    parts = urlsplit(url)
    if not on_outlet(url, outlet) or _ASSET.search(parts.path):
        return False
    if outlet.article_url is not None:
        return re.search(outlet.article_url, parts.path) is not None
    return bool(parts.path.strip("/")) and not _SERVICE.match(parts.path)


def is_article_link(url: str, outlet: Outlet, text: str) -> bool:
    """Whether a link on the front page probably leads to an article.

    The outlet's own pattern decides where it has one; else an address that is long, dated or
    numbered, under a headline of several words.
    """
    if not is_article_address(url, outlet):
        return False
    return outlet.article_url is not None or len(text.split()) >= ARTICLE_SLUG_MIN_WORDS


def is_article_address(url: str, outlet: Outlet) -> bool:
    """Whether an address is like an article's: what can be said before any text is known."""
    if not is_article_page(url, outlet):
        return False
    if outlet.article_url is not None:
        return True
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    slug = path.rsplit("/", 1)[-1]
    named = len([w for w in re.split(r"[-_]", slug) if w]) >= ARTICLE_SLUG_MIN_WORDS
    return named or bool(re.search(r"\d{4,}", path + "?" + parts.query))


def absolute(href: str, base: str) -> str | None:
    """The address that a link leads to; None where it leads nowhere on the web."""
    try:
        url = urljoin(base, href.strip())
        canonical(url)
    except (Refused, ValueError):
        return None
    return url.split("#", 1)[0]


def _listed(stated: Iterable[tuple[str, str | None]], outlet: Outlet) -> Found:
    """Each address once, with the first date that was stated for it and can be read."""
    zone = ZoneInfo(outlet.publisher.timezone)
    pages: dict[str, str] = {}
    dates: dict[str, datetime] = {}
    for link, date in stated:
        key = canonical(link)
        pages.setdefault(key, link)
        if date and key not in dates and (at := feeds.moment(date, zone)) is not None:
            dates[key] = at
    return Found(tuple(pages.values()), (), tuple((pages[key], at) for key, at in dates.items()))


def _once(links: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for link in links:
        if (key := canonical(link)) not in seen:
            seen.add(key)
            yield link


def _text(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())
