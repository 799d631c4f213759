"""Verbs of runs and panels: start, list, compare, promote and replay."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newsroom.db import Database

app = typer.Typer()
runs_app = typer.Typer(help="Labelling runs, side by side.", no_args_is_help=True)
panels_app = typer.Typer(help="Frozen samples that runs are compared on.", no_args_is_help=True)
app.add_typer(runs_app, name="runs")
app.add_typer(panels_app, name="panels")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
RunId = Annotated[str, typer.Argument(help="Id of a run, or the digits it begins with.")]


@panels_app.command("create")
def panels_create(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")],
    size: Annotated[int, typer.Option(help="Articles.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed draws the same articles.")] = 1,
    since: Annotated[datetime | None, typer.Option(help="First day (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Day before which (UTC).")] = None,
) -> None:
    """Freeze a sample of current articles, from every outlet and month in proportion.

    Example: newsroom panels create autumn --size 500 --since 2026-09-01
    """
    import re

    from annotator.runs import panel
    from newsroom.errors import BadRequest
    from newsroom.store import runs

    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,63}", name):
        raise BadRequest("bad-name", "a panel is named in lower-case letters, digits and hyphens")
    first, end = (None if day is None else day.replace(tzinfo=UTC) for day in (since, until))
    with _database() as db, db.transaction() as conn:
        strata = runs.strata(conn, first, end)
        drawn = panel.allocate(strata, size)
        runs.add_panel(conn, name, drawn, seed=seed, since=first, until=end)
    print(
        f"{sum(s.drawn for s in drawn)} of {sum(int(str(s['articles'])) for s in strata)} articles "
        f"from {len(drawn)} of {len(strata)} outlets and months"
    )


@panels_app.command("list")
def panels_list(as_json: Json = False) -> None:
    """Every panel, newest first.

    Example: newsroom panels list
    """
    from newsroom.store.reading import drift

    with _database() as db, db.transaction() as conn:
        rows = drift.panels(conn)
    if as_json:
        _print_json(rows)
        return
    _table(
        ("panel", "articles", "seed", "since", "until", "made at"),
        [[r["panel"], r["articles"], r["seed"], *_days(r)] for r in rows],
    )


@runs_app.command("create")
def runs_create(
    labeller: Annotated[str, typer.Option(help="embedded, vllm or scripted.")],
    panel: Annotated[
        str | None, typer.Option(help="Panel to label; all current articles by default.")
    ] = None,
) -> None:
    """Start a run beside the others: its articles become due for it alone.

    Any number of processes on any host then work it off with `newsroom annotate --run`.

    Example: newsroom runs create --labeller vllm --panel autumn
    """
    from annotator.labellers import choose
    from newsroom.commands import current
    from newsroom.store import annotations, runs, work

    settings = current()
    with _database() as db:
        if panel is not None:
            with db.transaction() as conn:
                runs.require_panel(conn, panel)
        bench = choose.bench(settings, labeller)
        with db.transaction() as conn:
            annotations.start_run(conn, bench.run, bench.codebook)
            due = work.make_due_for_run(conn, bench.run.run_id, panel)
    run_id = bench.run.run_id
    print(run_id)
    how = f"newsroom annotate --labeller {labeller} --run {run_id[:12]}"
    print(f"{due} articles due: `{how}`", file=sys.stderr)


@runs_app.command("list")
def runs_list(as_json: Json = False) -> None:
    """Every run, newest first, with how many current articles it covers.

    Example: newsroom runs list
    """
    from newsroom.store.reading import runs

    with _database() as db, db.transaction() as conn:
        rows = runs.page(conn, after_at=None, after_id=None, rows=runs.count(conn))
    if as_json:
        _print_json(rows)
        return
    _table(
        ("run", "", "labeller", "codebook", "articles", "refused", "started"),
        [
            [
                r["run_id"][:12],
                "promoted" if r["promoted"] else "",
                f"{r['labeller']} {r['labeller_revision'][:12]}",
                r["codebook_version"],
                r["articles"],
                r["refused"],
                f"{r['started_at']:%Y-%m-%d %H:%M}",
            ]
            for r in rows
        ],
    )


@runs_app.command("show")
def runs_show(run: RunId, as_json: Json = False) -> None:
    """One run: its configuration, what it covers and cost, and whether readers see it.

    Example: newsroom runs show 3f1c9a0b
    """
    from newsroom.store import answers
    from newsroom.store.reading import runs

    with _database() as db, db.transaction() as conn:
        run_id = runs.named(conn, run)["run_id"]
        row = {**(runs.one(conn, run_id) or {}), **answers.cost(conn, run_id)}
    if as_json:
        _print_json(row)
        return
    for name, value in row.items():
        print(f"{name:18} {value if value is not None else '–'}")


@runs_app.command("compare")
def runs_compare(
    a: RunId,
    b: RunId,
    panel: Annotated[
        str | None, typer.Option(help="Panel; all current articles by default.")
    ] = None,
    as_json: Json = False,
    figure: Annotated[Path | None, typer.Option(help="Draw it into this .svg or .png.")] = None,
) -> None:
    """How the labels of run B differ from those of run A, where both labelled.

    Example: newsroom runs compare 3f1c9a0b 9b2f6c1d --panel autumn --figure drift.svg
    """
    from dataclasses import asdict

    from annotator.runs import show
    from newsroom import drift
    from newsroom.errors import BadRequest
    from newsroom.store import runs as store_runs
    from newsroom.store.reading import drift as sides
    from newsroom.store.reading import runs

    if figure is not None and figure.suffix not in {".svg", ".png"}:
        raise BadRequest("bad-figure", f"{figure}: a figure ends in .svg or .png", field="figure")
    with _database() as db, db.transaction() as conn:
        one, other = (runs.one(conn, runs.named(conn, run)["run_id"]) for run in (a, b))
        if panel is not None:
            store_runs.require_panel(conn, panel)
        outcomes = sides.outcomes(conn, one["run_id"], other["run_id"], panel)
        pairs = sides.pairs(conn, one["run_id"], other["run_id"], panel)
    report = drift.report(pairs, outcomes)
    if figure is not None:
        named = {"a": _short(one), "b": _short(other)}
        undated = {"Date": None} if figure.suffix == ".svg" else None
        show.figure(report, named).savefig(figure, metadata=undated)
    if as_json:
        _print_json({"a": one, "b": other, "panel": panel, **asdict(report)})
        return
    from rich.console import Console

    console = Console()
    for table in (show.outcomes(report), show.questions(report), show.outlets(report)):
        console.print(table)


@runs_app.command("promote")
def runs_promote(
    run: RunId,
    reason: Annotated[str, typer.Option(help="Why; it is kept and shown.")],
    partial: Annotated[
        bool, typer.Option(help="Even if it covers fewer articles than the promoted one.")
    ] = False,
) -> None:
    """Let readers see this run's labels from now on.

    Example: newsroom runs promote 3f1c9a0b --reason "agrees better with the coders"
    """
    from newsroom.store import runs as store_runs
    from newsroom.store.reading import runs

    with _database() as db, db.transaction() as conn:
        run_id = runs.named(conn, run)["run_id"]
        promoted = store_runs.promote(conn, run_id, reason, partial=partial)
    print(
        f"{run_id} is promoted: it covers {promoted.articles} current articles, "
        f"the one before {promoted.articles_before}"
    )


@runs_app.command("replay")
def runs_replay(
    annotation_id: Annotated[int, typer.Argument(help="As `/v1/articles/…/annotations` gives it.")],
    labeller: Annotated[
        str | None, typer.Option(help="embedded, vllm or scripted; default: the configured one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make one stored label again and say whether it comes out the same; exit code 1 if not.

    Example: newsroom runs replay 4711
    """
    from dataclasses import asdict

    from annotator.labellers import choose
    from annotator.runs import replay
    from newsroom.commands import current

    settings = current()
    with _database() as db:
        bench = choose.bench(settings, labeller)
        made = replay.replay(db, bench, annotation_id, choose.state_rule(settings))
    if as_json:
        _print_json(asdict(made))
    elif made.outcome == "run-differs":
        print(f"run differs: stored under {made.run_id}, this labeller makes {made.run_id_now}")
    else:
        print(made.outcome)
        for name, value in made.stored.items():
            same = "" if made.now[name] == value else f"   now: {made.now[name]}"
            print(f"  {name:9} {value}{same}")
    raise SystemExit(0 if made.outcome == "equal" else 1)


def _database() -> Database:
    from newsroom.commands import current
    from newsroom.db import Database

    return Database(current().require_database(), size_max=2)


def _short(run: Mapping[str, Any]) -> str:
    return f"{run['labeller']} {run['run_id'][:8]}"


def _days(panel: Mapping[str, Any]) -> list[str]:
    times = (panel["since"], panel["until"], panel["made_at"])
    return ["–" if at is None else f"{at:%Y-%m-%d}" for at in times]


def _table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for number, name in enumerate(names):
        table.add_column(name, no_wrap=number == 0)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table)


def _print_json(value: object) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
