"""What today's extractor would make of archived pages, beside what is stored. Stores nothing."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from urllib.parse import urlsplit

from newsroom import ids
from newsroom.db import Database
from newsroom.errors import Refused
from newsroom.store import archive
from newsroom.store.archive import Reading
from newsroom.text import words
from newsroom.urls import canonical, registered_domain
from scraper.archives.replay import Passed, page_id, pages
from scraper.archives.warc import Response, Source
from scraper.extraction.extract import Extracted
from scraper.extraction.extractors import Extractors, Outcome
from scraper.outlets.registry import Registry

BATCH = 200
LARGEST = 50


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Change:
    """One page that reads otherwise now.

    ``words_changed`` is the share of words (0 … 1) that only one of the two texts has, counted as
    often as they stand; ``kinds`` are those of :func:`compare`.
    """

    words_changed: float
    url: str
    publisher: str
    kinds: tuple[str, ...]
    note: str


@dataclass(slots=True)
class DiffReport:
    """Pages by what changed, for each outlet; ``largest`` holds the biggest changes first."""

    outlets: dict[str, Counter[str]] = field(default_factory=dict)
    largest: list[Change] = field(default_factory=list)
    passed: Passed = field(default_factory=Passed)

    @property
    def total(self) -> Counter[str]:
        """All outlets together; a page with several changes counts under each."""
        return sum(self.outlets.values(), Counter())


def diff(
    db: Database,
    sources: Iterable[Source],
    registry: Registry,
    extractors: Extractors,
    *,
    progress: Callable[[int], object] | None = None,
) -> DiffReport:
    """Extract every page of the files again and compare; ``progress`` hears pages of a batch."""
    report = DiffReport()
    read = extractors.stream(pages(sources, registry, report.passed))
    while batch := list(islice(read, BATCH)):
        for change in _compared(db, batch, registry):
            counts = report.outlets.setdefault(change.publisher, Counter())
            counts["pages"] += 1
            counts.update(change.kinds)
            if change.kinds not in {("same",), ("not-stored",)}:
                report.largest = heapq.nlargest(LARGEST, [*report.largest, change])
        if progress is not None:
            progress(len(batch))
    return report


def compare(before: Reading, now: Outcome) -> tuple[tuple[str, ...], float, str]:
    """Kinds of change, share of words changed, and a line for people.

    Kinds: ``same``, ``title``, ``text``, ``bylines``, ``date``, ``newly-refused``,
    ``newly-accepted``, ``refused-otherwise``, ``not-stored``.
    """
    if not before.known or (before.title is None and before.refused is None):
        return ("not-stored",), 0.0, ""
    if isinstance(now, Refused):
        if before.title is not None:
            return ("newly-refused",), 1.0, f"{now.code}: {now.message}"
        if before.refused == now.code:
            return ("same",), 0.0, ""
        return ("refused-otherwise",), 0.0, f"{before.refused} → {now.code}"
    if before.title is None:
        return ("newly-accepted",), 1.0, f"was {before.refused}"
    share = words_changed(before.text or "", now.text)
    kinds = tuple(kind for kind, changed in _changes(before, now) if changed)
    title = f"{before.title} → {now.title}" if "title" in kinds else now.title
    return kinds or ("same",), share, title


def words_changed(before: str, now: str) -> float:
    """Share of the words of both texts that only one of them has (1 − Dice on bags of words)."""
    old, new = Counter(words(before)), Counter(words(now))
    both = old.total() + new.total()
    return 1 - 2 * (old & new).total() / both if both else 0.0


def _changes(before: Reading, now: Extracted) -> Iterator[tuple[str, bool]]:
    yield "title", before.title != now.title
    yield "text", before.text != now.text
    yield "bylines", before.bylines != now.bylines
    yield "date", before.published_at != now.published_at


def _compared(
    db: Database, batch: list[tuple[Response, Outcome]], registry: Registry
) -> Iterator[Change]:
    keyed = [(response, found, _key(response, found)) for response, found in batch]
    with db.transaction() as conn:
        stored = archive.readings(conn, [key for _, _, key in keyed if key is not None])
    for response, found, key in keyed:
        before = stored[key[0]] if key is not None else Reading(known=False)
        kinds, share, note = compare(before, found)
        yield Change(
            words_changed=round(share, 4),
            url=response.url,
            publisher=before.publisher_id or _publisher(response, registry),
            kinds=kinds,
            note=note[:300],
        )


def _key(response: Response, found: Outcome) -> tuple[str, str, datetime] | None:
    page = page_id(response)
    if page is None:
        return None
    try:
        address = canonical(response.asked_url if isinstance(found, Refused) else found.url)
    except Refused:
        return None
    return page, ids.article_id(address), response.fetched_at


def _publisher(response: Response, registry: Registry) -> str:
    outlet = registry.of_url(response.url)
    if outlet is not None:
        return outlet.publisher.publisher_id
    return registered_domain(urlsplit(response.url).hostname or "")
