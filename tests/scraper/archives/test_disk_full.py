"""R9: a full disk while writing WARC, and while Postgres commits. The faults are the kernel's own."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from newsroom.db import Database
from newsroom.errors import Misconfigured, Refused
from newsroom.settings import Crawl, Settings
from scraper import intake
from scraper.archives import verifying
from scraper.crawl import crawl
from scraper.intake import Incoming
from scraper.outlets.registry import Outlet

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """No file of this process or of a child started meanwhile grows beyond ``size`` bytes.

    Python ignores SIGXFSZ, so that writing gives EFBIG.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_crawl_whose_archive_is_full_stops(
    web: Any, make_outlet: Callable[..., Outlet], settings: Settings, db: Database,
    story: Callable[..., str],
) -> None:  # fmt: skip
    """What was archived is stored, nothing else is, and most of the outlet is not even asked."""
    links, stories = "", 200
    for n in range(1001, 1001 + stories):
        noise = f"<!-- {os.urandom(15_000).hex()} -->"
        web.add(f"/story-number-{n}", story(f"Story {n} of the day", tail=noise))
        links += f"<item><link>http://quay.test/story-number-{n}</link></item>"
    web.add("/feed", f'<rss version="2.0"><channel>{links}</channel></rss>')
    outlet = make_outlet(feeds=("http://quay.test/feed",))
    with files_end_at(60_000), pytest.raises(Misconfigured, match="cannot archive") as caught:
        crawl(settings, [outlet], demo_address=web.address)
    assert caught.value.code == "archive-full"
    report = verifying.verify(db, verifying.files_of(settings.archive_dir), whole=True)
    assert report.wrong == 0
    assert 1 <= report.pages <= report.records <= 5
    with db.transaction() as conn:
        bare = conn.execute("SELECT count(*) AS n FROM pages WHERE warc_file IS NULL").fetchone()
    assert bare == {"n": 0}
    # However far the requests were ahead of a slow archive.
    assert sum("story" in path for path in web.asked("quay.test")) <= stories // 2


def test_a_crawl_does_not_start_without_room(
    web: Any, make_outlet: Callable[..., Outlet], settings: Settings
) -> None:
    full = settings.model_copy(update={"crawl": Crawl(disk_free_min_bytes=1 << 60)})
    with pytest.raises(Misconfigured, match="free in"):
        crawl(full, [make_outlet()], demo_address=web.address)
    assert not web.hits


def _refusals(numbers: range) -> list[Incoming]:
    return [
        Incoming(
            source=f"https://quay.com/{n}", url=f"https://quay.com/{n}", publisher=None, at=AT,
            found=Refused("too-short", os.urandom(200).hex()),
        )
        for n in numbers
    ]  # fmt: skip


FULL_AT_COMMIT = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON refusals
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


def test_postgres_without_room_stores_nothing_of_the_batch(db: Database) -> None:
    """The server fails with its own code as the batch commits; with room again all of it is fine."""
    with db.transaction() as conn:
        conn.execute(FULL_AT_COMMIT)
    rings: list[int] = []
    with pytest.raises(Misconfigured, match="No space left") as caught:
        intake.take_all(db, _refusals(range(20)), ring=rings.append)
    assert caught.value.code == "database-full"
    with db.transaction() as conn:
        assert conn.execute("SELECT count(*) AS n FROM refusals").fetchone() == {"n": 0}
        conn.execute("DROP TRIGGER full_disk ON refusals")
    assert intake.take_all(db, _refusals(range(20))).refused == {"too-short": 20}
    assert rings == []
