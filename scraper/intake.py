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
from newsroom.store import articles, pages, publishers, revisits, sightings, takedowns
from newsroom.store.articles import Near, Stored
from newsroom.store.sightings import Finding
from newsroom.urls import canonical
from scraper import dedup
from scraper.dedup import Candidate, Copy, Reason
from scraper.extraction import credit
from scraper.extraction.extract import EXTRACTOR, Extracted
from scraper.revisions import changes, schedule
from scraper.revisions.schedule import Schedule

BATCH = 200  # one commit per row is 241 rows/s, in batches 48,000 (house.md 6.9)
STAGES = (WorkStage.LABEL, WorkStage.REMEMBER)
# Through these doors we look at an outlet as it is now; the others tell of an earlier time.
LIVE = frozenset({Via.FRONT_PAGE, Via.FEED, Via.SITEMAP, Via.FETCH, Via.REVISIT})
# What is stored and makes nothing due.
NOTHING_DUE = ("unchanged", "reverted", "earlier", "stale", "twin")
COMPARED_MAX = 5  # texts that are compared word by word


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
        return self.stored.total() - sum(self.stored[name] for name in NOTHING_DUE)


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
        form=found.form,
        page_id=page_id,
        via=via,
        extractor=EXTRACTOR,
        fetched_at=fetched_at,
        minhash=signature.minhash if signature else None,
        bands=signature.bands if signature else (),
    )


def take_all(
    db: Database,
    items: Sequence[Incoming],
    *,
    ring: Callable[[int], object] | None = None,
    plan: Schedule = schedule.DEFAULT,
) -> Tally:
    """Store a batch in one transaction, then ring once for what is new.

    ``plan`` says when articles are looked at again. Raises Later ``database-away``; nothing of
    the batch is stored then.
    """
    with db.transaction() as conn:
        tally = take_in(conn, items, plan=plan)
    if ring is not None and tally.fresh:
        ring(tally.fresh)
    return tally


def take_in(conn: Conn, items: Sequence[Incoming], *, plan: Schedule = schedule.DEFAULT) -> Tally:
    """Store a batch in the caller's transaction; whoever rings must do so after its commit."""
    tally, known = Tally(), dict[str, str]()
    articles.lock_intake(conn)
    for item in items:
        _take(conn, item, tally, known, plan)
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


def _take(conn: Conn, item: Incoming, tally: Tally, known: dict[str, str], plan: Schedule) -> None:
    if isinstance(item.found, Article) and takedowns.is_taken_down(conn, item.found.article_id):
        item = replace(item, found=Refused("taken-down", "the article was taken down"))
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
    tally.stored[_store(conn, new, item, plan)] += 1


def _store(conn: Conn, new: Article, item: Incoming, plan: Schedule) -> str:
    """Store one article, or what was seen of it; the name of the outcome."""
    stored_before = articles.known(conn, new.article_id)
    served_from = item.page.final_url if item.page else None
    looks = sightings.shown(conn, new.article_id) if stored_before else []
    new, finding = changes.read(new, served_from, stored_before, looks)
    if finding is Finding.TWIN:
        sightings.add(conn, new.article_id, new.fetched_at, finding, page_id=new.page_id)
        if new.via in LIVE:
            _watch(conn, new, Stored.UNCHANGED, plan)
        return finding
    copy = None
    if all(k.content_sha256 != new.content_sha256 for k in stored_before):
        copy = _copy(conn, new, _publisher_name(item))
    is_copy = copy is not None and copy.copy == new.article_id
    stored = articles.add(
        conn,
        new,
        stages=STAGES,
        duplicate_of=copy.original if copy and is_copy else None,
        duplicate_reason=copy.reason if copy and is_copy else None,
        wire_source=copy.source if copy and is_copy else _source(new),
        finding=finding,
    )
    if copy is not None and stored in {Stored.NEW, Stored.REVISED}:
        articles.join(
            conn,
            original=copy.original,
            copy=copy.copy,
            reason=copy.reason,
            wire_source=copy.source,
            own=copy.own,
        )
    if stored is not Stored.NEW:
        changes.settle(conn, new.article_id)
    if new.via in LIVE:
        _watch(conn, new, stored, plan)
    if finding is Finding.STALE:
        return finding
    return str(copy.reason) if copy and is_copy and stored is Stored.NEW else str(stored)


def _copy(conn: Conn, new: Article, publisher: str) -> Copy | None:
    """Of what this article is a copy, or what is a copy of it; None for a text of its own."""
    same = articles.same_text(conn, new.article_id, new.text_sha256)
    reason = Reason.SAME_TEXT
    if same is None and new.minhash is not None:
        reason = Reason.NEAR_COPY
        near = articles.near(conn, new.article_id, new.bands)
        likely = dedup.likely(new.minhash, ((n.minhash, n) for n in near if n.minhash))
        same = next(
            (
                n
                for n in likely[:COMPARED_MAX]
                if dedup.is_copy(new.text, articles.text(conn, n.article_id, n.revision))
            ),
            None,
        )
    if same is None:
        return None
    candidate = Candidate(
        article_id=new.article_id,
        publisher_id=new.publisher_id,
        publisher=publisher,
        agency=credit.agency(publisher),
        source=_source(new),
        first_at=new.published_at or new.fetched_at,
        names=new.bylines,
    )
    return dedup.judge(candidate, _candidate(same), reason)


def _candidate(stored: Near) -> Candidate:
    return Candidate(
        article_id=stored.article_id,
        publisher_id=stored.publisher_id,
        publisher=stored.publisher,
        agency=credit.agency(stored.publisher),
        source=stored.wire_source,
        first_at=stored.first_at,
    )


def _source(new: Article) -> str | None:
    """The agency that an article credits, or names as its author."""
    return new.credit or next((a for name in new.bylines if (a := credit.agency(name))), None)


def _watch(conn: Conn, seen: Article, stored: Stored, plan: Schedule) -> None:
    """Plan the next look at an article that an outlet shows now."""
    watch = revisits.watch(conn, seen.article_id)
    if watch is None:
        return
    at = seen.fetched_at
    changed = stored in {Stored.REVISED, Stored.REVERTED}
    next_at = schedule.next_look(
        plan,
        born_at=watch.born_at,
        changed_at=at if changed else watch.changed_at,
        checks=watch.checks + 1,
        now=at,
    )
    if revisits.begin(
        conn,
        seen.article_id,
        publisher_id=seen.publisher_id,
        url=seen.url,
        at=at,
        next_at=next_at,
    ):
        return
    status = "changed" if changed else "unchanged"
    revisits.looked(conn, seen.article_id, status, at=at, next_at=next_at)


def _publisher_name(item: Incoming) -> str:
    if isinstance(item.publisher, Publisher):
        return item.publisher.name
    return item.publisher_name or item.publisher or ""


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
