"""Asking single addresses for a person who looks on: one page, or the addresses of outlets.

Scrapy runs in this process, once: only the command line calls this.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from newsroom.db import Database
from newsroom.errors import Later, NewsroomError, Refused
from newsroom.records import Via
from newsroom.settings import Settings
from scraper import settings as scrapy_settings
from scraper.extraction.extract import Extracted
from scraper.extraction.extractors import Extractors
from scraper.extraction.reading import Listing, Page, sent_headers
from scraper.manners import guard
from scraper.manners.hosts import Hosts, SharedHosts
from scraper.outlets import registry
from scraper.outlets.registry import Outlet
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
        headers=sent_headers(answer.headers),
        publisher=outlet.publisher.name if outlet else None,
        timezone=outlet.publisher.timezone if outlet else None,
    )
    with Extractors(1) as extractors:
        found = extractors.submit(page).result()
    if isinstance(found, Refused):
        raise found
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address of an outlet's file: through which door, and how it answered.

    ``names`` counts the addresses it named; None where it was not asked or has a ``problem``.
    """

    url: str
    door: Via
    names: int | None = None
    problem: str | None = None

    @property
    def serves(self) -> bool:
        """Whether it was asked and named something."""
        return self.names is not None


def unasked(outlets: Sequence[Outlet]) -> dict[str, list[Address]]:
    """Every address of each outlet, by id, none of them asked."""
    return {
        outlet.publisher.publisher_id: [
            Address(url=url, door=door)
            for door, urls in (
                (Via.FRONT_PAGE, (outlet.front_page,)),
                (Via.FEED, outlet.feeds),
                (Via.SITEMAP, outlet.sitemaps),
            )
            for url in urls
        ]
        for outlet in outlets
    }


def check(settings: Settings, outlets: Sequence[Outlet]) -> dict[str, list[Address]]:
    """Every address of each outlet, by id, as it answers now."""
    answers = _ask(settings, [url for outlet in outlets for url in outlet.addresses], outlets)
    with Extractors(1) as extractors:
        return {
            outlet.publisher.publisher_id: [
                _asked(address, answers[address.url], outlet, extractors) for address in addresses
            ]
            for outlet, addresses in zip(outlets, unasked(outlets).values(), strict=True)
        }


def _asked(
    address: Address, answer: Response | Exception, outlet: Outlet, extractors: Extractors
) -> Address:
    if isinstance(answer, Exception):
        line = f"{type(answer).__name__}: {answer}".splitlines()[0][:200]
        return replace(address, problem=line)
    if answer.status != 200:
        return replace(address, problem=f"answered {answer.status}")
    listing = Listing(body=answer.body, url=answer.url, outlet=outlet, door=address.door)
    found = extractors.discover(listing).result()
    if isinstance(found, Refused):
        return replace(address, problem=found.message)
    names = len(found.pages) + len(found.sitemaps)
    if not names:
        return replace(address, problem="no article addresses in it")
    return replace(address, names=names)


def _ask(
    settings: Settings, urls: Sequence[str], outlets: Sequence[Outlet]
) -> dict[str, Response | Exception]:
    answers: dict[str, Response | Exception] = {}
    with ExitStack() as stack:
        hosts: Hosts | None = None
        if settings.database_url is not None:  # then its pace is that of all crawlers
            hosts = SharedHosts(stack.enter_context(Database(settings.require_database())))
        process = CrawlerProcess(scrapy_settings.build(settings, outlets, {}, hosts=hosts))
        process.crawl(ProbeSpider, urls=urls, answers=answers)
        process.start()
    return {url: answers.get(url, Later("fetch-failed", f"{url}: no answer")) for url in urls}
