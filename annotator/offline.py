"""The verbs that need no database: JSON lines in, JSON lines out, in order, one for one."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import IO, Any

import orjson
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from annotator.events.offline import cluster_lines
from annotator.labellers import choose
from annotator.labellers.base import ArticleInput, Labelled
from newsroom.errors import BadRequest, Refused
from newsroom.records import Scope

BATCH = 64
Lines = Callable[[Iterable[object]], Iterator[dict[str, Any]]]


def run(lines: Lines, source: str, target: str, noun: str) -> int:
    """Stream a file through ``lines``; the exit code: 1 if any line came out as an error."""
    bad = 0
    with ExitStack() as files:
        reader = files.enter_context(_reader(source))
        writer = sys.stdout.buffer if target == "-" else files.enter_context(_open(target, "wb"))
        columns = (SpinnerColumn(), TextColumn("{task.completed} " + noun), TimeElapsedColumn())
        progress = files.enter_context(Progress(*columns, console=Console(stderr=True)))
        bar = progress.add_task("", total=None)
        for record in lines(_parsed(reader)):
            bad += "error" in record
            writer.write(orjson.dumps(record) + b"\n")
            progress.advance(bar)
        writer.flush()
    if bad:
        print(f"newsroom: {bad} lines came out as errors", file=sys.stderr)
    return 1 if bad else 0


def annotate(name: str) -> Lines:
    """Lines ``{id, title, text}`` to labels, by the labeller of that name."""
    labeller = choose.labeller(name)

    def lines(records: Iterable[object]) -> Iterator[dict[str, Any]]:
        numbered = enumerate(records, start=1)
        while batch := list(islice(numbered, BATCH)):
            checked = [_article(number, record) for number, record in batch]
            articles = [c[1] for c in checked if isinstance(c, tuple)]
            outcomes = iter(list(labeller.label(articles)))
            for entry in checked:
                if isinstance(entry, dict):
                    yield entry
                    continue
                outcome = next(outcomes)
                if isinstance(outcome, Refused):
                    yield {"id": entry[0], "error": outcome.message, "code": outcome.code}
                else:
                    yield (
                        {"id": entry[0]}
                        | flat(outcome)
                        | {
                            "labeller": labeller.id,
                            "labeller_revision": labeller.revision,
                        }
                    )

    return lines


def cluster(records: Iterable[object]) -> Iterator[dict[str, Any]]:
    """Lines ``{id, title, text?, published_at?, publisher?}`` to event and story ids."""
    return cluster_lines(records)


def flat(labelled: Labelled) -> dict[str, Any]:
    """Labels as columns: ``lean``, ``lean_distribution``, ``topic`` … each with its confidence."""
    row: dict[str, Any] = {}
    for label in labelled.labels:
        prefix = "" if label.scope == Scope.ARTICLE else "headline_"
        name = f"{prefix}{label.stage}"
        row[name] = label.score if label.score is not None else label.label
        if label.score is not None and label.label is not None:
            row[f"{name}_label"] = label.label
        row[f"{name}_confidence"] = label.confidence
        if label.distribution is not None:
            row[f"{name}_distribution"] = label.distribution
        if label.scale is not None:
            row[f"{name}_scale"] = label.scale
        if not label.validated:
            row[f"{name}_validated"] = False
        if label.evidence:
            row[f"{name}_evidence"] = list(label.evidence)
    return row


def _article(number: int, record: object) -> tuple[str, ArticleInput] | dict[str, Any]:
    if not isinstance(record, dict) or "id" not in record:
        return {"id": None, "error": f"line {number}: not an object with an id"}
    title, text = record.get("title"), record.get("text")
    if not isinstance(text, str) or not (title is None or isinstance(title, str)):
        return {"id": record["id"], "error": f"line {number}: text must be a string"}
    return record["id"], ArticleInput(title=title or "", text=text)


def _parsed(reader: IO[bytes]) -> Iterator[object]:
    for line in reader:
        if line.strip():
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                yield None  # comes out as an error in its place


def _reader(source: str) -> IO[bytes]:
    if source == "-":
        return sys.stdin.buffer
    return _open(source, "rb")


def _open(path: str, mode: str) -> IO[bytes]:
    try:
        return gzip.open(path, mode) if path.endswith(".gz") else open(path, mode)  # type: ignore[return-value]  # noqa: PTH123
    except OSError as error:
        raise BadRequest("file-unreadable", f"{path}: {error.strerror}") from error
