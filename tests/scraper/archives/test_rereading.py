from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsroom.db import Database
from newsroom.errors import Refused
from newsroom.records import DateSource
from newsroom.store.archive import Reading
from scraper.archives import rereading
from scraper.archives.archive import Archive
from scraper.archives.replay import replay
from scraper.archives.rereading import compare, words_changed
from scraper.archives.warc import LocalFile
from scraper.extraction.extract import Extracted
from scraper.extraction.extractors import Extractors
from scraper.outlets import registry

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW = Extracted(
    url="https://quay.com/a", title="A", text="one two three four", words=4, language="en", bylines=("B",),
    published_at=AT, modified_at=None, date_source=DateSource.PAGE, section=None,
)  # fmt: skip
SAME = Reading(
    known=True, publisher_id="quay.com", title="A", text="one two three four", bylines=("B",), published_at=AT
)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now", "kinds", "share"),
    [
        (SAME, NOW, ("same",), 0.0),
        (SAME, replace(NOW, title="Z"), ("title",), 0.0),
        (SAME, replace(NOW, text="one two three five"), ("text",), 0.25),
        (SAME, replace(NOW, text="four three two one"), ("text",), 0.0),
        (SAME, replace(NOW, bylines=(), published_at=None), ("bylines", "date"), 0.0),
        (SAME, Refused("too-short", "3 words"), ("newly-refused",), 1.0),
        (Reading(known=True, refused="too-short"), NOW, ("newly-accepted",), 1.0),
        (Reading(known=True, refused="too-short"), Refused("too-short", "x"), ("same",), 0.0),
        (
            Reading(known=True, refused="too-short"),
            Refused("not-article", "x"),
            ("refused-otherwise",),
            0.0,
        ),
        (Reading(known=False), NOW, ("not-stored",), 0.0),
        (Reading(known=True), Refused("too-short", "x"), ("not-stored",), 0.0),
    ],
)
def test_kinds_of_change(
    before: Reading, now: Extracted | Refused, kinds: tuple[str, ...], share: float
) -> None:
    assert compare(before, now)[:2] == (kinds, share)


def test_share_of_words() -> None:
    assert words_changed("", "") == 0.0
    assert words_changed("a b", "") == 1.0
    assert words_changed("a a b", "a b b") == pytest.approx(1 / 3)


def test_read_again_beside_what_is_stored(
    db: Database,
    extractors: Extractors,
    tmp_path: Path,
    story: Callable[..., str],
    snapshot: Callable[[], object],
) -> None:
    """The extractor has changed: simulated by changing what it stored the first time."""
    with Archive(tmp_path / "w") as archive:
        for n, body in enumerate([story("One"), story("Two").replace("harbour", "island"),
                                  story("Three").replace("mayor", "chair"), "<html><h1>Page not found</h1></html>"]):  # fmt: skip
            url = f"https://quay.com/{n}"
            archive.write(url=url, asked_url=url, fetched_at=AT, status=200,
                          headers=[("Content-Type", "text/html")], body=body.encode())  # fmt: skip
    [path] = (tmp_path / "w").iterdir()
    sources = [LocalFile(path)]
    replay(db, sources, registry.known(), extractors)
    kept = snapshot()
    same = rereading.diff(db, sources, registry.known(), extractors)
    assert same.outlets == {"quay.com": {"pages": 4, "same": 4}}
    assert same.largest == []
    assert snapshot() == kept
    with db.transaction() as conn:
        conn.execute("UPDATE articles SET text = text || ' More words here.' WHERE title = 'One'")
        conn.execute("UPDATE articles SET title = 'Zwei' WHERE title = 'Two'")
        conn.execute("UPDATE refusals SET code = 'not-article'")
    changed = rereading.diff(db, sources, registry.known(), extractors)
    assert changed.outlets == {
        "quay.com": {"pages": 4, "text": 1, "title": 1, "same": 1, "refused-otherwise": 1}
    }
    assert changed.largest[0].url == "https://quay.com/0"
    assert 0 < changed.largest[0].words_changed < 0.1
