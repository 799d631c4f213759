from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsroom import ids
from newsroom.db import Database
from newsroom.errors import NotFound, Refused
from newsroom.records import Publisher, RawPage, Via
from newsroom.store import pages, publishers
from newsroom.urls import canonical
from scraper.archives import verifying
from scraper.archives.archive import Archive

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PUBLISHER = Publisher(
    publisher_id="quay", name="Quay", domain="quay.test", country="US", language="en", timezone="UTC"
)  # fmt: skip


@pytest.fixture
def kept(db: Database, tmp_path: Path) -> tuple[Path, list[RawPage]]:
    """Three archived pages with rows, one of them an image, and one record without a row."""
    rows = []
    with Archive(tmp_path / "archive") as archive, db.transaction() as conn:
        publishers.upsert(conn, [PUBLISHER])
        for n, (kind, body) in enumerate(
            [("text/html", b"<html>one"), ("image/png", b"\x89PNG"), ("text/html", b"<html>three"), ("text/html", b"spare")]
        ):  # fmt: skip
            url = f"https://quay.test/{n}"
            place = archive.write(
                url=url, asked_url=url, fetched_at=AT, status=200, headers=[("Content-Type", kind)], body=body
            )  # fmt: skip
            digest = ids.body_sha256(body)
            page = RawPage(
                page_id=ids.page_id(canonical(url), digest), url=url, final_url=url, canonical_url=canonical(url),
                publisher_id="quay", fetched_at=AT, status=200, content_type=kind, body_sha256=digest,
                body_bytes=len(body), via=Via.FEED, warc_file=place.file, warc_offset=place.offset, robots_rule=None,
            )  # fmt: skip
            if n < 3:
                pages.add(conn, page)
                rows.append(page)
    return tmp_path / "archive", rows


def check(db: Database, folder: Path) -> verifying.VerifyReport:
    return verifying.verify(db, verifying.files_of(folder), whole=True)


def test_all_is_well(db: Database, kept: tuple[Path, list[RawPage]]) -> None:
    report = check(db, kept[0])
    assert (report.files, report.records, report.pages, report.spare, report.wrong) == (
        1,
        4,
        3,
        1,
        0,
    )


def test_every_page_can_be_shown(db: Database, kept: tuple[Path, list[RawPage]]) -> None:
    folder, rows = kept
    for row in rows:
        assert ids.body_sha256(verifying.find(db, folder, row.page_id).body) == row.body_sha256
    with pytest.raises(NotFound, match="no page"):
        verifying.find(db, folder, "nothing")


WRONG = (
    ("body_sha256 = 'x'", "another body"),
    ("status = 404", "status 200"),
    ("final_url = 'https://quay.test/z'", "address"),
    ("warc_offset = warc_offset + 1", "no record"),
    ("warc_offset = 99999999", "no record"),
    ("warc_file = 'lost.warc.gz'", "not in the archive"),
)


def test_a_row_that_is_wrong_is_named(db: Database, kept: tuple[Path, list[RawPage]]) -> None:
    folder, rows = kept
    for change, says in WRONG:
        with db.transaction() as conn:
            conn.execute(f"UPDATE pages SET {change} WHERE page_id = %s", [rows[1].page_id])  # type: ignore[arg-type]
        report = check(db, folder)
        assert report.wrong == 1
        assert says in report.problems[0]
        with db.transaction() as conn:
            conn.execute("DELETE FROM pages WHERE page_id = %s", [rows[1].page_id])
            pages.add(conn, rows[1])


def test_damage_and_the_pages_it_cost(db: Database, kept: tuple[Path, list[RawPage]]) -> None:
    folder, rows = kept
    [path] = verifying.files_of(folder)
    data = bytearray(path.read_bytes())
    assert rows[1].warc_offset is not None
    data[rows[1].warc_offset + 30] ^= 0xFF
    path.write_bytes(data)
    report = check(db, folder)
    assert report.wrong == 2
    assert {"damaged" in line or rows[1].page_id in line for line in report.problems} == {True}
    with pytest.raises(Refused, match="byte"):
        verifying.find(db, folder, rows[1].page_id)


def test_pages_of_a_replay_may_lie_elsewhere(
    db: Database, kept: tuple[Path, list[RawPage]], tmp_path: Path, story: Callable[..., str]
) -> None:
    with db.transaction() as conn:
        conn.execute("UPDATE pages SET via = 'replay', warc_file = 'theirs.warc.gz'")
    report = check(db, kept[0])
    assert (report.elsewhere, report.wrong, report.spare) == (3, 0, 4)
