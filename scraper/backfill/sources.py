"""What ``newsroom backfill ccnews`` is given: archive files, their addresses, lists of either."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from newsroom.errors import BadRequest
from scraper.archives.warc import LocalFile
from scraper.backfill.remote import RemoteFile, Web

COMMON_CRAWL = "https://data.commoncrawl.org/"
LISTS = (".paths", ".paths.gz", ".txt")
LIST_MAX_BYTES = 50_000_000
LINES_MAX = 1_000_000


def resolve(names: Sequence[str], web: Web) -> Iterator[LocalFile | RemoteFile]:
    """Every archive file that the names mean, in order.

    A line of a list is an address, or a path at Common Crawl. Raises BadRequest
    ``file-unreadable``, ``file-broken`` or ``listing-invalid``.
    """
    for name in names:
        if not name.removesuffix("/").endswith(LISTS):
            yield _file(name, web)
            continue
        for line in _lines(name, web):
            yield _file(line if _is_address(line) else COMMON_CRAWL + line, web)


def _file(name: str, web: Web) -> LocalFile | RemoteFile:
    if _is_address(name):
        return RemoteFile(name, web)
    path = Path(name)
    if not path.is_file():
        raise BadRequest("file-unreadable", f"{name}: no such file", field="files")
    return LocalFile(path)


def _is_address(name: str) -> bool:
    return name.startswith(("https://", "http://"))


def _lines(name: str, web: Web) -> Iterator[str]:
    raw = _fetched(name, web) if _is_address(name) else _read(Path(name))
    if raw.startswith(b"\x1f\x8b"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
                raw = file.read(LIST_MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BadRequest("file-broken", f"{name}: {error}", field="files") from error
    if len(raw) > LIST_MAX_BYTES:
        raise BadRequest("listing-invalid", f"{name}: more than {LIST_MAX_BYTES} bytes")
    lines = [line.strip() for line in raw.decode("utf-8", "replace").splitlines()]
    wanted = [line for line in lines if line and not line.startswith("#")]
    if len(wanted) > LINES_MAX or not all(".warc" in line for line in wanted):
        raise BadRequest("listing-invalid", f"{name}: a line names no WARC file", field="files")
    yield from wanted


def _fetched(url: str, web: Web) -> bytes:
    with web.get(url) as answer:
        return answer.read(LIST_MAX_BYTES + 1)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LIST_MAX_BYTES + 1)
    except OSError as error:
        raise BadRequest("file-unreadable", f"{path}: {error.strerror}", field="files") from error
