"""The verbs of what is kept and of the past: replay, archive, backfill."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from scraper.terminal import bar, cores, current, ring

app = typer.Typer()
archive_app = typer.Typer(help="Every fetched page, as it came.", no_args_is_help=True)
backfill_app = typer.Typer(
    help="Bring the past in: archives of others, sitemaps, feeds.", no_args_is_help=True
)
app.add_typer(archive_app, name="archive")
app.add_typer(backfill_app, name="backfill")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Processes = Annotated[
    int | None, typer.Option(min=1, help="Extracting processes; one a core by default.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Most articles of this run.")]
Files = Annotated[
    list[Path] | None,
    typer.Argument(exists=True, dir_okay=False, readable=True, help="WARC files; ours by default."),
]


@app.command()
def replay(
    files: Files = None,
    diff: Annotated[bool, typer.Option(help="Compare with what is stored; store nothing.")] = False,
    processes: Processes = None,
    as_json: Json = False,
) -> None:
    """Read WARC files in, ours or anyone's, without the network.

    Example: newsroom replay pages.warc.gz --diff
    """
    from newsroom.db import Database
    from scraper.archives import replay as replay_module
    from scraper.archives import rereading, verifying
    from scraper.archives import summary as archive_summary
    from scraper.archives.warc import LocalFile
    from scraper.extraction.extractors import Extractors
    from scraper.outlets import registry

    settings = current()
    known = registry.known()
    sources = [LocalFile(path) for path in files or verifying.files_of(settings.archive_dir)]
    with (
        Database(settings.require_database()) as db,
        Extractors(processes or cores()) as extractors,
        bar("replay", None) as advance,
    ):
        if diff:
            found = rereading.diff(db, sources, known, extractors, progress=advance)
            passed = found.passed
        else:
            report = replay_module.replay(
                db, sources, known, extractors, ring=ring(settings), progress=advance
            )
            passed = report.passed
    if diff:
        archive_summary.diff(found, as_json=as_json)
    else:
        archive_summary.replay(report, as_json=as_json)
        print("Old articles are grouped on request: newsroom events group --all", file=sys.stderr)
    for damage in passed.damaged:
        print(f"newsroom: {damage} [archive-broken]", file=sys.stderr)
    if passed.damaged:
        raise SystemExit(1)


@archive_app.command("verify")
def verify(files: Files = None, as_json: Json = False) -> None:
    """Check the digest of every record, and that every page's row finds its bytes.

    Example: newsroom archive verify
    """
    from newsroom.db import Database
    from scraper.archives import summary as archive_summary
    from scraper.archives import verifying

    settings = current()
    chosen = files or verifying.files_of(settings.archive_dir)
    with Database(settings.require_database()) as db, bar("verify", None) as advance:
        report = verifying.verify(db, chosen, whole=files is None, progress=advance)
    archive_summary.verified(report, as_json=as_json)
    if report.wrong:
        raise SystemExit(1)


@archive_app.command("show")
def show(
    page_id: str,
    body: Annotated[bool, typer.Option(help="Only the body, byte for byte.")] = False,
    as_json: Json = False,
) -> None:
    """Print one archived answer: where it lies, its headers, its body.

    Example: newsroom archive show 0123456789abcdef0123456789abcdef --body
    """
    from newsroom.db import Database
    from scraper.archives import verifying

    settings = current()
    with Database(settings.require_database()) as db:
        found = verifying.find(db, settings.archive_dir, page_id)
    if found.refused is not None:
        raise found.refused
    about = {
        "page_id": page_id,
        "file": found.file,
        "offset": found.offset,
        "url": found.url,
        "asked_url": found.asked_url,
        "fetched_at": found.fetched_at.isoformat(),
        "status": found.status,
        "headers": [list(header) for header in found.headers],
        "body_bytes": len(found.body),
    }
    if body:
        sys.stdout.buffer.write(found.body)
    elif as_json:
        print(json.dumps(about, indent=1))
    else:
        print(f"{found.file}:{found.offset}  {found.fetched_at.isoformat()}\n{found.url}")
        print(f"HTTP {found.status}", *(f"{k}: {v}" for k, v in found.headers), "", sep="\n")
        sys.stdout.flush()
        sys.stdout.buffer.write(found.body + b"\n")


@backfill_app.command("ccnews")
def backfill_ccnews(
    files: Annotated[list[str], typer.Argument(help="WARC files, addresses, warc.paths.gz lists.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Pages of every outlet, not only of those we know.")
    ] = False,
    processes: Processes = None,
    as_json: Json = False,
) -> None:
    """Read CC-NEWS files in, each from where the last run stopped; lists may be shared by hosts.

    Example: newsroom backfill ccnews crawl-data/CC-NEWS/2026/11/warc.paths.gz
    """
    from newsroom.db import Database
    from scraper.archives import archive
    from scraper.archives import summary as archive_summary
    from scraper.backfill import ccnews, sources
    from scraper.backfill.remote import Web
    from scraper.extraction.extractors import Extractors
    from scraper.outlets import registry
    from scraper.terminal import byte_bar

    settings = current()
    reports = []
    with (
        Database(settings.require_database()) as db,
        archive.opened(settings) as pages,
        Extractors(processes or cores()) as extractors,
        byte_bar() as tell,
    ):
        wanted = list(sources.resolve(files, Web(db=db, crawl=settings.crawl)))
        read = ccnews.backfill(
            db,
            wanted,
            registry.load(),
            pages,
            extractors,
            everything=everything,
            ring=ring(settings),
            tell=tell,
        )
        for report in read:
            reports.append(report)
            if report.message:
                print(f"{report.name}: {report.state}: {report.message}", file=sys.stderr)
    archive_summary.backfilled(reports, as_json=as_json)
    if any(report.state == "failed" or report.damaged for report in reports):
        raise SystemExit(1)


@backfill_app.command("sitemap")
def backfill_sitemap(
    outlet: str,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Fetch what an outlet's sitemaps name of a window of days; run it again to go on.

    Example: newsroom backfill sitemap apnews --from 2026-01-01 --to 2026-01-31
    """
    _outlet_backfill(outlet, "sitemap", since, until, limit, as_json=as_json)


@backfill_app.command("feed")
def backfill_feed(
    outlet: str,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Fetch what an outlet's paged feeds (RFC 5005) name, back to a day.

    Example: newsroom backfill feed propublica --from 2026-01-01
    """
    _outlet_backfill(outlet, "feed", since, None, limit, as_json=as_json)


@backfill_app.command("list")
def backfill_list(as_json: Json = False) -> None:
    """Every source of the past, how far it was read, and who reads it.

    Example: newsroom backfill list
    """
    from newsroom.db import Database
    from newsroom.store import backfill
    from scraper.archives import summary as archive_summary

    with Database(current().require_database()) as db, db.transaction() as conn:
        known = backfill.every(conn)
    archive_summary.backfills(known, as_json=as_json)


def _outlet_backfill(
    name: str,
    door: str,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    *,
    as_json: bool,
) -> None:
    from newsroom.db import Database
    from newsroom.records import Via
    from scraper import summary
    from scraper.backfill import outlets
    from scraper.backfill.listings import Window
    from scraper.outlets import registry

    settings = current()
    [chosen] = registry.load().chosen([name])
    window = Window(since=since.date() if since else None, until=until.date() if until else None)
    with Database(settings.require_database()) as db, bar("backfill", None) as advance:
        report = outlets.backfill(
            settings,
            db,
            chosen,
            door=Via(door),
            window=window,
            limit=limit,
            progress=lambda _: advance(1),
            ring=ring(settings),
        )
    summary.crawl(report, as_json=as_json)
    if report.outlets[0].listings.get("unfinished"):
        print("There is more: run it again to go on.", file=sys.stderr)
