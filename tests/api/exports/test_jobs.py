"""Exports over the API: asked for, made by a worker, fetched, kept for a while."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from api.exports import tasks
from newsroom import queue
from newsroom.keys import Scope
from newsroom.settings import Exports
from newsroom.store import jobs, keys


@pytest.fixture
def ada(filled) -> dict[str, str]:
    with filled.transaction() as conn:
        key = keys.add(conn, "ada", [Scope.EXPORT], note="", expires_at=None)
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def made(own, filled, ada, settings) -> dict:
    """An export that is done, as the API tells of it."""
    asked = own.post("/v1/exports", json={"tables": ["articles"]}, headers=ada)
    assert asked.status_code == 202, asked.text
    assert tasks.run_due(filled, settings)
    return own.get(asked.headers["location"], headers=ada).json()


def refused(answer, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_asked_for_made_and_fetched(own, filled, ada, settings, world) -> None:
    body = {"tables": ["articles", "events"], "publisher": ["outlet1"], "format": "csv"}
    asked = own.post("/v1/exports", json=body, headers=ada)
    assert asked.status_code == 202, asked.text
    export = asked.json()
    assert (export["state"], export["files"], export["snapshot_id"]) == ("due", [], None)
    path = asked.headers["location"]
    assert path == f"/v1/exports/{export['export_id']}"
    assert queue.length(queue.make_app(settings), queue.QUEUE_EXPORT) == 1
    refused(own.get(f"{path}/files/articles.csv", headers=ada), 409, "export-unfinished")
    refused(own.post("/v1/exports", json={}, headers=ada), 409, "export-in-hand")
    assert tasks.run_due(filled, settings)
    assert not tasks.run_due(filled, settings)
    done = own.get(path, headers=ada).json()
    assert (done["state"], done["progress"], done["error"]) == ("done", 1, None)
    assert done["spec"]["filters"] == {"publisher": ["outlet1"]}
    for file in done["files"]:
        got = own.get(f"{path}/files/{file['name']}", headers=ada)
        assert got.status_code == 200
        assert len(got.content) == file["size_bytes"]
        assert hashlib.sha256(got.content).hexdigest() == file["sha256"]
    rows = next(f["rows"] for f in done["files"] if f["name"] == "articles.csv")
    assert rows == world.count / 4
    assert own.post("/v1/exports", json={}, headers=ada).status_code == 202


def test_of_two_exports_asked_for_at_once_one_is_made(own, filled, ada) -> None:
    # Neither transaction can see the other's row: the index decides, once the first is through.
    with ThreadPoolExecutor(2) as both:
        asked = [both.submit(own.post, "/v1/exports", json={}, headers=ada) for _ in range(2)]
    assert sorted(one.result().status_code for one in asked) == [202, 409]
    with filled.transaction() as conn:
        first = jobs.add(conn, "export", {}, key_id=None)
        assert jobs.add(conn, "export", {}, key_id=None) != first  # the command line may


def test_a_part_of_a_file(own, made, ada) -> None:
    path = f"/v1/exports/{made['export_id']}/files/articles.csv"
    whole = own.get(path, headers=ada)
    part = own.get(path, headers=ada | {"Range": "bytes=11-18"})
    assert (part.status_code, part.content) == (206, whole.content[11:19])
    assert part.headers["content-range"] == f"bytes 11-18/{len(whole.content)}"
    assert "gzip" not in whole.headers.get("content-encoding", "")
    assert whole.headers["etag"] == own.get(path, headers=ada).headers["etag"]


def test_who_may(own, made, ada, filled) -> None:
    refused(own.post("/v1/exports", json={}), 401, "key-missing")
    with filled.transaction() as conn:
        other = keys.add(conn, "bob", [Scope.EXPORT], note="", expires_at=None)
        reader = keys.add(conn, "eve", [Scope.TEXT_READ], note="", expires_at=None)
    eve = {"Authorization": f"Bearer {reader}"}
    refused(own.post("/v1/exports", json={}, headers=eve), 403, "scope-missing")
    bob = {"Authorization": f"Bearer {other}"}
    for path in ("", "/files/articles.csv"):
        address = f"/v1/exports/{made['export_id']}{path}"
        refused(own.get(address, headers=bob), 404, "not-found")
        refused(own.get(address), 404, "not-found")
    refused(own.get("/v1/exports/none", headers=ada), 404, "not-found")


def test_no_other_file(own, made, ada) -> None:
    for name in ("none.csv", "..%2F..%2Fpasswd", "annotations.csv"):
        answer = own.get(f"/v1/exports/{made['export_id']}/files/{name}", headers=ada)
        assert answer.status_code == 404, name


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ({"tables": ["artcles"]}, 400, "bad-parameter", "did you mean articles"),
        ({"format": "xml"}, 400, "bad-parameter", "csv, jsonl, parquet"),
        ({"pubisher": ["x"]}, 400, "unknown-parameter", "did you mean publisher"),
        ({"published_from": "2026-11-05", "published_to": "2026-11-01"}, 400, "bad-parameter", "behind"),
        ({"as_of": "2999-01-01"}, 400, "bad-parameter", "ahead"),
    ],
)  # fmt: skip
def test_bad_questions(client, body, status, code, said) -> None:
    answer = client.post("/v1/exports", json=body)
    refused(answer, status, code)
    assert said in answer.json()["detail"]


def test_an_unknown_run(own, ada) -> None:
    refused(own.post("/v1/exports", json={"run": "0123456789"}, headers=ada), 404, "run-unknown")


def test_sent_twice_it_is_one(own, ada) -> None:
    headers = ada | {"Idempotency-Key": "a"}
    first = own.post("/v1/exports", json={"tables": ["articles"]}, headers=headers)
    again = own.post("/v1/exports", json={"tables": ["articles"]}, headers=headers)
    assert again.status_code == 202, again.text
    assert first.json()["export_id"] == again.json()["export_id"]


def test_a_run_that_goes_before_it_is_made(own, filled, ada, settings) -> None:
    asked = own.post("/v1/exports", json={"event": "none"}, headers=ada)
    with filled.transaction() as conn:
        conn.execute('UPDATE jobs SET args = \'{"run": "0123456789"}\'')
    assert tasks.run_due(filled, settings)
    failed = own.get(asked.headers["location"], headers=ada).json()
    assert (failed["state"], failed["error"]["code"]) == ("failed", "run-unknown")


def test_files_are_kept_for_a_while(own, filled, made, ada, settings) -> None:
    now = datetime.now(UTC)
    folder = settings.exports_dir / made["export_id"]
    left = settings.exports_dir / ".left-over"
    left.mkdir()
    assert tasks.drop(filled, settings, now) == []
    soon = settings.model_copy(update={"exports": Exports(kept_h=1)})
    old = time.time() - 2 * 3600
    os.utime(folder, (old, old))
    assert tasks.drop(filled, soon, now) == [folder]
    assert tasks.drop(filled, soon, now + timedelta(hours=25)) == [left]
    address = f"/v1/exports/{made['export_id']}/files/articles.csv"
    refused(own.get(address, headers=ada), 410, "export-expired")


def test_nothing_taken_down_is_handed_out(own, filled, made, ada, settings) -> None:
    with filled.transaction() as conn:
        conn.execute(
            "INSERT INTO takedowns (article_id, publisher_id, canonical_url, reason)"
            " VALUES ('a', 'outlet1', 'https://x.example', 'asked')"
        )
    address = f"/v1/exports/{made['export_id']}/files/articles.csv"
    refused(own.get(address, headers=ada), 410, "export-withdrawn")
    assert tasks.drop(filled, settings, datetime.now(UTC)) == [
        settings.exports_dir / made["export_id"]
    ]


def test_a_lease_that_is_lost_ends_the_work(own, filled, ada, settings, monkeypatch) -> None:
    own.post("/v1/exports", json={"tables": ["articles"]}, headers=ada)
    monkeypatch.setattr(tasks, "TELL_EVERY_S", -1.0)
    monkeypatch.setattr(tasks.jobs, "progress", lambda *_a, **_k: False)
    assert tasks.run_due(filled, settings)
    assert not list(settings.exports_dir.iterdir())
