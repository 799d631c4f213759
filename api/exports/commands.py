"""Verb of the research exports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer()


def _filter(what: str) -> Any:
    return typer.Option(help=what)


@app.command()
def export(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Folder to write: absent, or empty.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="Table; repeat it for several, or separate by commas.")
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="csv (the default), jsonl or parquet.")
    ] = None,
    published_from: Annotated[str | None, typer.Option("--from", help="First day or time.")] = None,
    published_to: Annotated[str | None, typer.Option("--to", help="Last day, whole.")] = None,
    publisher: Annotated[list[str] | None, _filter("Outlet id; repeat it for several.")] = None,
    category: Annotated[str | None, _filter("Label of the category.")] = None,
    topic: Annotated[str | None, _filter("Label of the topic.")] = None,
    subtopic: Annotated[str | None, _filter("Label of the subtopic.")] = None,
    news_type: Annotated[str | None, _filter("Label of the news type.")] = None,
    language: Annotated[str | None, _filter("ISO 639-1 code.")] = None,
    event: Annotated[str | None, _filter("Event id.")] = None,
    story: Annotated[str | None, _filter("Story id.")] = None,
    run: Annotated[
        str | None, _filter("Run whose labels leave; default: the promoted one.")
    ] = None,
    as_of: Annotated[str | None, _filter("Moment to export as of; default: now.")] = None,
    snapshot: Annotated[
        str | None, _filter("Make this snapshot again, with all its choices.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    dictionary: Annotated[
        bool, typer.Option("--dictionary", help="Print docs/data-dictionary.md instead.")
    ] = False,
) -> None:
    """Write tables to a folder, with their dictionary, checksums and citation.

    Example: newsroom export ferry --table articles,sentences --format parquet --from 2026-11-01
    """
    from dataclasses import asdict

    from api.exports import asked
    from api.exports import folder as folders
    from newsroom import stack
    from newsroom.db import Database
    from newsroom.errors import BadRequest
    from newsroom.settings import load

    if dictionary:
        from api.exports import dictionary as dictionaries

        print(dictionaries.page(), end="")
        return
    if folder is None:
        raise BadRequest("bad-parameter", "name a folder to write to", field="DIR")
    options = {
        "tables": [name for names in table or () for name in names.split(",")],
        "format": form,
        "published_from": published_from,
        "published_to": published_to,
        "publisher": publisher,
        "category": category,
        "topic": topic,
        "subtopic": subtopic,
        "news_type": news_type,
        "language": language,
        "event": event,
        "story": story,
        "run": run,
        "as_of": as_of,
    }
    given = {name: value for name, value in options.items() if value}
    if snapshot is not None and given:
        raise BadRequest("bad-parameter", "a snapshot has made all its choices: name no others")
    ask = asked.understood(given)
    folders.refuse_full(folder)
    with Database(stack.attach(load()).require_database(), size_max=1) as database:
        plan = asked.plan(database, ask) if snapshot is None else asked.again(database, snapshot)
        with _bar() as told:
            made = folders.make(database, plan, folder, told)
    if as_json:
        files = [asdict(file) for file in made.files]
        about = {"snapshot_id": made.snapshot_id, "folder": str(made.folder), "spec": plan.spec}
        print(json.dumps(about | {"files": files}))
        return
    for file in made.files:
        rows = "" if file.rows is None else f"{file.rows} rows"
        print(f"{file.name}\t{file.size_bytes} bytes\t{rows}")
    print(f"snapshot\t{made.snapshot_id}")


@contextmanager
def _bar() -> Iterator[Callable[[str, float], None]]:
    """A progress bar on stderr; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("cutting the slice", total=1.0)

        def told(table: str, share: float) -> None:
            progress.update(task, description=table, completed=share)

        yield told
