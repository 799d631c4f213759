"""Crawl outlets in a child process, because Twisted's reactor runs once in the life of one.

The child reads its job from stdin and reports on stdout, a JSON object a line. It holds on to
stdin and ends when that closes, so that it never outlives its caller.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from newsroom.errors import BadRequest, Later, Misconfigured, NewsroomError, Refused
from newsroom.records import Via
from newsroom.settings import Settings
from scraper.intake import Tally
from scraper.job import Job, Past, encode
from scraper.outlets import sources
from scraper.outlets.registry import Outlet

CHILD = (sys.executable, "-m", "scraper.crawl_child")
DOORS = (Via.FRONT_PAGE, Via.FEED, Via.SITEMAP)
_ERRORS = {kind.__name__: kind for kind in (BadRequest, Later, Misconfigured, Refused)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletReport:
    """What the crawl of one outlet did.

    ``listings`` counts front pages, feeds and sitemaps by outcome (answered, empty, unchanged, or
    a code), ``stored`` articles by outcome (new, revised, unchanged, same-text, near-copy),
    ``refused`` pages by code, ``failed`` addresses that may answer another time.
    """

    publisher_id: str
    fetched: int
    stored: dict[str, int]
    refused: dict[str, int]
    failed: dict[str, int]
    notes: list[str]
    listings: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """All outlets of one run, and how long it took."""

    outlets: list[OutletReport]
    seconds: float
    tally: Tally = field(default_factory=Tally)

    @property
    def fetched(self) -> int:
        """Article pages that were answered."""
        return sum(outlet.fetched for outlet in self.outlets)

    @property
    def failed(self) -> Counter[str]:
        """Addresses that may answer another time, by kind."""
        return sum((Counter(outlet.failed) for outlet in self.outlets), Counter())


def crawl(
    settings: Settings,
    outlets: Sequence[Outlet],
    *,
    demo_address: tuple[str, int] | None = None,
    revisit: bool = False,
    limit: int | None = None,
    doors: Collection[Via] = DOORS,
    timeout_s: float | None = None,
    past: Past | None = None,
    progress: Callable[[int], object] | None = None,
    ring: Callable[[int], object] | None = None,
) -> CrawlReport:
    """Crawl outlets once and store what they publish.

    ``demo_address`` is where demo outlets live; ``revisit`` fetches known addresses again;
    ``limit`` caps articles per outlet, ``doors`` says where addresses are looked for, after
    ``timeout_s`` nothing new is asked; ``past`` goes with the door ``backfill``. ``progress``
    hears the pages done so far, ``ring`` the number of new articles after each commit. Raises what
    the child raised, or NewsroomError ``crawl-died``.
    """
    job = Job(
        settings=settings,
        outlets=tuple(outlets),
        demo_address=demo_address,
        revisit=revisit,
        limit=limit,
        doors=tuple(doors),
        timeout_s=timeout_s,
        past=past,
    )
    started, started_at = time.monotonic(), datetime.now(UTC)
    sources.begin(settings, job.outlets, job.doors, started_at)
    process = subprocess.Popen(
        CHILD,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C reaches us; the child follows when its stdin closes
    )
    assert process.stdin is not None
    assert process.stdout is not None
    done: list[dict[str, Any]] | None = None
    pages = 0
    try:
        process.stdin.write(encode(job) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "page":
                if ring is not None and event["fresh"]:
                    ring(event["fresh"])
                pages += 1
                if progress is not None:
                    progress(pages)
            elif event["event"] == "error":
                kind = _ERRORS.get(event["kind"], NewsroomError)
                raise kind(event["code"], event["message"])
            else:
                done = event["outlets"]
    except BrokenPipeError:
        done = None
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
    if done is None:
        raise NewsroomError("crawl-died", f"the crawl ended early (exit code {process.returncode})")
    reports = [OutletReport(**item) for item in done]
    sources.end(settings, job.outlets, reports, started_at=started_at, ended_at=datetime.now(UTC))
    tally = Tally()
    for report in reports:
        tally.stored.update(report.stored)
        tally.refused.update(report.refused)
    return CrawlReport(outlets=reports, seconds=time.monotonic() - started, tally=tally)
