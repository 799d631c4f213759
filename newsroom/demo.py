"""The demo: the whole job on a made-up news web, with the truth beside it. A composition root.

Each step is idempotent, so a run that was killed is finished by the next one.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from annotator.coverage.judging import judge_stored
from annotator.events import state
from annotator.events.commands import EARLIEST
from annotator.grouping import regroup
from newsroom import demo_llm, demo_stories, process, queue, site
from newsroom.db import Database
from newsroom.demo_llm import PANEL
from newsroom.demo_score import score
from newsroom.errors import Misconfigured
from newsroom.records import WorkStage
from newsroom.settings import Settings
from newsroom.site import Children
from newsroom.stack import free_port
from newsroom.store import totals, work
from scraper.crawl import CrawlReport, crawl
from scraper.demo.server import DemoServer
from scraper.outlets.registry import load

EDITIONS = (1, 2)  # the second changes some pages: a silent edit, a correction
PROCESSES = 2
LEASE_S = 60.0
STALLED_S = 120.0


@dataclass(slots=True)
class Report:
    """What the summary tells."""

    seconds: dict[str, float] = field(default_factory=dict)
    crawls: list[CrawlReport] = field(default_factory=list)
    totals: dict[str, Any] = field(default_factory=dict)
    score: dict[str, Any] = field(default_factory=dict)
    stories: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""
    second: dict[str, Any] = field(default_factory=dict)


def run(settings: Settings, *, home: Path, once: bool, llm: bool = False) -> None:
    """Run the demo in ``home``; stay up unless ``once``. SIGKILL at any moment loses nothing.

    With ``llm`` a small served model labels some of the articles as a second run.
    """
    settings = settings.model_copy(
        update={
            "home": home.absolute(),
            "port": _port(settings.port),
            "work": settings.work.model_copy(
                update={"lease_s": LEASE_S, "sweep_s": 2.0, "batch": 16}
            ),
        }
    )
    report = Report()
    with _timed(report, "start"):
        running = site.running(settings, processes=PROCESSES)
        ready, children = running.__enter__()
    try:
        report.address = site.address(ready)
        print(f"Newsroom is at {report.address}  (watch it fill)", file=sys.stderr, flush=True)
        _work(ready, children, report, llm=llm)
        _show(report)
        if not once:
            print(f"\nNewsroom is at {report.address}  (Ctrl-C stops everything)", flush=True)
            site.watch(ready, children)
    finally:
        running.__exit__(None, None, None)


def _port(wanted: int) -> int:
    """The wanted port, or any free one: a demo should not fail because 8000 is taken."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
    return wanted


def _work(settings: Settings, children: Children, report: Report, *, llm: bool) -> None:
    outlets = load(demo=True).outlets
    doorbell = queue.make_app(settings)
    with (
        DemoServer.start() as web,
        Database(settings.require_database(), size_max=2) as db,
        Progress(
            TextColumn("{task.description:10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        ) as progress,
    ):
        for edition in EDITIONS:
            web.set_edition(edition)
            crawled = progress.add_task(f"crawl {edition}", total=None)
            with _timed(report, f"crawl {edition}"):
                report.crawls.append(
                    crawl(
                        settings,
                        outlets,
                        demo_address=web.address,
                        revisit=edition > 1,
                        progress=lambda *_, bar=crawled: progress.advance(bar),
                        ring=lambda new: queue.ring(doorbell, -(-new // settings.work.batch)),
                    )
                )
            # Labels of this edition are made before the next one supersedes its texts.
            with _timed(report, f"label {edition}"):
                _drain(db, settings, children, progress, edition)
        with _timed(report, "group"):
            regroup(db, EARLIEST)
        with _timed(report, "facts and timelines"):
            state.refresh_changed(db)
            judge_stored(db, now=datetime.now(UTC), since=EARLIEST)
        if llm:
            with _timed(report, "ask model"):
                report.second = demo_llm.label(settings, db, progress)
        with _timed(report, "check"):
            _check_served(report.address)
            with db.transaction() as conn:
                report.totals = totals.of_everything(conn)
                report.stories = demo_stories.told(conn)
                report.score = score(conn) | demo_stories.score(report.stories)


def _drain(
    db: Database, settings: Settings, children: Children, progress: Progress, edition: int
) -> None:
    queue.ring(queue.make_app(settings), PROCESSES)
    bar = progress.add_task(f"label {edition}", total=None)
    total, last_change = 0, time.monotonic()
    left = -1
    while left != 0:
        with db.transaction() as conn:
            now_left = sum(work.open_rows(conn, stage) for stage in WorkStage)
        if now_left != left:
            left, last_change = now_left, time.monotonic()
        total = max(total, left)
        progress.update(bar, total=total, completed=total - left)
        if time.monotonic() - last_change > STALLED_S:
            raise Misconfigured(
                "demo-stalled",
                f"no label for {STALLED_S:.0f} s: {process.tail(children.log('worker'), 3)}",
            )
        site.revive(settings, children)
        time.sleep(site.WATCH_S)


def _check_served(address: str) -> None:
    with httpx2.Client(base_url=address, timeout=30, follow_redirects=True) as client:
        for path in ("readyz", "v1/articles?limit=1", "v1/events?limit=1", ""):
            answer = client.get(path)
            if answer.status_code != 200:
                raise Misconfigured("demo-not-served", f"GET /{path} gave {answer.status_code}")


@contextmanager
def _timed(report: Report, name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    report.seconds[name] = round(time.monotonic() - started, 1)


def _show(report: Report) -> None:
    console = Console(stderr=True)
    counts = report.totals
    table = Table(title="What the demo did", show_header=False, title_justify="left")
    table.add_row("fetched now", str(sum(c.fetched for c in report.crawls)))
    for name in ("pages", "articles", "revisions", "duplicates", "labels", "events", "stories"):
        table.add_row(name, str(counts[name]))
    for code, n in sorted(counts["refused"].items()):
        table.add_row(f"refused: {code}", str(n))
    for stage, n in sorted(counts["work"].items()):
        table.add_row(f"work: {stage}", str(n))
    for name, seconds in report.seconds.items():
        table.add_row(f"seconds: {name}", f"{seconds:.1f}")
    for name, value in report.score.items():
        table.add_row(f"against the truth: {name}", str(value))
    console.print(table)
    console.print(demo_stories.table(report.stories))
    summary = {
        "address": report.address,
        "totals": counts,
        "seconds": report.seconds,
        "truth": report.score,
        "stories": report.stories,
    }
    if second := report.second:
        summary["second_run"] = second
        pair = f"{second['promoted'][:12]} {second['run'][:12]}"
        console.print(f"Two runs to compare: newsroom runs compare {pair} --panel {PANEL}")
    print(json.dumps(summary))
