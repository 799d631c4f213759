"""WARC files (ISO 28500, version 1.1), writing: every fetched page on disk before its row exists.

One process, one file: made anew under a name of its own for each day and each gigabyte, one gzip
member a record, synced after each. A record that does not fit is cut back, so that a file ends
with its last whole record; :mod:`scraper.archives.warc` reads them.
"""

from __future__ import annotations

import io
import os
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsroom import __version__, disk
from newsroom.errors import Misconfigured
from newsroom.settings import Settings
from scraper.archives.warc import ASKED, Stored
from scraper.settings import user_agent

FILE_MAX_BYTES = 1_000_000_000  # the size that ISO 28500 Annex C recommends
_DECODED = {"content-encoding", "transfer-encoding", "content-length"}
_PROFILE = "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


class Archive:
    """Writes responses; a context manager. ``folder`` and file are made when the first page comes.

    ``info`` are the fields of the ``warcinfo`` record that every file starts with. Raises
    Misconfigured ``archive-full`` below ``free_min_bytes`` of free space, or where the disk takes
    no more; whatever was written before stays whole.
    """

    def __init__(
        self,
        folder: Path,
        *,
        info: dict[str, str] | None = None,
        free_min_bytes: int = 0,
        file_max_bytes: int = FILE_MAX_BYTES,
    ) -> None:
        self._folder = folder
        self._info = {"software": f"Newsroom/{__version__}"} | (info or {})
        self._free_min_bytes = free_min_bytes
        self._file_max_bytes = file_max_bytes
        self._file = -1
        self._path = Path()
        self._end = 0
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
        sync: bool = True,
    ) -> Stored:
        """Append one response, its body decoded, and wait until it is on the disk.

        Without ``sync`` the caller promises to call :meth:`sync` before any row names it.
        """
        kept = [(k, v) for k, v in headers if k.lower() not in _DECODED]
        http = StatusAndHeaders(
            f"{status} {'OK' if status == 200 else 'Answer'}",
            [*kept, ("Content-Length", str(len(body)))],
            protocol="HTTP/1.1",
        )
        member = _member(
            lambda writer: writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(body),
                length=len(body),
                http_headers=http,
                warc_headers_dict={"WARC-Date": _date(fetched_at), ASKED: asked_url},
            )
        )
        self.check()
        self._turn(fetched_at.astimezone(UTC).strftime("%Y%m%d"), fetched_at)
        offset = self._append(member)
        if sync:
            self.sync()
        return Stored(file=self._path.name, offset=offset)

    def sync(self) -> None:
        """Wait until all that was written is on the disk."""
        if self._file >= 0:
            try:
                os.fsync(self._file)
            except OSError as error:
                raise self._full(error) from error

    def check(self) -> None:
        """Raise Misconfigured ``archive-full`` where too little space is left."""
        if short := disk.shortage(self._folder, self._free_min_bytes):
            raise Misconfigured("archive-full", short)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        self.check()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _turn(self, day: str, at: datetime) -> None:
        """Open the day's file, or the next one where this one is full."""
        if self._file >= 0 and day == self._day and self._end < self._file_max_bytes:
            return
        self.close()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._path, self._file = _created(self._folder, day)
        except OSError as error:
            raise self._full(error) from error
        self._day, self._end = day, 0
        info = {**self._info, "format": "WARC File Format 1.1", "conformsTo": _PROFILE}
        self._append(
            _member(lambda writer: _dated(writer.create_warcinfo_record(self._path.name, info), at))
        )

    def _append(self, member: bytes) -> int:
        """All of it or nothing of it."""
        offset, rest = self._end, memoryview(member)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            self._cut_back(offset)
            raise self._full(error) from error
        self._end = offset + len(member)
        return offset

    def _cut_back(self, offset: int) -> None:
        try:
            os.ftruncate(self._file, offset)
            os.lseek(self._file, offset, os.SEEK_SET)
        except OSError:
            self.close()  # a torn end stays, which readers pass over; what comes goes elsewhere

    def _full(self, error: OSError) -> Misconfigured:
        return Misconfigured("archive-full", f"{self._folder}: cannot archive: {error.strerror}")


def opened(settings: Settings) -> Archive:
    """The archive of these settings, its files introducing themselves."""
    return Archive(
        settings.archive_dir,
        info={
            "operator": settings.crawl.contact,
            "http-header-user-agent": user_agent(settings.crawl.contact),
            "robots": "obeyed, RFC 9309",
        },
        free_min_bytes=settings.crawl.disk_free_min_bytes,
    )


def _created(folder: Path, day: str) -> tuple[Path, int]:
    """A file that nobody had before: another host, or this process number in another life."""
    host = re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname())[:40]
    serial = 0
    while True:
        path = folder / f"newsroom-{day}-{host}-{os.getpid()}-{serial:05d}.warc.gz"
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            serial += 1


def _member(make: Any) -> bytes:
    """One record as one gzip member, with warcio's digests (SHA-1, as every WARC tool reads)."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    writer.write_record(make(writer))
    return out.getvalue()


def _dated(record: Any, at: datetime) -> Any:
    record.rec_headers.replace_header("WARC-Date", _date(at))
    return record


def _date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
