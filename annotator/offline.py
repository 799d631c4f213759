"""The verbs that need no database: JSON lines in, JSON lines out, in order, one for one."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from typing import IO, Annotated, Any, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from annotator import blind
from annotator.labellers.base import ArticleInput, Labelled, Labeller
from newsroom.errors import BadRequest, NewsroomError
from newsroom.records import SENTENCE_COUNTS, Scope

BATCH = 64
Lines = Callable[[Iterable[object]], Iterator[dict[str, Any]]]


def run(ready: Callable[[], Lines], source: str, target: str, noun: str) -> int:
    """Stream a file through what ``ready`` gives; exit code 1 if any line came out as an error.

    The input is opened first: nobody waits for a model to hear of a file that is not there.
    """
    bad = 0
    with ExitStack() as files:
        reader = files.enter_context(_reader(source))
        lines = ready()
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


def annotate(labeller: Labeller, *, sentences: bool = False) -> Lines:
    """Lines ``{id, title, text, sentences?, published_at?, publisher?, bylines?}`` to labels.

    With ``sentences`` every sentence comes out with its labels: those of the line if it brings
    some, else those our own rule finds. Outlet and reporters are hidden where they are named.
    """

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
                if isinstance(outcome, NewsroomError):
                    yield {"id": entry[0], "error": outcome.message, "code": outcome.code}
                    continue
                row = {"id": entry[0]} | flat(outcome)
                if outcome.refused is not None:  # its sentences have labels, the whole has none
                    row["refused"] = {
                        "code": outcome.refused.code, "message": outcome.refused.message,
                    }  # fmt: skip
                if sentences:
                    row |= of_sentences(entry[1], outcome)
                yield row | {"labeller": labeller.id, "labeller_revision": labeller.revision}

    return lines


def cluster(records: Iterable[object]) -> Iterator[dict[str, Any]]:
    """Lines ``{id, title, text?, published_at?, publisher?}`` to event and story ids."""
    from annotator.events.offline import cluster_lines  # seconds of imports that labels do not need

    return cluster_lines(records)


def flat(labelled: Labelled) -> dict[str, Any]:
    """Labels as columns: ``lean``, ``lean_distribution``, ``topic`` … each with its confidence."""
    row: dict[str, Any] = {}
    for label in labelled.labels:
        if label.scope is Scope.SENTENCE:
            continue
        prefix = "" if label.scope == Scope.ARTICLE else "headline_"
        name = f"{prefix}{label.stage}"
        row[name] = next((x for x in (label.score, label.text, label.label) if x is not None), None)
        if label.score is not None and label.label is not None:
            row[f"{name}_label"] = label.label
        if label.confidence is not None:
            row[f"{name}_confidence"] = label.confidence
        if label.distribution is not None:
            row[f"{name}_distribution"] = label.distribution
        if label.scale is not None:
            row[f"{name}_scale"] = label.scale
        if not label.validated:
            row[f"{name}_validated"] = False
        if label.reason is not None:
            row[f"{name}_reason"] = label.reason
        if label.evidence:
            row[f"{name}_evidence"] = list(label.evidence)
    return row


def of_sentences(article: ArticleInput, labelled: Labelled) -> dict[str, Any]:
    """``sentences`` in order, each with text, type, tone and focus, and the counts of an article.

    A sentence without labels has nulls; counts are of those that have them.
    """
    rows: list[dict[str, Any]] = [
        {"text": text, "type": None, "tone": None, "focus": None} for text in article.cut()
    ]
    counts = dict.fromkeys(SENTENCE_COUNTS.values(), 0)
    for label in labelled.labels:
        if label.scope is Scope.SENTENCE and label.sentence is not None:
            name = label.stage.removeprefix("sentence_")
            row = rows[label.sentence]
            row[name] = label.label
            if label.confidence is not None:
                row[f"{name}_confidence"] = label.confidence
            if column := SENTENCE_COUNTS.get((label.stage, str(label.label))):
                counts[column] += 1
    return {"sentences": rows} | counts


def _article(number: int, record: object) -> tuple[str, ArticleInput] | dict[str, Any]:
    if not isinstance(record, dict) or "id" not in record:
        return {"id": None, "error": f"line {number}: not an object with an id"}
    try:
        line = _Line.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return {"id": record["id"], "error": f"line {number}: {where}: {first['msg']}"}
    return record["id"], line.article()


class _Line(BaseModel):
    """One line of input; what else it holds is not ours."""

    model_config = ConfigDict(frozen=True, strict=True)

    title: str | None = None
    text: str | None = None
    sentences: tuple[str, ...] | None = Field(None, strict=False)
    published_at: Annotated[datetime | None, Field(strict=False)] = None
    publisher: str | None = None
    domain: str = ""
    bylines: tuple[str, ...] = Field((), strict=False)

    @model_validator(mode="after")
    def _has_a_text(self) -> Self:
        if self.text is None and self.sentences is None:
            raise ValueError("text must be a string, unless sentences are given")
        return self

    def article(self) -> ArticleInput:
        """What a labeller may see of the line."""
        title = self.title or ""
        text = self.text if self.text is not None else " ".join(self.sentences or ())
        told = self._hidden(title, text)
        cut = self.sentences
        if cut is not None:
            cut = tuple(self._hidden("", sentence).text for sentence in cut)
        day = self.published_at.date() if self.published_at else None
        return ArticleInput(title=told.title, text=told.text, sentences=cut, on=day)

    def _hidden(self, title: str, text: str) -> blind.Blinded:
        names = [self.publisher] if self.publisher else []
        return blind.blind(title, text, names=names, domain=self.domain, bylines=self.bylines)


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
