"""The verbs that bring news in: crawl, fetch, replay, import, extract, publishers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from newsroom import settings as settings_module
from newsroom.settings import Settings

app = typer.Typer()
publishers_app = typer.Typer(help="The outlets we know.", no_args_is_help=True)
app.add_typer(publishers_app, name="publishers")
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Outlets = Annotated[list[str] | None, typer.Argument(help="Outlet ids; all of them by default.")]
Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)]
Processes = Annotated[
    int | None, typer.Option(min=1, help="Extracting processes; one a core by default.")
]


@app.command()
def crawl(
    outlets: Outlets = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most articles of an outlet.")] = None,
    revisit: Annotated[bool, typer.Option(help="Fetch known addresses again.")] = False,
    as_json: Json = False,
) -> None:
    """Fetch what outlets publish, politely, and store it.

    Example: newsroom crawl apnews theguardian --limit 20
    """
    from scraper import crawl as crawl_module
    from scraper import registry, summary

    settings = _current()
    chosen = registry.load().chosen(outlets or [])
    settings.require_database()
    for outlet in chosen:
        if not outlet.publisher.verified:
            name = outlet.publisher.publisher_id
            print(f"{name}: its addresses were never checked (verified = false)", file=sys.stderr)
    with _bar("crawl", None) as advance:
        report = crawl_module.crawl(
            settings,
            chosen,
            revisit=revisit,
            limit=limit,
            progress=lambda _: advance(1),
            ring=_ring(settings),
        )
    summary.crawl(report, as_json=as_json)


@app.command()
def fetch(url: str) -> None:
    """Fetch one page and show what it becomes; nothing is stored.

    Example: newsroom fetch https://apnews.com/article/…
    """
    from scraper import single, summary

    summary.page(single.fetch(_current(), url))


@app.command()
def replay(
    files: Files,
    processes: Processes = None,
    as_json: Json = False,
) -> None:
    """Read WARC files in, ours or anyone's, without the network.

    Example: newsroom replay pages.warc.gz
    """
    from newsroom.db import Database
    from scraper import registry, summary
    from scraper import replay as replay_module

    settings = _current()
    with Database(settings.require_database()) as db, _bar("replay", None) as advance:
        report = replay_module.replay(
            db,
            files,
            registry.known(),
            processes=processes or _cores(),
            ring=_ring(settings),
            progress=advance,
        )
    summary.tally(report.tally, as_json=as_json, skipped=dict(report.skipped))
    _say_what_next()
    for line in report.broken:
        print(f"newsroom: {line} [archive-broken]", file=sys.stderr)
    if report.broken:
        raise SystemExit(1)


@app.command("import")
def import_(
    files: Files,
    columns: Annotated[
        list[str] | None, typer.Option("--map", help="column=field, repeatable.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Show the mapping and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Read articles that already are text: .jsonl, .jsonl.gz or .parquet.

    Example: newsroom import articles.parquet --map link=url
    """
    from datetime import UTC, datetime

    from newsroom.db import Database
    from scraper import importing, registry, summary, tables

    settings = _current()
    mappings = {}
    for path in files:
        names = tables.columns(path)
        mappings[path] = importing.mapping(names, columns or [])
        unused = [name for name in names if name not in mappings[path].values()]
        shown = ", ".join(f"{column} → {name}" for name, column in mappings[path].items())
        print(f"{path.name}: {shown}; not read: {', '.join(unused) or 'none'}", file=sys.stderr)
    if dry_run:
        return
    counts = [tables.count(path) for path in files]
    total = None if None in counts else sum(n for n in counts if n is not None)
    with Database(settings.require_database()) as db, _bar("import", total) as advance:
        tally = importing.import_files(
            db,
            mappings,
            registry.known(),
            now=datetime.now(UTC),
            ring=_ring(settings),
            progress=advance,
        )
    summary.tally(tally, as_json=as_json)
    _say_what_next()


@app.command()
def extract(
    source: Annotated[str, typer.Option("--input", help="pages.jsonl[.gz], - for stdin.")],
    target: Annotated[str, typer.Option("--output", help="out.jsonl, - for stdout.")],
    processes: Processes = None,
) -> None:
    """Extract pages from a file, without a database: {id, url, html} in, one line each out.

    Example: newsroom extract --input pages.jsonl.gz --output articles.jsonl
    """
    from datetime import UTC, datetime

    from scraper import offline, tables

    with (
        tables.opened(Path(source)) as lines,
        tables.created(Path(target)) as out,
        _bar("extract", None) as advance,
    ):
        report = offline.extract_lines(
            lines, out, processes=processes or _cores(), now=datetime.now(UTC), progress=advance
        )
    print(f"{report.lines} lines, {report.bad} of them no page", file=sys.stderr)
    if report.bad:
        raise SystemExit(1)


@publishers_app.command("list")
def publishers_list(as_json: Json = False) -> None:
    """Every outlet that has a file.

    Example: newsroom publishers list
    """
    from scraper import registry, summary

    summary.outlets(registry.load().outlets, as_json=as_json)


@publishers_app.command("check")
def publishers_check(
    outlets: Outlets = None,
    live: Annotated[
        bool, typer.Option(help="Ask the outlets: front page, feeds, sitemaps.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read every outlet file strictly; with --live also ask its addresses, one line an outlet.

    Example: newsroom publishers check apnews --live
    """
    from scraper import registry, single, summary

    chosen = registry.load().chosen(outlets or [])
    findings = single.check(_current(), chosen) if live else {}
    summary.checks(chosen, findings, as_json=as_json)
    if any(findings.values()):
        raise SystemExit(1)


def _current() -> Settings:
    """Settings, pointed at the embedded services where some are running for this home."""
    from newsroom import stack

    return stack.attach(settings_module.load())


def _say_what_next() -> None:
    print("Old articles are grouped on request: newsroom events group --all", file=sys.stderr)


def _cores() -> int:
    return os.cpu_count() or 1


def _ring(settings: Settings) -> Callable[[int], object] | None:
    """Ring the queue where there is one; without it the sweeper finds the work later."""
    if settings.broker_url is None and settings.redis_url is None:
        return None
    from newsroom import queue
    from scraper.tasks import queue_times

    celery = queue.make_app(settings)
    return lambda new: queue.ring(celery, queue_times(settings, new))


@contextmanager
def _bar(name: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr with count, rate and time; silent where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=total, rate="")

        def advance(n: int) -> None:
            progress.advance(task, n)
            speed = progress.tasks[0].speed
            progress.update(task, rate=f"{speed:.0f}/s" if speed else "")

        yield advance
