"""Looking again, over real HTTP: what is due is asked, and every answer is noted under its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from newsroom.db import Database
from newsroom.errors import Refused
from newsroom.records import Via
from newsroom.settings import Settings
from newsroom.store import revisits
from newsroom.store.sightings import Finding
from scraper.crawl import crawl
from scraper.revisions.looks import finding


def _links(*paths: str) -> str:
    anchors = "".join(f'<p><a href="{path}">A headline of five words</a></p>' for path in paths)
    return f"<html><body>{anchors}</body></html>"


STAYS, CHANGES, GOES, CLOSES, MOVES, FAILS, CACHED = (
    f"/a-story-that-{verb}-100{n}"
    for n, verb in enumerate(("stays", "changes", "goes", "closes", "moves", "fails", "caches"))
)
ALL = (STAYS, CHANGES, GOES, CLOSES, MOVES, FAILS, CACHED)


@pytest.fixture
def looked_at(
    web: Any, make_outlet: Any, settings: Settings, story: Callable[..., str], rows: Any
) -> Callable[..., Any]:
    """An outlet crawled once; then ``again()`` makes all of it due and looks at it."""
    settings = settings.model_copy(
        update={"revisits": settings.revisits.model_copy(update={"per_outlet": 50})}
    )
    words = ("one", "two", "three", "four", "five", "six", "seven")
    web.add("/", _links(*ALL))
    for path, word in zip(ALL, words, strict=True):
        web.add(path, story(f"Story {word} of the day", tail=f"<p>{word}</p>").replace(
            "lighthouse", f"lighthouse {word}"), ETag=f'"{word}"')  # fmt: skip
    first = crawl(settings, [make_outlet()], demo_address=web.address, doors=[Via.FRONT_PAGE])
    assert first.tally.stored.total() == len(ALL)

    def again(**kwargs: Any) -> Any:
        rows("UPDATE revisits SET next_at = now()")
        return crawl(
            settings, [make_outlet()], demo_address=web.address, doors=[Via.REVISIT], **kwargs
        )

    return again


def _status(rows: Any) -> dict[str, Any]:
    found = rows("SELECT url, last_status, gone_at, moved_to, next_at, starts FROM revisits")
    return {row["url"].rsplit("/", 1)[-1]: row for row in found}


def test_what_became_of_them(
    looked_at: Any, web: Any, rows: Any, story: Callable[..., str]
) -> None:
    quiet = looked_at(limit=3)
    assert quiet.tally.stored == {"unchanged": 3}
    # What a run does not get to is still due, and nobody's.
    assert rows("SELECT count(*) AS n FROM revisits WHERE next_at <= now()") == [{"n": 4}]
    assert rows("SELECT count(*) AS n FROM revisits WHERE lease_until IS NOT NULL") == [{"n": 0}]

    web.add(CHANGES, story("Story two, told otherwise").replace("lighthouse", "old tower"))
    web.add(GOES, "gone", status=410)
    web.add(CLOSES, "not here, by order of the court", status=451)
    web.add(MOVES, host="quay.test", status=301, Location=f"http://quay.test{STAYS}")
    web.add(FAILS, "broken", status=500)
    web.add(CACHED, "", status=304)

    report = looked_at()
    assert report.tally.stored["revised"] == 1
    found = _status(rows)
    assert {path: found[path.strip("/")]["last_status"] for path in ALL} == {
        STAYS: "unchanged",
        CHANGES: "changed",
        GOES: "gone",
        CLOSES: "withheld",
        MOVES: "moved",
        FAILS: "http-500",
        CACHED: "unchanged",
    }
    assert found[GOES.strip("/")]["gone_at"] is not None
    assert found[MOVES.strip("/")]["next_at"] is None
    stays = rows(f"SELECT article_id FROM articles WHERE url LIKE '%{STAYS}'")[0]["article_id"]
    assert found[MOVES.strip("/")]["moved_to"] == stays
    assert {row["starts"] for row in found.values()} == {0}
    # Nothing is taken away: every article is still there, with what it showed last.
    assert rows("SELECT count(*) AS n FROM articles WHERE superseded_at IS NULL") == [{"n": 7}]
    kinds = rows("SELECT kind, title_changed FROM changes")
    assert kinds == [{"kind": "silent-edit", "title_changed": True}]

    web.add(GOES, story("Story three of the day").replace("lighthouse", "lighthouse three"))
    looked_at()
    back = _status(rows)[GOES.strip("/")]
    assert (back["last_status"], back["gone_at"]) == ("unchanged", None)
    seen = rows(
        "SELECT finding FROM sightings JOIN revisits USING (article_id)"
        f" WHERE url LIKE '%{GOES}' ORDER BY seen_at"
    )
    assert [r["finding"] for r in seen][-3:] == ["shown", "gone", "shown"]


def test_crawlers_share_what_is_due(db: Database, make_article: Any) -> None:
    from newsroom.store import articles

    now = datetime(2026, 3, 2, 13, tzinfo=UTC)
    with db.transaction() as conn:
        for n in range(10):
            one = make_article(f"a{n}")
            articles.add(conn, one, stages=[])
            revisits.begin(
                conn, one.article_id, publisher_id="ledger", url=one.url, at=now, next_at=now
            )
    with db.transaction() as one, db.transaction() as other:
        a = revisits.lease(one, "ledger", now=now, rows=6, lease_s=60)
        b = revisits.lease(other, "ledger", now=now, rows=6, lease_s=60)
    assert len({d.article_id for d in (*a, *b)}) == len(a) + len(b) == 10
    with db.transaction() as conn:
        assert revisits.lease(conn, "ledger", now=now, rows=9, lease_s=60) == []
        later = now + timedelta(seconds=61)
        again = revisits.lease(conn, "ledger", now=later, rows=9, lease_s=60)
        assert len(again) == 9
        assert [c["watched"] for c in revisits.counts(conn, ["ledger"])] == [10]


@pytest.mark.parametrize(
    ("status", "found", "what"),
    [
        (404, None, Finding.GONE),
        (410, None, Finding.GONE),
        (451, None, Finding.WITHHELD),
        (402, None, Finding.PAYWALLED),
        (403, None, None),
        (500, None, None),
        (200, Refused("paywall-stub", ""), Finding.PAYWALLED),
        (200, Refused("soft-404", ""), Finding.GONE),
        (200, Refused("not-article", ""), Finding.REFUSED),
    ],
)
def test_answers(status: int, found: Refused | None, what: Finding | None) -> None:
    assert finding(status, found, "a") is what
