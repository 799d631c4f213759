"""Verbs of the memory bank: what is in it, of one article too, forgetting, and starting anew."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from newsroom.store.memory.read import Remembered

app = typer.Typer(help="What was read before, and what stands.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Article = Annotated[str, typer.Argument(help="Article id.")]


@app.command()
def stats(as_json: Json = False) -> None:
    """Records, articles and bytes, by month and version, and what joins them.

    Example: newsroom memory stats
    """
    from rich.console import Console
    from rich.table import Table

    from newsroom.commands import current
    from newsroom.db import Database
    from newsroom.store.memory import read

    with Database(current().require_database(), size_max=1) as db, db.transaction() as conn:
        totals, months = read.totals(conn), read.by_month(conn)
    if as_json:
        print(json.dumps(totals | {"months": months}, indent=1))
        return
    table = Table("month", "version", "records", "articles")
    for row in months:
        table.add_row(*(str(value) for value in row.values()))
    console = Console()
    console.print(table)
    for name, value in totals.items():
        console.print(f"{name.replace('_', ' '):16} {value}")


@app.command()
def show(article: Article, as_json: Json = False) -> None:
    """An article's records: whether they stand, their slot, links and candidate links.

    Example: newsroom memory show 0123456789abcdef0123456789abcdef
    """
    from newsroom.commands import current
    from newsroom.db import Database
    from newsroom.errors import NotFound
    from newsroom.store.memory import read

    with Database(current().require_database(), size_max=1) as db, db.transaction() as conn:
        found = read.of_article(conn, article)
    if not (found.records or found.candidates):
        raise NotFound("memory-article-unknown", f"the memory has nothing of article {article}")
    told = _told(article, found)
    if as_json:
        print(json.dumps(told, indent=1, default=datetime.isoformat))
    else:
        _show(told)


@app.command()
def forget(
    article: Article,
    reason: Annotated[str, typer.Option(help="Kept with the tombstone.")] = "requested",
) -> None:
    """Delete all that the memory keeps of an article, for all reads and in every process.

    Example: newsroom memory forget 0123456789abcdef0123456789abcdef --reason takedown
    """
    from newsroom.commands import current
    from newsroom.db import Database
    from newsroom.store.memory import forget as store

    with Database(current().require_database(), size_max=1) as db, db.transaction() as conn:
        gone = store.forget(conn, article, reason)
    print(
        f"forgotten: {gone.records} records, {gone.links} links, {gone.withdrawals} withdrawals, "
        f"{gone.candidates} candidate links; write {gone.sequence}"
    )


@app.command()
def rebuild(
    version: Annotated[
        str | None, typer.Option(help="The one to keep; default: that of the installed encoder.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days back; default: the live window.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Delete what other versions wrote and make the window's articles due to be read again.

    Example: newsroom memory rebuild
    """
    from newsroom.commands import current
    from newsroom.db import Database
    from newsroom.records import WorkStage
    from newsroom.store.memory import forget as store

    if version is None:
        version = _installed_version()
    if days is None:
        from memory_lm.live import WINDOW_DAYS

        days = WINDOW_DAYS
    with Database(current().require_database(), size_max=1) as db, db.transaction() as conn:
        done = store.rebuild(conn, version, stage=WorkStage.REMEMBER, window_days=days)
    if as_json:
        print(json.dumps(asdict(done) | {"version": version}, indent=1))
    else:
        print(f"{done.removed} records of other versions removed, {done.due} articles due")


def _installed_version() -> str:
    from memory_lm import spans
    from memory_lm.backbone import Backbone

    return spans.version(Backbone.load())


def _told(article: str, found: Remembered) -> dict[str, object]:
    """What is shown of an article, as plain values."""
    from memory_lm.live import as_link, as_record
    from memory_lm.slots import EVERYTHING, Slots, microseconds

    slots = Slots()
    for row in found.records:
        slots.add(as_record(row))
    for link in found.links:
        if link.first in slots and link.second in slots:
            slots.join(as_link(link))
    for place in found.places:
        times = microseconds(place.published_at), microseconds(place.known_at)
        slots.inherit(place.record_id, *times)
    for taken in found.withdrawals:
        slots.withdraw(taken.record_id, at=taken.at, sequence=taken.sequence)
    own = [row for row in found.records if row.article_id == article]
    ids = {row.record_id for row in own}
    return {
        "article_id": article,
        "records": [
            {
                "record_id": row.record_id,
                "content_sha256": row.content_sha256,
                "part": row.part,
                "version": row.version,
                "event_id": row.event_id,
                "published_at": row.published_at,
                "known_at": row.known_at,
                "sequence": row.sequence,
                "standing": asdict(slots.standing(row.record_id, EVERYTHING)),
                "chain": [
                    {
                        "record_id": record.record_id,
                        "article_id": record.article_id,
                        "published_at": record.published_at,
                    }
                    for record in slots.chain(row.record_id, EVERYTHING)
                ],
                "text": row.text,
            }
            for row in own
        ],
        "links": [asdict(link) for link in found.links if ids & {link.first, link.second}],
        "withdrawals": [asdict(taken) for taken in found.withdrawals if taken.record_id in ids],
        "candidates": found.candidates,
    }


def _show(told: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for title in ("records", "links", "withdrawals", "candidates"):
        rows = told[title]
        assert isinstance(rows, list)
        if not rows:
            continue
        columns = [name for name in rows[0] if name not in {"content_sha256", "text"}]
        table = Table(*columns, title=title)
        for row in rows:
            table.add_row(*(_cell(row[name]) for name in columns))
        console.print(table)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, list):  # a chain, oldest first
        return " → ".join(str(record["record_id"]) for record in value)
    if isinstance(value, dict):  # a standing
        if value["withdrawn"]:
            return f"withdrawn since {_cell(value['valid_to'])}"
        if value["superseded_by"] is not None:
            return f"superseded by {value['superseded_by']} since {_cell(value['valid_to'])}"
        return "live"
    return "" if value is None else str(value)


@app.command()
def ablate(
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps encoded articles; without it, hours.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder for ablation.json and .png.")] = Path(
        "benchmarks/results/memory"
    ),
    page: Annotated[Path, typer.Option(help="The page to write.")] = Path(
        "docs/memory-ablation.md"
    ),
    as_json: Json = False,
) -> None:
    """Measure on the data folder whether memory helps each label; writes result and page.

    Example: newsroom memory ablate --cache .cache
    """
    from rich.console import Console
    from rich.progress import Progress

    from annotator.past import command
    from newsroom.commands import current
    from newsroom.errors import Misconfigured

    folder = current().data_dir
    if folder is None:
        raise Misconfigured(
            "training-data-missing", "NEWSROOM_DATA_DIR is not set: it names the data folder"
        )
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("networks", total=None)
        result = command.run(
            folder, cache, output, page,
            lambda done, of: progress.update(bar, completed=done, total=of),
        )  # fmt: skip
    print(json.dumps(result, indent=1) if as_json else json.dumps(result["gates"]))
