"""Rows of a table that leaves: CSV and JSON lines straight from COPY, Parquet's from a cursor.

Nothing here holds more than a chunk or a batch: an export costs the same memory at any size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier
from typing_extensions import Buffer

from newsroom.db import Conn
from newsroom.store.exporting.bodies import BODIES

Text = Literal["csv", "jsonl"]
Columns = Sequence[tuple[str, str]]
CHUNK_BYTES: Final = 65_536

# JSON escapes control characters, so that no line ever holds these and COPY quotes nothing.
_COPY: Final[Mapping[Text, str]] = {
    "csv": "COPY ({}) TO STDOUT (FORMAT csv)",
    "jsonl": "COPY (SELECT row_to_json(j) FROM ({}) j) TO STDOUT "
    "(FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')",
}
_TIME: Final = """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
# A spreadsheet takes a cell that begins so for a formula.
_WORDS: Final = (
    "CASE WHEN left({0}, 1) IN ('=', '+', '-', '@', E'\\t', E'\\r') THEN '''' || {0} ELSE {0} END"
)
# How a kind of column is written, where not as it is.
_WRITTEN: Final[Mapping[str, Mapping[str, str]]] = {
    "csv": {
        "words": _WORDS,
        "boolean": "{0}::text",
        "time": _TIME,
        "list": "to_json({0})::text",
        "object": "{0}::text",
    },
    "jsonl": {"time": _TIME},
    "parquet": {
        "time": "date_trunc('second', {0})",
        "list": "to_json({0})::text",
        "object": "{0}::text",
    },
}


def _select(table: str, columns: Columns, form: str) -> Composed:
    written = _WRITTEN[form]
    parts = [
        SQL("{} AS {}").format(
            SQL(written.get(kind, "{0}")).format(SQL("t.{}").format(Identifier(name))),
            Identifier(name),
        )
        for name, kind in columns
    ]
    body = SQL(BODIES[table])
    return SQL("SELECT {} FROM ({}) t").format(SQL(", ").join(parts), body)


@contextmanager
def copied(
    conn: Conn, table: str, columns: Columns, form: Text, values: Mapping[str, object]
) -> Iterator[tuple[Iterator[bytes], list[int]]]:
    """The bytes of the rows, without a header; after the last, their number is in the list.

    ``columns`` are names with their kinds. Left early, the statement is cancelled on the server.
    """
    statement = SQL(_COPY[form]).format(_select(table, columns, form))
    rows: list[int] = []
    with conn.cursor() as cursor:
        with cursor.copy(statement, values) as copy:
            yield _chunks(copy), rows
        rows.append(cursor.rowcount)


def _chunks(lines: Iterable[Buffer]) -> Iterator[bytes]:
    """Lines come one by one; digesting and writing cost less for many at once."""
    held = bytearray()
    for line in lines:
        held += line
        if len(held) >= CHUNK_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def batches(
    conn: Conn, table: str, columns: Columns, values: Mapping[str, object], *, rows: int
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows, so many at a time, from a cursor on the server."""
    with conn.cursor(name="export", row_factory=tuple_row) as cursor:
        cursor.execute(_select(table, columns, "parquet"), values)
        while batch := cursor.fetchmany(rows):
            yield batch
