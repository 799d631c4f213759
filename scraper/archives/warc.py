"""WARC files (ISO 28500), reading: ours or anyone's, record by record at constant memory.

Digests are verified. Where a file is damaged the place is named and reading goes on at the next
record that can be found.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

from warcio.bufferedreaders import BufferedReader, ChunkedDataReader

from newsroom.errors import Refused
from scraper.archives.members import CHUNK_BYTES, DAMAGE, Record, Records, find_record
from scraper.extraction.decode import BODY_MAX_BYTES, is_html_type

ASKED = "WARC-Newsroom-Asked-URI"  # the address before redirects; extension fields are allowed
BLOCK_MAX_BYTES = BODY_MAX_BYTES + 1_000_000  # a body of the limit and its headers
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_DIGESTS = {"md5", "sha1", "sha256", "sha512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Where a response lies."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One archived answer; ``refused`` says why its body is not here.

    ``offset`` is where its record starts, ``end`` where the next one does (bytes); ``ours``
    whether this program archived it, so that ``fetched_at`` is the time of the fetch.
    """

    url: str
    asked_url: str
    fetched_at: datetime
    status: int
    content_type: str | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    file: str
    offset: int
    end: int
    ours: bool = False
    refused: Refused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A stretch that could not be read, from the record at ``offset`` to ``end``."""

    file: str
    offset: int
    end: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: damaged at byte {self.offset}: {self.reason}"


class Source(Protocol):
    """A WARC file that can be opened at any byte."""

    @property
    def name(self) -> str:
        """What rows call it."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes in all, where that is known."""
        ...

    def open(self, offset: int) -> BinaryIO:
        """A stream from this byte on; its ``tell`` counts from the start of the file."""
        ...


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A WARC file on a disk."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    @property
    def size(self) -> int | None:
        """Bytes in all."""
        return self.path.stat().st_size

    def open(self, offset: int) -> BinaryIO:
        """Open and seek."""
        file = self.path.open("rb")
        file.seek(offset)
        return file


def anything(url: str) -> bool:
    """Want every address."""
    return bool(url)


def responses(
    source: Source,
    *,
    start: int = 0,
    wanted: Callable[[str], bool] = anything,
    html_only: bool = True,
) -> Iterator[Response | Damage]:
    """Every HTTP response of a WARC file from the record at byte ``start`` on, in order.

    A body of an address not ``wanted``, no HTML page, cut by who archived it, over the limit or
    unlike its digest comes refused (``not-wanted``, ``not-html``, ``body-cut``, ``too-large``,
    ``archive-digest``), other kinds of records not at all.
    """
    at_byte = start
    while True:
        with source.open(at_byte) as file:
            records = Records(file, at_byte)
            try:
                while (record := records.next()) is not None:
                    response = _response(records, record, source.name, wanted, html_only)
                    if response is not None:
                        yield response
            except DAMAGE as error:
                reason = str(error) or type(error).__name__
            else:
                return
        found = find_record(source.open, records.at + 1)
        end = records.at + 1 if found is None else found
        yield Damage(file=source.name, offset=records.at, end=end, reason=reason)
        if found is None:
            return
        at_byte = found


def at(source: Source, offset: int) -> Response:
    """The one response whose record starts at this byte, whatever its type, refused or not.

    Raises Refused ``archive-broken`` where there is none.
    """
    with source.open(offset) as file:
        records = Records(file, offset)
        try:
            record = records.next()
            found = record and _response(records, record, source.name, anything, html_only=False)
        except DAMAGE as error:
            raise Refused("archive-broken", f"{source.name}, byte {offset}: {error}") from error
    if not found or found.offset != offset:
        raise Refused("archive-broken", f"{source.name}, byte {offset}: no response")
    return found


def _response(
    records: Records, record: Record, file: str, wanted: Callable[[str], bool], html_only: bool
) -> Response | None:
    """What a record holds, read to its end; None where it is no response."""
    fields = record.fields
    if fields.get("warc-type") not in {"response", "resource"}:
        records.finish()
        return None
    url = fields.get("warc-target-uri", "").strip("<>")
    answer, body, refused = _Answer(status=0), b"", None
    try:
        _check_frame(url, record, wanted)
        block = record.block()
        answer = _answer(fields, block)
        _check_block(fields, block)
        _check_kind(fields, answer, html_only)
        body = _body(answer)
        _check_payload(fields, answer.payload, body)
    except Refused as refusal:
        refused, body = refusal, b""
    records.finish()
    return Response(
        url=url,
        asked_url=fields.get(ASKED.lower(), url),
        fetched_at=_date(fields.get("warc-date")),
        status=answer.status,
        content_type=answer.content_type,
        headers=answer.headers,
        body=body,
        file=file,
        offset=record.offset,
        end=records.at,
        ours=ASKED.lower() in fields,
        refused=refused,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """An HTTP message taken apart; ``payload`` as it went over the wire."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str | None = None
    payload: bytes = b""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


def _check_frame(url: str, record: Record, wanted: Callable[[str], bool]) -> None:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Refused("bad-url", f"not a web address: {url[:200]}")
    if not wanted(url):
        raise Refused("not-wanted", "an address that was not asked for")
    if record.length > BLOCK_MAX_BYTES:
        raise Refused("too-large", f"a record of {record.length} bytes")


def _check_kind(fields: dict[str, str], answer: _Answer, html_only: bool) -> None:
    if html_only and not is_html_type(answer.content_type):
        raise Refused("not-html", f"the server called it {answer.content_type}"[:200])
    if cut := fields.get("warc-truncated"):
        raise Refused("body-cut", f"whoever archived it cut the body ({cut})"[:200])


def _answer(fields: dict[str, str], block: bytes) -> _Answer:
    if fields["warc-type"] == "resource":  # a body alone
        return _Answer(status=200, content_type=fields.get("content-type"), payload=block)
    gap = _HEADERS_END.search(block)
    head, payload = (block[: gap.start()], block[gap.end() :]) if gap else (block, b"")
    first, *lines = head.decode("latin-1").splitlines() or [""]
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon)
    code = first.split(" ", 2)[1:2]
    status = int(code[0]) if code and code[0].isascii() and code[0].isdigit() else 0
    answer = _Answer(status=status, headers=headers, payload=payload)
    return replace(answer, content_type=answer.header("content-type"))


def _body(answer: _Answer) -> bytes:
    """The body decoded. Refused ``too-large`` before a bomb costs more than a page."""
    named = (answer.header("content-encoding") or "").lower()
    encoding = named if named in BufferedReader.get_supported_decompressors() else None
    stream: Any = io.BytesIO(answer.payload)
    if (answer.header("transfer-encoding") or "").lower() == "chunked":
        stream = ChunkedDataReader(stream, decomp_type=encoding)
    elif encoding:
        stream = BufferedReader(stream, decomp_type=encoding)
    parts: list[bytes] = []
    size = 0
    while chunk := stream.read(CHUNK_BYTES):
        size += len(chunk)
        if size > BODY_MAX_BYTES:
            raise Refused("too-large", f"more than {BODY_MAX_BYTES} bytes")
        parts.append(chunk)
    return b"".join(parts)


def _check_block(fields: dict[str, str], block: bytes) -> None:
    digest = fields.get("warc-block-digest")
    if digest is not None and not _matches(digest, block):
        raise Refused("archive-digest", f"the record is not what was archived ({digest})"[:200])


def _check_payload(fields: dict[str, str], payload: bytes, body: bytes) -> None:
    """Only where no digest covers the whole block.

    Some archives digest the payload before, others after its encodings are undone: either is right.
    """
    digest = fields.get("warc-payload-digest")
    if digest is None or "warc-block-digest" in fields:
        return
    if not _matches(digest, payload) and not _matches(digest, body):
        raise Refused("archive-digest", f"the body is not what was archived ({digest})"[:200])


def _matches(stated: str, data: bytes) -> bool:
    """Whether a digest as WARC writes it, base 32 or 16, is that of the bytes.

    An algorithm we do not know says nothing.
    """
    name, _, text = stated.partition(":")
    name = name.lower().replace("-", "")
    if name not in _DIGESTS:
        return True
    made = hashlib.new(name, data, usedforsecurity=False)
    plain = text.strip().upper()
    return plain in {made.hexdigest().upper(), base64.b32encode(made.digest()).decode("ascii")}


def _date(text: str | None) -> datetime:
    if text is None:
        raise ValueError("a record without WARC-Date")
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
