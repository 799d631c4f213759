"""Verbs of the memory models: their labs, and the memory bank."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memory_lm import memory_commands

if TYPE_CHECKING:
    from memory_lm.labs.report import Report

app = typer.Typer()
app.add_typer(memory_commands.app, name="memory")
EXIT_MISSED = 3
ROWS_SHOWN_MAX = 40


@app.command()
def lab(
    name: Annotated[str | None, typer.Argument(help="Which; none lists them.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes and their floors.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for NAME.json and NAME.png; none: not written.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 0,
) -> None:
    """Run an experiment with its controls; exit code 3 when a number or a control is missed.

    Example: newsroom lab regression --quick
    """
    import json

    from rich.console import Console

    from memory_lm.labs import report as frame

    if name is None:
        found = frame.labs()
        lines = [f"{key:14} {line}" for key, line in found.items()]
        print(json.dumps(found, indent=1) if as_json else "\n".join(lines))
        return
    import torch

    chosen = frame.load(name)
    # Labs are sized for one core; their small products lose time when shared between threads.
    torch.set_num_threads(1)
    with Console(file=sys.stderr).status(name) as status:
        report = chosen.run(frame.LabSettings(quick=quick, seed=seed, say=status.update))
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / f"{name}.json").write_text(report.as_json(), "utf-8")
        chosen.figure(report).savefig(output / f"{name}.png", dpi=110)
    if as_json:
        print(report.as_json(), end="")
    else:
        _show(report)
    if not report.passed:
        raise SystemExit(EXIT_MISSED)


def _show(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for title, rows in report.tables.items():
        if not 0 < len(rows) <= ROWS_SHOWN_MAX:
            console.print(f"{title}: {len(rows)} rows, in the JSON")
            continue
        table = Table(*rows[0], title=title)
        for row in rows:
            table.add_row(*(f"{x:.4g}" if isinstance(x, float) else str(x) for x in row.values()))
        console.print(table)
    table = Table("", "check", "value", "target", title=f"{report.lab}, {report.wall_s} s")
    for check in report.checks:
        table.add_row(
            "ok" if check.passed else "MISSED",
            f"control: {check.name}" if check.is_control else check.name,
            f"{check.value:.4g}",
            f"{check.comparison} {check.target:g}",
        )
    console.print(table)
