"""Verbs of the codebook: print it, compare versions, make coders' sheets and check filled ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The codebook as data.", no_args_is_help=True)

Version = Annotated[str, typer.Option(help="Codebook version.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
EXIT_DIFFERENT = 1


@app.command()
def show(
    version: Annotated[str, typer.Argument(help="Codebook version.")] = "v1",
) -> None:
    """Print a codebook as JSON.

    Example: newsroom codebook show v1
    """
    from annotator.codebook import loader

    _print_json(loader.load(version).model_dump(mode="json"))


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="Version to start from.")],
    new: Annotated[str, typer.Argument(help="Version to arrive at.")],
    as_json: AsJson = False,
) -> None:
    """What changed between two versions; exit code 1 where anything did.

    Example: newsroom codebook diff v1 v2
    """
    from annotator.codebook import compare, loader

    found = compare.changes(loader.load(old), loader.load(new))
    if as_json:
        _print_json(found)
    for change in () if as_json else found:
        where = " ".join(filter(None, (change.question, change.label, change.field)))
        print(f"{change.kind}: {where}")
        if change.kind == "changed":
            print(f"  - {change.before}\n  + {change.after}")
    raise typer.Exit(EXIT_DIFFERENT if found else 0)


@app.command()
def sheet(
    input_: Annotated[
        str, typer.Option("--input", help="JSON lines of articles (.gz too), or - for stdin.")
    ],
    output: Annotated[Path, typer.Option(help="The sheet, CSV; its guide is written beside it.")],
    questions: Annotated[
        str, typer.Option(help="Comma-separated; without it all but those answered in words.")
    ] = "",
    coder: Annotated[str, typer.Option(help="Who will fill it.")] = "coder",
    seed: Annotated[int, typer.Option(help="Draws each coder's order of articles.")] = 1,
    version: Version = "v1",
    as_json: AsJson = False,
) -> None:
    """Make a sheet for a human coder, with a guide; outlets are masked, articles shuffled.

    Example: newsroom codebook sheet --input articles.jsonl --output ida.csv --coder ida
    """
    from annotator.codebook import blank, loader
    from newsroom.errors import BadRequest

    if not coder.strip():
        raise BadRequest("coder-missing", "a sheet needs the name of its coder")
    book = loader.load(version)
    asked = blank.questions(book, [q for name in questions.split(",") if (q := name.strip())])
    items = blank.read_items(input_)
    units = list(blank.rows(items, asked, coder=coder.strip(), seed=seed))
    guide = output.with_suffix(".guide.md")
    blank.write(output, units, asked, book, coder.strip())
    guide.write_text(blank.guide(asked, book), encoding="utf-8")
    told = {
        "articles": len(items),
        "units": len(units),
        "left_out_empty": blank.left_out(items, asked),
        "longer_than_a_cell": sum(len(row.text) > blank.CELL_CHARS for row in units),
        "questions": [question.id for question in asked],
        "sheet": str(output),
        "guide": str(guide),
    }
    if as_json:
        _print_json(told)
        return
    print(
        f"{told['units']} units of {told['articles']} articles in {output}, how to fill it in "
        f"{guide}; {told['left_out_empty']} units are empty once masked and left out, "
        f"{told['longer_than_a_cell']} are longer than a cell of some spreadsheets"
    )


@app.command()
def check(
    sheets: Annotated[list[Path], typer.Argument(help="Filled sheets, of any number of coders.")],
    as_json: AsJson = False,
) -> None:
    """Check filled sheets and count their answers; the first fault is named by row and column.

    Example: newsroom codebook check ida.csv tom.csv
    """
    from collections import Counter

    from annotator.codebook.sheet import read_sheets

    filled = read_sheets(sheets)
    counts = Counter((coding.coder, coding.question) for coding in filled.codings)
    if as_json:
        answers = [{"coder": c, "question": q, "answers": n} for (c, q), n in counts.items()]
        _print_json({"answers": answers, "empty": filled.empty})
        return
    for (coder, question), count in counts.items():
        print(f"{coder}\t{question}\t{count}")
    print(f"{filled.empty} cells left empty")


def _print_json(value: object) -> None:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
