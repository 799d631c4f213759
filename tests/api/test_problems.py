"""Every error is one shape, and nothing a caller sends is our fault."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.app import create_app
from api.openapi import document
from api.problems import MEANINGS

SHAPE = {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}
LISTS = [
    "outlets",
    "articles",
    "annotations",
    "events",
    "stories",
    "refusals",
    "runs",
    "frontpages",
    "sources",
]
INJECTIONS = ["'", "' OR '1'='1", "1; DROP TABLE articles; --", "x' UNION SELECT text FROM articles --",
              "%(labeller)s", "%s", "{where}", "\\", "$1", "$$", "pg_sleep(9)", "')) OR 1=1 --", "a\tb",
              "\u202e\U0001f5de", "&|!<->():*", "-" * 300, "-!" * 200, "--------x",
              '-"' * 200, "-or " * 100, "\\-" * 200]  # fmt: skip


def operations() -> list[tuple[str, list[str]]]:
    """Every path that is read, with its query parameters."""
    import json

    paths = json.loads(document())["paths"]
    return [
        (path, [p["name"] for p in methods["get"].get("parameters", []) if p["in"] == "query"])
        for path, methods in paths.items()
        if "get" in methods
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
    assert answer.headers["allow"] == "GET, HEAD"


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
                                   "q=", "q=a%00b", "cursor=", "limit=1&limit=2", "publisher=a%00", "publisher=a%00&publisher=b"])  # fmt: skip
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


NEEDED = {
    "/v1/trends": {"metric": "articles", "by": "day"},
    "/v1/sources/gaps": {"day_from": "2026-03-01", "day_to": "2026-03-02"},
    "/v1/runs/compare": {"a": "a" * 32, "b": "b" * 32},
}
# What is not a list, and what says the same whatever is named.
ALONE = {"/v1/pipeline", "/v1/runs/compare", "/v1/codebook"}


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
def test_injections_find_nothing_and_break_nothing(client, every) -> None:
    """Each text in each parameter of each path, and in the place of each id: or every seventh."""
    turn = 0
    for path, names in operations():
        if not path.startswith("/v1"):
            continue
        turn += 1
        for number, text in enumerate(INJECTIONS):
            address = re.sub(r"\{\w+\}", quote(text, safe=""), path)
            if address != path:
                if (number + turn) % every:
                    continue
                answer = client.get(address)
                # An id that has the shape of none is a bad one, or none of ours.
                assert answer.status_code in {400, 401, 404}, (address, answer.text)
                continue
            for place, name in enumerate(names):
                if (number + turn + place) % every:
                    continue
                answer = client.get(path, params=NEEDED.get(path, {}) | {name: text})
                assert answer.status_code in {200, 400, 401, 404}, (path, name, text, answer.text)
                if answer.status_code == 200 and path not in ALONE:
                    rows = answer.json().get("data")
                    # words of a search may stand in a headline
                    # An outlet that nobody knows has nothing of anything.
                    told = name == "without" or (name == "q" and len(rows) < 3)
                    # Of the biggest stories it says which of the named outlets have nothing.
                    told |= (path, name) == ("/v1/stories/coverage", "publisher")
                    assert rows == [] or told, (path, name, text)
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


# A question for each code that is the asker's own to mend; those of keys, limits, writing and
# takedowns are asked in the tests of these.
ASKED = {
    "bad-parameter": "/v1/articles?limit=0",
    "unknown-parameter": "/v1/articles?limt=1",
    "bad-cursor": "/v1/events?cursor=x",
    "too-many-days": "/v1/sources/gaps?day_from=1900-01-01&day_to=2026-01-01",
    "as-of-unanswerable": "/v1/articles?as_of=2026-01-01&duplicates=exclude",
    "not-found": "/v1/articles/unknown",
    "not-yet": "/v1/events/{event}?as_of=2026-01-01",
    "run-unknown": "/v1/articles?run=00000000",
    "panel-unknown": "/v1/runs/compare?a={run}&b={run}&panel=none",
    "no-codebook": "/v1/codebook?version=v99",
}
# Asked where their room is made.
ELSEWHERE = {
    "too-many-cells": "test_trends.py", "too-many-articles": "test_runs.py",
    "method-not-allowed": "test_problems.py", "id-retired": "test_groups.py",
    "id-ended": "test_as_of.py",
}  # fmt: skip


@pytest.mark.parametrize("code", ASKED)
def test_each_code_has_one_shape(client, world, code) -> None:
    path = ASKED[code].format(event=world.event_id("one"), run=world.run("embedded").run_id)
    body = refused(client.get(path), MEANINGS[code][0], code)
    assert body["detail"]
    assert body["instance"] == path.split("?")[0]


def test_every_code_of_ours_is_asked_for() -> None:
    here = Path(__file__).parent
    everywhere = "".join(p.read_text() for p in here.parent.rglob("test_*.py"))
    for code, name in ELSEWHERE.items():
        assert f'"{code}"' in (here / name).read_text(), (code, name)
    asked = {*ASKED, *ELSEWHERE}
    for code, (status, _) in MEANINGS.items():
        if 300 <= status < 500 and code not in asked:
            assert f'"{code}"' in everywhere, f"no test asks for {code}"
