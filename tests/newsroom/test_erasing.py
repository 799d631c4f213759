"""A record is erased where it lies: the others keep their places and their bytes."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime

import pytest

from newsroom import erasing
from newsroom.errors import Refused

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def member(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


@pytest.fixture
def file(tmp_path):
    def made(*records: bytes):
        path = tmp_path / "a.warc.gz"
        path.write_bytes(b"".join(records))
        return path

    return made


@pytest.mark.parametrize("letters", [700, 70_000, 400_000])
def test_the_others_stay_where_they_are(file, letters) -> None:
    import random

    secret = "".join(random.Random(letters).choices("abcdefghij", k=letters))
    first, middle, last = member("first record"), member(secret), member("last record")
    path = file(first, middle, last)
    assert erasing.erase(path, len(first), AT) == len(middle)
    data = path.read_bytes()
    assert (data[: len(first)], data[len(first) + len(middle) :]) == (first, last)
    one = zlib.decompressobj(wbits=31)
    record = one.decompress(data[len(first) :])
    assert one.eof
    assert one.unused_data == last
    assert b"WARC-Type: metadata" in record
    assert b"2026-11-20T08:00:00Z" in record
    assert secret[:40].encode() not in gzip.decompress(data) + data


def test_erasing_again_is_fine(file) -> None:
    path = file(member("x" * 50 + str(list(range(200)))), member("last"))
    length = erasing.erase(path, 0, AT)
    assert erasing.erase(path, 0, AT) == length


def test_what_is_no_record_is_left_alone(file) -> None:
    path = file(member("some record that is here"))
    before = path.read_bytes()
    for offset, code in (
        (3, "archive-broken"),
        (len(before), "archive-broken"),
        (0, "archive-record-short"),
    ):
        with pytest.raises(Refused) as caught:
            erasing.erase(path, offset, AT)
        assert caught.value.code == code
    path.write_bytes(before[:-4])
    with pytest.raises(Refused, match="no whole record"):
        erasing.erase(path, 0, AT)
    assert path.read_bytes() == before[:-4]
