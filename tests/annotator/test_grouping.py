from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from annotator import grouping
from annotator.events.commands import EARLIEST
from newsroom import ids
from newsroom.db import Database
from newsroom.store import articles

QUAKE = "A strong earthquake struck the coastal city of Port Haldane, collapsing two bridges."
STRIKE = "Refuse workers in Aldermoor voted to strike over pay after talks with the council failed."
DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def store(db: Database, make_article: Any, name: str, title: str, text: str, day: int) -> str:
    article = make_article(
        name, title=title, text=text, content_sha256=ids.content_sha256(title, text),
        published_at=DAY + timedelta(days=day),
    )  # fmt: skip
    with db.transaction() as conn:
        articles.add(conn, article, stages=[])
    return str(article.article_id)


def rows(db: Database, sql: str) -> list[dict[str, Any]]:
    with db.transaction() as conn:
        return [dict(r) for r in conn.execute(sql)]


def state(db: Database) -> list[list[dict[str, Any]]]:
    return [
        rows(db, f"SELECT t::text, xmin::text FROM {t} t ORDER BY 1")
        for t in ("stories", "events", "event_members", "embeddings")
    ]


def test_events_are_formed_kept_and_grown(db: Database, make_article: Any) -> None:
    store(db, make_article, "q1", "Earthquake hits Port Haldane", QUAKE, 0)
    store(db, make_article, "q2", "Port Haldane earthquake fells bridges", QUAKE, 0)
    store(db, make_article, "s1", "Aldermoor refuse workers to strike", STRIKE, 0)
    grouped = grouping.regroup(db, EARLIEST)
    assert (grouped.articles, grouped.events, grouped.in_events) == (3, 1, 2)
    before = state(db)
    grouping.regroup(db, EARLIEST)
    assert state(db) == before  # not even rewritten: xmin is part of the state

    (event,) = rows(db, "SELECT * FROM events")
    store(db, make_article, "q3", "Two bridges down in Port Haldane", QUAKE, 1)
    grouping.regroup(db, EARLIEST)
    (grown,) = rows(db, "SELECT * FROM events")
    assert (grown["event_id"], grown["articles"]) == (event["event_id"], 3)
    assert grown["last_at"] == DAY + timedelta(days=1)


def test_a_later_window_keeps_what_lies_before_it(db: Database, make_article: Any) -> None:
    store(db, make_article, "q1", "Earthquake hits Port Haldane", QUAKE, 0)
    store(db, make_article, "q2", "Port Haldane earthquake fells bridges", QUAKE, 0)
    grouping.regroup(db, EARLIEST)
    store(db, make_article, "f1", "Aldermoor fire brigade saves a cat", "A cat sat on a roof.", 8)
    grouping.regroup(db, EARLIEST)
    before = state(db)
    store(db, make_article, "s1", "Aldermoor refuse workers to strike", STRIKE, 9)
    grouping.regroup(db, DAY + timedelta(days=5))
    assert state(db)[:3] == before[:3]


def test_no_articles_is_no_error(db: Database) -> None:
    assert grouping.regroup(db, EARLIEST).articles == 0
