"""Verbs of the annotator: label, cluster, group, and look into the codebook."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

app = typer.Typer()
events_app = typer.Typer(help="Events and stories.", no_args_is_help=True)
codebook_app = typer.Typer(help="The codebook as data.", no_args_is_help=True)
app.add_typer(events_app, name="events")
app.add_typer(codebook_app, name="codebook")

Input = Annotated[str, typer.Option("--input", help="JSON lines (.gz too), or - for stdin.")]
Output = Annotated[str, typer.Option("--output", help="JSON lines, or - for stdout.")]
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@app.command()
def annotate(
    input_: Annotated[
        str | None, typer.Option("--input", help="JSON lines; without it, the database's due work.")
    ] = None,
    output: Output = "-",
    labeller: Annotated[str, typer.Option(help="embedded or scripted.")] = "embedded",
    again: Annotated[
        bool, typer.Option(help="Database: also articles that only older versions labelled.")
    ] = False,
) -> None:
    """Label articles: a file (no database needed), or all that is due in the database.

    Example: newsroom annotate --input articles.jsonl --output labels.jsonl
    """
    from annotator import offline

    if input_ is not None:
        raise SystemExit(offline.run(offline.annotate(labeller), input_, output, "articles"))
    _annotate_due(labeller, again=again)


def _annotate_due(labeller: str, *, again: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from annotator import runner
    from annotator.labellers import choose
    from newsroom.commands import current
    from newsroom.db import Database
    from newsroom.records import WorkStage
    from newsroom.settings import Labels
    from newsroom.store import work

    settings = current()
    bench = choose.bench(
        Labels.model_validate({**settings.labels.model_dump(), "labeller": labeller})
    )
    columns = ("labelling", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Database(settings.require_database(), size_max=2) as db:
        with db.transaction() as conn:
            if again:
                work.make_due_again(conn, WorkStage.LABEL, bench.run.run_id)
            total = work.open_rows(conn)
        with Progress(*columns, console=Console(stderr=True)) as progress:
            bar = progress.add_task("", total=total)
            while taken := runner.label_due(db, bench, settings.work):
                progress.advance(bar, taken)
        with db.transaction() as conn:
            left = work.open_rows(conn)
    print(f"{total - left} articles labelled or quarantined, {left} left (`newsroom work list`)")


@app.command()
def cluster(input_: Input, output: Output = "-") -> None:
    """Group articles into events and stories, no database needed.

    Example: newsroom cluster --input articles.jsonl --output events.jsonl
    """
    from annotator import offline

    raise SystemExit(offline.run(offline.cluster, input_, output, "articles"))


@events_app.command("group")
def group(
    since: Annotated[
        datetime | None, typer.Option(help="First day; default: the configured window.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All articles, of any age.")] = False,
) -> None:
    """Group the stored articles. Running it again changes nothing.

    Example: newsroom events group --since 2026-03-01
    """
    from datetime import timedelta

    from annotator import grouping
    from newsroom.commands import current
    from newsroom.db import Database

    settings = current()
    start = datetime.now(UTC) - timedelta(days=settings.events.window_days)
    if since is not None:
        start = since.replace(tzinfo=UTC)
    with Database(settings.require_database(), size_max=2) as db:
        grouped = grouping.regroup(db, EARLIEST if everything else start)
    print(
        f"{grouped.articles} articles: {grouped.events} events holding {grouped.in_events}, "
        f"{grouped.stories} stories"
    )


@codebook_app.command("show")
def codebook_show(
    version: Annotated[str, typer.Argument(help="Codebook version.")] = "v1",
) -> None:
    """Print a codebook as JSON.

    Example: newsroom codebook show v1
    """
    import orjson

    from annotator.codebook import loader

    book = loader.load(version)
    sys.stdout.buffer.write(
        orjson.dumps(book.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n"
    )
