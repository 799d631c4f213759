"""Answers as of a time: what they were, whatever came since; and no silent answer of today."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsroom import ids
from newsroom.records import Scope, Stage
from newsroom.store import annotations, articles, events

# What is asked before and after everything changes.
ASKED = (
    "/v1/articles?limit=200&count=true",
    "/v1/articles?limit=200&labelled=true&sort=published_at",
    "/v1/articles?limit=200&topic=Ferries",
    "/v1/articles?limit=200&publisher=outlet1&lean_min=-2",
    "/v1/trends?metric=lean&by=publisher,week",
    "/v1/trends?metric=lean&by=topic&weights=outlet",
    "/v1/trends?metric=articles&by=category",
    "/v1/trends?metric=opinion_share&by=day",
)


def at(client, path: str, moment: str):
    joined = "&" if "?" in path else "?"
    answer = client.get(f"{path}{joined}as_of={moment.replace('+', '%2B')}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def then(filled) -> str:
    """A moment after everything was stored and before anything was changed."""
    with filled.transaction() as conn:
        row = conn.execute("SELECT clock_timestamp() AS at").fetchone()
    return row["at"].isoformat()


def change(filled, world) -> None:
    """A new article, a new text, a better run that is promoted, and a late label of the old one."""
    article, labels, run, url = world.article, world.labels, world.run, world.url
    new = replace(article(2), url=url(99), canonical_url=url(99), article_id=world.article_id(99))
    edited = article(1, world.text + " An edit.")
    later = {"fetched_at": datetime.now(UTC)}
    with filled.transaction() as conn:
        articles.add(conn, replace(new, **later), stages=["label"])
        articles.add(conn, replace(edited, **later), stages=["label"])
        second = replace(run("second"), labeller_revision="2")
        annotations.start_run(conn, second, {})
        annotations.add(
            conn,
            [
                replace(a, score=4.0) if a.stage is Stage.LEAN and a.scope is Scope.ARTICLE else a
                for i in range(20, 40)
                for a in labels(i, second)
            ],
        )
        conn.execute(
            "INSERT INTO promotions SELECT 2, %s, clock_timestamp(), 'better'", (second.run_id,)
        )
        late = [replace(a, stage=Stage.SUBTOPIC) for a in labels(3, run("embedded"))[3:4]]
        annotations.add(conn, late)


def test_as_of_a_moment_ago_is_now(own, then) -> None:
    for path in ASKED:
        now, old = own.get(path).json(), at(own, path, then)
        assert now["meta"].pop("as_of") is None
        assert old["meta"].pop("as_of") is not None
        assert now == old, path


def test_what_was_answered_then_is_answered_as_of_then(own, filled, world, then) -> None:
    before = {path: own.get(path).json() for path in ASKED}
    change(filled, world)
    for path, was in before.items():
        old = at(own, path, then)
        assert own.get(path).json()["data"] != was["data"], f"{path} does not see the change"
        assert (old["data"], old["meta"]["run"]) == (was["data"], was["meta"]["run"]), path
        assert old["meta"].get("total") == was["meta"].get("total"), path


def test_a_revision_that_was_taken_back_was_there_meanwhile(own, filled, world) -> None:
    first = replace(world.article(4), page_id=None)
    second = replace(world.article(4, world.text + " An edit."), page_id=None)
    times = [world.start + timedelta(days=d) for d in (10, 11)]
    with filled.transaction() as conn:
        articles.add(conn, replace(second, fetched_at=times[0]), stages=[])
        articles.add(conn, replace(first, fetched_at=times[1]), stages=[])
        # Stored when it was fetched, as far as anybody knows.
        conn.execute("UPDATE articles SET stored_at = NULL")
        conn.execute("UPDATE sightings SET stored_at = NULL")

    def revision(day: int) -> int:
        moment = (world.start + timedelta(days=day, hours=1)).isoformat()
        rows = at(own, "/v1/articles?limit=200", moment)["data"]
        (found,) = (r["revision"] for r in rows if r["article_id"] == world.article_id(4))
        return found

    assert [revision(day) for day in (9, 10, 11)] == [1, 2, 1]


def test_what_came_in_late_was_not_there(own, filled, world, then) -> None:
    with filled.transaction() as conn:
        articles.add(conn, _made(world), stages=[])
    total = at(own, "/v1/articles?count=true", then)["meta"]["total"]
    assert total == world.count
    assert own.get("/v1/articles?count=true").json()["meta"]["total"] == world.count + 1


def _made(world):
    made = world.article(2)
    at_url = world.url(200)
    return replace(made, url=at_url, canonical_url=at_url, article_id=ids.article_id(at_url))


def test_a_walk_through_then_meets_every_row_once(own, filled, walk, world, then) -> None:
    change(filled, world)
    moment = then.replace("+", "%2B")
    rows = walk(own, f"/v1/articles?as_of={moment}", 7)
    assert len({r["article_id"] for r in rows}) == len(rows) == world.count


def test_a_cursor_of_now_is_none_of_then(own, then) -> None:
    cursor = own.get("/v1/articles?limit=2").json()["next_cursor"]
    answer = own.get("/v1/articles", params={"as_of": then, "cursor": cursor})
    assert answer.json()["code"] == "bad-cursor"


def test_it_says_what_keeps_no_history(own, then) -> None:
    of_now = at(own, "/v1/articles", then)["meta"]["as_of"]["of_now"]
    assert {"duplicate_of", "wire_source", "publisher"} <= set(of_now)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/articles?duplicates=exclude&as_of={then}", "as-of-unanswerable"),
        ("/v1/articles?event=x&as_of=2026-01-01", "as-of-unanswerable"),
        ("/v1/articles?as_of=2999-01-01", "bad-parameter"),
        ("/v1/articles?as_of=yesterday", "bad-parameter"),
        ("/v1/events?as_of={then}", "unknown-parameter"),
        ("/v1/outlets?as_of={then}", "unknown-parameter"),
        ("/v1/pipeline?as_of={then}", "unknown-parameter"),
    ],
)
def test_what_cannot_be_answered_is_refused(client, path, code) -> None:
    answer = client.get(path.format(then="2026-11-22"))
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_an_event_as_it_was(own, filled, world, then) -> None:
    one, path = world.event_id("one"), f"/v1/events/{world.event_id('one')}"
    story = f"/v1/stories/{world.event_id('harbour')}"
    before = {p: own.get(p).json() for p in (path, f"{path}/members", story, f"{story}/members")}
    with filled.transaction() as conn:
        events.replace(
            conn, window=[world.article_id(i) for i in range(3)], stories=[], events=[],
            members=[], method="test",
        )  # fmt: skip
    gone = own.get(path, follow_redirects=False)
    assert (gone.status_code, gone.json()["code"]) == (410, "id-ended")
    old = at(own, path, then)
    for name in ("event_id", "story_id", "first_at", "last_at", "articles",
                 "publishers", "coverage", "not_stored"):  # fmt: skip
        assert old[name] == before[path][name], name
    assert [s["event_id"] for s in old["siblings"]] == [world.event_id("two")]
    assert (old["method"], old["cohesion"], old["title_article_id"]) == (None, None, None)
    for p in (f"{path}/members", f"{story}/members"):
        rows = at(own, p, then)["data"]
        for row, was in zip(rows, before[p]["data"], strict=True):
            assert row | {"method": None, "evidence": None} == row
            assert was | {"method": None, "evidence": None} == row
    old_story = at(own, story, then)
    assert (old_story["articles"], old_story["outside_events"]) == (9, 1)
    assert [e["event_id"] for e in old_story["events"]] == [one, world.event_id("two")]
    listed = at(own, f"/v1/articles?count=true&event={one}", then)
    assert listed["meta"]["total"] == 3
    assert {r["event_id"] for r in listed["data"]} == {one}


def test_before_the_ledger_nobody_knows(client, world) -> None:
    for path in (f"events/{world.event_id('one')}", f"stories/{world.event_id('harbour')}",
                 f"events/{world.event_id('one')}/members"):  # fmt: skip
        answer = client.get(f"/v1/{path}?as_of=2026-11-01")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-yet")


def test_a_page_that_was_read_again_since_was_read_so_then(own, filled, world, then) -> None:
    """The same bytes by a newer extractor: the look is of the new reading, and was of the old."""
    with filled.transaction() as conn:
        articles.add(conn, world.article(4, world.text + " A better reading."), stages=[])
    rows = {r["article_id"]: r for r in at(own, "/v1/articles?limit=200", then)["data"]}
    assert rows[world.article_id(4)]["revision"] == 1
    now = {r["article_id"]: r for r in own.get("/v1/articles?limit=200").json()["data"]}
    assert now[world.article_id(4)]["revision"] == 2
