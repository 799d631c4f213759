"""Every error is one shape, and nothing a caller sends is our fault."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.app import create_app
from api.openapi import document
from api.problems import MEANINGS

SHAPE = {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}
LISTS = ["outlets", "articles", "events", "stories", "refusals", "runs"]
INJECTIONS = ["'", "' OR '1'='1", "1; DROP TABLE articles; --", "x' UNION SELECT text FROM articles --",
              "%(labeller)s", "%s", "{where}", "\\", "$1", "$$", "pg_sleep(9)", "')) OR 1=1 --", "a\tb",
              "\u202e\U0001f5de", "&|!<->():*", "-" * 300, "-!" * 200, "--------x",
              '-"' * 200, "-or " * 100, "\\-" * 200]  # fmt: skip


def operations() -> list[tuple[str, list[str]]]:
    import json

    paths = json.loads(document())["paths"]
    return [
        (path, [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"])
        for path, methods in paths.items()
        for operation in methods.values()
    ]


def refused(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == SHAPE
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/v1/problems/{code}")
    assert body["request_id"] == answer.headers.get("x-request-id", body["request_id"])
    assert code in MEANINGS
    return body


@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/nothing", "/v1/articles/x/y", "/v1/articles/unknown",
                                  "/v1/articles/unknown/annotations", "/v1/events/unknown",
                                  "/v1/stories/unknown", "/v1/problems/unknown"])  # fmt: skip
def test_what_is_not_there_is_404(empty, path) -> None:
    assert refused(empty.get(path), 404, "not-found")["instance"] == path


def test_other_methods_are_405(empty) -> None:
    answer = empty.post("/v1/articles")
    refused(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("path", "names"),
    [o for o in operations() if o[0].startswith("/v1")],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_an_unknown_parameter_is_refused_everywhere(empty, path, names) -> None:
    path = path.replace("{code}", "bad-cursor")
    body = refused(empty.get(path, params={"qq": "1"}), 400, "unknown-parameter")
    assert "qq" in [e["field"] for e in body["errors"]]


def test_the_nearest_parameter_is_named(empty) -> None:
    body = refused(empty.get("/v1/articles?publsher=bbc"), 400, "unknown-parameter")
    assert body["errors"] == [
        {"field": "publsher", "message": "no such parameter; did you mean publisher?"}
    ]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=999999999999999999999", "lean_min=9",
                                   "lean_min=nan", "published_from=soon", "sort=title", "count=perhaps",
                                   "q=", "q=a%00b", "cursor=", "limit=1&limit=2", "publisher=a%00"])  # fmt: skip
def test_bad_values_are_400_and_named(empty, query) -> None:
    body = refused(empty.get(f"/v1/articles?{query}"), 400, "bad-parameter")
    assert body["errors"] or "NUL" in body["detail"]


def test_a_configured_smaller_page_is_held(settings) -> None:
    small = settings.model_copy(
        update={"api": settings.api.model_copy(update={"page_limit_max": 10})}
    )
    with TestClient(create_app(small)) as client:
        assert client.get("/v1/articles?limit=10").status_code == 200
        refused(client.get("/v1/articles?limit=11"), 400, "bad-parameter")


@pytest.mark.parametrize("name", LISTS)
def test_a_bad_cursor_is_400(empty, name) -> None:
    refused(empty.get(f"/v1/{name}?cursor=bm90aGluZw"), 400, "bad-cursor")


def test_injections_find_nothing_and_break_nothing(client) -> None:
    for path, names in operations():
        if not path.startswith("/v1"):
            continue
        for text in INJECTIONS:
            if "{" in path:
                inside = path.split("{")[0]
                assert client.get(inside + quote(text, safe="")).status_code == 404
            for name in names:
                if "{" in path:
                    continue
                required = {"metric": "articles", "by": "day"} if path.endswith("trends") else {}
                answer = client.get(path, params=required | {name: text})
                assert answer.status_code in {200, 400, 404}, (path, name, text, answer.text)
                if answer.status_code == 200:
                    rows = answer.json().get("data")
                    # words of a search may stand in a headline
                    assert rows == [] or (name == "q" and len(rows) < 3), (path, name, text)
    assert client.get("/v1/pipeline").json()["revisions"] == 41


def test_markup_comes_back_as_data(client, world) -> None:
    row = client.get(f"/v1/articles/{world.article_id(3)}")
    assert row.json()["title"] == f"{world.script} ferry 3"
    assert world.script in client.get("/v1/outlets").json()["data"][0]["name"]
    for path in ("/v1/articles", "/v1/outlets", "/v1/refusals", f"/v1/articles?q={world.script}"):
        answer = client.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"/v1/{world.script}").headers["content-type"] == "application/problem+json"


def test_the_api_cannot_write(settings) -> None:
    import psycopg

    app = create_app(settings)
    with (
        TestClient(app),
        app.state.database.transaction() as conn,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        conn.execute("DELETE FROM articles")


def test_a_database_that_goes_away_is_503_with_a_time_to_come_back(settings) -> None:
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/v1/articles").status_code == 200
        app.state.database.close()
        answer = client.get("/v1/articles")
        refused(answer, 503, "database-away")
        assert int(answer.headers["retry-after"]) > 0
        ready = client.get("/readyz")
        assert refused(ready, 503, "not-ready")["errors"][0]["field"] == "database"
        assert client.get("/healthz").status_code == 200


def test_a_query_that_takes_too_long_is_503(settings) -> None:
    hurried = settings.model_copy(
        update={"api": settings.api.model_copy(update={"statement_timeout_s": 0.05})}
    )
    app = create_app(hurried)

    @app.get("/v1/slow")
    def slow() -> None:
        with app.state.database.transaction() as conn:
            conn.execute("SELECT pg_sleep(5)")

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/v1/slow")
        refused(answer, 503, "query-too-long")
        assert "retry-after" in answer.headers


def test_our_own_fault_is_500_without_its_words(settings) -> None:
    app = create_app(settings)

    @app.get("/v1/broken")
    def broken() -> None:
        raise RuntimeError("the password is swordfish")

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/v1/broken")
        refused(answer, 500, "internal")
        assert "swordfish" not in answer.text


def test_each_code_is_explained_under_its_type(empty) -> None:
    for code, (status, meaning) in MEANINGS.items():
        assert empty.get(f"/v1/problems/{code}").json() == {
            "code": code,
            "status": status,
            "meaning": meaning,
        }


def test_no_route_takes_a_body(settings) -> None:
    for route in create_app(settings).routes:
        if isinstance(route, APIRoute):
            assert route.methods == {"GET"}
