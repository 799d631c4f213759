"""Build the whole demo web as a mapping from (host, path and query) to a response; pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from scraper.demo import pages
from scraper.demo.content import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scraper.demo.model import Article, Content, OddPage, Outlet

# The demo web stands still at this instant: front pages say so, and files last changed then.
NOW = datetime(2026, 3, 11, 23, 0, tzinfo=UTC)
FEED_ENTRIES = 20
HTML = "text/html; charset=utf-8"
TRACKING = ("utm_", "fbclid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the server answers: status, headers without length and encoding, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All hosts and their pages."""

    pages: Mapping[tuple[str, str], Response]

    def get(self, host: str, target: str) -> Response:
        """Answer for a path and query; tracking parameters do not matter, all others do."""
        exact = self.pages.get((host, target))
        found = exact or self.pages.get((host, without_tracking(target)))
        return found or _html("<h1>404 Not Found</h1>", changed=NOW, status=404)


def without_tracking(target: str) -> str:
    """Drop tracking parameters from a path and query."""
    parts = urlsplit(target)
    kept = [(k, v) for k, v in parse_qsl(parts.query) if not k.startswith(TRACKING)]
    return parts.path + (f"?{urlencode(kept)}" if kept else "")


@cache
def build(edition: int) -> Site:
    """Build edition 1, or edition 2 in which the revised articles have changed."""
    content = load()
    articles = tuple(article.in_edition(edition) for article in content.articles)
    return Site(pages=dict(_all_pages(content, articles)))


def _all_pages(
    content: Content, articles: tuple[Article, ...]
) -> Iterator[tuple[tuple[str, str], Response]]:
    by_slug = {article.slug: article for article in articles}
    for outlet in content.outlets.values():
        own = tuple(article for article in reversed(articles) if article.outlet == outlet)
        odd = tuple(page for page in content.odd_pages if page.outlet == outlet)
        served = _Host(outlet=outlet, articles=own, odd_pages=odd).responses(by_slug)
        for target, response in served:
            yield (outlet.domain, target), response


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    """One outlet's site: its articles newest first and its odd pages."""

    outlet: Outlet
    articles: tuple[Article, ...]
    odd_pages: tuple[OddPage, ...]

    def responses(self, by_slug: Mapping[str, Article]) -> Iterator[tuple[str, Response]]:
        outlet = self.outlet
        if outlet.robots is not None:
            yield "/robots.txt", _respond(outlet.robots, "text/plain; charset=utf-8", NOW)
        yield pages.IMAGE_PATH, _respond(pages.image(outlet), "image/svg+xml", NOW)

        front = urlsplit(outlet.front_page).path
        if front != "/":
            yield "/", _redirect(outlet.front_page)
        yield front, _html(pages.front(outlet, self.articles, self.odd_pages), changed=NOW)
        for number, section in enumerate(outlet.sections):
            listed = tuple(a for a in self.articles if a.section == section)
            listing = pages.section(outlet, number, listed)
            yield pages.section_path(outlet, section), _html(listing, changed=NOW)

        for article in self.articles:
            changed = article.modified or article.published
            yield article.path, _html(pages.article(article, self.articles), changed=changed)
        for page in self.odd_pages:
            if page.kind == "redirect":
                yield page.path, _redirect(by_slug[page.target or ""].url)
            elif page.kind != "duplicate":  # a duplicate is its target, found without tracking
                html = pages.odd(page, self.articles)
                yield page.path, _html(html, changed=page.published or NOW)

        yield from self._feeds()
        yield from self._sitemaps()

    def _feeds(self) -> Iterator[tuple[str, Response]]:
        """The first feed carries the running stories; the last one everything that stands alone."""
        for url in self.outlet.feeds:
            listed = tuple(
                article
                for article in self.articles
                if url == self.outlet.feeds[0 if article.story else -1]
            )
            atom = "atom" in url
            yield (
                urlsplit(url).path,
                _respond(
                    pages.feed(self.outlet, listed[:FEED_ENTRIES], url=url, atom=atom, now=NOW),
                    "application/atom+xml" if atom else "application/rss+xml",
                    NOW,
                ),
            )

    def _sitemaps(self) -> Iterator[tuple[str, Response]]:
        for url in self.outlet.sitemaps:
            path = urlsplit(url).path
            if "index" in path:
                listed = f"http://{self.outlet.domain}/post-sitemap.xml"
                yield path, _respond(pages.sitemap_index(listed, now=NOW), "text/xml", NOW)
                path = "/post-sitemap.xml"
            xml = pages.sitemap(self.outlet, self.articles, news="news" in path)
            yield path, _respond(xml, "application/xml", NOW)


def _respond(body: str, content_type: str, changed: datetime, status: int = 200) -> Response:
    data = body.encode()
    return Response(
        status=status,
        headers={
            "Content-Type": content_type,
            "ETag": f'"{hashlib.sha256(data).hexdigest()[:16]}"',
            "Last-Modified": format_datetime(changed.astimezone(UTC), usegmt=True),
            "Cache-Control": "max-age=0, must-revalidate",
        },
        body=data,
    )


def _html(body: str, *, changed: datetime, status: int = 200) -> Response:
    return _respond(body, HTML, changed, status)


def _redirect(url: str) -> Response:
    headers = {"Content-Type": HTML, "Location": url}
    return Response(status=301, headers=headers, body=b"<p>Moved permanently.</p>")
