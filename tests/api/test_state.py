"""What was made of the texts of events and stories: titles, facts, amounts."""

from __future__ import annotations

import pytest
import toldroom
from fastapi.testclient import TestClient

from annotator.events import state
from api.app import create_app


@pytest.fixture
def told(db, settings):
    with db.transaction() as conn:
        there = toldroom.fill(conn)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client, there


def test_before_anything_was_made_there_is_a_title_and_nothing_else(told) -> None:
    client, there = told
    body = client.get(f"/v1/events/{there['event']}/state").json()
    assert (body["title_from"], body["facts"], body["takeaways"]) == ("headline", None, [])
    assert client.get(f"/v1/events/{there['event']}/facts").json()["data"] == []
    story = client.get(f"/v1/stories/{there['story']}/state").json()
    assert (story["made"], story["slots"]) == (False, [])


def test_facts_say_who_told_them_and_who_did_not(told, db, walk) -> None:
    client, there = told
    assert state.refresh_changed(db).events == 1
    path = f"/v1/events/{there['event']}"
    body = client.get(f"{path}/state").json()
    facts = client.get(f"{path}/facts").json()["data"]
    assert body["facts"] == len(facts) > body["exclusives"] > 0
    assert body["outlets"] == ["ledger", "post", "wire"]
    assert body["takeaways"]
    house = next(f for f in facts if "customs house" in f["quote"])
    assert (house["outlets"], house["left_out_by"], house["exclusive"]) == (
        ["post", "wire"], ["ledger"], False,
    )  # fmt: skip
    assert all(len(f["quote"].split()) <= 26 for f in facts)
    alone = client.get(f"{path}/facts?exclusive=true").json()["data"]
    assert [f["number"] for f in alone] == [f["number"] for f in facts if f["exclusive"]]
    assert walk(client, f"{path}/facts", 2) == facts
    (part,) = client.get(f"{path}/facts?limit=1&fields=number&count=true").json()["data"]
    assert part == {"number": facts[0]["number"]}
    assert client.get(f"{path}/facts?limit=0").status_code == 400


def test_the_toll_of_a_story_and_who_told_it(told, db) -> None:
    client, there = told
    state.refresh_changed(db)
    body = client.get(f"/v1/stories/{there['story']}/state").json()
    assert body["made"] is True
    (slot,) = body["slots"]
    assert (slot["told"][0], slot["latest"]) == ("nine", "14")
    assert [s["told_at"] for s in slot["steps"]] == sorted(s["told_at"] for s in slot["steps"])
    assert {s["role"] for s in slot["steps"]} <= {"new", "repeat", "stale", "former"}
    assert slot["latest_by"] == ["The Ledger", "The Post"]


@pytest.mark.parametrize(
    "path", ["events/unknown/state", "events/unknown/facts", "stories/unknown/state"]
)
def test_what_never_was_is_404(told, path) -> None:
    client, _ = told
    assert client.get(f"/v1/{path}").status_code == 404
