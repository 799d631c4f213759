"""What a column and a table of an export are: the one place that every description is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "words", "integer", "number", "boolean", "time", "date", "list", "object"]

# How each kind is written.
FORMS: Final[dict[Kind, str]] = {
    "text": "text",
    "words": "text as found; in CSV a first = + - @, tab or CR is preceded by an apostrophe",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "time": "UTC to the second, 2026-11-20T08:15:00Z",
    "date": "2026-11-20",
    "list": "JSON array; in Parquet as text",
    "object": "JSON object; in Parquet as text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    ``words`` are texts that others wrote, which a spreadsheet must not take for a formula.
    ``values`` are all that may stand there, ``low`` and ``high`` bounds of numbers; ``mbd`` is the
    name of the column of the same meaning in the Media Bias Detector's table (arXiv 2509.25649).
    """

    name: str
    kind: Kind
    description: str
    unit: str | None = None
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    example: str | float | bool | None = None
    required: bool = False
    mbd: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Columns that name a row of another table."""

    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: a file of an export. ``key`` are the columns that tell its rows apart."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    links: tuple[Link, ...] = ()

    @property
    def kinds(self) -> tuple[tuple[str, Kind], ...]:
        """Names and kinds in the order of the columns."""
        return tuple((column.name, column.kind) for column in self.columns)
