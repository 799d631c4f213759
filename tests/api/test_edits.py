"""Edits of events over the API: a job, carried out by the annotator's worker."""

from __future__ import annotations

import pytest

from annotator.events import requested
from newsroom import queue
from newsroom.keys import Scope
from newsroom.settings import Work
from newsroom.store import events, jobs, keys


@pytest.fixture
def ada(filled) -> dict[str, str]:
    with filled.transaction() as conn:
        key = keys.add(conn, "ada", [Scope.EVENTS_EDIT], note="", expires_at=None)
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def edit(own, ada):
    def sent(event_id: str, **body: object):
        return own.post(f"/v1/events/{event_id}/edits", json={"reason": "it is so", **body}, headers=ada)  # fmt: skip

    return sent


def refused(answer, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_an_edit_is_asked_for_made_and_answered(own, filled, edit, ada, world, settings) -> None:
    event = world.event_id("two")
    asked = edit(event, action="rename", title="The ferry is late")
    assert asked.status_code == 202, asked.text
    job = asked.json()
    assert (job["state"], job["kind"], job["result"]) == ("due", "event-edit", None)
    path = asked.headers["location"]
    assert path == f"/v1/jobs/{job['job_id']}"
    assert own.get(path, headers=ada).json() == job
    assert queue.length(queue.make_app(settings), queue.QUEUE_HOUSEKEEPING) == 1
    assert requested.run_due(filled, Work())
    assert not requested.run_due(filled, Work())
    done = own.get(path, headers=ada).json()
    assert (done["state"], done["progress"], done["error"]) == ("done", 1, None)
    assert own.get(f"/v1/events/{event}").json()["title"] == "The ferry is late"
    (change,) = own.get("/v1/changes?kind=event-edit").json()["data"]
    assert (change["by"], change["event_id"], change["reason"]) == ("human:ada", event, "it is so")
    undone = edit(event, action="undo", entry_id=done["result"]["entry_id"])
    assert undone.status_code == 202
    assert requested.run_due(filled, Work())
    assert own.get(f"/v1/events/{event}").json()["title"] != "The ferry is late"
    assert own.get("/v1/changes?kind=event-edit&count=true").json()["meta"]["total"] == 2
    again = edit(event, action="undo", entry_id=done["result"]["entry_id"])
    refused(again, 409, "already-undone")


def test_split_and_merge(own, filled, edit, world) -> None:
    event = world.event_id("two")
    out = [world.article_id(i) for i in (20, 21)]
    assert edit(event, action="split", articles=out).status_code == 202
    assert requested.run_due(filled, Work())
    (change,) = own.get("/v1/changes?kind=event-edit").json()["data"]
    (part,) = set(change["details"]["to_ids"]) - {event}
    assert edit(event, action="merge", events=[part]).status_code == 202
    assert requested.run_due(filled, Work())
    members = own.get(f"/v1/events/{event}").json()["articles"]
    assert members == 5
    refused(edit(part, action="rename", title="Gone"), 409, "group-retired")


def test_a_story_is_split_and_merged_and_its_split_taken_back(own, filled, ada, world) -> None:
    story, event, fair = (world.event_id(name) for name in ("harbour", "two", "fair"))

    def sent(story_id: str, **body: object):
        path = f"/v1/stories/{story_id}/edits"
        answer = own.post(path, json={"reason": "it is so", **body}, headers=ada)
        while requested.run_due(filled, Work()):
            pass
        return answer

    def stories() -> dict[str, int]:
        return {s["story_id"]: s["articles"] for s in own.get("/v1/stories").json()["data"]}

    before = own.get(f"/v1/stories/{story}").json()
    asked = sent(story, action="split", events=[event], articles=[world.article_id(39)])
    assert asked.status_code == 202, asked.text
    done = own.get(asked.headers["location"], headers=ada).json()["result"]
    (part,) = done["to_ids"]
    assert stories() == {story: 3, part: 6, fair: 2}
    assert own.get(f"/v1/events/{event}").json()["story_id"] == part
    (change,) = own.get("/v1/changes?kind=event-edit").json()["data"]
    assert (change["event_id"], change["details"]["level"]) == (story, "story")
    refused(
        sent(story, action="merge", stories=[part], seen=before["version"]), 409, "changed-since"
    )
    assert sent(fair, action="merge", stories=[part]).status_code == 202
    assert stories() == {story: 3, fair: 8}
    refused(sent(part, action="rename", title="Gone"), 409, "group-retired")
    undo = sent(story, action="undo", entry_id=done["entry_id"])
    failed = own.get(undo.headers["location"], headers=ada).json()
    assert failed["error"]["code"] == "undo-later-first"
    (merged, _) = own.get("/v1/changes?kind=event-edit").json()["data"]
    for entry, of in ((merged["details"]["entry_id"], fair), (done["entry_id"], story)):
        assert sent(of, action="undo", entry_id=entry).status_code == 202
    assert stories() == {story: 9, fair: 2}
    refused(sent(event, action="rename", title="x"), 404, "not-found")
    refused(sent(story, action="merge", stories=[event]), 404, "not-found")
    refused(sent(story, action="split"), 400, "bad-parameter")
    refused(sent(story, action="split", events=["x"]), 400, "bad-parameter")


def test_what_was_changed_since_is_a_conflict_at_once_or_when_it_is_made(
    own, filled, edit, ada, world
) -> None:
    event = world.event_id("two")
    with filled.transaction() as conn:
        seen = events.versions(conn, [event])[event]
    first = edit(event, action="rename", title="One", seen=seen)
    second = edit(event, action="rename", title="Two", seen=seen)
    assert (first.status_code, second.status_code) == (202, 202)
    while requested.run_due(filled, Work()):
        pass
    states = {
        own.get(answer.headers["location"], headers=ada).json()["state"]: answer
        for answer in (first, second)
    }
    assert set(states) == {"done", "failed"}
    failed = own.get(states["failed"].headers["location"], headers=ada).json()
    assert failed["error"]["code"] == "changed-since"
    refused(edit(event, action="rename", title="Three", seen=seen), 409, "changed-since")


def test_what_cannot_be_is_said_at_once(own, edit, world) -> None:
    event = world.event_id("two")
    refused(edit("0" * 32, action="rename", title="x"), 404, "not-found")
    refused(edit(world.event_id("harbour"), action="rename", title="x"), 404, "not-found")
    refused(edit(event, action="undo", entry_id=999), 404, "not-found")
    for body in (
        {"action": "burn"},
        {},
        {"action": "rename"},
        {"action": "rename", "title": ""},
        {"action": "split", "articles": []},
        {"action": "merge", "events": ["x"]},
        {"action": "undo", "entry_id": 0},
        {"action": "rename", "title": "x", "by": "human:bo"},
    ):
        refused(edit(event, **body), 400, "bad-parameter")


def test_a_refusal_of_the_annotator_fails_the_job_under_its_code(own, filled, edit, ada, world) -> None:  # fmt: skip
    asked = edit(world.event_id("two"), action="split", articles=[world.article_id(0)])
    assert requested.run_due(filled, Work())
    failed = own.get(asked.headers["location"], headers=ada).json()
    assert (failed["state"], failed["error"]["code"]) == ("failed", "not-a-member")


def test_a_job_is_seen_by_who_asked_and_nobody_else(own, filled, edit, world) -> None:
    path = edit(world.event_id("two"), action="rename", title="x").headers["location"]
    refused(own.get(path), 404, "not-found")
    with filled.transaction() as conn:
        other = keys.add(conn, "bo", [Scope.EVENTS_EDIT], note="", expires_at=None)
    refused(own.get(path, headers={"Authorization": f"Bearer {other}"}), 404, "not-found")


def test_the_scope_is_asked_for(own, filled, world) -> None:
    path = f"/v1/events/{world.event_id('two')}/edits"
    body = {"action": "rename", "title": "x", "reason": "y"}
    refused(own.post(path, json=body), 401, "key-missing")
    with filled.transaction() as conn:
        assert jobs.due(conn) == {}
