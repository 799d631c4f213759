"""Tables to files, a stretch of the slice at a time, and what became of each file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from api.exports.columns import Kind, Table
from newsroom.db import Conn
from newsroom.store.exporting import rows
from newsroom.store.exporting.bodies import STRETCHED
from newsroom.store.exporting.snapshots import File

STRETCH: Final = 2_000  # articles
GROUP: Final = 10_000  # rows of a group in Parquet
PAGE_BYTES: Final = 131_072  # of each column, of which all are held at once
FETCHED: Final = 500  # rows at a time as Python values, which take ten times the room
TELL_EVERY_BYTES: Final = 16_000_000

Told = Callable[[float], None]
Stretches = list[dict[str, int]]


class Sink:
    """A file that counts and digests what is written to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("xb", buffering=1_000_000)
        self._digest = sha256()
        self.size_bytes = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Append."""
        self._file.write(data)
        self._digest.update(data)
        self.size_bytes += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes written, for writers that ask."""
        return self.size_bytes

    def flush(self) -> None:
        """Nothing waits here that a reader could miss: the file is read once it is closed."""

    def close(self) -> None:
        """End the file."""
        self._file.close()
        self.closed = True

    def done(self, count: int | None = None) -> File:
        """End the file, and say what it is."""
        self.close()
        return File(
            name=self._path.name,
            size_bytes=self.size_bytes,
            sha256=self._digest.hexdigest(),
            rows=count,
        )


def stretches(table: str, articles: int) -> Stretches:
    """The parts in which a table is read; one where its rows are not those of articles."""
    if table not in STRETCHED:
        return [{}]
    return [{"low": low, "high": low + STRETCH} for low in range(0, articles, STRETCH)]


def write(
    conn: Conn,
    table: Table,
    form: str,
    folder: Path,
    *,
    articles: int,
    values: Mapping[str, object],
    told: Told,
) -> File:
    """Write one table of the slice, which has so many articles; ``told`` how far it is, 0 to 1."""
    parts = stretches(table.name, articles)
    sink = Sink(folder / f"{table.name}.{form}")
    try:
        if form == "parquet":
            return sink.done(_parquet(conn, table, sink, parts, values, told))
        return sink.done(_text(conn, table, form, sink, parts, values, told))
    finally:
        sink.close()


def _text(
    conn: Conn,
    table: Table,
    form: str,
    sink: Sink,
    parts: Stretches,
    values: Mapping[str, object],
    told: Told,
) -> int:
    written = 0
    if form == "csv":
        sink.write((",".join(name for name, _ in table.kinds) + "\n").encode())
    for done, part in enumerate(parts, start=1):
        heard = sink.size_bytes
        copying = rows.copied(conn, table.name, table.kinds, form, {**values, **part})  # type: ignore[arg-type]
        with copying as (chunks, counted):
            for chunk in chunks:
                sink.write(chunk)
                if sink.size_bytes - heard > TELL_EVERY_BYTES:
                    heard = sink.size_bytes
                    told((done - 1) / len(parts))
        written += counted[0]
        told(done / len(parts))
    return written


def _parquet(
    conn: Conn,
    table: Table,
    sink: Sink,
    parts: Stretches,
    values: Mapping[str, object],
    told: Told,
) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types: dict[Kind, Any] = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
    }
    schema = pa.schema(
        [
            pa.field(
                c.name, types.get(c.kind, pa.string()), metadata={"description": c.description}
            )
            for c in table.columns
        ]
    )

    def read() -> Iterator[Any]:
        for done, part in enumerate(parts, start=1):
            bound = {**values, **part}
            for batch in rows.batches(conn, table.name, table.kinds, bound, rows=FETCHED):
                columns = zip(*batch, strict=True)
                arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
                yield pa.record_batch(arrays, schema=schema)
                told((done - 1) / len(parts))
            told(done / len(parts))

    written = 0
    writing = pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        data_page_size=PAGE_BYTES,
        dictionary_pagesize_limit=PAGE_BYTES,
    )
    with writing as writer:
        for group in grouped(read(), GROUP):
            writer.write_table(pa.Table.from_batches(group, schema), row_group_size=GROUP)
            written += sum(len(batch) for batch in group)
    return written


def grouped(batches: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The same rows in groups of ``size`` but for the last; batches can be cut by ``slice``."""
    held: list[Any] = []
    room = size
    for batch in batches:
        rest = batch
        while len(rest) >= room:
            yield [*held, rest.slice(0, room)]
            rest, held, room = rest.slice(room), [], size
        if len(rest):
            held.append(rest)
            room -= len(rest)
    if held:
        yield held
