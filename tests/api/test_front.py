"""Headers, tags, metrics, health: what every answer carries."""

from __future__ import annotations

import gzip
import re

import pytest
from fastapi.testclient import TestClient

from api.app import create_app


def test_a_request_id_is_echoed_or_made(empty) -> None:
    assert (
        empty.get("/v1/runs", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    )
    made = empty.get("/v1/runs", headers={"X-Request-ID": "bad id <script>"}).headers[
        "x-request-id"
    ]
    assert re.fullmatch("[0-9a-f]{32}", made)
    problem = empty.get("/v1/nothing", headers={"X-Request-ID": "abc-2"})
    assert problem.json()["request_id"] == problem.headers["x-request-id"] == "abc-2"


def test_the_same_answer_is_not_sent_twice(own, filled) -> None:
    first = own.get("/v1/articles")
    tag = first.headers["etag"]
    again = own.get("/v1/articles", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert first.headers["cache-control"] == "no-cache"
    assert not tag.startswith("W/")
    with filled.transaction() as conn:
        conn.execute("UPDATE publishers SET name = 'Renamed'")
    changed = own.get("/v1/articles", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_one_tag_is_of_the_same_bytes(client) -> None:
    path = "/v1/articles"
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        zipped = b"".join(answer.iter_raw())
        tag, length = answer.headers["etag"], int(answer.headers["content-length"])
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as again:
        assert b"".join(again.iter_raw()) == zipped
        assert again.headers["etag"] == tag != plain.headers["etag"]
    assert length == len(zipped) < len(plain.content)
    assert gzip.decompress(zipped) == plain.content
    assert "Accept-Encoding" in plain.headers["vary"]
    for known in (tag, plain.headers["etag"]):
        for encoding in ("gzip", "identity"):
            asked = {"If-None-Match": known, "Accept-Encoding": encoding}
            wanted = 304 if (known == tag) == (encoding == "gzip") else 200
            assert client.get(path, headers=asked).status_code == wanted


@pytest.mark.parametrize(
    "path", ["/v1/articles?limit=2", "/v1/nothing", "/healthz", "/openapi.json"]
)
def test_head_is_get_without_its_body(client, path) -> None:
    asked = {"Accept-Encoding": "identity"}
    get, head = client.get(path, headers=asked), client.head(path, headers=asked)
    assert (head.status_code, head.content) == (get.status_code, b"")
    for name in ("content-length", "content-type", "etag", "link"):
        assert head.headers.get(name) == get.headers.get(name), name


def test_problems_have_no_tag(empty) -> None:
    assert "etag" not in empty.get("/v1/nothing").headers


def test_security_headers_are_on_the_api_and_only_there(settings) -> None:
    app = create_app(settings)

    @app.get("/page")
    def page() -> str:
        return "a page of the dashboard"

    with TestClient(app) as client:
        for path in (
            "/v1/runs",
            "/v1/nothing",
            "/healthz",
            "/version",
            "/metrics",
            "/openapi.json",
        ):
            headers = client.get(path).headers
            assert (
                headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            )
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
        assert "content-security-policy" not in client.get("/page").headers
        assert "x-content-type-options" in client.get("/docs").headers


def test_any_site_may_read_but_not_write(empty) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    assert empty.get("/v1/runs", headers=origin).headers["access-control-allow-origin"] == "*"
    asked = origin | {"Access-Control-Request-Method": "POST"}
    assert empty.options("/v1/runs", headers=asked).status_code == 400
    asked = origin | {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "If-None-Match",
    }
    assert empty.options("/v1/runs", headers=asked).status_code == 200


def test_long_answers_are_compressed(client) -> None:
    answer = client.get("/v1/articles", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["data"]) == 40


def test_metrics_count_by_operation(own) -> None:
    own.get("/v1/articles/a")
    own.get("/v1/articles/b")
    own.get("/v1/nothing")
    own.get("/healthz")
    text = own.get("/metrics").text
    assert 'newsroom_api_requests_total{route="get_article",status="404"} 2.0' in text
    assert 'newsroom_api_requests_total{route="unmatched",status="404"} 1.0' in text
    assert 'newsroom_api_request_seconds_count{route="get_health"} 1.0' in text


def test_ready_means_the_schema_is_at_head(own, db) -> None:
    assert own.get("/readyz").json() == {
        "status": "ok",
        "parts": {"database": "ok", "migrations": "ok"},
    }
    with db.transaction() as conn:
        conn.execute("DELETE FROM schema_migrations WHERE version = '0003'")
    answer = own.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["errors"] == [
        {"field": "migrations", "message": "not applied: 0003; run `newsroom migrate`"}
    ]
    with db.transaction() as conn:
        conn.execute("DROP TABLE schema_migrations")
    assert own.get("/readyz").status_code == 503


def test_version_and_health(empty) -> None:
    assert empty.get("/version").json()["name"] == "newsroom"
    assert empty.get("/healthz").json() == {"status": "ok"}


def test_a_given_database_is_left_open(db, settings) -> None:
    with TestClient(create_app(settings, db)) as client:
        assert client.get("/v1/articles").status_code == 200
    with db.transaction() as conn:
        assert conn.execute("SELECT 1 AS one").fetchone() == {"one": 1}


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_documentation_is_served(empty, path) -> None:
    assert empty.get(path).status_code == 200
