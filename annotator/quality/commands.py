"""`newsroom quality`: report, gate, blindness, injection."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from annotator.labellers.base import Labeller

app = typer.Typer()
quality_app = typer.Typer(help="How good the labels are.", no_args_is_help=True)
app.add_typer(quality_app, name="quality")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Name = Annotated[
    str | None, typer.Option(help="embedded, vllm or scripted; default: the configured one.")
]
Output = Annotated[
    Path | None, typer.Option("--output", help="Folder for the result as JSON and figure.")
]
MISSED = 3


@quality_app.command("report")
def report(
    sheets: Annotated[list[Path], typer.Argument(help="Filled coders' sheets, one or more.")],
    labels: Annotated[Path, typer.Option("--labels", help="What `newsroom annotate` wrote.")],
    as_json: Json = False,
    figure: Annotated[
        Path | None, typer.Option("--figure", help="Folder for confusion and reliability plots.")
    ] = None,
) -> None:
    """Agreement of coders, and of a labeller with them: alpha, F1, calibration, corrected means.

    Example: newsroom quality report --labels labels.jsonl ana.csv ben.csv
    """
    from annotator.codebook import loader, sheet
    from annotator.quality import figures
    from annotator.quality import report as measured

    filled = sheet.read_sheets(sheets)
    found = measured.report(_lines(labels), filled.codings, loader.load())
    found["empty_cells"] = filled.empty
    if figure is not None:
        figure.mkdir(parents=True, exist_ok=True)
        for one in found["questions"]:
            if (drawn := figures.of_question(one)) is not None:
                drawn.savefig(figure / f"{one['unit']}-{one['question']}.png", dpi=110)
    if as_json:
        _print_json(found)
    else:
        _print_report(found)


@quality_app.command("gate")
def gate(
    labeller: Name = None,
    floors: Annotated[Path, typer.Option(help="The floors and what they were measured on.")] = Path(
        "tests/floors/labels.json"
    ),
    update: Annotated[bool, typer.Option("--update", help="Measure and lift the floors.")] = False,
    allow_regression: Annotated[
        bool, typer.Option("--allow-regression", help="With --update: floors may fall.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="Why floors may fall; kept in the file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Hold a labeller to its floors on our own fixtures; exit code 3 when one is missed.

    Example: newsroom quality gate --labeller embedded
    """
    from annotator.quality import gate as gating
    from newsroom.errors import BadRequest

    if allow_regression != bool(reason and reason.strip()):
        raise BadRequest("reason-missing", "--allow-regression and --reason go together")
    if allow_regression and not update:
        raise BadRequest("reason-missing", "--allow-regression goes with --update")
    chosen = _labeller(labeller, sentences=True)
    found = gating.update(floors, chosen, reason=reason) if update else gating.judge(floors, chosen)
    if as_json:
        _print_json(
            {"labeller": found.labeller, "revision": found.revision, "measured": found.measured,
             "floors": found.floors, "missed": list(found.missed)}
        )  # fmt: skip
    else:
        print(f"{found.labeller} {found.revision}")
        for name in sorted({*found.measured, *found.floors}):
            value, floor = found.measured.get(name), found.floors.get(name)
            mark = "  MISSED" if name in found.missed else ""
            print(f"{name:32} {_number(value):>8}  floor {_number(floor):>8}{mark}")
    if found.missed:
        raise typer.Exit(MISSED)


@quality_app.command("blindness")
def blindness(
    labeller: Name = None,
    articles: Annotated[int, typer.Option(help="Articles whose parties are swapped.")] = 200,
    output: Output = None,
    page: Annotated[Path | None, typer.Option(help="Write docs/blindness.md again.")] = None,
    as_json: Json = False,
) -> None:
    """Whether masked text still tells its outlet, and what swapping the parties does to lean.

    Reads the data folder where one is set (NEWSROOM_DATA_DIR), else our own made-up articles.

    Example: newsroom quality blindness --output benchmarks/results/quality
    """
    from annotator.quality import blindness as measured
    from annotator.quality import figures
    from newsroom.commands import current

    chosen = _labeller(labeller)
    with _progress("articles") as done:
        found = measured.measure(chosen, current().data_dir, articles, done)
    if output is not None:
        _write(output, "blindness", found, figures.of_blindness(found))
        if page is not None:
            page.write_text(measured.page_of(output), encoding="utf-8")
    _print_json(found) if as_json else print("\n".join(measured.table(found)))


@quality_app.command("injection")
def injection(
    labeller: Name = None,
    pairs: Annotated[int, typer.Option(help="How many pairs, 24 of each turn alike.")] = 200,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Attacks inside articles: labels changed, scores moved, neighbours touched, words leaked.

    Example: newsroom quality injection --pairs 24
    """
    from annotator.prompts import render
    from annotator.quality import figures, provenance
    from annotator.quality import injection as attacks

    chosen = _labeller(labeller)
    asked = render.load().values() if chosen.asked is not None else ()
    prompts = [prompt.text for prompt in asked]
    with _progress("articles") as done:
        found = attacks.measure(chosen, attacks.injected_pairs(pairs), prompts=prompts, done=done)
    found = {
        **provenance.about(),
        "code_digest": provenance.code_digest(*attacks.CODE),
        "labeller": chosen.id,
        "labeller_revision": chosen.revision,
        **found,
    }
    if output is not None:
        _write(output, f"injection-{chosen.id}", found, figures.of_injection(found))
    _print_json(found) if as_json else print("\n".join(attacks.table(found)))


def _labeller(name: str | None, *, sentences: bool = False) -> Labeller:
    from annotator.labellers import choose
    from newsroom.commands import current

    return choose.labeller(current(), name, sentences=sentences)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    import gzip

    import orjson

    from newsroom.errors import BadRequest

    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                record = orjson.loads(line)
                if not isinstance(record, dict) or "id" not in record:
                    raise BadRequest(
                        "labels-broken", f"{path}, line {number}: no object with an id"
                    )
                yield record
    except OSError as error:
        raise BadRequest("file-unreadable", f"{path}: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise BadRequest("labels-broken", f"{path}, line {number}: {error}") from error


def _progress(noun: str) -> AbstractContextManager[Callable[[int], object]]:
    from contextlib import contextmanager

    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    @contextmanager
    def shown() -> Iterator[Callable[[int], object]]:
        columns = (SpinnerColumn(), TextColumn("{task.completed} " + noun), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            bar = progress.add_task("", total=None)
            yield lambda n: progress.advance(bar, n)

    return shown()


def _write(folder: Path, name: str, found: dict[str, Any], drawn: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    drawn.savefig(folder / f"{name}.png", dpi=110)


def _print_json(found: object) -> None:
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def _print_report(found: dict[str, Any]) -> None:
    print(f"{', '.join(found['labellers']) or 'no labeller'}; {found['items']}")
    for one in found["questions"]:
        print(f"\n{one['question']} ({one['unit']}): {len(one['coders'])} coders, "
              f"{one['coded_units']} units, {one['abstentions']} abstentions")  # fmt: skip
        for part in ("agreement", "labeller"):
            for name, value in one.get(part, {}).items():
                if name in {"labels", "confusion", "calibration"} or name.endswith("_95"):
                    continue
                bounds = one[part].get(f"{name}_95")
                told = value
                if isinstance(value, dict):
                    told, bounds = value["value"], (value["low"], value["high"])
                print(f"  {name:24} {_number(told):>8}{_bounds(bounds)}")
        if calibration := one.get("labeller", {}).get("calibration"):
            print(f"  {'calibration_error':24} {_number(calibration['error']):>8}")
        for name, value in one.get("corrected", {}).items():
            bounds = _bounds((value["low"], value["high"]))
            naive = f"as labelled {_number(value['naive'])}"
            print(f"  corrected {name:14} {_number(value['value']):>8}{bounds}  {naive}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _bounds(bounds: tuple[float | None, float | None] | None) -> str:
    if bounds is None or bounds[0] is None or bounds[1] is None:
        return ""
    return f"  [{bounds[0]:.3f}, {bounds[1]:.3f}]"
