"""Outlets, refusals, pipeline, runs, codebook."""

from __future__ import annotations


def test_outlets(client, walk, world) -> None:
    rows = walk(client, "/v1/outlets", 2)
    assert [r["publisher_id"] for r in rows] == [f"outlet{n}" for n in range(5)]
    assert [r["articles"] for r in rows] == [10, 10, 10, 10, 0]
    assert [r["refusals"] for r in rows] == [1, 1, 1, 0, 0]
    assert (rows[4]["first_at"], rows[4]["last_at"]) == (None, None)
    assert rows[0]["first_at"] == "2026-11-02T08:00:00Z"
    assert client.get("/v1/outlets?count=true&limit=1").json()["meta"]["total"] == 5
    for row in rows:
        listed = client.get(f"/v1/articles?publisher={row['publisher_id']}&count=true").json()
        assert listed["meta"]["total"] == row["articles"]


def test_refusals(client, walk) -> None:
    rows = walk(client, "/v1/refusals", 1)
    assert len({r["refusal_id"] for r in rows}) == len(rows) == 3
    assert {r["code"] for r in rows} == {"soft-404", "paywall"}
    some = client.get(
        "/v1/refusals?code=soft-404&publisher=outlet0&publisher=outlet1&count=true"
    ).json()
    assert some["meta"]["total"] == len(some["data"]) == 1
    assert "source" not in some["data"][0]  # may name a file of the machine that imported it


def test_pipeline_counts_what_the_lists_show(client) -> None:
    body = client.get("/v1/pipeline").json()
    listed = client.get("/v1/articles?count=true&limit=1").json()["meta"]["total"]
    assert (body["articles"], body["revisions"], body["pages"]) == (listed, 41, 40)
    assert body["duplicates"] == [{"code": "near-copy", "n": 2}]
    assert body["refusals"] == [{"code": "paywall", "n": 1}, {"code": "soft-404", "n": 2}]
    assert sum(row["n"] for row in body["work"]) == 40
    assert {"stage": "label", "state": "quarantined", "error_code": "bad-model", "n": 1} in body[
        "work"
    ]
    assert (body["annotations"], body["events"], body["stories"], body["outlets"]) == (
        34 * 6,
        3,
        2,
        5,
    )
    assert body["annotations_current"] == 29 * 6  # article 5 has a text that nobody labelled
    assert body["newest_page_at"] == "2026-11-03T23:00:00Z"


def test_an_empty_newsroom_has_zeros_and_nulls(empty) -> None:
    body = empty.get("/v1/pipeline").json()
    assert (body["articles"], body["newest_page_at"], body["work"]) == (0, None, [])
    for path in ("outlets", "articles", "events", "stories", "refusals", "runs"):
        shown = {"run": None} if path in {"articles", "events"} else {}
        assert empty.get(f"/v1/{path}?count=true").json() == {
            "data": [], "next_cursor": None, "meta": {"limit": 50, "total": 0} | shown,
        }  # fmt: skip
    assert empty.get("/v1/trends?metric=lean&by=day").json()["data"] == []


def test_runs(client, walk) -> None:
    rows = walk(client, "/v1/runs", 1)
    assert {r["labeller"]: (r["promoted"], r["articles"]) for r in rows} == {
        "embedded": (True, 29), "scripted": (False, 4),
    }  # fmt: skip
    assert client.get("/v1/runs?count=true").json()["meta"]["total"] == 2


def test_codebook_is_the_one_a_run_used(client) -> None:
    body = client.get("/v1/codebook").json()
    assert (body["version"], body["content"]) == ("v1", {"lean": {"question": "Which way?"}})
    assert client.get("/v1/codebook?version=v1").json() == body
    answer = client.get("/v1/codebook?version=v9")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-codebook")


def test_without_a_run_there_is_no_codebook(empty) -> None:
    answer = empty.get("/v1/codebook")
    assert answer.status_code == 404
    assert "newsroom annotate" in answer.json()["detail"]
