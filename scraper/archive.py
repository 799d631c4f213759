"""WARC files (ISO 28500): every fetched page on disk before its row exists, and any archive back.

Writing: one gzip file per process and day, one member per record, synced after each. Reading:
record by record at constant memory, ours or anyone's.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Self
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsroom.errors import NewsroomError, Refused
from scraper.decode import BODY_MAX_BYTES, is_html_type

ASKED = "WARC-Newsroom-Asked-URI"  # the address before redirects; extension fields are allowed
_DECODED = {"content-encoding", "transfer-encoding", "content-length"}
_CHUNK = 65_536
# AttributeError: warcio's own answer to a header that is cut in two.
_DAMAGE = (ArchiveLoadFailed, EOFError, OSError, ValueError, AttributeError, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Where a response lies."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One archived answer; ``refused`` says why its body is not here."""

    url: str
    asked_url: str
    fetched_at: datetime
    status: int
    content_type: str | None
    body: bytes
    file: str
    offset: int
    refused: Refused | None = None


class Archive:
    """Writes responses; a context manager. ``folder`` is made when the first page comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._path = Path()
        self._day = ""

    def write(
        self,
        *,
        url: str,
        asked_url: str,
        fetched_at: datetime,
        status: int,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> Stored:
        """Append one response and wait until it is on the disk."""
        file = self._open(fetched_at)
        offset = file.tell()
        writer = WARCWriter(file, gzip=True)
        kept = [(k, v) for k, v in headers if k.lower() not in _DECODED]
        record = writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            length=len(body),
            http_headers=StatusAndHeaders(
                f"{status} {'OK' if status == 200 else 'Answer'}",
                [*kept, ("Content-Length", str(len(body)))],
                protocol="HTTP/1.1",
            ),
            warc_headers_dict={
                "WARC-Date": fetched_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                ASKED: asked_url,
            },
        )
        writer.write_record(record)
        file.flush()
        os.fsync(file.fileno())
        return Stored(file=self._path.name, offset=offset)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _open(self, at: datetime) -> BinaryIO:
        day = at.astimezone(UTC).strftime("%Y%m%d")
        if self._file is None or day != self._day:
            self.close()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._day = day
            self._path = self._folder / f"newsroom-{day}-{os.getpid()}.warc.gz"
            self._file = self._path.open("ab")
        return self._file


class BrokenArchiveError(NewsroomError):
    """The file ends or goes wrong here; the records before it were fine."""


def responses(path: Path) -> Iterator[Response]:
    """Every HTTP response of a WARC file, in order.

    A body that is no HTML page or over the limit comes as a Refused. Raises BrokenArchiveError
    ``archive-broken`` where the file is damaged, after the records before it.
    """
    with path.open("rb") as file:
        iterator = ArchiveIterator(file)
        records = iter(iterator)
        while True:
            try:
                record = next(records, None)
                if record is None:
                    break
                if record.rec_type in {"response", "resource"}:
                    response = _response(record, path.name)
                    # Only now: asking for the offset reads the record to its end.
                    yield replace(response, offset=iterator.get_record_offset())
                elif _cut(record):
                    raise EOFError("the last record is cut")
            except _DAMAGE as error:
                where = file.tell()
                raise BrokenArchiveError(
                    "archive-broken", f"{path.name}: damaged before byte {where}: {error}"
                ) from error


def _response(record: Any, file: str) -> Response:
    headers = record.rec_headers
    http = record.http_headers
    url = headers.get_header("WARC-Target-URI") or ""
    content_type = http.get_header("Content-Type") if http else headers.get_header("Content-Type")
    try:
        status = int(http.get_statuscode()) if http else 200
    except (TypeError, ValueError):
        status = 0
    refused: Refused | None = None
    body = b""
    if not url or urlsplit(url).scheme not in {"http", "https"}:
        refused = Refused("bad-url", f"not a web address: {url[:200]}")
    elif not is_html_type(content_type):
        refused = Refused("not-html", f"the server called it {content_type}"[:200])
    else:
        body, refused = _body(record)
    if _cut(record):
        raise EOFError("the last record is cut")
    return Response(
        url=url,
        asked_url=headers.get_header(ASKED) or url,
        fetched_at=_date(headers.get_header("WARC-Date")),
        status=status,
        content_type=content_type,
        body=body,
        file=file,
        offset=0,
        refused=refused,
    )


def _body(record: Any) -> tuple[bytes, Refused | None]:
    """At most the body limit, counted after decompression: a bomb costs no more than a page."""
    stream = record.content_stream()
    parts: list[bytes] = []
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > BODY_MAX_BYTES:
            return b"", Refused("too-large", f"more than {BODY_MAX_BYTES} bytes")
        parts.append(chunk)
    return b"".join(parts), None


def _cut(record: Any) -> bool:
    """Whether the file ends before the length that the record's header promises."""
    stream = record.raw_stream
    while stream.read(_CHUNK):
        pass
    return bool(getattr(stream, "limit", 0) > 0)


def _date(text: str | None) -> datetime:
    if text is None:
        raise ValueError("a record without WARC-Date")
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
