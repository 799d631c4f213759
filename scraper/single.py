"""Asking single addresses for a person who looks on: one page, or the addresses of outlets.

Scrapy runs in this process, once: only the command line calls this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from newsroom.errors import Later, NewsroomError, Refused
from newsroom.records import Via
from newsroom.settings import Settings
from scraper import discover, guard, registry
from scraper import settings as scrapy_settings
from scraper.extract import Extracted
from scraper.extractors import Extractors
from scraper.reading import Page
from scraper.registry import Outlet
from scraper.spiders.probe import ProbeSpider


def fetch(settings: Settings, url: str) -> Extracted:
    """One page from the network as an article. Raises Refused, or Later ``fetch-failed``."""
    guard.check_url(url)
    outlets = registry.load()
    answer = _ask(settings, [url], outlets.outlets)[url]
    if isinstance(answer, NewsroomError):
        raise answer
    if isinstance(answer, Exception):
        raise Later("fetch-failed", f"{url}: {type(answer).__name__}: {answer}")
    if answer.status != 200:
        raise Refused("http-status", f"{url}: the server answered {answer.status}")
    outlet = outlets.of_url(answer.url)
    content_type = answer.headers.get("Content-Type")
    page = Page(
        html=answer.body,
        url=answer.url,
        now=datetime.now(UTC),
        content_type=content_type.decode("latin-1") if content_type else None,
        publisher=outlet.publisher.name if outlet else None,
        timezone=outlet.publisher.timezone if outlet else None,
    )
    with Extractors(1) as extractors:
        found = extractors.submit(page).result()
    if isinstance(found, Refused):
        raise found
    return found


def check(settings: Settings, outlets: Sequence[Outlet]) -> dict[str, list[str]]:
    """What is wrong with each outlet's addresses now; an empty list where all of them serve."""
    urls = [url for o in outlets for url in (o.front_page, *o.feeds, *o.sitemaps)]
    answers = _ask(settings, urls, outlets)
    return {
        outlet.publisher.publisher_id: [
            problem
            for url in (outlet.front_page, *outlet.feeds, *outlet.sitemaps)
            if (problem := _problem(url, answers[url], outlet))
        ]
        for outlet in outlets
    }


def _problem(url: str, answer: Response | Exception, outlet: Outlet) -> str | None:
    if isinstance(answer, Exception):
        return f"{url}: {type(answer).__name__}: {answer}".splitlines()[0][:200]
    if answer.status != 200:
        return f"{url}: answered {answer.status}"
    door = (
        Via.FRONT_PAGE
        if url == outlet.front_page
        else Via.FEED
        if url in outlet.feeds
        else Via.SITEMAP
    )
    try:
        found = discover.links(answer.body, answer.url, outlet, door)
    except Refused as refusal:
        return f"{url}: {refusal.message}"
    return None if found.pages or found.sitemaps else f"{url}: no article addresses in it"


def _ask(
    settings: Settings, urls: Sequence[str], outlets: Sequence[Outlet]
) -> dict[str, Response | Exception]:
    answers: dict[str, Response | Exception] = {}
    process = CrawlerProcess(scrapy_settings.build(settings, outlets, {}))
    process.crawl(ProbeSpider, urls=urls, answers=answers)
    process.start()
    return {url: answers.get(url, Later("fetch-failed", f"{url}: no answer")) for url in urls}
