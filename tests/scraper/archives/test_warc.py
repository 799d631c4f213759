from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newsroom.errors import Refused
from scraper.archives.archive import Archive
from scraper.archives.warc import Damage, LocalFile, Response, Stored, at, responses
from scraper.extraction.decode import BODY_MAX_BYTES

AT = datetime(2026, 11, 22, 12, 30, 15, tzinfo=UTC)


def read(path: Path, **wishes: object) -> tuple[list[Response], list[Damage]]:
    found = list(responses(LocalFile(path), **wishes))  # type: ignore[arg-type]
    return (
        [r for r in found if isinstance(r, Response)],
        [d for d in found if isinstance(d, Damage)],
    )


def ours(folder: Path, bodies: list[bytes]) -> tuple[Path, list[Stored]]:
    with Archive(folder) as archive:
        places = [
            archive.write(
                url=f"http://quay.test/{n}", asked_url=f"http://quay.test/{n}", fetched_at=AT, status=200,
                headers=[("Content-Type", "text/html")], body=body,
            )
            for n, body in enumerate(bodies)
        ]  # fmt: skip
    [path] = folder.iterdir()
    return path, places


def foreign(path: Path, records: list[tuple[str, str, bytes]], *, compressed: bool = True) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=compressed)
        writer.write_record(writer.create_warcinfo_record("x", {"software": "another"}))
        for url, headers, body in records:
            http = StatusAndHeaders(
                "200 OK", [tuple(h.split(": ")) for h in headers.split("\n")], protocol="HTTP/1.1"
            )
            record = writer.create_warc_record(url, "response", io.BytesIO(body), http_headers=http)
            writer.write_record(record)


def test_anyones_archive(tmp_path: Path) -> None:
    chunked = b"6\r\n<html>\r\n3\r\nyes\r\n0\r\n\r\n"
    bomb = gzip.compress(b"<html>" + b" " * (BODY_MAX_BYTES * 3))
    records = [
        ("http://a.com/1", "Content-Type: text/html\nTransfer-Encoding: chunked", chunked),
        ("http://a.com/2", "Content-Type: image/png", b"\x89PNG"),
        ("http://a.com/3", "Content-Type: text/html\nContent-Encoding: gzip", bomb),
        ("http://a.com/4", "Content-Type: text/html\nContent-Encoding: gzip", gzip.compress(b"<html>four")),
        ("ftp://a.com/5", "Content-Type: text/html", b"<html>"),
    ]  # fmt: skip
    for compressed in (True, False):
        path = tmp_path / f"{compressed}.warc"
        foreign(path, records, compressed=compressed)
        found, damaged = read(path)
        codes = [r.refused.code if r.refused else None for r in found]
        assert codes == [None, "not-html", "too-large", None, "bad-url"]
        assert [r.body for r in found] == [b"<html>yes", b"", b"", b"<html>four", b""]
        assert not damaged
        for one in found:
            assert at(LocalFile(path), one.offset).url == one.url
        later, _ = read(path, start=found[2].end)
        assert [r.offset for r in later] == [r.offset for r in found[3:]]


def test_only_what_is_wanted_is_unpacked(tmp_path: Path) -> None:
    path, _ = ours(tmp_path / "w", [b"<html>0", b"<html>1", b"<html>2"])
    found, _ = read(path, wanted=lambda url: url.endswith("1"))
    assert [r.refused and r.refused.code for r in found] == ["not-wanted", None, "not-wanted"]


def _stated(headers: str, body: bytes, digests: str) -> bytes:
    block = f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode() + body
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <http://a.com/x>\r\n"
        f"WARC-Date: 2026-11-22T12:30:15Z\r\n{digests}Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("digests", "code"),
    [
        ("", None),
        ("WARC-Payload-Digest: {b32}\r\n", None),
        ("WARC-Payload-Digest: {hex}\r\n", None),
        ("WARC-Payload-Digest: blake3:ABCDEF\r\n", None),
        ("WARC-Payload-Digest: {wrong}\r\n", "archive-digest"),
        ("WARC-Block-Digest: {wrong}\r\n", "archive-digest"),
        ("WARC-Block-Digest: {wrong}\r\nWARC-Payload-Digest: {b32}\r\n", "archive-digest"),
        ("WARC-Truncated: length\r\n", "body-cut"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_digests(tmp_path: Path, digests: str, code: str | None, chunked: bool) -> None:
    """Of the payload before or after its transfer encoding is undone, both are in use."""
    import base64
    import hashlib

    sha1 = hashlib.sha1(b"<html>yes")
    stated = digests.format(
        b32="sha1:" + base64.b32encode(sha1.digest()).decode(),
        hex="sha1:" + sha1.hexdigest(),
        wrong="sha1:" + base64.b32encode(bytes(20)).decode(),
    )
    body = b"9\r\n<html>yes\r\n0\r\n\r\n" if chunked else b"<html>yes"
    headers = "Content-Type: text/html" + ("\r\nTransfer-Encoding: chunked" if chunked else "")
    path = tmp_path / "x.warc"
    path.write_bytes(_stated(headers, body, stated))
    [found], _ = read(path)
    assert (found.refused.code if found.refused else None) == code
    assert found.body == (b"" if code else b"<html>yes")
    assert found.url == "http://a.com/x"


@pytest.mark.parametrize("keep", [0.45, 0.7, 0.95])
def test_a_cut_file_gives_what_came_before(tmp_path: Path, keep: float) -> None:
    path, places = ours(
        tmp_path / "w", [bytes(range(256)) * 40 + str(n).encode() for n in range(5)]
    )
    whole = path.read_bytes()
    cut = int(len(whole) * keep)
    path.write_bytes(whole[:cut])
    complete = [p for p, end in zip(places, [*(p.offset for p in places[1:]), len(whole)]) if end <= cut]  # fmt: skip  # noqa: B905
    found, [damage] = read(path)
    assert [r.offset for r in found] == [p.offset for p in complete]
    assert damage.offset == places[len(complete)].offset
    assert "cut" in damage.reason


def _flip(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


def test_one_damaged_record_costs_no_other(tmp_path: Path) -> None:
    """One flipped bit anywhere in one of 40 files: every whole record is found, none is wrong."""
    chance = random.Random(6)
    bodies = [b"<html>" + chance.randbytes(chance.choice([20, 900, 90_000])) for _ in range(5)]
    path, places = ours(tmp_path / "w", bodies)
    whole = path.read_bytes()
    starts = [p.offset for p in places]
    for _ in range(40):
        place = chance.randrange(starts[0], len(whole))
        path.write_bytes(_flip(whole, place, chance.randrange(8)))
        hit = max(n for n, start in enumerate(starts) if start <= place)
        found, damaged = read(path)
        right = {r.offset: r.body for r in found if r.refused is None}
        assert right.items() >= {s: b for n, (s, b) in enumerate(zip(starts, bodies, strict=True)) if n != hit}.items()  # fmt: skip
        assert right.get(starts[hit], bodies[hit]) == bodies[hit]
        assert starts[hit] in right or damaged or any(r.refused for r in found)


def test_a_hole_in_the_middle(tmp_path: Path) -> None:
    path, places = ours(tmp_path / "w", [b"<html>a", b"<html>b", b"<html>c"])
    hole = bytearray(path.read_bytes())
    hole[places[1].offset : places[1].offset + 40] = bytes(40)
    path.write_bytes(hole)
    found, [damage] = read(path)
    assert [r.body for r in found] == [b"<html>a", b"<html>c"]
    assert (damage.offset, damage.end) == (places[1].offset, places[2].offset)


def test_plain_records_are_found_again_too(tmp_path: Path) -> None:
    path = tmp_path / "x.warc"
    records = [(f"http://a.com/{n}", "Content-Type: text/html", b"<html>%d" % n) for n in range(4)]
    foreign(path, records, compressed=False)
    whole, _ = read(path)
    data = bytearray(path.read_bytes())
    data[whole[1].offset : whole[1].offset + 5] = b"ruin!"
    path.write_bytes(data)
    found, [damage] = read(path)
    assert [r.url for r in found] == ["http://a.com/0", "http://a.com/2", "http://a.com/3"]
    assert damage.offset == whole[1].offset


@pytest.mark.parametrize(
    "content", [b"no archive at all", b"\x1f\x8bnor this", b"\x1f\x8b\x08nor", b"<html>" * 20_000,
                gzip.compress(b"WARC/1.0\r\nContent-Length: -1\r\n\r\n"), gzip.compress(b"WARC/1.0\r\n" * 9_000)],
    ids=["text", "gzip-mark", "gzip-head", "html", "length-negative", "headers-only"],
)  # fmt: skip
def test_not_an_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(content)
    found, damaged = read(path)
    assert found == []
    assert damaged[0].offset == 0
    with pytest.raises(Refused, match=r"x\.warc\.gz, byte 0") as caught:
        at(LocalFile(path), 0)
    assert caught.value.code == "archive-broken"


def test_several_records_in_one_member_are_named(tmp_path: Path) -> None:
    """Such a file cannot be taken up in the middle; `warcio recompress` mends it."""
    plain = tmp_path / "x.warc"
    records = [(f"http://a.com/{n}", "Content-Type: text/html", b"<html>") for n in range(2)]
    foreign(plain, records, compressed=False)
    path = tmp_path / "x.warc.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    found, [damage] = read(path)
    assert found == []
    assert "more than one record" in damage.reason


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"")
    assert read(path) == ([], [])


def test_between_records_there_is_none(tmp_path: Path, story: Callable[..., str]) -> None:
    path, places = ours(tmp_path / "w", [story().encode()] * 2)
    with pytest.raises(Refused, match="byte"):
        at(LocalFile(path), places[1].offset - 3)
    with pytest.raises(Refused, match="no response"):
        at(LocalFile(path), 0)  # the warcinfo record
