"""What all lists share: columns, the link to the next page, orders."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api.app import create_app

LISTS = ["outlets", "articles", "annotations", "events", "stories", "refusals", "runs"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_can_be_had_in_part(client, name) -> None:
    whole = client.get(f"/v1/{name}?limit=2").json()
    columns = list(whole["data"][0])[1:3]
    part = client.get(f"/v1/{name}?limit=2&fields={','.join(columns)}").json()
    assert part["data"] == [{c: row[c] for c in columns} for row in whole["data"]]
    assert (part["next_cursor"], part["meta"]) == (whole["next_cursor"], whole["meta"])


def test_other_columns_are_the_same_list(client) -> None:
    cursor = client.get("/v1/articles?limit=2&fields=title").json()["next_cursor"]
    assert client.get(f"/v1/articles?limit=2&fields=url,title&cursor={cursor}").status_code == 200


@pytest.mark.parametrize(
    "fields", ["titel", "title,", ",", "text", "sort_at", "title,content_sha256"]
)
def test_a_column_that_is_not_there_is_refused(client, fields) -> None:
    answer = client.get(f"/v1/articles?fields={fields}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-parameter")
    assert answer.json()["errors"][0]["field"] == "fields"


def test_the_nearest_column_is_named(client) -> None:
    errors = client.get("/v1/articles?fields=url,titel").json()["errors"]
    assert errors[0]["message"] == "the rows have no titel; did you mean title?"


@pytest.mark.parametrize("name", LISTS)
def test_the_link_leads_through_the_whole_list(client, name) -> None:
    path, seen = f"/v1/{name}?limit=7&count=true", 0
    while path:
        answer = client.get(path)
        body = answer.json()
        seen += len(body["data"])
        assert ("link" in answer.headers) == (body["next_cursor"] is not None)
        path = answer.headers.get("link", "").removeprefix("<").removesuffix('>; rel="next"')
    assert seen == body["meta"]["total"] > 0


def test_the_link_keeps_the_question(client) -> None:
    path = "/v1/articles?limit=3&publisher=outlet1&publisher=outlet2&q=council&fields=title"
    link = client.get(path).headers["link"]
    for part in ("publisher=outlet1", "publisher=outlet2", "q=council", "fields=title", "limit=3"):
        assert part in link
    assert link.startswith("</v1/articles?")


@pytest.mark.parametrize(
    ("path", "column"),
    [("stories?sort=last_at", "last_at"), ("events?sort=last_at", "last_at"),
     ("annotations?sort=annotation_id&limit=99", "annotation_id")],
)  # fmt: skip
def test_rising_orders_rise(client, walk, path, column) -> None:
    rows = walk(client, f"/v1/{path}", 2 if "limit" not in path else 99)
    assert [r[column] for r in rows] == sorted(r[column] for r in rows)


@pytest.mark.parametrize("path", ["stories?sort=-articles", "events?sort=-articles"])
def test_the_largest_first(client, walk, path) -> None:
    rows = walk(client, f"/v1/{path}", 1)
    assert [r["articles"] for r in rows] == sorted((r["articles"] for r in rows), reverse=True)


def test_behind_a_proxy_addresses_are_those_that_callers_see(client, stocked) -> None:
    public = "https://bias.example/api"
    seen = stocked.model_copy(
        update={"api": stocked.api.model_copy(update={"public_url": f"{public}/"})}
    )
    plain, cited = "/v1/articles?limit=2", "/v1/cite?of=/v1/articles"
    assert client.get(plain).headers["link"].startswith("</v1/articles?")
    with TestClient(create_app(seen)) as proxied:
        assert proxied.get(plain).headers["link"].startswith(f"<{public}/v1/articles?")
        assert proxied.get(cited).json()["call"].startswith(f"{public}/v1/articles?")
