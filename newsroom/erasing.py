"""Erase a record of a WARC file in place: every other record keeps its place.

A record is one gzip member (ISO 28500 Annex D). It is overwritten by a member of the same length
that holds a record saying so; the room left is filled in the comment of its gzip header (RFC 1952
2.3.1), which readers skip.
"""

from __future__ import annotations

import os
import struct
import uuid
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from newsroom.errors import Refused

CHUNK_BYTES: Final = 65_536
_HEADER: Final = (
    b"\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\xff"  # deflate, a comment, no time, any system
)
_BLOCK: Final = b"takedown: this record was erased\r\n"


def erase(path: Path, offset: int, at: datetime) -> int:
    """Overwrite the member that starts at ``offset`` and wait for the disk; its length in bytes.

    Doing it again changes nothing that matters. Raises Refused ``archive-broken`` where no member
    starts there, ``archive-record-short`` where it has no room to say that it was erased.
    """
    with path.open("r+b") as file:
        length = _length(file, path, offset)
        record = _member(_record(at), length)
        if record is None:
            raise Refused("archive-record-short", f"{path.name}, byte {offset}: {length} bytes")
        file.seek(offset)
        file.write(record)
        file.flush()
        os.fsync(file.fileno())
    return length


def _length(file: BinaryIO, path: Path, offset: int) -> int:
    """Bytes of the member that starts at ``offset``."""
    file.seek(offset)
    member = zlib.decompressobj(wbits=31)
    read = 0
    try:
        while not member.eof and (chunk := file.read(CHUNK_BYTES)):
            read += len(chunk)
            while chunk and not member.eof:  # a bomb must not fill the memory
                member.decompress(chunk, CHUNK_BYTES)
                chunk = member.unconsumed_tail
    except zlib.error as error:
        raise Refused("archive-broken", f"{path.name}, byte {offset}: {error}") from error
    if not member.eof:
        raise Refused("archive-broken", f"{path.name}, byte {offset}: no whole record")
    return read - len(member.unused_data)


def _record(at: datetime) -> bytes:
    fields = (
        "WARC/1.1\r\nWARC-Type: metadata\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\r\n"
        f"WARC-Date: {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\r\n"
        f"Content-Type: application/warc-fields\r\nContent-Length: {len(_BLOCK)}\r\n\r\n"
    )
    return fields.encode() + _BLOCK + b"\r\n\r\n"


def _member(record: bytes, length: int) -> bytes | None:
    """One gzip member of exactly this length; None where it does not fit."""
    squeeze = zlib.compressobj(level=9, wbits=-15)
    body = squeeze.compress(record) + squeeze.flush()
    end = struct.pack("<II", zlib.crc32(record), len(record))
    room = length - len(_HEADER) - 1 - len(body) - len(end)
    return None if room < 0 else _HEADER + b" " * room + b"\0" + body + end
