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


def test_outlets_by_a_part_of_their_name(client) -> None:
    every = client.get("/v1/outlets").json()["data"]
    named = client.get("/v1/outlets?q=OUTLET3&count=true").json()
    assert [row["publisher_id"] for row in named["data"]] == ["outlet3"]
    assert named["meta"]["total"] == 1
    bare = client.get("/v1/outlets?fields=publisher_id,name").json()["data"]
    assert bare == [{"publisher_id": r["publisher_id"], "name": r["name"]} for r in every]
    counted = client.get("/v1/outlets?fields=articles").json()["data"]
    assert counted == [{"articles": r["articles"]} for r in every]


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
    (bad,) = [row for row in body["work"] if row["state"] == "quarantined"]
    assert (bad["stage"], bad["error_code"], bad["n"]) == ("label", "bad-model", 1)
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
    assert body["jobs"] == []
    assert body["crawl"] == {
        "hosts_asked": 0, "last_asked_at": None, "hosts_stopped": [], "looks_due": 0,
        "looks_planned": 0,
    }  # fmt: skip
    for path in ("outlets", "articles", "annotations", "events", "stories", "refusals", "runs",
                 "frontpages", "sources"):  # fmt: skip
        shown = {"run": None} if path in {"articles", "annotations", "events"} else {}
        shown |= {"as_of": None} if path == "articles" else {}
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


def test_what_runs_now_is_told(own, filled) -> None:
    with filled.transaction() as conn:
        conn.execute(
            """INSERT INTO jobs (job_id, kind, args, state, lease_until, progress) VALUES
               ('j1', 'export', '{}', 'leased', now(), 0.25),
               ('j2', 'export', '{}', 'leased', now(), 0.75)"""
        )
        conn.execute(
            """INSERT INTO backfills (backfill_id, kind, source, scope, state, holder, lease_until,
                                      size_bytes, offset_bytes, started_at, updated_at)
               VALUES ('b1', 'ccnews', 'a.warc.gz', '', 'running', 'me', now(), 200, 50, now(),
                       now())"""
        )
        conn.execute(
            """INSERT INTO hosts (host, asked_at, delay_s, stopped_until, stopped_reason) VALUES
               ('a.example', now() - interval '1 minute', 5, NULL, NULL),
               ('b.example', now() - interval '1 day', 5, now() + interval '1 day', 'robots'),
               ('c.example', now() + interval '1 minute', 5, now() - interval '1 day', 'robots')"""
        )
    body = own.get("/v1/pipeline").json()
    assert [(j["kind"], j["state"], j["n"], j["progress"]) for j in body["jobs"]] == [
        ("backfill-ccnews", "leased", 1, 0.25),
        ("export", "leased", 2, 0.5),
    ]
    assert body["crawl"]["hosts_asked"] == 2
    assert body["crawl"]["hosts_stopped"] == [{"code": "robots", "n": 1}]
    due = [row for row in body["work"] if row["state"] == "due"]
    assert all(row["oldest_due_at"] for row in due)
