"""Readers see the promoted run, ask for another, and compare the two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsroom.records import Run
from newsroom.store import annotations, runs

OTHER = Run(
    run_id="f" * 32, labeller="vllm", labeller_revision="2", codebook_version="v2",
    codebook_digest="e" * 64, prompt_digest="p", code_version="test", settings={"model": "small"},
)  # fmt: skip


@pytest.fixture
def two(own, filled, world):
    """The API on a newsroom where a second run has labelled articles 0 to 19, further right."""
    with filled.transaction() as conn:
        annotations.start_run(conn, OTHER, {"lean": {"question": "Whose concerns?"}})
        annotations.add(conn, [
            replace(a, score=a.score and min(5.0, a.score + 1), label=a.label and "Other")
            for i in range(20) for a in world.labels(i, OTHER)
        ])  # fmt: skip
        annotations.refuse(conn, OTHER.run_id, world.article_id(20), "9", "text-too-long", "long")
    return own


def promote(filled, run_id: str) -> None:
    with filled.transaction() as conn:
        runs.promote(conn, run_id, "for the test", partial=True)


def test_every_list_says_whose_labels_it_shows_and_shows_no_others(two, world) -> None:
    path = f"/v1/articles/{world.article_id(1)}"
    event = f"/v1/events/{world.event_id('one')}"
    for asked, labeller, lean, topic in (("", "embedded", -4.0, "Ferries"),
                                         ("run=ffffffff", "vllm", -3.0, "Other")):  # fmt: skip
        row = two.get(f"{path}?{asked}").json()
        assert row["run"]["labeller"] == labeller
        assert (row["labels"]["lean"], row["labels"]["topic"]) == (lean, topic)
        assert {a["run_id"] for a in row["annotations"]} == {row["run"]["run_id"]}
        body = two.get(f"{event}?{asked}").json()
        assert body["run"] == row["run"]
        assert {m["labels"]["topic"] for m in body["members"]} >= {topic}
        coverage = {c["publisher_id"]: c["lean_mean"] for c in body["coverage"]}
        assert coverage["outlet1"] == lean
        for listed in (f"articles?topic={topic}", f"events?topic={topic}",
                       "trends?metric=lean&by=publisher"):  # fmt: skip
            answer = two.get(f"/v1/{listed}&{asked}").json()
            assert answer["data"], (listed, asked)
            assert answer["meta"]["run"] == row["run"]
        assert two.get(f"/v1/pipeline?{asked}").json()["run"] == row["run"]
    assert two.get("/v1/articles?topic=Other").json()["data"] == []
    assert (
        two.get("/v1/articles?labelled=true&count=true&run=ffffffff").json()["meta"]["total"] == 19
    )
    # 5 has a text that nobody labelled
    assert two.get("/v1/pipeline?run=ffffffff").json()["annotations_current"] == 19 * 6


def test_annotations_of_all_runs_and_of_one(two, world) -> None:
    path = f"/v1/articles/{world.article_id(1)}/annotations"
    rows = two.get(path).json()["data"]
    assert {(r["labeller"], r["current"]) for r in rows} == {("embedded", True), ("vllm", False)}
    rows = two.get(f"{path}?run=ffffffff").json()["data"]
    assert {(r["labeller"], r["current"]) for r in rows} == {("vllm", True)}
    assert two.get(f"{path}?run=ffffffff&current=false").json()["data"] == []


def test_a_promotion_changes_what_readers_see_and_its_tag(two, filled, world) -> None:
    path = f"/v1/articles/{world.article_id(1)}"
    before = two.get(path)
    first = two.get("/v1/articles?limit=3").json()["next_cursor"]
    promote(filled, OTHER.run_id)
    after = two.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.json()["labels"]["topic"]) == (200, "Other")
    again = two.get(path, headers={"If-None-Match": after.headers["etag"]})
    assert again.status_code == 304
    # A walk that began under another run would mix the labels of two.
    answer = two.get(f"/v1/articles?limit=3&cursor={first}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")
    embedded = before.json()["run"]["run_id"]
    assert two.get(f"/v1/articles?limit=3&run={embedded}&cursor={first}").status_code == 200
    assert two.get("/v1/codebook").json()["version"] == "v2"
    assert two.get("/v1/codebook?version=v1").json()["version"] == "v1"


@pytest.mark.parametrize(
    "path",
    ["articles?run={}", "articles/x?run={}", "articles/x/annotations?run={}", "events?run={}",
     "events/x?run={}", "trends?metric=lean&by=day&run={}", "pipeline?run={}", "codebook?run={}",
     "runs/{}", "runs/compare?a={}&b={}"],
)  # fmt: skip
@pytest.mark.parametrize("run", ["00000000", "%25%25%25%25%25%25%25%25", "________"])
def test_an_unknown_run_is_404_with_its_own_code(client, path, run) -> None:
    answer = client.get("/v1/" + path.format(run, run))
    assert (answer.status_code, answer.json()["code"]) == (404, "run-unknown"), answer.text
    assert client.get("/v1/problems/run-unknown").status_code == 200


def test_a_run_too_short_to_name_one_is_400(client) -> None:
    for path in (
        "articles?run=abc",
        "runs/compare?a=abc&b=abc",
        "codebook?run=ffffffff&version=v1",
    ):
        assert client.get(f"/v1/{path}").status_code == 400


def test_one_run_says_what_it_is_and_covers(two) -> None:
    row = two.get("/v1/runs/ffffffff").json()
    assert (row["settings"], row["prompt_digest"], row["promoted"]) == (
        {"model": "small"},
        "p",
        False,
    )
    assert (row["articles"], row["promoted_at"], row["reason"]) == (19, None, None)
    first = next(r for r in two.get("/v1/runs").json()["data"] if r["promoted"])
    assert (first["labeller"], first["reason"]) == ("embedded", "first run")


def test_two_runs_are_compared_where_both_labelled(two, client) -> None:
    first = two.get("/v1/articles?limit=1").json()["meta"]["run"]["run_id"]
    body = two.get(f"/v1/runs/compare?a={first[:10]}&b=ffffffff").json()
    assert (body["a"]["run_id"], body["b"]["labeller"]) == (first, "vllm")
    assert (body["articles"], body["panel"]) == (19, None)
    assert sum(o["n"] for o in body["outcomes"]) == 40
    questions = {(q["stage"], q["scope"]): q for q in body["questions"]}
    lean = questions["lean", "article"]
    # The two at +5 could not move.
    assert lean["change"]["shift"]["value"] == pytest.approx(17 / 19, abs=0.06)
    assert lean["change"]["shift"]["low"] < lean["change"]["shift"]["value"]
    topic = questions["topic", "article"]
    assert topic["change"]["agreement"]["value"] == 0.0
    assert {f["label_b"] for f in topic["flips"]} == {"Other"}
    assert (topic["outlets"], topic["outlets_few"]) == ([], 4)


def test_a_comparison_needs_a_panel_that_is_there_and_not_too_many_articles(
    two, monkeypatch
) -> None:
    first = two.get("/v1/articles?limit=1").json()["meta"]["run"]["run_id"]
    path = f"/v1/runs/compare?a={first}&b=ffffffff"
    answer = two.get(f"{path}&panel=autumn")
    assert (answer.status_code, answer.json()["code"]) == (404, "panel-unknown")
    monkeypatch.setattr("api.routes.runs.COMPARED_MAX", 18)
    answer = two.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "too-many-articles")
