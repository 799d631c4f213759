"""Coder's sheets out: units in an order of the coder's own, with nothing that tells the outlet.

The sheet is read back by :mod:`annotator.codebook.sheet`.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, NoReturn

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from annotator import blind, masking
from annotator.codebook import page
from annotator.codebook.loader import UNCLEAR, Codebook, Question
from annotator.codebook.sheet import AFTER, BEFORE, NOT_ASKED, safe, stamp
from newsroom.errors import BadRequest
from newsroom.text import sentences

# What one cell of a spreadsheet holds (Excel's limit); longer texts may be cut by such a program.
CELL_CHARS = 32_767


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article of the sample, masked: headline, body, and its sentences in order."""

    id: str
    title: str
    text: str
    sentences: tuple[str, ...]
    sampling_probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One unit to code; `sentence` counts from 0."""

    item: Item
    unit: str
    sentence: int | None
    text: str


def read_items(source: str) -> list[Item]:
    """Items of JSON lines as `newsroom annotate` reads them, gzip too, in their order.

    ``{id, title?, text, sentences?, publisher?, domain?, bylines?, sampling_probability?}``;
    BadRequest names the line of the first one that cannot be put before a coder.
    """
    items: list[Item] = []
    seen: set[str] = set()
    for number, line in enumerate(_lines(source), start=1):
        if not line.strip():
            continue
        item = _item(number, line)
        if item.id in seen:
            _fault("item-twice", number, f"the id {item.id!r} stands there twice")
        seen.add(item.id)
        items.append(item)
    if not items:
        raise BadRequest("file-empty", f"{source} holds no articles")
    return items


def questions(book: Codebook, names: Sequence[str]) -> list[Question]:
    """The questions of those names in order of reading; without names all but those in words."""
    for name in names:
        if name not in book.questions:
            known = ", ".join(q.id for q in page.ordered(book.questions.values()))
            raise BadRequest("question-unknown", f"{name!r} is no question; there are {known}")
    return page.ordered(
        q for q in book.questions.values() if (q.id in names if names else q.answer != "words")
    )


def rows(
    items: Sequence[Item], asked: Sequence[Question], *, coder: str, seed: int
) -> Iterator[Row]:
    """The units that the questions ask of, items in an order drawn for the coder.

    All headlines come first, so that a headline is coded before its article is read; then each
    article with its sentences. A unit of which masking leaves nothing is not asked of.
    """
    shuffled = list(items)
    random.Random(f"{seed}:{coder}").shuffle(shuffled)  # noqa: S311
    for units in (("headline",), ("article", "sentence")):
        for item in shuffled:
            yield from (row for row in _units(item, asked) if row.text and row.unit in units)


def left_out(items: Sequence[Item], asked: Sequence[Question]) -> int:
    """How many units are not asked of, since they are empty or were nothing but page furniture."""
    return sum(not row.text for item in items for row in _units(item, asked))


def _units(item: Item, asked: Sequence[Question]) -> Iterator[Row]:
    """Every unit of an item that a question is asked of, the empty ones too."""
    units = {unit for question in asked for unit in question.units}
    if "headline" in units:
        yield Row(item=item, unit="headline", sentence=None, text=item.title)
    if "article" in units:
        whole = f"{item.title}\n\n{item.text}".strip() if item.text else ""
        yield Row(item=item, unit="article", sentence=None, text=whole)
    if "sentence" in units:
        for number, text in enumerate(item.sentences):
            yield Row(item=item, unit="sentence", sentence=number, text=text)


def write(
    path: Path, units: Iterable[Row], asked: Sequence[Question], book: Codebook, coder: str
) -> None:
    """The sheet as CSV that spreadsheets open as text, with one empty cell for each answer."""
    try:
        # With a byte order mark, without which some spreadsheets read UTF-8 as something else.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow([*BEFORE, *(question.id for question in asked), *AFTER])
            for row in units:
                number = "" if row.sentence is None else str(row.sentence)
                drawn = row.item.sampling_probability
                # The shortest decimal that reads back equal, without an exponent.
                chance = "" if drawn is None else f"{Decimal(repr(drawn)):f}"
                writer.writerow(
                    map(
                        safe,
                        [
                            *(row.item.id, row.unit, number, row.text),
                            *("" if row.unit in q.units else NOT_ASKED for q in asked),
                            *(coder, stamp(book), chance),
                        ],
                    )
                )
    except OSError as error:
        raise BadRequest("file-unwritable", f"{path}: {error.strerror}") from error


def guide(asked: Sequence[Question], book: Codebook) -> str:
    """What a coder needs beside the sheet, in Markdown: how to fill it, and the definitions."""
    allowed = [f"- `{q.id}` ({', '.join(q.units)}): {_allowed(q)}" for q in asked]
    return "\n".join(
        [
            f"# How to fill this sheet (codebook {book.version}, digest `{book.digest}`)",
            "",
            (
                "One row is one unit. Code the rows from top to bottom, each by the text shown "
                "and nothing else; do not look an article up. Leave a cell empty if you have not "
                "coded it. "
                f"Write `{UNCLEAR}` if you have and no answer fits: it is an answer too. Leave "
                f"`{NOT_ASKED}` and the other columns as they are. Save as CSV in UTF-8."
            ),
            "",
            *allowed,
            "",
            *(line for question in asked for line in page.section(question)),
        ]
    )


def _allowed(question: Question) -> str:
    if question.scale is not None:
        scale = question.scale
        return f"a whole number from {scale.minimum} to {scale.maximum}, or `{UNCLEAR}`"
    if question.words is not None:
        rule = question.words
        return (
            f"{rule.minimum_sentences} to {rule.maximum_sentences} sentences, at most "
            f"{rule.maximum_words} words, or `{UNCLEAR}`"
        )
    return ", ".join(f"`{name}`" for name in (*question.label_ids, UNCLEAR))


def _lines(source: str) -> Iterator[bytes]:
    if source == "-":
        yield from sys.stdin.buffer
        return
    try:
        with (gzip.open if source.endswith(".gz") else open)(source, "rb") as file:
            yield from file
    except (OSError, EOFError) as error:  # EOFError: a gzip file cut short
        raise BadRequest("file-unreadable", f"{source}: {error}") from error


class _Line(BaseModel):
    """One line of input; what else it holds is not ours."""

    model_config = ConfigDict(frozen=True, strict=True)

    id: str | int
    title: str | None = None
    text: str | None = None
    sentences: tuple[str, ...] | None = Field(None, strict=False)
    publisher: str | None = None
    domain: str = ""
    bylines: tuple[str, ...] = Field((), strict=False)
    sampling_probability: Annotated[float | None, Field(gt=0, le=1)] = None

    def item(self) -> Item:
        """What a coder may see of the line: neither outlet nor reporters, nor page furniture."""
        text = self.text if self.text is not None else " ".join(self.sentences or ())
        told = self._hidden(self.title or "", text)
        cut = [told.text[start:end] for start, end in sentences(told.text)]
        if self.sentences is not None:
            cut = [self._hidden("", one).text for one in self.sentences]
        return Item(
            id=str(self.id),
            title=masking.mask(told.title),
            text=masking.mask(told.text),
            sentences=tuple(map(masking.mask, cut)),
            sampling_probability=self.sampling_probability,
        )

    def _hidden(self, title: str, text: str) -> blind.Blinded:
        names = [self.publisher] if self.publisher else []
        return blind.blind(title, text, names=names, domain=self.domain, bylines=self.bylines)


def _item(number: int, line: bytes) -> Item:
    try:
        item = _Line.model_validate(orjson.loads(line)).item()
    except orjson.JSONDecodeError as error:
        _fault("line-broken", number, f"no JSON: {error}")
    except ValidationError as error:
        first = error.errors()[0]
        _fault("line-broken", number, ": ".join((*map(str, first["loc"]), first["msg"])))
    if not item.text:
        _fault("text-empty", number, "the article has no text")
    if not item.id.strip() or _tells_outlet(item.id):
        _fault("item-tells-outlet", number, f"the id {item.id!r} is empty or may tell the outlet")
    return item


def _tells_outlet(name: str) -> bool:
    """Whether an id is an address or holds the name of an outlet."""
    return masking.mask(name) != name or masking.mask(apart := _apart(name)) != apart


def _apart(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip()


def _fault(code: str, number: int, why: str) -> NoReturn:
    raise BadRequest(code, f"line {number}: {why}")
