"""Verbs of the annotator: label, cluster, group; and the verbs of the parts below."""

from __future__ import annotations

from typing import Annotated

import typer

from annotator import takedown_commands
from annotator.codebook import commands as codebook_commands
from annotator.coverage import commands as coverage_commands
from annotator.events import commands as events_commands
from annotator.events import state_commands
from annotator.longdoc import commands as longdoc_commands
from annotator.quality import commands as quality_commands
from annotator.runs import commands as runs_commands

app = typer.Typer()
app.add_typer(events_commands.app, name="events")
app.add_typer(codebook_commands.app, name="codebook")
app.add_typer(coverage_commands.app)
events_commands.app.add_typer(coverage_commands.event_app)
events_commands.app.add_typer(state_commands.app)
app.add_typer(longdoc_commands.app)
app.add_typer(longdoc_commands.bench_app, name="bench")
app.add_typer(quality_commands.app)
app.add_typer(runs_commands.app)
app.add_typer(takedown_commands.app)

Input = Annotated[str, typer.Option("--input", help="JSON lines (.gz too), or - for stdin.")]
Output = Annotated[str, typer.Option("--output", help="JSON lines, or - for stdout.")]


@app.command()
def annotate(
    input_: Annotated[
        str | None, typer.Option("--input", help="JSON lines; without it, the database's due work.")
    ] = None,
    output: Output = "-",
    labeller: Annotated[
        str | None, typer.Option(help="embedded, vllm or scripted; default: the configured one.")
    ] = None,
    sentences: Annotated[
        bool, typer.Option("--sentences", help="File: every sentence with its labels as well.")
    ] = False,
    again: Annotated[
        bool, typer.Option(help="Database: also articles that this version did not label.")
    ] = False,
    run: Annotated[
        str | None, typer.Option(help="Database: what `newsroom runs create` made due for a run.")
    ] = None,
) -> None:
    """Label articles: a file (no database needed), or all that is due in the database.

    Example: newsroom annotate --input articles.jsonl --output labels.jsonl
    """
    if input_ is None:
        _annotate_due(labeller, again=again, run=run)
        return
    from annotator import offline
    from newsroom.commands import current

    def ready() -> offline.Lines:
        from annotator.labellers import choose

        chosen = choose.labeller(current(), labeller, sentences=sentences)
        return offline.annotate(chosen, sentences=sentences)

    raise SystemExit(offline.run(ready, input_, output, "articles"))


def _annotate_due(labeller: str | None, *, again: bool, run: str | None) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from annotator import runner
    from annotator.labellers import choose
    from newsroom.commands import current
    from newsroom.db import Database
    from newsroom.errors import Misconfigured
    from newsroom.records import WorkStage
    from newsroom.store import work

    settings = current()
    bench = choose.bench(settings, labeller)
    stage: str = WorkStage.LABEL
    if run is not None:
        stage = work.run_stage(bench.run.run_id)
        if not bench.run.run_id.startswith(run):
            raise Misconfigured(
                "run-differs",
                f"this labeller, codebook and model make run {bench.run.run_id}, not {run}",
            )
    columns = ("labelling", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Database(settings.require_database(), size_max=2) as db:
        with db.transaction() as conn:
            if again:
                work.make_due_again(conn, WorkStage.LABEL, bench.run.run_id)
            total = work.open_rows(conn, stage)
        with Progress(*columns, console=Console(stderr=True)) as progress:
            bar = progress.add_task("", total=total)
            while taken := runner.label_due(db, bench, settings.work, stage=stage):
                progress.advance(bar, taken)
        with db.transaction() as conn:
            left = work.open_rows(conn, stage)
    print(f"{total - left} articles labelled or quarantined, {left} left (`newsroom work list`)")


@app.command()
def cluster(input_: Input, output: Output = "-") -> None:
    """Group articles into events and stories, no database needed.

    Example: newsroom cluster --input articles.jsonl --output events.jsonl
    """
    from annotator import offline

    raise SystemExit(offline.run(lambda: offline.cluster, input_, output, "articles"))
