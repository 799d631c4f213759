"""The verbs that bring news in: crawl, fetch, import, extract."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from scraper.archives import commands as archive_commands
from scraper.frontpage import commands as frontpage_commands
from scraper.outlets import commands as publishers_commands
from scraper.revisions import commands as revisions_commands
from scraper.terminal import bar as _bar
from scraper.terminal import cores as _cores
from scraper.terminal import current as _current
from scraper.terminal import ring as _ring

app = typer.Typer()
app.add_typer(archive_commands.app)
app.add_typer(revisions_commands.app)
app.add_typer(frontpage_commands.app)
app.add_typer(publishers_commands.app, name="publishers")
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
    from scraper import summary
    from scraper.outlets import registry

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
    from scraper import importing, summary, tables
    from scraper.outlets import registry

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


def _say_what_next() -> None:
    print("Old articles are grouped on request: newsroom events group --all", file=sys.stderr)
