from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from scraper.archive import Archive, BrokenArchiveError, Response, responses
from scraper.decode import BODY_MAX_BYTES

AT = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)


def _write(archive: Archive, number: int, body: bytes = b"<html>x</html>") -> tuple[str, int]:
    stored = archive.write(
        url=f"http://quay.test/final/{number}",
        asked_url=f"http://quay.test/asked/{number}",
        fetched_at=AT,
        status=200,
        headers=[("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("X-Kept", "yes")],
        body=body,
    )
    return stored.file, stored.offset


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    with Archive(tmp_path / "new") as archive:
        places = [_write(archive, n, f"<html>{n}</html>".encode()) for n in range(3)]
    [path] = (tmp_path / "new").iterdir()
    found = list(responses(path))
    assert [(r.file, r.offset) for r in found] == places
    assert found[1] == Response(
        url="http://quay.test/final/1", asked_url="http://quay.test/asked/1", fetched_at=AT, status=200,
        content_type="text/html", body=b"<html>1</html>", file=path.name, offset=places[1][1],
    )  # fmt: skip
    raw = path.read_bytes()[places[2][1] :]
    assert b"http://quay.test/final/2" in gzip.decompress(raw)


def test_records_are_on_disk_at_once(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        file, _ = _write(archive, 1)
        assert len(list(responses(tmp_path / file))) == 1


@pytest.mark.parametrize("keep", [0.45, 0.7, 0.95])
def test_a_cut_file_gives_what_came_before(tmp_path: Path, keep: float) -> None:
    with Archive(tmp_path) as archive:
        places = [_write(archive, n, bytes(range(256)) * 40 + str(n).encode()) for n in range(5)]
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    cut = int(len(whole) * keep)
    path.write_bytes(whole[:cut])
    complete = sum(1 for end in [*(o for _, o in places[1:]), len(whole)] if end <= cut)
    found: list[Response] = []
    with pytest.raises(BrokenArchiveError, match=path.name):
        found.extend(responses(path))
    assert [r.url for r in found[:complete]] == [
        f"http://quay.test/final/{n}" for n in range(complete)
    ]
    assert len(found) == complete


def test_damage_in_the_middle(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        places = [_write(archive, n) for n in range(3)]
    [path] = tmp_path.iterdir()
    whole = bytearray(path.read_bytes())
    at = places[1][1]
    whole[at : at + 40] = b"\x00" * 40
    path.write_bytes(bytes(whole))
    stream = responses(path)
    assert next(stream).url == "http://quay.test/final/0"
    with pytest.raises(BrokenArchiveError):
        next(stream)


@pytest.mark.parametrize(
    "content", [b"no archive at all", b"\x1f\x8bnor this", b"<html></html>" * 100]
)
def test_not_an_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(content)
    with pytest.raises(BrokenArchiveError):
        list(responses(path))


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"")
    assert list(responses(path)) == []


def _foreign(path: Path, records: list[tuple[str, str, bytes]]) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        writer.write_record(writer.create_warcinfo_record("x", {"software": "another"}))
        for url, headers, body in records:
            http = StatusAndHeaders(
                "200 OK", [tuple(h.split(": ")) for h in headers.split("\n")], protocol="HTTP/1.1"
            )
            writer.write_record(
                writer.create_warc_record(url, "response", io.BytesIO(body), http_headers=http)
            )


def test_anyones_archive(tmp_path: Path) -> None:
    path = tmp_path / "foreign.warc.gz"
    chunked = b"6\r\n<html>\r\n3\r\nyes\r\n0\r\n\r\n"
    bomb = gzip.compress(b"<html>" + b" " * (BODY_MAX_BYTES * 3))
    _foreign(path, [
        ("http://a.com/1", "Content-Type: text/html\nTransfer-Encoding: chunked", chunked),
        ("http://a.com/2", "Content-Type: image/png", b"\x89PNG"),
        ("http://a.com/3", "Content-Type: text/html\nContent-Encoding: gzip", bomb),
        ("http://a.com/4", "Content-Type: text/html\nContent-Encoding: gzip", gzip.compress(b"<html>four")),
        ("ftp://a.com/5", "Content-Type: text/html", b"<html>"),
    ])  # fmt: skip
    found = list(responses(path))
    assert [r.refused.code if r.refused else None for r in found] == [
        None,
        "not-html",
        "too-large",
        None,
        "bad-url",
    ]
    assert found[0].body == b"<html>yes"
    assert found[2].body == b""
    assert found[3].body == b"<html>four"
    assert found[3].asked_url == "http://a.com/4"
