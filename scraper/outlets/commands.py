"""The verbs of the outlets: list, check, health, audit, rate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from scraper.terminal import current

app = typer.Typer(help="The outlets we know, and how well we hear them.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Outlets = Annotated[list[str] | None, typer.Argument(help="Outlet ids; all of them by default.")]
Demo = Annotated[bool, typer.Option("--demo", help="The made-up outlets of `newsroom demo`.")]
EXIT_FLOOR = 3


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every outlet that has a file.

    Example: newsroom publishers list
    """
    from scraper import summary
    from scraper.outlets import registry

    summary.outlets(registry.load().outlets, as_json=as_json)


@app.command()
def check(
    outlets: Outlets = None,
    live: Annotated[
        bool, typer.Option(help="Ask the outlets: front page, feeds, sitemaps.")
    ] = False,
    write: Annotated[
        bool, typer.Option(help="Mark files verified whose every address serves; needs --live.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read every outlet file strictly and name each address; with --live also ask them all.

    Example: newsroom publishers check apnews --live
    """
    from datetime import UTC, datetime

    from newsroom.errors import BadRequest
    from scraper import single, summary
    from scraper.outlets import files as outlet_files
    from scraper.outlets import registry

    if write and not live:
        raise BadRequest("not-live", "--write marks what --live has found to serve: give both")
    chosen = registry.load().chosen(outlets or [])
    found = single.check(current(), chosen) if live else single.unasked(chosen)
    summary.checks(chosen, found, as_json=as_json)
    today = datetime.now(UTC).date()
    for outlet in chosen if live else ():
        if not all(address.serves for address in found[outlet.publisher.publisher_id]):
            continue
        path = outlet_files.path(outlet)
        if write:
            text = outlet_files.verified(path.read_text(encoding="utf-8"), today)
            path.write_text(text, encoding="utf-8")
        elif not outlet.publisher.verified:
            lines = outlet_files.verified_lines(today).strip().replace("\n", ", ")
            print(f"every address serves; to be written: {path.name}: {lines}", file=sys.stderr)
    if live and not all(address.serves for addresses in found.values() for address in addresses):
        raise SystemExit(1)


@app.command()
def health(
    outlets: Outlets = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days up to today.")] = 14,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """How well each outlet was heard: a row of days each, then the gaps by name.

    Example: newsroom publishers health apnews --days 30
    """
    from datetime import UTC, datetime

    from newsroom.db import Database
    from scraper import summary
    from scraper.outlets import registry, sources

    chosen = registry.load(demo=demo).chosen(outlets or [])
    with Database(current().require_database()) as db, db.transaction() as conn:
        heard = sources.history(conn, chosen, days, now=datetime.now(UTC))
    summary.health(heard, as_json=as_json)


@app.command()
def audit(
    outlets: Outlets = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days that are over.")] = 1,
    demo: Demo = False,
    as_json: Json = False,
) -> None:
    """Judge the last days again from the tables; exit code 3 where an outlet was not heard.

    Example: newsroom publishers audit --days 7
    """
    from datetime import UTC, datetime

    from newsroom.db import Database
    from scraper import summary
    from scraper.outlets import registry, sources
    from scraper.outlets.health import UNHEARD

    settings = current()
    chosen = registry.load(demo=demo).chosen(outlets or [])
    with Database(settings.require_database()) as db:
        judged = sources.audit(db, settings, chosen, days, now=datetime.now(UTC))
    summary.audit(judged, as_json=as_json)
    if any(day.verdict in UNHEARD for day in judged):
        raise SystemExit(EXIT_FLOOR)


@app.command()
def rate(
    data: Annotated[
        Path, typer.Option(envvar="NEWSROOM_DATA_DIR", help="Folder of the dated lean labels.")
    ],
    write: Annotated[bool, typer.Option(help="Write [reference_lean] into the files.")] = False,
    as_json: Json = False,
) -> None:
    """Count how others rated each outlet, and when, from dated labels of their articles.

    Example: newsroom publishers rate --data ../data --write
    """
    from scraper import summary
    from scraper.outlets import files as outlet_files
    from scraper.outlets import reference_lean, registry

    outlets = registry.load().outlets
    labels = reference_lean.read(data)
    found = {
        o.publisher.publisher_id: reference_lean.of_domains(o.domains, labels) for o in outlets
    }
    for outlet in outlets if write else ():
        path = outlet_files.path(outlet)
        lean = found[outlet.publisher.publisher_id]
        text = outlet_files.rated(path.read_text(encoding="utf-8"), lean)
        path.write_text(text, encoding="utf-8")
    summary.leans(found, as_json=as_json)
