"""Events and stories."""

from __future__ import annotations

import pytest


def titles(client, query: str) -> list[str]:
    answer = client.get(f"/v1/events?count=true&{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["meta"]["total"] == len(body["data"])
    return [row["event_id"] for row in body["data"]]


def test_events_in_both_orders_and_under_each_filter(client, world) -> None:
    one, two, three = (world.event_id(name) for name in ("one", "two", "three"))
    assert titles(client, "") == [two, three, one]
    assert titles(client, "sort=-articles") == [two, one, three]
    assert titles(client, "min_articles=3") == [two, one]
    assert titles(client, f"story={world.event_id('harbour')}") == [two, one]
    assert titles(client, "publisher=outlet3") == [two]
    assert titles(client, "topic=Schools") == [two, one]
    assert titles(client, "published_to=2026-11-02") == [one]
    assert titles(client, "published_from=2026-11-03") == [two, three]
    assert titles(client, "q=council") == [two, three, one]
    assert titles(client, "q=nothing") == []


@pytest.mark.parametrize("sort", ["-last_at", "-articles"])
def test_a_walk_meets_every_event_once(client, walk, sort) -> None:
    rows = walk(client, f"/v1/events?sort={sort}", 1)
    assert len({r["event_id"] for r in rows}) == len(rows) == 3


def test_one_event(client, world) -> None:
    body = client.get(f"/v1/events/{world.event_id('one')}").json()
    assert [m["article_id"] for m in body["members"]] == sorted(
        world.article_id(i) for i in range(3)
    )
    assert {m["labels"]["lean"] for m in body["members"]} == {-5.0, -4.0, -3.0}
    assert all(m["score"] == 0.5 for m in body["members"])
    coverage = {c["publisher_id"]: c for c in body["coverage"]}
    assert set(coverage) == {"outlet0", "outlet1", "outlet2"}
    assert (coverage["outlet1"]["lean_mean"], coverage["outlet1"]["lean_n"]) == (-4.0, 1)
    assert sum(c["articles"] for c in body["coverage"]) == body["articles"] == 3
    assert [s["event_id"] for s in body["siblings"]] == [world.event_id("two")]


def test_an_absent_outlet_is_one_that_was_seen_on_those_days(client, world) -> None:
    absent = client.get(f"/v1/events/{world.event_id('one')}").json()["not_stored"]
    # outlet4 has no article at all: nothing can be said of it
    assert [o["publisher_id"] for o in absent["outlets"]] == ["outlet3"]
    assert absent["outlets"][0]["articles_on_those_days"] == 2
    assert "no claim" in absent["note"]


def test_unlabelled_members_count_but_are_not_averaged(own, filled, world) -> None:
    with filled.transaction() as conn:
        conn.execute("DELETE FROM annotations")
    body = own.get(f"/v1/events/{world.event_id('one')}").json()
    assert all(m["labels"] is None for m in body["members"])
    assert all(
        (c["articles"], c["lean_mean"], c["lean_n"]) == (1, None, 0) for c in body["coverage"]
    )


def test_stories(client, walk, world) -> None:
    rows = walk(client, "/v1/stories", 1)
    assert [r["story_id"] for r in rows] == [world.event_id("harbour"), world.event_id("fair")]
    assert [r["events"] for r in rows] == [2, 1]
    counted = client.get(
        "/v1/stories?count=true&q=council&min_articles=3&published_from=2026-11-02"
    ).json()
    assert counted["meta"]["total"] == len(counted["data"]) == 1
    story = client.get(f"/v1/stories/{world.event_id('harbour')}").json()
    assert [e["event_id"] for e in story["events"]] == [
        world.event_id("one"),
        world.event_id("two"),
    ]
    assert story["outside_events"] == 1
    listed = client.get(f"/v1/articles?count=true&story={story['story_id']}").json()
    assert listed["meta"]["total"] == story["articles"] == 9
