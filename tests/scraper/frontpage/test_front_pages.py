"""The store: what is kept, what is never changed, and how long a piece stood where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from newsroom import ids
from newsroom.db import Database
from newsroom.records import Publisher
from newsroom.store import front_pages as store
from newsroom.store import publishers
from newsroom.store.reading import front_pages as reading

START = datetime(2026, 3, 2, 11, tzinfo=UTC)
PIECE = "https://ledger.example/piece"


@pytest.fixture(autouse=True)
def _ledger(db: Database) -> None:
    ledger = Publisher(
        publisher_id="ledger", name="The Ledger", domain="ledger.example", country="US",
        language="en", timezone="UTC",
    )  # fmt: skip
    with db.transaction() as conn:
        publishers.upsert(conn, [ledger])


def look(hours: float, status: str = "ok") -> store.FrontPage:
    came = status in {"ok", "thin"}
    at = START + timedelta(hours=hours)
    return store.FrontPage(
        snapshot_id=ids.snapshot_id("ledger", at.isoformat(), ""),
        publisher_id="ledger",
        url="https://ledger.example/",
        taken_at=at,
        slot=at if status == "missed" else None,
        status=status,
        code=None if status == "ok" else "some-code",
        body_sha256="0" * 64 if came else None,
        warc_file="a.warc.gz" if came else None,
        warc_offset=0 if came else None,
    )


def layout(version: str = "v1", method: str = "heuristic") -> store.Layout:
    measured = method == "rendered"
    return store.Layout(
        made_at=START,
        version=version,
        method=method,
        why=None if measured else "no-browser",
        engine="Chrome/1" if measured else None,
        viewport_w=1440,
        viewport_h=900,
        page_h=2000.0 if measured else None,
        sheets=0,
        sheets_gone=0,
        links=1,
    )


def link(rank: int | None = 1, headline: str = "A piece of news", url: str = PIECE) -> store.Link:
    return store.Link(
        position=rank or 1, rank=rank, article_id=ids.article_id(url), url=url, canonical_url=url,
        headline=headline, kind="story" if rank else "most-read", section=None, x=None, y=None,
        width=None, height=None, font_px=16.0, image=False, image_px2=None, above_fold=None, score=1.0,
    )  # fmt: skip


def put(db: Database, page: store.FrontPage, *links: store.Link) -> str:
    with db.transaction() as conn:
        store.add(conn, page)
        if page.status in {"ok", "thin"}:
            store.add_layout(conn, page, layout(), links)
    return page.snapshot_id


def history(db: Database) -> list[reading.Stay]:
    with db.transaction() as conn:
        return reading.history(conn, ids.article_id(PIECE))


def test_first_last_best_rank_and_time(db: Database) -> None:
    put(db, look(0), link(url="https://ledger.example/other"))
    put(db, look(1), link(5))
    put(db, look(2), link(2))
    put(db, look(4), link(3))
    put(db, look(5), link(url="https://ledger.example/other"))
    (stay,) = history(db)
    assert (stay.first_seen, stay.last_seen) == (look(1).taken_at, look(4).taken_at)
    assert (stay.best_rank, stay.best_rank_at) == (2, look(2).taken_at)
    assert stay.time_on_page == timedelta(hours=3)
    assert (stay.looks, stay.shown, stay.gaps) == (3, 3, 0)


@pytest.mark.parametrize("status", ["missed", "failed", "refused"])
def test_no_time_is_counted_across_a_look_that_gave_nothing(db: Database, status: str) -> None:
    put(db, look(0), link())
    put(db, look(1), link())
    put(db, look(2, status))
    put(db, look(3), link())
    (stay,) = history(db)
    assert stay.time_on_page == timedelta(hours=1)
    assert (stay.looks, stay.shown, stay.gaps) == (3, 3, 2)


def test_no_time_is_counted_over_half_a_day_or_while_it_was_away(db: Database) -> None:
    put(db, look(0), link())
    put(db, look(13), link())
    put(db, look(14), link(url="https://ledger.example/other"))
    put(db, look(15), link())
    put(db, look(15.5), link())
    (stay,) = history(db)
    assert stay.time_on_page == timedelta(minutes=30)
    assert (stay.looks, stay.shown, stay.gaps) == (5, 4, 1)


def test_headlines_are_kept_with_their_times(db: Database) -> None:
    for hour, words in enumerate(("First words", "First words", "Other words", "First words")):
        put(db, look(hour), link(headline=words))
    (stay,) = history(db)
    assert [(h.text, h.first_seen, h.last_seen) for h in stay.headlines] == [
        ("First words", look(0).taken_at, look(1).taken_at),
        ("Other words", look(2).taken_at, look(2).taken_at),
        ("First words", look(3).taken_at, look(3).taken_at),
    ]


def test_a_piece_without_a_rank_has_a_stay_and_no_best_rank(db: Database) -> None:
    put(db, look(0), link(None))
    (stay,) = history(db)
    assert (stay.best_rank, stay.shown) == (None, 1)


def test_a_new_reading_is_a_further_layout_and_the_last_one_is_read(db: Database) -> None:
    page = look(0)
    put(db, page, link(7))
    with db.transaction() as conn:
        assert reading.outdated(conn, None, version="v1", measured=False) == []
        assert reading.outdated(conn, None, version="v1", measured=True) == [page.snapshot_id]
        assert reading.outdated(conn, None, version="v2", measured=False) == [page.snapshot_id]
        assert store.add_layout(conn, page, layout("v2", "rendered"), [link(1)]) == 2
    with db.transaction() as conn:
        row = reading.one(conn, page.snapshot_id)
        assert row is not None
        assert (row["layout"], row["version"], row["method"]) == (2, "v2", "rendered")
        assert [k["rank"] for k in reading.links(conn, page.snapshot_id, 1)] == [7]
        assert reading.outdated(conn, None, version="v3", measured=False) == []
    (stay,) = history(db)
    assert (stay.best_rank, stay.shown) == (1, 1)


def test_looks_are_listed_once_each_by_key(db: Database) -> None:
    taken = [put(db, look(hour), link()) for hour in range(5)]
    seen: list[str] = []
    before = None
    while True:
        with db.transaction() as conn:
            rows = reading.page(conn, publisher_id="ledger", before=before, rows=2)
        if not rows:
            break
        seen += [row["snapshot_id"] for row in rows]
        before = (rows[-1]["taken_at"], rows[-1]["snapshot_id"])
    assert seen == taken[::-1]
    with db.transaction() as conn:
        found = reading.at(conn, "ledger", look(2.5).taken_at)
        assert found is not None
        assert found["snapshot_id"] == taken[2]
        assert len(reading.page(conn, rows=10)) == 5


def test_nothing_is_ever_changed(db: Database) -> None:
    put(db, look(0), link())
    for table in ("front_pages", "front_page_layouts", "front_page_links"):
        for sql in ("DELETE FROM {}", "UPDATE {} SET snapshot_id = 'x'"):
            with pytest.raises(psycopg.errors.RaiseException), db.transaction() as conn:
                conn.execute(sql.format(table))


def test_last_looks_tell_a_failure_from_an_answer(db: Database) -> None:
    put(db, look(0), link())
    put(db, look(1, "failed"))
    with db.transaction() as conn:
        assert store.last_looks(conn) == {
            "ledger": store.LastLook(look(1).taken_at, look(0).taken_at)
        }
