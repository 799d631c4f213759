"""The one way in for crawl, replay and import: outlet, page, article or refusal together.

Storing is idempotent by construction (ids are digests), so any run may be cut and repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from newsroom import ids
from newsroom.db import Conn, Database
from newsroom.errors import Refused
from newsroom.records import Article, Publisher, RawPage, Refusal, Via, WorkStage
from newsroom.store import articles, pages, publishers
from newsroom.urls import canonical
from scraper import dedup
from scraper.extract import EXTRACTOR, Extracted

BATCH = 200  # one commit per row is 241 rows/s, in batches 48,000 (house.md 6.9)
STAGES = (WorkStage.LABEL, WorkStage.REMEMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One page or line, and what became of it.

    ``publisher`` is an outlet's record, or a registered domain with ``publisher_name`` for one
    that has no file, or None where none is known (refusals only). ``source`` says where it came
    from: an address, or file and line.
    """

    source: str
    url: str | None
    publisher: Publisher | str | None
    publisher_name: str | None = None
    page: RawPage | None = None
    found: Article | Refused
    at: datetime


@dataclass(slots=True)
class Tally:
    """How many of what came in: ``stored`` by outcome, ``refused`` by code."""

    stored: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Count in another tally."""
        self.stored.update(other.stored)
        self.refused.update(other.refused)

    @property
    def total(self) -> int:
        """All that came in."""
        return self.stored.total() + self.refused.total()

    @property
    def fresh(self) -> int:
        """Articles or revisions that were not there before: what labelling is due for."""
        return self.stored.total() - self.stored["unchanged"]


def article(
    found: Extracted, *, publisher_id: str, via: Via, fetched_at: datetime, page_id: str | None
) -> Article:
    """The record of an extracted article. Refused ``bad-url`` where its address is none."""
    text_sha256 = ids.text_sha256(found.text)
    signature = dedup.signature(found.text)
    address = canonical(found.url)
    return Article(
        article_id=ids.article_id(address),
        publisher_id=publisher_id,
        url=found.url,
        canonical_url=address,
        title=found.title,
        text=found.text,
        text_sha256=text_sha256,
        content_sha256=ids.content_sha256(found.title, found.text),
        language=found.language,
        words=found.words,
        bylines=found.bylines,
        published_at=found.published_at,
        modified_at=found.modified_at,
        date_source=found.date_source,
        date_from=found.date_from,
        section=found.section,
        free_access=found.free_access,
        reservations=found.reservations,
        credit=found.credit,
        text_from=found.text_from,
        text_agreement=found.text_agreement,
        page_id=page_id,
        via=via,
        extractor=EXTRACTOR,
        fetched_at=fetched_at,
        minhash=signature.minhash if signature else None,
        bands=signature.bands if signature else (),
    )


def take_all(
    db: Database, items: Sequence[Incoming], *, ring: Callable[[int], object] | None = None
) -> Tally:
    """Store a batch in one transaction, then ring once for what is new.

    Raises Later ``database-away``; nothing of the batch is stored then.
    """
    tally, known = Tally(), dict[str, str]()
    with db.transaction() as conn:
        articles.lock_intake(conn)
        for item in items:
            _take(conn, item, tally, known)
    if ring is not None and tally.fresh:
        ring(tally.fresh)
    return tally


def store(
    db: Database,
    items: Iterable[Incoming],
    *,
    ring: Callable[[int], object] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Tally:
    """Store a stream in batches; ``progress`` hears how many came in with each."""
    total = Tally()
    stream = iter(items)
    while batch := list(islice(stream, BATCH)):
        total.add(take_all(db, batch, ring=ring))
        if progress is not None:
            progress(len(batch))
    return total


def _take(conn: Conn, item: Incoming, tally: Tally, known: dict[str, str]) -> None:
    publisher_id = _publisher_id(conn, item, known)
    if item.page is not None and publisher_id is not None:
        pages.add(conn, replace(item.page, publisher_id=publisher_id))
    if isinstance(item.found, Refused):
        refusal = item.found
        pages.refuse(
            conn,
            Refusal(
                refusal_id=ids.refusal_id(item.source, refusal.code),
                publisher_id=publisher_id,
                url=item.url,
                source=item.source,
                code=refusal.code,
                message=refusal.message,
                seen_at=item.at,
                page_id=item.page.page_id if item.page else None,
            ),
        )
        tally.refused[refusal.code] += 1
        return
    assert publisher_id is not None
    new = replace(item.found, publisher_id=publisher_id)
    same = articles.same_text(conn, new.article_id, new.text_sha256)
    near = articles.near(conn, new.article_id, new.bands) if same is None and new.bands else []
    copy = dedup.judge(new.minhash, same, near)
    stored = articles.add(
        conn,
        new,
        stages=STAGES,
        duplicate_of=copy.of if copy else None,
        duplicate_reason=copy.reason if copy else None,
    )
    outcome = copy.reason if copy and stored is articles.Stored.NEW else str(stored)
    tally.stored[outcome] += 1


def _publisher_id(conn: Conn, item: Incoming, known: dict[str, str]) -> str | None:
    if item.publisher is None:
        return None
    key = item.publisher if isinstance(item.publisher, str) else item.publisher.publisher_id
    if key not in known:
        if isinstance(item.publisher, str):
            known[key] = publishers.of_domain(conn, key, item.publisher_name)
        else:
            publishers.upsert(conn, [item.publisher])
            known[key] = key
    return known[key]
