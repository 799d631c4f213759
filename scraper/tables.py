"""Files of rows: ``.jsonl``, ``.jsonl.gz`` and ``.parquet``, read in constant memory."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from newsroom.errors import BadRequest, Refused

LINE_MAX_BYTES = 40_000_000  # a page of the size limit, in base64 and with room to spare
PARQUET_ROWS = 512

Row = dict[str, Any] | Refused


def columns(path: Path) -> list[str]:
    """Names of the columns; of a line file, those of its first readable lines."""
    if path.suffix == ".parquet":
        return [str(name) for name in _parquet(path).schema_arrow.names]
    found: dict[str, None] = {}
    for number, (_, row) in enumerate(rows(path)):
        if isinstance(row, dict):
            found |= dict.fromkeys(map(str, row))
        if number >= 20:
            break
    return list(found)


def count(path: Path) -> int | None:
    """Rows where the file knows; None where it would have to be read."""
    return int(_parquet(path).metadata.num_rows) if path.suffix == ".parquet" else None


def rows(path: Path) -> Iterator[tuple[int, Row]]:
    """``(number, row)`` from 1 on; a line that is no JSON object comes as Refused ``bad-line``."""
    if path.suffix != ".parquet":
        with opened(path) as file:
            yield from lines(file)
        return
    number = 0
    for batch in _parquet(path).iter_batches(batch_size=PARQUET_ROWS):
        for row in batch.to_pylist():
            number += 1
            yield number, row


def lines(file: BinaryIO) -> Iterator[tuple[int, Row]]:
    """Rows of an open JSON-lines file; blank lines count but yield nothing."""
    number = 0
    while line := _line(file):
        number += 1
        if isinstance(line, Refused):
            yield number, line
        elif line.strip():
            yield number, _row(line)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file of lines, ``-`` for standard input, decompressed where it is gzip."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        raw = path.open("rb")
    except OSError as error:
        raise BadRequest("file-unreadable", f"{path}: {error.strerror}", field="file") from error
    with raw:
        if raw.read(2) == b"\x1f\x8b":
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) as inner, io.BufferedReader(inner) as file:
                yield file
        else:
            raw.seek(0)
            yield raw


@contextmanager
def created(path: Path) -> Iterator[BinaryIO]:
    """A file to write, ``-`` for standard output."""
    if str(path) == "-":
        yield sys.stdout.buffer
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise BadRequest("file-unwritable", f"{path}: {error.strerror}", field="output") from error
    with file:
        yield file


def _line(file: BinaryIO) -> bytes | Refused | None:
    try:
        line = file.readline(LINE_MAX_BYTES)
        if len(line) == LINE_MAX_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(LINE_MAX_BYTES)) and not rest.endswith(b"\n"):
                pass
            return Refused("too-large", f"a line of more than {LINE_MAX_BYTES} bytes")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadRequest("file-broken", f"damaged gzip data: {error}", field="file") from error
    return line or None


def _row(line: bytes) -> Row:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Refused("bad-line", f"not JSON: {error}")
    return row if isinstance(row, dict) else Refused("bad-line", "not a JSON object")


def _parquet(path: Path) -> Any:
    import pyarrow.lib
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(path)
    except (OSError, pyarrow.lib.ArrowException) as error:
        line = str(error).splitlines()[0]
        raise BadRequest("file-unreadable", f"{path}: {line}", field="file") from error
