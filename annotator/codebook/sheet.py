"""Filled coder's sheets back in, strictly: what a person entered is taken as it is, or refused.

A sheet is a CSV file with one row a unit (headline, article or sentence) and one column a
question; :mod:`annotator.codebook.blank` writes it. An empty cell is a unit not coded, never an
answer; :data:`NOT_ASKED` marks questions that are not asked of a unit.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from annotator.codebook import loader
from annotator.codebook.loader import PARENT_QUESTION, UNCLEAR, Codebook, Question
from newsroom.errors import BadRequest, Misconfigured
from newsroom.text import sentences, word_count

ITEM, UNIT, SENTENCE, TEXT = "item", "unit", "sentence", "text"
CODER, CODEBOOK, PROBABILITY = "coder", "codebook", "sampling_probability"
BEFORE, AFTER = (ITEM, UNIT, SENTENCE, TEXT), (CODER, CODEBOOK, PROBABILITY)
UNITS = ("article", "headline", "sentence")
NOT_ASKED = "n/a"
# A cell that starts so may be run as a formula (OWASP, CSV injection); the quote itself is there
# so that taking the prefix off gives back what went in.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_DECIMAL = re.compile(r"[-+\N{MINUS SIGN}]?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """One answer of one coder. `value` is a label, `unclear`, words, or a score on the scale.

    `sentence` counts from 0; `sampling_probability` is that of the item, where the sample had one.
    """

    item: str
    unit: str
    sentence: int | None
    question: str
    coder: str
    value: str | float
    sampling_probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The codings of sheets, and how many cells that asked for one were left empty."""

    codings: tuple[Coding, ...]
    empty: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell as a spreadsheet shows it: file, row from 1, column by name."""

    path: Path
    row: int

    def fault(self, code: str, column: str, why: str) -> NoReturn:
        raise BadRequest(code, f"{self.path.name}, row {self.row}, column {column}: {why}")


def read_sheet(path: Path) -> list[Coding]:
    """The codings of one sheet, in its order; BadRequest names the row and column of a fault."""
    return list(read_sheets([path]).codings)


def read_sheets(paths: Iterable[Path]) -> Filled:
    """The codings of any number of sheets; a coder may code a unit once in all of them."""
    codings: list[Coding] = []
    empty = 0
    seen: set[tuple[str, str, int | None, str]] = set()
    for path in paths:
        for place, row, book in _rows(path):
            item, unit, sentence, coder, probability = _about(place, row)
            key = (item, unit, sentence, coder)
            if key in seen:
                where = "" if sentence is None else f" sentence {sentence}"
                place.fault("sheet-item-twice", ITEM, f"{coder} has {item} {unit}{where} twice")
            seen.add(key)
            values: dict[str, str | float] = {}
            for question in (book.questions[name] for name in row if name in book.questions):
                value = _value(place, question, unit, row[question.id].strip())
                if value is not None:
                    values[question.id] = value
                elif unit in question.units:
                    empty += 1
            _check_family(place, book, values)
            codings.extend(
                Coding(
                    item=item, unit=unit, sentence=sentence, question=name, coder=coder,
                    value=value, sampling_probability=probability,
                )
                for name, value in values.items()
            )  # fmt: skip
    return Filled(codings=tuple(codings), empty=empty)


def safe(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def plain(cell: str) -> str:
    """What was in the cell before :func:`safe`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def stamp(book: Codebook) -> str:
    """What a sheet says of the codebook it was made from."""
    return f"{book.version}:{book.digest}"


def _rows(path: Path) -> Iterator[tuple[_Place, dict[str, str], Codebook]]:
    """The rows of a sheet that hold anything, cells by column."""
    csv.field_size_limit(sys.maxsize)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadRequest("file-unreadable", f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadRequest("sheet-not-utf8", f"{path.name}: save it as CSV in UTF-8") from error
    # Where the comma is the decimal mark, spreadsheets separate cells by semicolons.
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    try:
        for number, cells in enumerate(reader, start=1):
            place = _Place(path, number)
            if not header:
                header = [cell.strip() for cell in cells]
                _check_header(place, header)
            elif any(cell.strip() for cell in cells):
                if len(cells) != len(header):
                    why = f"{len(cells)} cells, the header has {len(header)}"
                    place.fault("sheet-broken", header[0], why)
                row = {name: plain(cell) for name, cell in zip(header, cells, strict=True)}
                yield place, row, _book(place, row)
    except csv.Error as error:
        raise BadRequest("sheet-broken", f"{path.name}, line {reader.line_num}: {error}") from error
    if not header:
        raise BadRequest("sheet-broken", f"{path.name} is empty")


def _check_header(place: _Place, header: list[str]) -> None:
    for name in (*BEFORE, *AFTER):
        if name not in header:
            place.fault("sheet-broken", name, "the column is missing")
    for name in header:
        if header.count(name) > 1:
            place.fault("sheet-broken", name, "the column stands there twice")


def _book(place: _Place, row: Mapping[str, str]) -> Codebook:
    """The codebook of a row, which must be as it was when the sheet was made."""
    told = row[CODEBOOK].strip()
    try:
        book = loader.load(told.partition(":")[0] or "?")
    except Misconfigured as error:
        place.fault("sheet-other-codebook", CODEBOOK, error.message)
    if told != stamp(book):
        place.fault("sheet-other-codebook", CODEBOOK, f"made from {told}, here is {stamp(book)}")
    for name in row:
        if name not in {*BEFORE, *AFTER} and name not in book.questions:
            place.fault("sheet-broken", name, f"codebook {book.version} has no such question")
    return book


def _about(
    place: _Place, row: Mapping[str, str]
) -> tuple[str, str, int | None, str, float | None]:  # fmt: skip
    """Item, unit, sentence, coder and sampling probability of a row."""
    item, unit, coder = row[ITEM], row[UNIT].strip(), row[CODER].strip()
    for column, cell in ((ITEM, item), (CODER, coder)):
        if not cell.strip():
            place.fault("sheet-broken", column, "it is empty")
    if unit not in UNITS:
        place.fault("sheet-broken", UNIT, f"{unit!r} is none of {', '.join(UNITS)}")
    number, drawn = row[SENTENCE].strip(), row[PROBABILITY].strip()
    if number.isdecimal() != (unit == "sentence") or (number and unit != "sentence"):
        place.fault("sheet-broken", SENTENCE, f"{number!r} does not number a unit {unit}")
    probability = _number(drawn) if drawn else None
    if drawn and (probability is None or not 0 < probability <= 1):
        place.fault("sheet-broken", PROBABILITY, f"{drawn!r} is no probability above 0")
    return item, unit, int(number) if number else None, coder, probability


def _value(place: _Place, question: Question, unit: str, cell: str) -> str | float | None:
    """The answer in a cell, or None where there is none."""
    if unit not in question.units:
        if cell not in {"", NOT_ASKED}:
            place.fault("sheet-not-asked", question.id, f"it is not asked of a {unit}")
        return None
    if cell in {"", UNCLEAR}:
        return cell or None
    if question.scale is not None:
        score = _number(cell)
        low, high = question.scale.minimum, question.scale.maximum
        if score is None or not score.is_integer() or not low <= score <= high:
            why = f"{cell!r} is no whole number from {low} to {high}, nor {UNCLEAR}"
            place.fault("sheet-score-out-of-range", question.id, why)
        return score
    if question.words is not None:
        rule, count, parts = question.words, word_count(cell), len(sentences(cell))
        if count > rule.maximum_words:
            why = f"{count} words, at most {rule.maximum_words}"
            place.fault("sheet-words-too-many", question.id, why)
        if not rule.minimum_sentences <= parts <= rule.maximum_sentences:
            why = f"{parts} sentences, not {rule.minimum_sentences} to {rule.maximum_sentences}"
            place.fault("sheet-words-too-many", question.id, why)
        return cell
    if cell not in question.label_ids:
        place.fault("sheet-label-unknown", question.id, f"{cell!r} is no label of it")
    return cell


def _check_family(place: _Place, book: Codebook, values: Mapping[str, str | float]) -> None:
    """A label whose parent is coded in the same row must be a child of it."""
    for name, above in PARENT_QUESTION.items():
        parents = {label.id: label.parent for label in book.questions[name].labels}
        coded, parent = values.get(name), values.get(above)
        if coded in parents and parent not in {None, UNCLEAR, parents[str(coded)]}:
            why = f"{coded!r} belongs to the {above} {parents[str(coded)]!r}, coded is {parent!r}"
            place.fault("sheet-parent-other", name, why)


def _number(cell: str) -> float | None:
    """A plain decimal number; no exponents, no `nan`, no thousands."""
    return float(cell.replace("\N{MINUS SIGN}", "-")) if _DECIMAL.fullmatch(cell) else None
