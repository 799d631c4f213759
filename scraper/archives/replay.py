"""WARC files in: the same way as a crawl, without the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from newsroom import ids
from newsroom.db import Database
from newsroom.errors import Refused
from newsroom.records import Article, RawPage, Via
from newsroom.urls import canonical, registered_domain
from scraper import intake
from scraper.archives import warc
from scraper.archives.warc import Damage, Response, Source, Stored
from scraper.extraction.extractors import Extractors, Outcome
from scraper.extraction.reading import Page
from scraper.intake import Incoming, Tally
from scraper.outlets.registry import Registry

SKIPPED = frozenset({"not-html"})  # images and the like are no pages: counted, not kept


@dataclass(slots=True)
class Passed:
    """What was no page to read: ``skipped`` by kind, and the damaged stretches."""

    skipped: Counter[str] = field(default_factory=Counter)
    damaged: list[Damage] = field(default_factory=list)


@dataclass(slots=True)
class ReplayReport:
    """What a replay did."""

    tally: Tally = field(default_factory=Tally)
    passed: Passed = field(default_factory=Passed)


def replay(
    db: Database,
    sources: Iterable[Source],
    registry: Registry,
    extractors: Extractors,
    *,
    ring: Callable[[int], object] | None = None,
    progress: Callable[[int], object] | None = None,
) -> ReplayReport:
    """Extract and store every page of the files; ``progress`` hears the pages of each batch.

    A page that was stored before keeps its ids: where the extractor reads it as before nothing
    changes, where it reads it otherwise the article gets a revision that says so.
    """
    report = ReplayReport()
    read = extractors.stream(pages(sources, registry, report.passed))
    items = (incoming(response, found, registry) for response, found in read)
    report.tally = intake.store(db, items, ring=ring, progress=progress)
    return report


def pages(
    sources: Iterable[Source], registry: Registry, passed: Passed
) -> Iterator[tuple[Response, Page | Refused]]:
    """Every archived answer that may be an article, as a page to extract or already refused."""
    for source in sources:
        for response in warc.responses(source):
            if isinstance(response, Damage):
                passed.damaged.append(response)
            elif kind := skipped(response):
                passed.skipped[kind] += 1
            else:
                yield response, to_read(response, registry)


def skipped(response: Response) -> str | None:
    """Why an answer is no page at all; None for one that must end as article or refusal."""
    if response.refused is not None and response.refused.code in SKIPPED:
        return response.refused.code
    return "redirect" if 300 <= response.status < 400 else None


def to_read(response: Response, registry: Registry) -> Page | Refused:
    """The page as the extractor wants it.

    Ours is read as on the day of its fetch, whenever that happens again. Compilations of others
    name made-up days of fetching: they cannot bound what the page says of its own.
    """
    if response.refused is not None:
        return response.refused
    if response.status != 200:
        return Refused("http-status", f"the server answered {response.status}")
    outlet = registry.of_url(response.url)
    publisher = outlet.publisher if outlet else None
    return Page(
        html=response.body,
        url=response.url,
        now=response.fetched_at if response.ours else datetime.now(UTC),
        fetched_at=response.fetched_at,
        content_type=response.content_type,
        headers=response.headers,
        publisher=publisher.name if publisher else None,
        timezone=publisher.timezone if publisher else None,
        languages=(publisher.language,) if publisher else ("en",),
    )


def incoming(
    response: Response,
    found: Outcome,
    registry: Registry,
    *,
    via: Via = Via.REPLAY,
    stored: Stored | None = None,
) -> Incoming:
    """What the intake stores of an answer that lies at ``stored``, by default where it was read."""
    try:
        address = canonical(response.asked_url)
    except Refused as refusal:
        return Incoming(
            source=f"{response.file}:{response.offset}",
            url=None,
            publisher=None,
            found=refusal,
            at=response.fetched_at,
        )
    outlet = registry.of_url(response.url)
    publisher = (
        outlet.publisher if outlet else registered_domain(urlsplit(response.url).hostname or "")
    )
    page = _raw_page(response, address, via, stored)
    article: Article | Refused
    if isinstance(found, Refused):
        article = found
    else:
        article = intake.article(
            found,
            publisher_id="",  # the intake knows it
            via=via,
            fetched_at=response.fetched_at,
            page_id=page.page_id if page else None,
        )
    return Incoming(
        source=address,
        url=response.asked_url,
        publisher=publisher,
        page=page,
        found=article,
        at=response.fetched_at,
    )


def page_id(response: Response) -> str | None:
    """The id that this answer's page has or would have; None without a body or an address."""
    if response.refused is not None:
        return None
    try:
        return ids.page_id(canonical(response.asked_url), ids.body_sha256(response.body))
    except Refused:
        return None


def _raw_page(response: Response, address: str, via: Via, stored: Stored | None) -> RawPage | None:
    if response.refused is not None:
        return None  # its body was not read
    body_sha256 = ids.body_sha256(response.body)
    return RawPage(
        page_id=ids.page_id(address, body_sha256),
        url=response.asked_url,
        final_url=response.url,
        canonical_url=address,
        publisher_id="",  # the intake knows it
        fetched_at=response.fetched_at,
        status=response.status,
        content_type=response.content_type,
        body_sha256=body_sha256,
        body_bytes=len(response.body),
        via=via,
        warc_file=stored.file if stored else response.file,
        warc_offset=stored.offset if stored else response.offset,
        robots_rule=None,
    )
