"""Verbs of the kernels: measure them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer()
kernels_app = typer.Typer(help="Local Linear Attention kernels.", no_args_is_help=True)
app.add_typer(kernels_app, name="kernels")
SHOWN = (
    "D", "T", "ridge", "steps", "error", "lla_ms", "sdpa_ms", "lla_over_sdpa",
    "materialised_over_lla", "published_over_lla", "backward_over_forward",
)  # fmt: skip


@kernels_app.command()
def bench(
    device: Annotated[
        str | None, typer.Option(help="cpu or cuda; cuda where there is one by default.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One small shape.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads, for all rivals.")] = 1,
    budget_s: Annotated[float, typer.Option(min=0.0, help="Seconds for each number.")] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for DEVICE.json and DEVICE.png.")
    ] = None,
) -> None:
    """Time LLA against its rivals on the same inputs in one run, and its memory and error.

    Example: newsroom kernels bench --output benchmarks/results/kernels
    """
    import torch
    from rich.console import Console

    from kernels.bench import plot, suite

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device not in {"cpu", "cuda"} or (device == "cuda" and not torch.cuda.is_available()):
        raise typer.BadParameter(f"{device}: expected cpu, or cuda on a machine that has it")
    torch.set_num_threads(threads)
    with Console(file=sys.stderr).status("warming up") as status:
        result = suite.measure(device, quick=quick, budget_s=budget_s, say=status.update)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / f"{device}.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        plot.draw(result, output / f"{device}.png")
    if as_json:
        print(json.dumps(result, indent=1))
    else:
        _show(result)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(", ".join(f"{key} {value}" for key, value in result["machine"].items()))
    for title in ("rows", "reads", "memory", "decode"):
        if rows := result[title]:
            shown = SHOWN if title == "rows" else tuple(rows[0])
            table = Table(*(name.replace("_", " ") for name in shown), title=title)
            for row in rows:
                table.add_row(*(_cell(row[name]) for name in shown))
            console.print(table)
    table = Table("", "target", "measured", "wanted")
    for t in result["targets"]:
        table.add_row(
            "met" if t["met"] else "MISSED",
            t["name"],
            f"{t['value']:.3g}",
            f"{t['comparison']} {t['target']:g}",
        )
    console.print(table)
