from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from newsroom.errors import Misconfigured
from newsroom.settings import Settings
from scraper.archives import archive as archive_module
from scraper.archives.archive import Archive
from scraper.archives.warc import Damage, LocalFile, Response, Stored, at, responses

AT = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)


def write(archive: Archive, number: int, body: bytes = b"<html>x</html>", day: int = 0) -> Stored:
    return archive.write(
        url=f"http://quay.test/final/{number}",
        asked_url=f"http://quay.test/asked/{number}",
        fetched_at=AT + timedelta(days=day),
        status=200,
        headers=[("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("X-Kept", "yes")],
        body=body,
    )


def read(path: Path) -> list[Response | Damage]:
    return list(responses(LocalFile(path)))


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    with Archive(tmp_path / "new") as archive:
        places = [write(archive, n, f"<html>{n}</html>".encode()) for n in range(3)]
    [path] = (tmp_path / "new").iterdir()
    found = read(path)
    assert [Stored(file=r.file, offset=r.offset) for r in found] == places
    assert found[1] == Response(
        url="http://quay.test/final/1", asked_url="http://quay.test/asked/1", fetched_at=AT, status=200,
        content_type="text/html", headers=(("Content-Type", "text/html"), ("X-Kept", "yes"), ("Content-Length", "14")),
        body=b"<html>1</html>", file=path.name, offset=places[1].offset, end=places[2].offset, ours=True,
    )  # fmt: skip
    assert at(LocalFile(path), places[2].offset) == found[2]


def test_others_can_read_it_and_learn_who_wrote_it(tmp_path: Path) -> None:
    """By warcio's own reader, digests checked."""
    settings = Settings(home=tmp_path)
    with archive_module.opened(settings) as archive:
        write(archive, 1)
        write(archive, 2)
    [path] = settings.archive_dir.iterdir()
    with path.open("rb") as file:
        seen = []
        for record in ArchiveIterator(file, check_digests=True):
            seen.append((record.rec_type, record.content_stream().read().decode()))
            assert record.digest_checker.passed is True
            assert record.rec_headers.protocol == "WARC/1.1"
            if record.rec_type == "response":
                assert record.rec_headers.get_header("WARC-Payload-Digest").startswith("sha1:")
    assert [kind for kind, _ in seen] == ["warcinfo", "response", "response"]
    assert "http-header-user-agent: NewsroomBot/" in seen[0][1]
    assert f"operator: {settings.crawl.contact}" in seen[0][1]


def test_a_file_for_each_day_and_size_and_never_anothers(tmp_path: Path) -> None:
    for _ in range(2):  # the same process number again, as in a container that was restarted
        with Archive(tmp_path, file_max_bytes=1_500) as archive:
            places = [write(archive, n, os.urandom(600), day=n // 3) for n in range(6)]
            assert len({place.file for place in places}) == 4
            assert places[0].file != places[3].file
    files = sorted(tmp_path.iterdir())
    assert len(files) == 8
    assert all(path.name.startswith("newsroom-2026112") for path in files)
    assert sum(len(read(path)) for path in files) == 12


def test_records_are_on_disk_at_once(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        place = write(archive, 1)
        assert len(read(tmp_path / place.file)) == 1


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "deep" / "down", free_min_bytes=1 << 60)
    with pytest.raises(Misconfigured, match="free in") as caught:
        write(archive, 1)
    assert caught.value.code == "archive-full"
    with pytest.raises(Misconfigured), archive:
        pass
    assert list(tmp_path.iterdir()) == []


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """A real fault of the kernel: no file of this process grows beyond ``size`` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_cuts_nothing_that_was_written(tmp_path: Path) -> None:
    """The record that does not fit is cut back; with room again the same file goes on."""
    with Archive(tmp_path) as archive:
        first = write(archive, 1, os.urandom(10_000))
        path = tmp_path / first.file
        size = path.stat().st_size
        with files_end_at(size + 5_000):
            for _ in range(2):
                with pytest.raises(Misconfigured, match=os.strerror(errno.EFBIG)) as caught:
                    write(archive, 2, os.urandom(10_000))
                assert caught.value.code == "archive-full"
                assert path.stat().st_size == size
            small = write(archive, 3)
        assert small.offset == size
        write(archive, 4, os.urandom(10_000))
    assert [r.url[-1] for r in read(path) if isinstance(r, Response)] == ["1", "3", "4"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_no_space_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOSPC itself, from the device that always gives it."""

    def full(folder: Path, day: str) -> tuple[Path, int]:
        return folder / day, os.open("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(archive_module, "_created", full)
    with (
        Archive(tmp_path) as archive,
        pytest.raises(Misconfigured, match=os.strerror(errno.ENOSPC)),
    ):
        write(archive, 1)


def test_killed_in_the_middle_of_a_write(tmp_path: Path) -> None:
    """The torn member of a killed process is named; the next process writes a file of its own."""
    code = (
        "import os, sys, signal; from datetime import datetime, UTC; from pathlib import Path;"
        "from scraper.archives import archive as module;"
        "a = module.Archive(Path(sys.argv[1]));"
        "w = lambda n: a.write(url=f'http://quay.test/{n}', asked_url='http://quay.test/', status=200,"
        " fetched_at=datetime.now(UTC), headers=[], body=os.urandom(5000)); w(1);"
        "real = os.write; module.os.write = lambda f, b: (real(f, b[:3000]), os.kill(os.getpid(), signal.SIGKILL));"
        "w(2)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    with Archive(tmp_path) as archive:
        write(archive, 3)
    torn, whole = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_size, reverse=True)
    one, damage = read(torn)
    assert isinstance(one, Response)
    assert one.url.endswith("/1")
    assert isinstance(damage, Damage)
    assert damage.offset == one.end
    assert [isinstance(r, Response) for r in read(whole)] == [True]
