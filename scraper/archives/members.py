"""The frame of a WARC file (ISO 28500): records one by one, compressed member by member or plain.

Nothing is held but a chunk; where a record is damaged the error says so and :func:`find_record`
looks for the next one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

CHUNK_BYTES = 65_536
HEADER_LINES_MAX = 1_000
# What reading a damaged record raises; the network's own errors are none of these.
DAMAGE = (EOFError, OSError, ValueError, zlib.error)
_GZIP = b"\x1f\x8b\x08"
_HEAD = b"WARC/"
_GZIP_WINDOW = zlib.MAX_WBITS + 16


class _Feed:
    """Lines and blocks out of chunks; ``consumed`` counts what was given out."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more = more
        self._chunk = b""
        self._at = 0
        self.consumed = 0

    def read(self, size: int) -> bytes:
        """Some bytes, at most ``size``; none at the end."""
        self._fill()
        part = self._chunk[self._at : self._at + size]
        self._at += len(part)
        self.consumed += len(part)
        return part

    def line(self) -> bytes:
        """The next line with its end. ValueError for one longer than a chunk."""
        parts: list[bytes] = []
        while True:
            self._fill()
            end = self._chunk.find(b"\n", self._at)
            part = self.read(end + 1 - self._at if end >= 0 else CHUNK_BYTES)
            parts.append(part)
            if not part or part.endswith(b"\n"):
                return b"".join(parts)
            if sum(map(len, parts)) > CHUNK_BYTES:
                raise ValueError("a header line without end")

    def _fill(self) -> None:
        if self._at >= len(self._chunk):
            self._chunk, self._at = self._more(), 0


@dataclass(slots=True)
class Record:
    """One record: its named fields in lower case, and its block for as long as it is the last."""

    offset: int
    fields: dict[str, str]
    length: int
    _feed: _Feed
    _left: int

    def block(self) -> bytes:
        """All of the block. EOFError where the file ends before."""
        parts: list[bytes] = []
        while self._left:
            parts.append(self._some())
        return b"".join(parts)

    def skip(self) -> None:
        """Read past the block."""
        while self._left:
            self._some()

    def _some(self) -> bytes:
        part = self._feed.read(self._left)
        if not part:
            raise EOFError("the last record is cut")
        self._left -= len(part)
        return part


class Records:
    """Records of an open file whose next byte is number ``at``.

    ``at`` moves to the end of each record once the next one is asked for, or :meth:`finish` is
    called. Both raise one of ``DAMAGE`` where the file is damaged.
    """

    def __init__(self, file: BinaryIO, at: int) -> None:
        self.at = at
        self._file = file
        self._raw = file.read(CHUNK_BYTES)
        self._gzip = self._raw.startswith(_GZIP)
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._used = 0
        self._plain = _Feed(self._chunk)
        self._plain_start = 0
        self._record: Record | None = None
        self._feed = self._plain

    def next(self) -> Record | None:
        """The next record; None at the end of the file."""
        self.finish()
        while self._more_to_come():
            if self._gzip:
                self._inflate, self._used = zlib.decompressobj(_GZIP_WINDOW), 0
                self._feed = _Feed(self._inflated)
            line = self._feed.line()
            while line in {b"\r\n", b"\n"}:
                if not self._gzip:  # blank lines belong to no record
                    self._settle()
                line = self._feed.line()
            if line:
                self._record = _record(self._feed, line, self.at)
                return self._record
            self._settle()  # an empty member, or blank lines at the end
            if not self._gzip:
                return None
        return None

    def finish(self) -> None:
        """Read to the end of the record and check the member's checksum."""
        if self._record is None:
            return
        self._record.skip()
        if self._gzip:
            while tail := self._feed.read(CHUNK_BYTES):
                if tail.strip():
                    raise ValueError("more than one record in a gzip member")
        self._settle()

    def _settle(self) -> None:
        self._record = None
        if self._gzip:
            self.at += self._used
        else:
            self.at += self._plain.consumed - self._plain_start
            self._plain_start = self._plain.consumed

    def _more_to_come(self) -> bool:
        if not self._gzip:
            return True  # only reading tells
        if not self._raw:
            self._raw = self._file.read(CHUNK_BYTES)
        return bool(self._raw)

    def _chunk(self) -> bytes:
        chunk, self._raw = self._raw or self._file.read(CHUNK_BYTES), b""
        return chunk

    def _inflated(self) -> bytes:
        """The next part of the member, at most a chunk whatever it is compressed from."""
        while not self._inflate.eof:
            if not self._raw:
                self._raw = self._file.read(CHUNK_BYTES)
                if not self._raw:
                    raise EOFError("the last record is cut")
            before = len(self._raw)
            out = self._inflate.decompress(self._raw, CHUNK_BYTES)
            self._raw = (
                self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            )
            self._used += before - len(self._raw)
            if out:
                return out
        return b""


def find_record(open_at: Callable[[int], BinaryIO], start: int) -> int | None:
    """The next byte at or after ``start`` where a record begins, compressed or plain."""
    overlap = len(_HEAD)
    with open_at(start) as file:
        at, window = start, b""
        while chunk := file.read(CHUNK_BYTES):
            window += chunk
            for candidate in _candidates(window):
                if window.startswith(_HEAD, candidate) or _begins(open_at, at + candidate):
                    return at + candidate
            at += max(0, len(window) - overlap)
            window = window[-overlap:]
    return None


def _record(feed: _Feed, line: bytes, offset: int) -> Record:
    if not line.startswith(_HEAD):
        raise ValueError("no WARC record")
    fields: dict[str, str] = {}
    for _ in range(HEADER_LINES_MAX):
        line = feed.line()
        if not line:
            raise EOFError("the last record is cut")
        if not line.strip():
            break
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon:
            fields[name.strip().lower()] = value.strip()
    length = int(fields.get("content-length", "none"))
    if length < 0:
        raise ValueError("a record of negative length")
    return Record(offset, fields, length, feed, length)


def _candidates(window: bytes) -> Iterator[int]:
    """Places that look like the start of a record, in order."""
    found: list[int] = []
    for mark, shift in ((_GZIP, 0), (b"\n" + _HEAD, 1)):
        place = window.find(mark)
        while place >= 0:
            found.append(place + shift)
            place = window.find(mark, place + 1)
    yield from sorted(found)


def _begins(open_at: Callable[[int], BinaryIO], place: int) -> bool:
    """Whether a gzip member with a record in it begins here, not just three bytes like one."""
    with open_at(place) as file:
        start = file.read(CHUNK_BYTES // 64)
    try:
        return zlib.decompressobj(_GZIP_WINDOW).decompress(start, len(_HEAD)).startswith(_HEAD)
    except zlib.error:
        return False
