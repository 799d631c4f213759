"""Members, coverage and lineage of events and stories; ids that are no more."""

from __future__ import annotations

from datetime import UTC, datetime

import eventroom
import pytest

from annotator.events import edits
from newsroom.store import coverage
from newsroom.store.coverage import CoverageRun, Verdict


@pytest.fixture
def room(db):
    """Nine articles in two events; the first is split, renamed and merged into the second."""
    with db.transaction() as conn:
        every = eventroom.fill(conn)
        eventroom.regroup(conn, [every[:4], every[4:8]], every)
        one, two = (eventroom.event_of(conn, every[n]) for n in (0, 4))
        story = eventroom.places(conn)[every[0]][1]
    with db.transaction() as conn:
        at = conn.execute("SELECT clock_timestamp() AS at").fetchone()["at"]
    with db.transaction() as conn:
        edits.rename(conn, one, "The first vote", by="ada")
    with db.transaction() as conn:
        merged = edits.merge(conn, [two, one], by="ada", reason="one vote")
    return {
        "every": every,
        "one": one,
        "two": two,
        "story": story,
        "at": at,
        "entry": merged.entry_id,
    }


@pytest.fixture
def api(room, settings):
    from fastapi.testclient import TestClient

    from api.app import create_app

    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def test_a_retired_id_leads_to_its_heir(api, room) -> None:
    for end in ("", "/members", "/coverage", "/state", "/facts"):
        answer = api.get(f"/v1/events/{room['one']}{end}", follow_redirects=False)
        assert (answer.status_code, answer.json()["code"]) == (307, "id-retired")
        assert answer.headers["location"] == f"/v1/events/{room['two']}{end}"
        assert answer.json()["errors"] == [{"field": "into", "message": room["two"]}]
    followed = api.get(f"/v1/events/{room['one']}?labeller=x", follow_redirects=False)
    assert followed.status_code == 404  # the question is looked at first
    assert api.get(f"/v1/events/{room['one']}").json()["event_id"] == room["two"]


def test_lineage_tells_what_became_of_it(api, room, walk) -> None:
    path = f"/v1/events/{room['one']}/lineage"
    rows = walk(api, path, 1)
    assert [r["kind"] for r in rows] == ["merged", "renamed", "created"]
    assert (rows[0]["actor"], rows[0]["to_ids"], rows[0]["reason"]) == (
        "human:ada", [room["two"]], "one vote",
    )  # fmt: skip
    body = api.get(f"{path}?count=true&limit=1").json()
    meta = body["meta"]
    assert (meta["state"], meta["into"], meta["level"]) == ("retired", [room["two"]], "event")
    assert (meta["total"], meta["title"]) == (3, "The first vote")
    heir = api.get(f"/v1/events/{room['two']}/lineage").json()["meta"]
    assert (heir["state"], heir["into"]) == ("current", [])
    story = api.get(f"/v1/stories/{room['story']}/lineage").json()
    assert story["meta"]["level"] == "story"
    assert [r["kind"] for r in story["data"]] == ["created"]


def test_lineage_as_of_a_time(api, room) -> None:
    path = f"/v1/events/{room['one']}/lineage"
    body = api.get(path, params={"as_of": room["at"].isoformat()}).json()
    assert [r["kind"] for r in body["data"]] == ["created"]
    assert body["meta"]["title"] != "The first vote"
    assert body["meta"]["as_of"]["of_now"] == ["state", "into", "version"]


def test_an_event_that_is_no_more_can_be_had_as_it_was(api, room) -> None:
    when = {"as_of": room["at"].isoformat()}
    body = api.get(f"/v1/events/{room['one']}", params=when).json()
    assert {m["article_id"] for m in body["members"]} == set(room["every"][:4])
    assert (body["event_id"], body["articles"]) == (room["one"], 4)
    assert body["title"] not in {None, "The first vote"}
    assert [s["event_id"] for s in body["siblings"]] == [room["two"]]
    heir = api.get(f"/v1/events/{room['two']}", params=when).json()
    assert heir["articles"] == 4
    assert api.get(f"/v1/events/{room['two']}").json()["articles"] == 8


def test_members_say_why_they_are_there(api, room) -> None:
    body = api.get(f"/v1/events/{room['two']}/members").json()
    assert body["meta"]["total"] == len(body["data"]) == 8
    assert {m["role"] for m in body["data"]} <= {"core", "attached"}
    assert all(m["evidence"] is not None for m in body["data"])
    story = api.get(f"/v1/stories/{room['story']}/members").json()
    assert len(story["data"]) == 9
    assert sum(m["event_id"] is None for m in story["data"]) == 1


def test_coverage_says_who_is_missing_and_what_that_means(api, room, db) -> None:
    now = datetime.now(UTC)
    run = CoverageRun(judged_at=now, since=now, until=now, version="v", rules={}, events=1, outlets=2,
                      pairs=1, claims=0, by_chance=0.0)  # fmt: skip
    with db.transaction() as conn:
        conn.execute(
            "INSERT INTO publishers (publisher_id, name, domain, demo, verified) "
            "VALUES ('other', 'The Other', 'other.example', false, true)"
        )
        verdict = Verdict(event_id=room["two"], publisher_id="other", verdict="not-crawled",
                          expected=None, q=None, past_events=0, days=3, days_crawled=1)  # fmt: skip
        coverage.save(conn, run, [verdict])
    body = api.get(f"/v1/events/{room['two']}/coverage").json()
    (outlet,) = body["covered"]
    assert (outlet["publisher_id"], outlet["articles"]) == ("ledger", 8)
    # Nobody looked at the front page: not known, which is not zero.
    assert (outlet["exposure"]["lead_h"], outlet["exposure"]["known_h"]) == (None, 0.0)
    (missing,) = body["missing"]
    assert missing["verdict"] == "not-crawled"
    assert "1 of 3 days" in missing["said"]


@pytest.mark.parametrize("end", ["", "/members", "/coverage", "/lineage"])
def test_what_never_was_is_404(api, room, end) -> None:
    for group_id in ("unknown", room["story"]):
        answer = api.get(f"/v1/events/{group_id}{end}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    if end != "/coverage":
        assert api.get(f"/v1/stories/{room['two']}{end}").status_code == 404


def test_states_of_events_can_be_asked_for(api, room) -> None:
    closed = api.get("/v1/events?state=closed&count=true").json()["meta"]["total"]
    still = api.get("/v1/events?state=open&count=true").json()["meta"]["total"]
    assert closed + still == 1
