"""WARC files in: the same way as a crawl, without the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from newsroom import ids
from newsroom.db import Database
from newsroom.errors import Refused
from newsroom.records import Article, RawPage, Via
from newsroom.urls import canonical, registered_domain
from scraper import archive, intake
from scraper.archive import BrokenArchiveError, Response
from scraper.extractors import Extractors, Outcome
from scraper.intake import Incoming, Tally
from scraper.reading import Page
from scraper.registry import Registry

SKIPPED = frozenset({"not-html"})  # images and the like are no pages: counted, not kept


@dataclass(slots=True)
class ReplayReport:
    """What a replay did. ``broken`` has one line for each damaged file."""

    tally: Tally = field(default_factory=Tally)
    skipped: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def replay(
    db: Database,
    files: Iterable[Path],
    registry: Registry,
    *,
    processes: int = 1,
    ring: Callable[[int], object] | None = None,
    progress: Callable[[int], object] | None = None,
) -> ReplayReport:
    """Extract and store every page of the files; ``progress`` hears the pages of each batch."""
    report = ReplayReport()
    with Extractors(processes) as extractors:
        pages = _pages(files, registry, report)
        items = (_incoming(r, found, registry) for r, found in extractors.stream(pages))
        report.tally = intake.store(db, items, ring=ring, progress=progress)
    return report


def _pages(
    files: Iterable[Path], registry: Registry, report: ReplayReport
) -> Iterator[tuple[Response, Page | Refused]]:
    now = datetime.now(UTC)
    for path in files:
        try:
            for response in archive.responses(path):
                refused = response.refused
                if refused is not None and refused.code in SKIPPED:
                    report.skipped[refused.code] += 1
                elif 300 <= response.status < 400:
                    report.skipped["redirect"] += 1
                elif refused is not None:
                    yield response, refused
                elif response.status != 200:
                    yield response, Refused("http-status", f"the server answered {response.status}")
                else:
                    yield response, _page(response, registry, now)
        except BrokenArchiveError as error:
            report.broken.append(error.message)


def _page(response: Response, registry: Registry, now: datetime) -> Page:
    outlet = registry.of_url(response.url)
    publisher = outlet.publisher if outlet else None
    return Page(
        html=response.body,
        url=response.url,
        now=now,
        content_type=response.content_type,
        publisher=publisher.name if publisher else None,
        timezone=publisher.timezone if publisher else None,
        languages=(publisher.language,) if publisher else ("en",),
    )


def _incoming(response: Response, found: Outcome, registry: Registry) -> Incoming:
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
    page = _raw_page(response, address)
    article: Article | Refused
    if isinstance(found, Refused):
        article = found
    else:
        article = intake.article(
            found,
            publisher_id="",  # the intake knows it
            via=Via.REPLAY,
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


def _raw_page(response: Response, address: str) -> RawPage | None:
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
        via=Via.REPLAY,
        warc_file=response.file,
        warc_offset=response.offset,
        robots_rule=None,
    )
