from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from newsroom import ids
from newsroom.db import Database
from newsroom.store import articles
from newsroom.store.articles import Stored


def rows(db: Database, sql: str) -> list[dict[str, Any]]:
    with db.transaction() as conn:
        return [dict(r) for r in conn.execute(sql)]


def add(db: Database, article: Any, **kwargs: Any) -> Stored:
    with db.transaction() as conn:
        return articles.add(conn, article, stages=["label"], **kwargs)


def test_stored_once_with_its_work(db: Database, make_article: Any) -> None:
    assert add(db, make_article("a")) is Stored.NEW
    assert add(db, make_article("a")) is Stored.UNCHANGED
    assert rows(db, "SELECT revision, superseded_at FROM articles") == [
        {"revision": 1, "superseded_at": None}
    ]
    assert [r["state"] for r in rows(db, "SELECT state FROM work")] == ["due"]


def test_a_changed_text_is_a_new_revision_and_due_again(db: Database, make_article: Any) -> None:
    add(db, make_article("a"))
    later = datetime(2026, 3, 3, tzinfo=UTC)
    text = "The council met again and changed its mind entirely."
    changed = make_article(
        "a",
        text=text,
        fetched_at=later,
        content_sha256=ids.content_sha256("Council votes on a", text),
    )
    with db.transaction() as conn:
        conn.execute("UPDATE work SET state = 'done', attempts = 3")
    assert add(db, changed) is Stored.REVISED
    assert rows(db, "SELECT revision, superseded_at FROM articles ORDER BY 1") == [
        {"revision": 1, "superseded_at": later},
        {"revision": 2, "superseded_at": None},
    ]
    assert rows(db, "SELECT state, attempts, content_sha256 FROM work") == [
        {"state": "due", "attempts": 0, "content_sha256": changed.content_sha256}
    ]
    # The old copy seen again (an edge cache, a replayed archive) must not undo the newer text.
    assert add(db, make_article("a")) is Stored.UNCHANGED
    assert [
        r["revision"] for r in rows(db, "SELECT revision FROM articles WHERE superseded_at IS NULL")
    ] == [2]


def test_two_writers_of_one_article_store_it_once(db: Database, make_article: Any) -> None:
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda _: add(db, make_article("a")), range(12)))
    assert sorted(outcomes).count(Stored.NEW) == 1
    assert rows(db, "SELECT count(*) AS n FROM articles") == [{"n": 1}]


def test_same_text_and_near_copies_are_found(db: Database, make_article: Any) -> None:
    add(db, make_article("a", bands=(1, 2), minhash=b"x" * 8))
    other = make_article("b", text=make_article("a").text, bands=(2, 3))
    with db.transaction() as conn:
        found = articles.same_text(conn, other.article_id, other.text_sha256)
        near = articles.near(conn, other.article_id, other.bands)
    assert found is not None
    assert found.article_id == make_article("a").article_id
    assert [(n.article_id, n.minhash) for n in near] == [(found.article_id, b"x" * 8)]
