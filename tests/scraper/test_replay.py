from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from newsroom.db import Database
from scraper import registry
from scraper.archive import Archive
from scraper.replay import replay

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Snapshot = Callable[[], dict[str, list[object]]]


def _archive(folder: Path, pages: list[tuple[str, int, str, bytes]]) -> Path:
    with Archive(folder) as archive:
        for url, status, content_type, body in pages:
            archive.write(
                url=url, asked_url=url, fetched_at=AT, status=status,
                headers=[("Content-Type", content_type)], body=body,
            )  # fmt: skip
    [path] = folder.iterdir()
    return path


def test_every_page_ends_somewhere_and_again_nowhere_else(
    db: Database, tmp_path: Path, story: Callable[..., str], snapshot: Snapshot
) -> None:
    html = "text/html"
    path = _archive(
        tmp_path / "warc",
        [
            ("https://www.cnn.com/2026/11/22/a", 200, html, story("Lighthouse | CNN").encode()),
            ("https://quay.com/b", 200, html, story("The same text elsewhere").encode()),
            ("https://quay.com/c", 200, html, story().replace("winter", "summer").encode()),
            ("https://quay.com/d", 404, html, b"<html>gone</html>"),
            ("https://quay.com/e", 301, html, b"<html>moved</html>"),
            ("https://quay.com/f.png", 200, "image/png", b"\x89PNG"),
            ("https://quay.com/g", 200, html, b"<html><h1>Page not found</h1></html>"),
        ],
    )
    rings: list[int] = []
    first = replay(db, [path], registry.known(), ring=rings.append)
    assert first.tally.stored == {"new": 1, "same-text": 1, "near-copy": 1}
    assert first.tally.refused == {"http-status": 1, "soft-404": 1}
    assert first.skipped == {"not-html": 1, "redirect": 1}
    assert first.broken == []
    assert rings == [3]
    before = snapshot()
    assert [row["publisher_id"] for row in before["publishers"]] == ["cnn", "quay.com"]
    assert len(before["pages"]) == 5
    again = replay(db, [path], registry.known(), ring=rings.append)
    assert again.tally.stored == {"unchanged": 3}
    assert rings == [3]
    assert snapshot() == before


def test_a_cut_archive_keeps_what_came_before(
    db: Database, tmp_path: Path, story: Callable[..., str]
) -> None:
    pages = [
        (
            f"https://quay.com/{n}",
            200,
            "text/html",
            story(f"Story {n}", tail="x" * 50_000 * n).encode(),
        )
        for n in range(1, 4)
    ]
    path = _archive(tmp_path / "warc", pages)
    path.write_bytes(path.read_bytes()[:-60])
    report = replay(db, [path], registry.known())
    assert report.tally.total == 2
    assert len(report.broken) == 1
    assert path.name in report.broken[0]
