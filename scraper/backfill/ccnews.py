"""Archives of others, such as CC-NEWS, read once from end to end at constant memory.

Every page that is stored is first copied into our own archive, so that its row's bytes are ours.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from newsroom.db import Database
from newsroom.errors import Later, Refused
from newsroom.records import Via
from newsroom.store import pages
from scraper import intake
from scraper.archives import warc
from scraper.archives.archive import Archive
from scraper.archives.replay import incoming, page_id, skipped, to_read
from scraper.archives.warc import Damage, LocalFile, Response
from scraper.backfill.lease import Lease
from scraper.backfill.remote import RemoteFile
from scraper.extraction.extractors import Extractors, Outcome
from scraper.extraction.reading import Page
from scraper.intake import Incoming
from scraper.outlets.registry import Registry

STEP_PAGES = 200
STEP_S = 5.0
STRETCH = 1_000  # records without a page after which the place is noted all the same
# What is counted and not kept: another outlet, another language, no page.
NOT_KEPT = frozenset({"language"})
Tell = Callable[[str, int, int | None, int], object]


@dataclass(slots=True)
class FileReport:
    """What became of one file: ``state`` done, failed, busy or done-before; records by outcome."""

    name: str
    state: str
    records: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)
    message: str | None = None


@dataclass(slots=True)
class _Mark:
    """A page and the records without one before it, up to byte ``end``."""

    response: Response | None = None
    end: int = 0
    records: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)


def scope(registry: Registry, *, everything: bool) -> str:
    """What is wanted of a file: a registry with another outlet wants something else of it."""
    if everything:
        return "every outlet"
    domains = sorted(domain for outlet in registry.outlets for domain in outlet.domains)
    return f"known outlets {sha256(' '.join(domains).encode()).hexdigest()[:12]}"


def backfill(
    db: Database,
    files: Sequence[LocalFile | RemoteFile],
    registry: Registry,
    archive: Archive,
    extractors: Extractors,
    *,
    everything: bool = False,
    ring: Callable[[int], object] | None = None,
    tell: Tell | None = None,
) -> Iterator[FileReport]:
    """Read file after file, each from where the last run of it stopped.

    Files that another process reads, or that are done, are passed over. ``tell`` hears
    ``(file, bytes done, bytes in all, pages stored)``. Raises Misconfigured ``archive-full`` and
    Later, with everything before them committed.
    """
    wanted = scope(registry, everything=everything)
    for file in files:
        mark = str(file.size) if isinstance(file, LocalFile) else ""
        report = FileReport(file.name, "done")
        try:
            with Lease(db, kind="ccnews", source=file.name, scope=wanted, mark=mark) as lease:
                reader = _Reader(db, file, registry, archive, lease, report, ring, tell)
                start = lease.found.offset_bytes
                reader.read(extractors, start, everything=everything)
                lease.done()
        except Refused as refusal:
            report.state, report.message = "failed", f"{refusal.message} [{refusal.code}]"
        except Later as later:
            if later.code not in {"backfill-busy", "backfill-done"}:
                raise
            report.state = "busy" if later.code == "backfill-busy" else "done-before"
            report.message = later.message
        yield report


@dataclass(slots=True)
class _Reader:
    """One file on its way in."""

    db: Database
    file: LocalFile | RemoteFile
    registry: Registry
    archive: Archive
    lease: Lease
    report: FileReport
    ring: Callable[[int], object] | None
    tell: Tell | None
    stored: int = 0

    def read(self, extractors: Extractors, start: int, *, everything: bool) -> None:
        """Read on from byte ``start``, a step at a time."""
        step: list[tuple[_Mark, Outcome]] = []
        began = time.monotonic()
        for mark, found in extractors.stream(self._marks(start, everything=everything)):
            step.append((mark, found))
            if len(step) >= STEP_PAGES or time.monotonic() - began > STEP_S:
                self._commit(step)
                step, began = [], time.monotonic()
        if step:
            self._commit(step)

    def _marks(self, start: int, *, everything: bool) -> Iterator[tuple[_Mark, Page | Refused]]:
        def known(url: str) -> bool:
            return self.registry.of_url(url) is not None

        mark = _Mark(end=start)
        wanted = warc.anything if everything else known
        for response in warc.responses(self.file, start=start, wanted=wanted):
            mark.end = response.end
            mark.records += 1
            if isinstance(response, Damage):
                mark.passed["damaged"] += 1
                mark.damaged.append(str(response))
            elif kind := _passed(response):
                mark.passed[kind] += 1
            else:
                mark.response = response
                yield mark, to_read(response, self.registry)
                mark = _Mark(end=response.end)
            if mark.records >= STRETCH:
                yield mark, _NOTHING
                mark = _Mark(end=response.end)
        yield mark, _NOTHING

    def _commit(self, step: list[tuple[_Mark, Outcome]]) -> None:
        """Copy into the archive, then pages, articles and the new place in one transaction."""
        counts: Counter[str] = Counter()
        records = 0
        kept: list[tuple[Response, Outcome]] = []
        for mark, found in step:
            counts.update(mark.passed)
            records += mark.records
            self.report.damaged += mark.damaged
            if mark.response is None:
                continue
            if isinstance(found, Refused) and found.code in NOT_KEPT:
                counts[found.code] += 1
            else:
                kept.append((mark.response, found))
        items = self._archived(kept)
        with self.db.transaction() as conn:
            tally = intake.take_in(conn, items)
            counts.update(tally.stored)
            counts.update(tally.refused)
            self.lease.advance(
                conn,
                offset_bytes=step[-1][0].end,
                records=records,
                counts=counts,
                size_bytes=self.file.size,
            )
        if self.ring is not None and tally.fresh:
            self.ring(tally.fresh)
        self.report.records += records
        self.report.counts.update(counts)
        self.stored += tally.stored.total()
        if self.tell is not None:
            self.tell(self.file.name, step[-1][0].end, self.file.size, self.stored)

    def _archived(self, kept: list[tuple[Response, Outcome]]) -> list[Incoming]:
        """Each page with its place in our archive; one that is there already is not copied."""
        named = [page_id(response) for response, _ in kept]
        with self.db.transaction() as conn:
            known = pages.known(conn, [name for name in named if name is not None])
        items = []
        for (response, found), name in zip(kept, named, strict=True):
            place = None
            if name is not None and name not in known:
                place = self.archive.write(
                    url=response.url,
                    asked_url=response.asked_url,
                    fetched_at=response.fetched_at,
                    status=response.status,
                    headers=list(response.headers),
                    body=response.body,
                    sync=False,
                )
                known.add(name)
            items.append(incoming(response, found, self.registry, via=Via.BACKFILL, stored=place))
        self.archive.sync()
        return items


_NOTHING = Refused("not-wanted", "records without a page")


def _passed(response: Response) -> str | None:
    """Why a record brings no page; None for one that must end as article or refusal."""
    if response.refused is not None and response.refused.code in {"not-wanted", "bad-url"}:
        return response.refused.code
    return skipped(response) or ("http-status" if response.status != 200 else None)
