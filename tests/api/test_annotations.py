"""All labels of a run, walked."""

from __future__ import annotations

import pytest


def found(client, query: str) -> list[dict]:
    body = client.get(f"/v1/annotations?limit=200&count=true&{query}").json()
    assert body["meta"]["total"] == len(body["data"]), body
    return body["data"]


def test_a_walk_meets_every_label_of_the_shown_run_once(client, walk) -> None:
    rows = walk(client, "/v1/annotations", 50)
    assert len({r["annotation_id"] for r in rows}) == len(rows) == 30 * 6
    assert {r["labeller"] for r in rows} == {"embedded"}
    back = walk(client, "/v1/annotations?sort=-annotation_id", 50)
    assert back == rows[::-1]


def test_a_row_is_the_label_of_its_article(client, world) -> None:
    rows = found(client, f"article={world.article_id(1)}")
    own = client.get(f"/v1/articles/{world.article_id(1)}/annotations").json()["data"]
    for row in rows:
        assert (row.pop("article_id"), row.pop("publisher_id")) == (world.article_id(1), "outlet1")
    assert sorted(rows, key=lambda r: r["annotation_id"]) == sorted(
        own, key=lambda r: r["annotation_id"]
    )


def test_each_filter_finds_what_it_says(client, world) -> None:
    lean = found(client, "stage=lean&scope=article")
    assert len(lean) == 30
    assert len(found(client, "stage=lean&scope=headline")) == 30
    opinions = found(client, "stage=news_type&label=opinion")
    assert {r["article_id"] for r in opinions} == {world.article_id(i) for i in range(0, 30, 5)}
    assert {r["publisher_id"] for r in found(client, "publisher=outlet1&stage=tone")} == {"outlet1"}
    old = found(client, "stage=lean&scope=article&current=false")
    assert [r["article_id"] for r in old] == [world.article_id(5)]
    assert len(found(client, "stage=lean&scope=article&current=true")) == 29
    assert found(client, "made_to=2026-01-01") == []
    assert len(found(client, "made_from=2026-01-01&stage=tone")) == 30


def test_another_run_by_its_id_its_labeller_or_its_codebook(client, world) -> None:
    other = world.run("scripted").run_id
    rows = found(client, f"run={other}")
    assert len(rows) == 4 * 6
    assert (
        found(client, "labeller=scripted")
        == rows
        == found(client, f"run={other}&labeller=scripted")
    )
    # The promoted run is of this codebook, and is preferred to a newer one that is too.
    assert client.get("/v1/annotations?codebook=v1").json()["meta"]["run"]["labeller"] == "embedded"
    for query in ("labeller=nobody", "codebook=v9", f"run={other}&labeller=embedded",
                  f"run={other}&codebook=v2"):  # fmt: skip
        answer = client.get(f"/v1/annotations?{query}")
        assert (answer.status_code, answer.json()["code"]) == (404, "run-unknown"), query


def test_lists_of_articles_know_labellers_too(client, world) -> None:
    body = client.get("/v1/articles?labeller=scripted&labelled=true&count=true").json()
    assert body["meta"]["total"] == 4
    assert body["meta"]["run"]["run_id"] == world.run("scripted").run_id


@pytest.mark.parametrize("query", ["stage=mood", "scope=word", "current=perhaps", "made_from=soon"])
def test_wrong_questions_are_400(client, query) -> None:
    assert client.get(f"/v1/annotations?{query}").status_code == 400


def test_nothing_is_labelled_where_there_is_no_run(empty) -> None:
    body = empty.get("/v1/annotations?count=true").json()
    assert (body["data"], body["meta"]) == ([], {"limit": 50, "total": 0, "run": None})
