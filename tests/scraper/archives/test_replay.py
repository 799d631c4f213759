from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from newsroom.db import Database
from scraper.archives.archive import Archive
from scraper.archives.replay import replay
from scraper.archives.warc import LocalFile
from scraper.extraction.extractors import Extractors
from scraper.outlets import registry

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
    db: Database,
    extractors: Extractors,
    tmp_path: Path,
    story: Callable[..., str],
    snapshot: Snapshot,
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
    first = replay(db, [LocalFile(path)], registry.known(), extractors, ring=rings.append)
    assert first.tally.stored == {"new": 1, "wire-copy": 2}
    assert first.tally.refused == {"http-status": 1, "soft-404": 1}
    assert first.passed.skipped == {"not-html": 1, "redirect": 1}
    assert first.passed.damaged == []
    assert rings == [3]
    before = snapshot()
    assert [row["publisher_id"] for row in before["publishers"]] == ["cnn", "quay.com"]
    assert len(before["pages"]) == 5
    again = replay(db, [LocalFile(path)], registry.known(), extractors, ring=rings.append)
    assert again.tally.stored == {"unchanged": 3}
    assert rings == [3]
    assert snapshot() == before


def test_a_cut_archive_keeps_what_came_before(
    db: Database, extractors: Extractors, tmp_path: Path, story: Callable[..., str]
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
    report = replay(db, [LocalFile(path)], registry.known(), extractors)
    assert report.tally.total == 2
    [damage] = report.passed.damaged
    assert path.name in str(damage)


def test_a_new_extractor_makes_a_reading_and_no_edit(
    db: Database,
    extractors: Extractors,
    tmp_path: Path,
    story: Callable[..., str],
    snapshot: Snapshot,
) -> None:
    """R15: same ids; no label where the text is as before; what changed is not the outlet's doing."""
    swaps = (("harbour", "island"), ("mayor", "chair"), ("winter", "summer"))
    pages = [
        (f"https://quay.com/{n}", 200, "text/html", story(f"Story {n}").replace(*swap).encode())
        for n, swap in enumerate(swaps)
    ]
    path = _archive(tmp_path / "warc", pages)
    replay(db, [LocalFile(path)], registry.known(), extractors)
    with db.transaction() as conn:  # as if an older extractor had read the first page
        conn.execute(
            "UPDATE articles SET text = 'Menu ' || text, text_sha256 = 'old', content_sha256 = 'old', "
            "extractor = 'old' WHERE title = 'Story 0'"
        )
        conn.execute("UPDATE work SET state = 'done'")
    before = {row["article_id"] for row in snapshot()["articles"]}  # type: ignore[index]
    again = replay(db, [LocalFile(path)], registry.known(), extractors)
    assert again.tally.stored == {"unchanged": 2, "revised": 1}
    with db.transaction() as conn:
        due = conn.execute("SELECT DISTINCT article_id FROM work WHERE state = 'due'").fetchall()
        current = conn.execute(
            "SELECT article_id, revision, extractor FROM articles WHERE superseded_at IS NULL AND title = 'Story 0'"
        ).fetchall()
        edits = conn.execute("SELECT * FROM changes WHERE NOT reader_changed").fetchall()
    assert {row["article_id"] for row in snapshot()["articles"]} == before  # type: ignore[index]
    assert [row["revision"] for row in current] == [2]
    assert current[0]["extractor"] != "old"
    assert [row["article_id"] for row in due] == [current[0]["article_id"]]
    assert edits == []
