"""Disputes, labels of people, and the change log: added, shown, and never changed."""

from __future__ import annotations

import json

import pytest
from psycopg.types.json import Jsonb

from newsroom.errors import NotFound
from newsroom.keys import Scope
from newsroom.store import disputes, keys
from newsroom.store import runs as store_runs

QUESTIONS = {
    "questions": {
        "lean": {"labels": [{"id": "left"}, {"id": "center"}], "scale": {"id": "mapped3"}},
        "news_type": {"labels": [{"id": "opinion"}], "scale": None},
        "sentence_type": {"labels": [{"id": "fact"}]},
    }
}


@pytest.fixture
def bearer(filled):
    """Headers with a key of these scopes."""

    def headers(*scopes: Scope, owner: str = "ada", **more: str) -> dict[str, str]:
        with filled.transaction() as conn:
            key = keys.add(conn, owner, scopes, note="", expires_at=None)
        return {"Authorization": f"Bearer {key}", **more}

    return headers


@pytest.fixture
def wrong(world):
    """A dispute of the lean of an article, with changes."""

    def body(i: int = 0, **changed: object) -> dict[str, object]:
        return {"article_id": world.article_id(i), "stage": "lean", "reason": "both sides speak",
                **changed}  # fmt: skip

    return body


def refused(answer, status: int, code: str) -> dict:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def count(db, table: str) -> int:
    with db.transaction() as conn:
        return conn.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"]


def test_a_label_is_disputed_resolved_and_logged(own, filled, bearer, wrong, world) -> None:
    ada = bearer(Scope.DISPUTE)
    said = wrong(suggested_label="center", suggested_score=0.5)
    made = own.post("/v1/disputes", json=said, headers=ada)
    assert made.status_code == 201, made.text
    row = made.json()
    assert made.headers["location"] == f"/v1/disputes/{row['dispute_id']}"
    assert {k: row[k] for k in ("by", "state", "stage", "scope", "wrong", "outcome")} == {
        "by": "human:ada", "state": "open", "stage": "lean", "scope": "article", "wrong": "label",
        "outcome": None,
    }  # fmt: skip
    shown = own.get(f"/v1/articles/{world.article_id(0)}").json()
    assert (row["run_id"], row["content_sha256"]) == (
        shown["run"]["run_id"],
        shown["content_sha256"],
    )
    assert own.get(made.headers["location"]).json() == row
    with filled.transaction() as conn:
        disputes.resolve(conn, row["dispute_id"], "declined", "as the codebook says", "human:bo")
        disputes.resolve(conn, row["dispute_id"], "upheld", "on second thought", "human:bo")
        with pytest.raises(NotFound):
            disputes.resolve(conn, 999, "upheld", "which?", "human:bo")
    now = own.get(f"/v1/disputes/{row['dispute_id']}").json()
    assert (now["state"], now["outcome"], now["note"]) == (
        "resolved",
        "upheld",
        "on second thought",
    )
    assert own.get("/v1/disputes?state=open").json()["data"] == []
    assert own.get(f"/v1/disputes?article={world.article_id(0)}").json()["data"] == [now]
    log = own.get("/v1/changes").json()["data"]
    assert [c["kind"] for c in log if c["kind"] != "promotion"] == [
        "resolution",
        "resolution",
        "dispute",
    ]
    assert log[-1]["kind"] == "promotion"
    assert log[-2]["reason"] == "both sides speak"


def test_a_walk_through_disputes_and_changes_sees_each_once(own, bearer, wrong, walk) -> None:
    ada = bearer(Scope.DISPUTE)
    made = [own.post("/v1/disputes", json=wrong(i), headers=ada).json() for i in range(5)]
    rows = walk(own, "/v1/disputes", 2)
    assert rows == list(reversed(made))
    assert own.get("/v1/disputes?count=true").json()["meta"]["total"] == 5
    changes = walk(own, "/v1/changes", 2)
    part = own.get("/v1/changes?limit=1&fields=change_id")
    assert part.json()["data"] == [{"change_id": changes[0]["change_id"]}]
    assert own.get(part.links["next"]["url"]).json()["data"] == [
        {"change_id": changes[1]["change_id"]}
    ]
    assert [c["change_id"] for c in changes][:5] == [f"dispute-{d['dispute_id']}" for d in rows]
    assert own.get("/v1/changes?kind=dispute&count=true").json()["meta"]["total"] == 5


def test_sent_twice_it_is_said_once(own, filled, bearer, wrong) -> None:
    ada = bearer(Scope.DISPUTE, **{"Idempotency-Key": "one"})
    first = own.post("/v1/disputes", json=wrong(), headers=ada)
    again = own.post("/v1/disputes", json=wrong(), headers=ada)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    other = own.post("/v1/disputes", json=wrong(reason="something else"), headers=ada)
    refused(other, 409, "idempotency-key-reused")
    bo = bearer(Scope.DISPUTE, owner="bo", **{"Idempotency-Key": "one"})
    assert own.post("/v1/disputes", json=wrong(), headers=bo).status_code == 201
    assert count(filled, "disputes") == 2


def test_nobody_writes_without_the_scope(own, filled, bearer, wrong) -> None:
    for path in ("/v1/disputes", "/v1/overrides"):
        body = wrong() | ({"score": 1} if "over" in path else {})
        missing = own.post(path, json=body)
        refused(missing, 401, "key-missing")
        assert missing.headers["www-authenticate"] == "Bearer"
        refused(own.post(path, json=body, headers=bearer(Scope.EXPORT)), 403, "scope-missing")
    assert count(filled, "disputes") == count(filled, "overrides") == 0


UNREADABLE = [
    ({"reason": ""}, "reason"),
    ({"reason": " \n"}, "reason"),
    ({"reason": "x" * 2001}, "reason"),
    ({"reason": "a\x00b"}, "reason"),
    ({"reason": "\ud800"}, "reason"),
    ({"stage": "mood"}, "stage"),
    ({"scope": "sentence"}, ""),
    ({"sentence": 1}, ""),
    ({"stage": "sentence_type"}, ""),
    ({"sentence": -1, "scope": "sentence"}, "sentence"),
    ({"suggested_score": 6}, "suggested_score"),
    ({"suggested_score": "NaN"}, "suggested_score"),
    ({"suggested_label": "x" * 201}, "suggested_label"),
    ({"article_id": "x"}, "article_id"),
    ({"wrong": "everything"}, "wrong"),
    ({"lable": "left"}, "lable"),
]


def test_a_dispute_that_cannot_be_read_is_400_and_named(own, filled, bearer, wrong) -> None:
    headers = bearer(Scope.DISPUTE, **{"content-type": "application/json"})
    for changed, field in UNREADABLE:
        answer = own.post("/v1/disputes", content=json.dumps(wrong(**changed)), headers=headers)
        errors = refused(answer, 400, "bad-parameter")["errors"]
        assert field in [e["field"] for e in errors], changed
    assert count(filled, "disputes") == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"null", b"{", b'"x"', b"[" * 5000, b"\xff"])
def test_a_body_that_is_no_object_is_400(empty, body) -> None:
    for path in ("/v1/disputes", "/v1/overrides", f"/v1/events/{'0' * 32}/edits"):
        answer = empty.post(path, content=body, headers={"content-type": "application/json"})
        refused(answer, 400, "bad-parameter")


def test_what_is_not_there_cannot_be_disputed(own, bearer, wrong, world) -> None:
    ada = bearer(Scope.DISPUTE)
    refused(own.post("/v1/disputes", json=wrong(article_id="0" * 32), headers=ada), 404, "not-found")  # fmt: skip
    late = wrong(stage="sentence_type", scope="sentence", sentence=99)
    assert refused(own.post("/v1/disputes", json=late, headers=ada), 400, "bad-parameter")["errors"]
    good = wrong(stage="sentence_type", scope="sentence", sentence=1)
    assert own.post("/v1/disputes", json=good, headers=ada).json()["sentence"] == 1
    for path in ("/v1/disputes/999", "/v1/disputes/x", "/v1/overrides/" + "9" * 30, "/v1/jobs/x"):
        refused(own.get(path), 404, "not-found")
    unknown = own.post("/v1/disputes?dry=1", json=wrong(), headers=ada)
    refused(unknown, 400, "unknown-parameter")


def test_a_label_of_a_person_stands_beside_that_of_the_run(
    own, filled, bearer, wrong, world
) -> None:
    with filled.transaction() as conn:
        conn.execute("UPDATE codebooks SET content = %s", (Jsonb(QUESTIONS),))
    before = own.get(f"/v1/articles/{world.article_id(0)}").json()
    ada = bearer(Scope.ANNOTATE, Scope.DISPUTE)
    dispute = own.post("/v1/disputes", json=wrong(), headers=ada).json()
    said = wrong(label="center", score=0, evidence=[0], dispute_id=dispute["dispute_id"])
    first = own.post("/v1/overrides", json=said, headers=ada)
    assert first.status_code == 201, first.text
    row = first.json()
    assert (row["by"], row["label"], row["score"], row["current"]) == ("human:ada", "center", 0, True)  # fmt: skip
    assert row["overridden"] == before["run"]["run_id"]
    second = own.post("/v1/overrides", json=wrong(score=-1), headers=ada).json()
    assert second["run_id"] != row["run_id"]
    bo = own.post("/v1/overrides", json=wrong(score=2), headers=bearer(Scope.ANNOTATE, owner="bo")).json()  # fmt: skip
    listed = own.get(f"/v1/overrides?article={world.article_id(0)}").json()["data"]
    assert [(o["by"], o["score"], o["current"]) for o in listed] == [
        ("human:bo", 2, True),
        ("human:ada", -1, False),
        ("human:ada", 0, False),
    ]
    assert bo == listed[0]
    # What the run said is as it was, in the article and in its averages.
    after = own.get(f"/v1/articles/{world.article_id(0)}").json()
    assert after["labels"] == before["labels"]
    rows = own.get(f"/v1/articles/{world.article_id(0)}/annotations").json()["data"]
    people = [r for r in rows if r["labeller"].startswith("human:")]
    assert {(r["labeller"], r["score"], r["labeller_revision"]) for r in people} == {
        ("human:ada", 0, "1"),
        ("human:ada", -1, "2"),
        ("human:bo", 2, "1"),
    }
    log = own.get("/v1/changes?kind=override").json()["data"]
    assert [c["details"]["score"] for c in log] == [2, -1, 0]
    with filled.transaction() as conn:
        assert conn.execute("SELECT count(*) AS n FROM promotions").fetchone() == {"n": 1}


def test_a_label_must_be_one_of_the_codebook(own, filled, bearer, wrong) -> None:
    with filled.transaction() as conn:
        conn.execute("UPDATE codebooks SET content = %s", (Jsonb(QUESTIONS),))
    ada = bearer(Scope.ANNOTATE)
    for changed, field in (
        ({}, ""),
        ({"label": "hard left"}, "label"),
        ({"stage": "news_type", "score": 1}, "score"),
        ({"stage": "takeaways", "label": "in short"}, "label"),
        ({"score": 1, "evidence": [99]}, "evidence"),
    ):
        answer = own.post("/v1/overrides", json=wrong(**changed), headers=ada)
        assert field in [e["field"] for e in refused(answer, 400, "bad-parameter")["errors"]]


def test_a_label_answers_a_dispute_of_the_same_article(own, filled, bearer, wrong) -> None:
    with filled.transaction() as conn:
        conn.execute("UPDATE codebooks SET content = %s", (Jsonb(QUESTIONS),))
    ada = bearer(Scope.ANNOTATE, Scope.DISPUTE)
    other = own.post("/v1/disputes", json=wrong(1), headers=ada).json()["dispute_id"]
    for number, status, code in ((other, 400, "bad-parameter"), (999, 404, "not-found")):
        answer = own.post("/v1/overrides", json=wrong(score=1, dispute_id=number), headers=ada)
        refused(answer, status, code)


def test_what_was_said_cannot_be_changed(own, filled, bearer, wrong) -> None:
    import psycopg

    own.post("/v1/disputes", json=wrong(), headers=bearer(Scope.DISPUTE))
    for statement in ("UPDATE disputes SET reason = 'x'", "DELETE FROM disputes"):
        with pytest.raises(psycopg.errors.RaiseException), filled.transaction() as conn:
            conn.execute(statement)


def test_promotions_and_takedowns_are_in_the_log(own, filled, world) -> None:
    with filled.transaction() as conn:
        run = conn.execute("SELECT run_id FROM runs WHERE labeller = 'scripted'").fetchone()
        store_runs.promote(conn, run["run_id"], "for a test", partial=True)
    newest = own.get("/v1/changes").json()["data"][0]
    assert (newest["kind"], newest["run_id"], newest["reason"]) == (
        "promotion",
        run["run_id"],
        "for a test",
    )
