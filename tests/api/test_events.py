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
    assert titles(client, "without=outlet3") == [three, one]
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
    lacking = [client.get(f"/v1/stories?without=outlet{n}").json()["data"] for n in (0, 3, 9)]
    assert [[r["story_id"] for r in found] for found in lacking] == [
        [row["story_id"] for row in rows if client.get(
            f"/v1/articles?story={row['story_id']}&publisher=outlet{n}&count=true"
        ).json()["meta"]["total"] == 0]
        for n in (0, 3, 9)
    ]  # fmt: skip
    story = client.get(f"/v1/stories/{world.event_id('harbour')}").json()
    assert [e["event_id"] for e in story["events"]] == [
        world.event_id("one"),
        world.event_id("two"),
    ]
    assert story["outside_events"] == 1
    listed = client.get(f"/v1/articles?count=true&story={story['story_id']}").json()
    assert listed["meta"]["total"] == story["articles"] == 9


def test_a_row_outlines_who_came_first_and_when(client, world) -> None:
    rows = client.get("/v1/events").json()["data"] + client.get("/v1/stories").json()["data"]
    for row in rows:
        assert sum(row["by_day"].values()) == row["articles"]
        assert list(row["by_day"]) == sorted(row["by_day"])
        assert (min(row["by_day"]), max(row["by_day"])) == (
            row["first_at"][:10],
            row["last_at"][:10],
        )
        assert len(row["outlets"]) == row["publishers"]  # fewer than twelve
        assert sum(outlet["articles"] for outlet in row["outlets"]) == row["articles"]
    one = client.get(f"/v1/events/{world.event_id('one')}").json()
    first = min(one["members"], key=lambda m: (m["published_at"], m["publisher_id"]))
    assert one["outlets"][0]["publisher_id"] == first["publisher_id"]


def test_coverage_of_a_story(client, world) -> None:
    story_id = world.event_id("harbour")
    body = client.get(f"/v1/stories/{story_id}/coverage").json()
    assert sum(outlet["articles"] for outlet in body["covered"]) == 9
    for outlet in body["covered"]:
        means = client.get(
            f"/v1/trends?metric=lean&by=publisher&story={story_id}&publisher={outlet['publisher_id']}"
        ).json()["data"]
        (cell,) = means or [{"n": 0, "mean": None, "ci_low": None, "ci_high": None}]
        assert outlet["lean_n"] == cell["n"]
        told = (outlet["lean_mean"], outlet["lean_low"], outlet["lean_high"])
        assert told == pytest.approx((cell["mean"], cell["ci_low"], cell["ci_high"]), abs=1e-6)
    inside = sum(part["articles"] for part in body["parts"])
    assert inside == 9 - client.get(f"/v1/stories/{story_id}").json()["outside_events"]
    covered = {outlet["publisher_id"] for outlet in body["covered"]}
    assert not covered & {outlet["publisher_id"] for outlet in body["nothing"]}
    fair = client.get(f"/v1/stories/{world.event_id('fair')}/coverage").json()
    for outlet in fair["nothing"]:
        assert outlet["articles_on_those_days"] > 0
        assert outlet["days_crawled"] == 0 < outlet["days"]  # nobody watched in this small world
    assert "no claim" in fair["note"]
    assert client.get("/v1/stories/zz/coverage").status_code == 404
