"""Addresses out of front pages, feeds and sitemaps. Pure: bytes in, links out, order kept."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import feedparser
from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from newsroom.errors import Refused
from newsroom.records import Via
from newsroom.urls import canonical, registered_domain
from scraper.decode import html_text
from scraper.extract import parse
from scraper.registry import Outlet

FEED_MAX_BYTES = 5_000_000
ENTRIES_MAX = 1_000
XML_DEPTH_MAX = 256
ARTICLE_SLUG_MIN_WORDS = 3
_ASSET = re.compile(
    r"\.(?:jpe?g|png|gif|svg|webp|css|js|pdf|mp[34]|xml|rss|ico|zip)$", re.IGNORECASE
)
_SERVICE = re.compile(
    r"^/(?:section|category|tag|topic|topics|author|authors|search|desk|people|about|contact|privacy|terms|"
    r"login|signin|subscribe|newsletters?|account|members|donate|help|wp-admin|print)(?:/|$)",
    re.IGNORECASE,
)
_DOCTYPE = re.compile(rb"<!DOCTYPE|<!ENTITY", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """What a listing names: pages, and further sitemaps."""

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...] = ()


def links(body: bytes, url: str, outlet: Outlet, door: Via) -> Found:
    """What a front page, feed or sitemap names. Raises Refused where it is none."""
    if door is Via.SITEMAP:
        return sitemap_links(body, url, outlet)
    read = feed_links if door is Via.FEED else front_page_links
    return Found(tuple(read(body, url, outlet)))


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


def feed_links(body: bytes, url: str, outlet: Outlet) -> list[str]:
    """Addresses of the entries of an RSS or Atom feed. Refused ``not-feed``, ``too-large``."""
    if len(body) > FEED_MAX_BYTES:
        raise Refused("too-large", f"a feed of {len(body)} bytes")
    if _DOCTYPE.search(body):
        raise Refused("not-feed", "declares entities or a document type, which no feed needs")
    # A file object: given bytes or text, feedparser may take it for an address and fetch it.
    feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    if not feed.get("version") and not feed.entries:
        raise Refused("not-feed", "neither RSS nor Atom")
    stated = (str(entry.get("link") or "") for entry in feed.entries[:ENTRIES_MAX])
    found = (absolute(link, url) for link in stated if link)
    return [link for link in _once(found) if on_outlet(link, outlet)]


def sitemap_links(body: bytes, url: str, outlet: Outlet) -> Found:
    """Addresses of a sitemap or sitemap index (sitemaps.org 0.9, news namespace included).

    Raises Refused ``not-sitemap`` or ``too-large``.
    """
    body = _gunzipped(body)
    if _DOCTYPE.search(body):
        raise Refused("not-sitemap", "declares entities or a document type")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False
    )
    try:
        root = etree.fromstring(body, parser=parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused("not-sitemap", f"not XML: {error}") from error
    if root is None or etree.QName(root).localname not in {"urlset", "sitemapindex"}:
        raise Refused("not-sitemap", "neither a urlset nor a sitemapindex")
    pages: list[str | None] = []
    maps: list[str | None] = []
    for child in root.iterchildren(tag=etree.Element):
        kind = etree.QName(child).localname
        loc = next((c for c in child if isinstance(c.tag, str) and c.tag.endswith("}loc")), None)
        link = absolute((loc.text or "").strip(), url) if loc is not None else None
        (maps if kind == "sitemap" else pages).append(link)
    return Found(
        pages=tuple(u for u in _once(pages[:ENTRIES_MAX]) if is_article_page(u, outlet)),
        sitemaps=tuple(u for u in _once(maps[:ENTRIES_MAX]) if on_outlet(u, outlet)),
    )


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
    if not is_article_page(url, outlet):
        return False
    if outlet.article_url is not None:
        return True
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    slug = path.rsplit("/", 1)[-1]
    named = len([w for w in re.split(r"[-_]", slug) if w]) >= ARTICLE_SLUG_MIN_WORDS
    numbered = bool(re.search(r"\d{4,}", path + "?" + parts.query))
    return (named or numbered) and len(text.split()) >= ARTICLE_SLUG_MIN_WORDS


def absolute(href: str, base: str) -> str | None:
    """The address that a link leads to; None where it leads nowhere on the web."""
    try:
        url = urljoin(base, href.strip())
        canonical(url)
    except (Refused, ValueError):
        return None
    return url.split("#", 1)[0]


def _once(links: Iterator[str | None] | list[str | None]) -> Iterator[str]:
    seen: set[str] = set()
    for link in links:
        if link is not None and (key := canonical(link)) not in seen:
            seen.add(key)
            yield link


def _gunzipped(body: bytes) -> bytes:
    if body[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
                body = file.read(FEED_MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise Refused("not-sitemap", f"not gzip: {error}") from error
    if len(body) > FEED_MAX_BYTES:
        raise Refused("too-large", f"a sitemap of more than {FEED_MAX_BYTES} bytes")
    return body


def _text(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())
