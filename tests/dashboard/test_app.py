from __future__ import annotations

import re
from typing import Any

import pytest
from dash import Dash
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dashboard.app import mount
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.pages import PAGES, articles
from dashboard.parts import frame

STATIC = {"url", "page", "page-title", "page-search", "page-wanted"}


def mounted(api: FastAPI) -> Dash:
    return mount(api, Client.in_process(api))


@pytest.fixture
def web(small_api: FastAPI) -> TestClient:
    mounted(small_api)
    with TestClient(small_api) as client:  # with the lifespan, in which Dash adds its catch-all
        yield client


@pytest.mark.parametrize(
    "path",
    ["/", "/articles", "/articles/abc", "/events/e1", "/stories/s1", "/framing", "/methods"],
)
def test_pages_open_by_their_address(web: TestClient, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code == 200
    assert "_dash-config" in answer.text
    assert "/assets/newsroom.css" in answer.text  # also when this is the first request of all


@pytest.mark.parametrize(
    "path", ["/v1/typo", "/v1", "/api/typo", "/typo", "/articles/a/b", "/_mcp", "/dash/"]
)
def test_unknown_paths_stay_unknown(web: TestClient, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code == 404
    assert "_dash-config" not in answer.text


def test_the_api_keeps_its_paths(web: TestClient) -> None:
    assert web.get("/v1/outlets").json()["data"][0]["publisher_id"] == "aldermoorpost"
    assert "/articles" not in web.get("/openapi.json").json()["paths"]


def test_the_page_comes_with_its_policy(web: TestClient) -> None:
    headers = web.get("/articles").headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in policy["script-src"]
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "content-security-policy" not in web.get("/v1/outlets").headers


def test_inline_scripts_are_those_the_policy_names(web: TestClient) -> None:
    text = web.get("/").text
    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", text)
    runnable = [tag for tag in inline if "application/json" not in tag]
    allowed = re.findall(r"'sha256-", web.get("/").headers["content-security-policy"])
    assert len(runnable) == len(allowed) == 1


def test_nothing_is_loaded_from_elsewhere(web: TestClient) -> None:
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", web.get("/").text)


def test_tools_for_developers_are_off(small_api: FastAPI) -> None:
    app = mounted(small_api)
    assert not app._enable_mcp
    assert True not in app._dev_tools.values()
    assert "websocket" not in app._config()


def ids_in(component: Any) -> set[str]:
    found = {component.id} if isinstance(getattr(component, "id", None), str) else set()
    for child in component._traverse():
        if isinstance(getattr(child, "id", None), str):
            found.add(child.id)
    return found


def test_every_callback_speaks_of_something_that_is_somewhere(small_api: FastAPI) -> None:
    app = mounted(small_api)
    assert ids_in(frame.document()) >= STATIC
    known = ids_in(frame.document())
    for name, page in PAGES.items():
        filters = Filters(item="x")
        known |= ids_in(frame.page(name, page.top(filters))) | ids_in(page.layout(filters))
    spoken = set()
    for made in app._callback_list:
        for part in [*made["inputs"], *made["state"]]:
            spoken.add(part["id"])
        for output in re.sub(r"^\.\.|\.\.$", "", made["output"]).split("..."):
            spoken.add(output.split("@")[0].rsplit(".", 1)[0])
    named = {name for name in spoken if not name.startswith("{")}
    assert named <= known
    assert {articles.GRID, articles.CURSORS, articles.STATUS} <= named
    assert {panel for page in PAGES.values() for panel in page.PANELS} <= named


def test_a_panel_that_breaks_leaves_a_notice(web: TestClient, monkeypatch: Any) -> None:
    body = {
        "output": "today-stories.children",
        "outputs": {"id": "today-stories", "property": "children"},
        "inputs": [{"id": "today-stories", "property": "id", "value": "today-stories"}],
        "state": [
            {"id": "url", "property": "pathname", "value": "/"},
            {"id": "url", "property": "search", "value": ""},
        ],
        "changedPropIds": [],
    }
    whole = web.post("/_dash-update-component", json=body)
    assert "who-title" in whole.text

    async def wrong_shape(_self: Client, _route: str, _parameters: Any = ()) -> dict[str, Any]:
        return {"data": [{"unexpected": True}]}

    monkeypatch.setattr(Client, "get", wrong_shape)
    broken = web.post("/_dash-update-component", json=body)
    assert broken.status_code == 200
    assert "could not be drawn" in broken.text
    assert "Traceback" not in broken.text
