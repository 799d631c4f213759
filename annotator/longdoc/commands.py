"""Verbs: the harness (`newsroom bench comm`) and long documents (`newsroom longdoc`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from annotator.longdoc.bench.report import Report
    from annotator.longdoc.bench.run import Row

bench_app = typer.Typer(help="What communication between agents costs and buys.",
                        no_args_is_help=True)  # fmt: skip
app = typer.Typer()
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Folder = Annotated[
    Path | None, typer.Option("--output", help="Folder for the result as JSON and its figures.")
]
EXIT_FLOOR = 3


def _numbers(text: str, field: str) -> list[int | None]:
    from newsroom.errors import BadRequest

    try:
        return [None if x == "inf" else int(x) for x in text.split(",")]
    except ValueError as error:
        raise BadRequest(
            "bench-numbers", f"{field}: numbers with commas, or inf", field=field
        ) from error


def _sizes(text: str, field: str) -> list[int]:
    return [x for x in _numbers(text, field) if x is not None]


def _words(text: str, known: tuple[str, ...], field: str) -> list[str]:
    from newsroom.errors import BadRequest

    chosen = text.split(",")
    for word in chosen:
        if word not in known:
            raise BadRequest(
                "bench-choice", f"{field}: no {word!r}; there are {', '.join(known)}", field=field
            )
    return chosen


@bench_app.command()
def comm(
    task: Annotated[
        str | None, typer.Option(help="Tasks of a grid; none: all the numbers.")
    ] = None,
    n: Annotated[str, typer.Option("--n", help="Items.")] = "64,256",
    agents: Annotated[str, typer.Option(help="Readers.")] = "1,4,16",
    bandwidth: Annotated[str, typer.Option(help="A message, in --unit; inf: no limit.")] = "inf",
    unit: Annotated[str, typer.Option(help="bits or tokens.")] = "bits",
    rounds: Annotated[str, typer.Option(help="Rounds of messages; inf: no limit.")] = "inf",
    protocol: Annotated[
        str, typer.Option(help="single, vote, star, chain, tree, scan, iterq.")
    ] = "tree",
    merge: Annotated[str, typer.Option(help="code or llm.")] = "code",
    votes: Annotated[str, typer.Option(help="Answers a call takes.")] = "1",
    branching: Annotated[int, typer.Option(help="Members of a group in a tree.")] = 2,
    hops: Annotated[int, typer.Option(help="Length of a chain of facts.")] = 4,
    check: Annotated[bool, typer.Option(help="Check quotes word for word.")] = True,
    equal_tokens: Annotated[
        bool, typer.Option("--equal-tokens", help="Beside each cell, voting for its tokens.")
    ] = False,
    backend: Annotated[str, typer.Option(help="sim, or openai (NEWSROOM_LLM__*).")] = "sim",
    trials: Annotated[int, typer.Option(min=1, help="Problems a cell.")] = 200,
    seed: Annotated[int, typer.Option(help="Names the problems.")] = 7,
    quick: Annotated[bool, typer.Option("--quick", help="CI's size.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="A grid's rows: .parquet or .json.")
    ] = None,
    output: Folder = None,
    as_json: Json = False,
) -> None:
    """Run the numbers (no --task; exit code 3 where one is missed) or a grid of settings.

    Example: newsroom bench comm --task parity --n 64,256 --agents 4,16 --protocol tree,scan
    """
    from annotator.longdoc.bench import problems, protocols
    from annotator.longdoc.bench.run import Setting, product

    if task is None:
        _suite(quick=quick, seed=seed, output=output, as_json=as_json)
        return
    common = Setting(
        task="parity", protocol="tree", n=1, hops=hops, branching=branching, check=check,
        unit=_words(unit, ("bits", "tokens"), "unit")[0],  # type: ignore[arg-type]  # checked
        merge=_words(merge, ("code", "llm"), "merge")[0],  # type: ignore[arg-type]  # checked
        trials=trials, seed=seed,
    )  # fmt: skip
    settings = product(
        _words(task, problems.TASKS, "task"),  # type: ignore[arg-type]  # checked
        _words(protocol, tuple(protocols.PROTOCOLS), "protocol"),
        _sizes(n, "n"), _sizes(agents, "agents"), _numbers(bandwidth, "bandwidth"),
        _numbers(rounds, "rounds"), _sizes(votes, "votes"), common,
    )  # fmt: skip
    rows = _grid(settings, _words(backend, ("sim", "openai"), "backend")[0], equal_tokens)
    _show([row.flat() for row in rows], out, as_json=as_json)


def _suite(*, quick: bool, seed: int, output: Path | None, as_json: bool) -> None:
    from annotator.longdoc.bench import suite

    report = suite.report(quick=quick, seed=seed, say=lambda part: print(part, file=sys.stderr))
    if output is not None:
        from annotator.longdoc.bench import figures

        tree = report.as_dict()
        write(report, output)
        figures.curves(report.tables).savefig(output / "comm.png", dpi=80)
        figures.regimes(tree["checks"]).savefig(output / "regimes.png", dpi=80)  # type: ignore[arg-type]  # a list of rows
    _verdict(report, as_json=as_json)


def write(report: Report, folder: Path) -> None:
    """The result as JSON, named after its bench."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{report.bench}.json").write_text(report.as_json(), encoding="utf-8")


def _verdict(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(report.as_json(), end="")
    else:
        for check in report.checks:
            mark = "ok  " if check.passed else "MISS"
            kind = " (control)" if check.is_control else ""
            print(f"{mark} {check.name}{kind}: {check.value:.4g} {check.comparison} {check.target}")
    if not report.passed:
        raise SystemExit(EXIT_FLOOR)


def _grid(settings: list[Any], backend: str, equal: bool) -> list[Row]:
    from dataclasses import replace

    from rich.console import Console
    from rich.progress import track

    from annotator.longdoc.bench.backends import opened
    from annotator.longdoc.bench.run import equal_tokens, run
    from newsroom.commands import current

    rows: list[Row] = []
    with opened(backend, current) as (agents, each):
        for setting in track(settings, "cells", console=Console(stderr=True)):
            rows.append(run(setting, agents, each))
            if equal:
                one = replace(setting, protocol="single", agents=1, votes=1)
                alone = run(one, agents, each)
                rows += [alone, run(equal_tokens(rows[-1], alone), agents, each)]
    return rows


def _show(rows: list[dict[str, object]], out: Path | None, *, as_json: bool) -> None:
    from annotator.longdoc.bench.backends import save

    if out is not None:
        save(rows, out)
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    head = ("task", "protocol", "n", "agents", "votes", "bandwidth", "rounds", "accuracy",
            "messages", "bits", "tokens", "depth")  # fmt: skip
    print(" ".join(f"{name:>9}" for name in head))
    for row in rows:
        limits = ["inf" if row[k] is None else row[k] for k in ("bandwidth", "rounds")]
        costs = [row[k] for k in ("messages", "payload_bits", "tokens", "depth_tokens")]
        first = [row[k] for k in ("task", "protocol", "n", "agents", "votes")]
        share = f"{row['accuracy']:.3f}"
        interval = f"[{row['low']:.3f}, {row['high']:.3f}]"
        print(" ".join(f"{cell!s:>9}" for cell in (*first, *limits, share, *costs)), interval)


@bench_app.command()
def hearing(
    words: Annotated[int, typer.Option(min=1000, help="Length of the made-up hearing.")] = 60_000,
    workers: Annotated[int, typer.Option(min=1, help="Celery worker processes.")] = 2,
    seed: Annotated[int, typer.Option(help="Names the hearing.")] = 7,
    output: Folder = None,
    as_json: Json = False,
) -> None:
    """Read a made-up hearing through real workers on services of its own; code 3 if missed.

    Example: newsroom bench hearing --words 60000 --workers 2
    """
    from annotator.longdoc.bench import hearing as module

    report = module.report(words=words, workers=workers, seed=seed)
    if output is not None:
        write(report, output)
    _verdict(report, as_json=as_json)


@bench_app.command()
def knee(
    backend: Annotated[str, typer.Option(help="sim, embedded, or openai.")] = "sim",
    trials: Annotated[int, typer.Option(min=1, help="Problems a length.")] = 200,
    seed: Annotated[int, typer.Option(help="Names the problems; not the harness's.")] = 1007,
    output: Folder = None,
    as_json: Json = False,
) -> None:
    """Measure how long a text one reader can be trusted with: error curve and knee of a model.

    Example: newsroom bench knee --backend sim
    """
    from annotator.longdoc import calibrate
    from annotator.longdoc.bench.backends import opened
    from newsroom.commands import current

    chosen = _words(backend, ("sim", "embedded", "openai"), "backend")[0]
    if chosen == "embedded":
        found = calibrate.embedded(trials=trials, seed=seed)
    else:
        with opened(chosen, current) as (agents, each):
            found = calibrate.model(chosen, agents, each, trials=trials, seed=seed)
    if output is not None:
        calibrate.save(found, output)
    if as_json:
        print(json.dumps(found.as_dict(), indent=1))
        return
    print(f"{found.model}: knee at {found.knee} {found.unit}")
    for length, accuracy in zip(found.lengths, found.accuracies, strict=True):
        print(f"{length:6} {accuracy:.3f}")


@app.command()
def longdoc(
    file: Annotated[
        Path | None, typer.Argument(help="A text to read here, without any service.")
    ] = None,
    article: Annotated[
        str | None, typer.Option("--article", help="Read a stored article by the workers.")
    ] = None,
    chunk: Annotated[int, typer.Option(min=1, help="Sentences a chunk.")] = 20,
    sentence_labels: Annotated[
        bool, typer.Option(help="Count type, tone and focus by the sentence heads.")
    ] = False,
    wait_s: Annotated[float, typer.Option(min=0, help="Seconds to wait for the workers.")] = 120.0,
    as_json: Json = False,
) -> None:
    """Read a long document in chunks: who says what, counts, and how much of it was read.

    Example: newsroom longdoc hearing.txt
    """
    from newsroom.errors import BadRequest

    if (file is None) == (article is None):
        raise BadRequest("longdoc-input", "name a file, or a stored article with --article")
    if file is not None:
        from annotator.longdoc import document, labels
        from newsroom.text import normalise

        if not file.is_file():
            raise BadRequest("longdoc-input", f"no file {file}")
        text = normalise(file.read_text(encoding="utf-8", errors="replace"))
        reader = labels.reader(labels.model(sentence_labels=sentence_labels))
        found = document.read_document(
            text, chunk_sentences=chunk, sentence_reader=reader
        ).as_dict()
    else:
        from annotator.longdoc import runner
        from newsroom.commands import current

        assert article is not None
        found = runner.read_article(
            current(),
            article,
            chunk_sentences=chunk,
            wait_s=wait_s,
            sentence_labels=sentence_labels,
        )
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        _print_result(found)


def _print_result(found: dict[str, Any]) -> None:
    quotes = found["quotes_by_speaker"]
    print(
        f"{found['status']}, coverage {found['coverage']:.2f}: {found['sentences']} sentences in "
        f"{found['chunks']} chunks, {len(found['speakers'])} quoted, {found['messages']} messages"
    )
    for name, number in quotes.items():
        print(f"{number:6} {name}")
    for name, number in found["counts"].items():
        print(f"{number:6} {name}")
