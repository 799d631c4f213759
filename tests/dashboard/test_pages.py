"""Every page with a small, an empty, a hostile and three failing APIs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import plotly.utils
import pytest
from dash import dcc, no_update
from dash.development.base_component import Component
from fastapi import FastAPI

from dashboard import app, links
from dashboard.client import ApiError, Client
from dashboard.pages import PAGES, articles
from dashboard.parts import data, frame, sentences
from dashboard.parts.filters import HELP

ADDRESSES = {
    "today": "/",
    "coverage": "/coverage",
    "compare": "/compare",
    "articles": "/articles",
    "article": f"/articles/{0:032x}",
    "events": "/events",
    "event": f"/events/{0xE0:032x}",
    "story": f"/stories/{0xF0:032x}",
    "framing": "/framing",
    "outlets": "/outlets",
    "pipeline": "/pipeline",
    "methods": "/methods",
}
# Of published data sets: it stands whatever has been collected.
MEASURED = {"methods-quality"}


def walk(component: Any) -> Iterator[Component]:
    if isinstance(component, list | tuple):
        for child in component:
            yield from walk(child)
    elif isinstance(component, Component):
        yield component
        for name in ("children", "lightIcon", "darkIcon"):
            yield from walk(getattr(component, name, None))


def serialised(component: Any) -> str:
    return json.dumps(component, cls=plotly.utils.PlotlyJSONEncoder)


def drawn(name: str, api: FastAPI, search: str = "") -> dict[str, Component]:
    client = Client.in_process(api)
    address = ADDRESSES[name]

    async def every() -> dict[str, Component]:
        return {
            panel: await app.shown(client, draw, panel, address, search)
            for panel, draw in PAGES[name].PANELS.items()
        }

    return asyncio.run(every())


def words(component: Any) -> str:
    return " ".join(
        str(child)
        for part in walk(component)
        for child in (
            part.children
            if isinstance(getattr(part, "children", None), list)
            else [getattr(part, "children", "")]
        )
        if isinstance(child, str)
    )


def test_every_page_has_an_address_here() -> None:
    assert set(ADDRESSES) == set(PAGES) == {page for page, _ in links.ROUTES}


@pytest.mark.parametrize("name", PAGES)
def test_pages_show_the_small_collection(name: str, small_api: FastAPI) -> None:
    for panel, component in drawn(name, small_api).items():
        text = serialised(component).lower()
        assert "notice-failed" not in text, panel
        assert (
            "get the data" in text
            or "headline" in text
            or "figure-value" in text
            or panel.endswith(("-now", "-drift", "-runs", "-work", "-reasons", "-outlets"))
        )


@pytest.mark.parametrize("name", PAGES)
def test_pages_say_what_to_do_when_there_is_nothing(name: str, empty_api: FastAPI) -> None:
    for panel, component in drawn(name, empty_api).items():
        assert words(component).strip(), panel
        assert '"type": "Graph"' not in serialised(component) or panel in MEASURED, panel


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (503, "database-away", "failed on this part"),
        (400, "bad-parameter", "cannot read this question"),
        (429, "too-many", "Too many questions"),
    ],
)
def test_pages_survive_a_failing_api(
    name: str, status: int, code: str, said: str, failing: Any
) -> None:
    for panel, component in drawn(name, failing(status, code)).items():
        assert said in words(component), panel


@pytest.mark.parametrize("name", PAGES)
def test_markup_in_the_data_stays_text(name: str, hostile_api: FastAPI) -> None:
    for panel, component in drawn(name, hostile_api).items():
        for part in walk(component):
            assert not isinstance(part, dcc.Markdown), panel
            assert not getattr(part, "dangerously_allow_html", False), panel
            href = getattr(part, "href", None)
            assert href is None or href.startswith(("/", "#", "https://")), (panel, href)
            assert "javascript:" not in (href or "")


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_on_each_page(name: str) -> None:
    filters = links.parse("", links.route(ADDRESSES[name]).item)  # type: ignore[union-attr]
    page = frame.page(name, PAGES[name].top(filters))
    parts = (frame.document(), page, PAGES[name].layout(filters))
    ids = [str(c.id) for part in parts for c in walk(part) if hasattr(c, "id")]
    assert len(ids) == len(set(ids))
    assert set(PAGES[name].PANELS) <= set(ids)


@pytest.mark.parametrize("name", PAGES)
def test_every_chart_says_what_it_rests_on(name: str, small_api: FastAPI) -> None:
    for panel, component in drawn(name, small_api).items():
        graphs = [c for c in walk(component) if isinstance(c, dcc.Graph)]
        text = words(component)
        for graph in graphs:
            assert "n = " in text, panel
            assert "Nov 2026" in text or panel in MEASURED, panel
            assert "The same as a table" in text, panel
            assert graph.figure["layout"]["xaxis"]["title"]["text"], panel
        labelled = [c for c in walk(component) if getattr(c, "role", None) == "img"]
        assert all(getattr(c, "aria-label", "") for c in labelled), panel
        if graphs and not panel.startswith(("event", "story")):
            assert "embedded" in text, panel
            assert "codebook v1" in text or panel in MEASURED, panel


def test_a_link_that_cannot_be_read_is_answered_in_words() -> None:
    _, title = app.opened("/articles", "?lean_min=abc")
    assert title.startswith("Articles")
    assert "lean_min=abc" in words(app.filled("?lean_min=abc", "/articles"))


def test_an_unknown_address_is_answered_in_words() -> None:
    page, _ = app.opened("/nowhere", "")
    assert "no page" in words(page)


def test_the_outlets_to_choose_from_come_from_the_api(small_api: FastAPI, failing: Any) -> None:
    def offer(api: FastAPI, typed: str | None, chosen: list[str], shown: Any = ()) -> Any:
        return asyncio.run(app.offered(Client.in_process(api), typed, chosen, shown))

    made = offer(small_api, None, ["gone"], [{"value": "gone", "label": "gone"}])
    assert {"value": "gone", "label": "gone"} in made
    assert {"value": "harborledger", "label": "The Harbor Ledger"} in made
    made = offer(small_api, "harb", ["meridianwire"], made)  # what was chosen keeps its name
    assert made == [
        {"value": "meridianwire", "label": "Meridian Wire"},
        {"value": "harborledger", "label": "The Harbor Ledger"},
    ]
    assert offer(small_api, "Meridian Wire", ["meridianwire"], made) is no_update
    assert offer(failing(503, "database-away"), None, []) is no_update


@pytest.mark.long
@pytest.mark.parametrize("name", PAGES)
def test_ten_thousand_outlets_fit_a_page(name: str, crowd_api: FastAPI) -> None:
    for panel, component in drawn(name, crowd_api).items():
        assert words(component).strip(), panel
        assert len(serialised(component)) <= 300_000, panel


def test_every_control_says_what_it_does() -> None:
    for name, page in PAGES.items():
        filters = links.parse("", "x")
        parts = list(walk([page.top(filters), page.layout(filters)]))
        controls = {c.id["name"] for c in parts if isinstance(getattr(c, "id", None), dict)}
        assert controls <= set(HELP), name


def test_a_panel_that_fails_can_be_tried_again(failing: Any) -> None:
    made = drawn("outlets", failing(503, "database-away"), "?q=ferry")
    hrefs = {getattr(c, "href", None) for part in made.values() for c in walk(part)}
    assert hrefs == {None, "/outlets?q=ferry"}


def test_a_slow_api_is_told_from_one_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def late(_self: Client, _route: str, _parameters: Any = ()) -> dict[str, Any]:
        raise ApiError("api-slow", "no answer within 20 s")

    monkeypatch.setattr(Client, "get", late)
    for component in drawn("framing", FastAPI()).values():
        assert "This takes too long" in words(component)
        assert "no answer within 20 s" in words(component)


def test_the_data_block_has_the_call_the_rows_and_the_citation(small_api: FastAPI) -> None:
    asked = [("metric", "lean"), ("by", "publisher")]
    made = serialised(data.data("trends", asked, name="Lean"))
    assert "/v1/trends?metric=lean&by=publisher" in made
    assert '"data-csv": "/v1/trends?metric=lean&by=publisher"' in made
    paged = serialised(data.data("articles", [("q", "x"), ("limit", "5")], name="Rows"))
    assert '"data-csv": "/v1/articles?q=x&limit=200"' in paged
    assert data.CITED not in serialised(data.data("events/e/facts", name="Facts"))
    assert "data-csv" not in serialised(data.data("events/e/state", name="State", rows=False))
    answer = asyncio.run(Client.in_process(small_api).cite("/v1/trends?metric=lean"))
    said = data.cited(answer, "https://news.example")
    assert "https://news.example/v1/trends?metric=lean&as_of=2026-11-14" in words(said)
    assert "Seen in full: 54 of 60 outlet-days (6 outlets); 6 broken." in words(said)
    assert "lean of the article" in words(said)
    assert "it'\\\\''s" in serialised(said)  # quoted for a shell


def test_an_unknown_id_is_one_notice(small_api: FastAPI) -> None:
    client = Client.in_process(small_api)
    for name, path in (
        ("article", "/articles/zz"),
        ("event", "/events/zz"),
        ("story", "/stories/zz"),
    ):
        (draw,) = PAGES[name].PANELS.values()
        made = asyncio.run(app.shown(client, draw, "x", path, ""))
        assert "nothing at this address" in words(made)


def rows_of(api: FastAPI, request: Any, cursors: Any, search: str = "") -> tuple[Any, Any, Any]:
    return asyncio.run(articles.more(Client.in_process(api), request, cursors, search))


def test_the_grid_walks_the_whole_list_by_cursor(small_api: FastAPI) -> None:
    seen: list[str] = []
    cursors: dict[str, str] = {}
    start, count = 0, None
    while count is None:
        answer, cursors, notice = rows_of(small_api, {"startRow": start}, cursors)
        assert notice is None
        seen += [row["article_id"] for row in answer["rowData"]]
        start, count = start + len(answer["rowData"]), answer["rowCount"]
    assert count == len(seen) == len(set(seen)) == 130


def test_the_grid_forgets_cursors_of_another_question(small_api: FastAPI) -> None:
    _, cursors, _ = rows_of(small_api, {"startRow": 0}, {"50": "stale", "100": "staler"})
    assert cursors == {"50": "50"}


def test_the_grid_says_why_it_is_empty(empty_api: FastAPI, failing: Any) -> None:
    answer, _, notice = rows_of(empty_api, {"startRow": 0}, {})
    assert answer == {"rowData": [], "rowCount": 0}
    assert "Nothing has been collected yet" in words(notice)
    _, _, notice = rows_of(empty_api, {"startRow": 0}, {}, "?q=ferry")
    assert "No article matches" in words(notice)
    _, _, notice = rows_of(failing(503, "database-away"), {"startRow": 0}, {})
    assert "failed on this part" in words(notice)


def test_averages_of_few_articles_are_marked(small_api: FastAPI) -> None:
    event = drawn("event", small_api)["event-main"]
    rows = [c for c in walk(event) if getattr(c, "className", None) == "few"]
    assert rows  # 130 articles over six events and six outlets: nobody has thirty
    framing = drawn("framing", small_api)["framing-lean"]
    assert "(n < 30)" in serialised(framing)


def test_each_sentence_is_a_cell_that_evidence_leads_to(small_api: FastAPI) -> None:
    made = drawn("article", small_api)["article-main"]
    cells = [c for c in walk(made) if "sentence " in f"{getattr(c, 'className', '')} "]
    assert [c.children for c in cells] == [str(n + 1) for n in range(24)]
    assert cells[3].id == "sentence-3"
    assert (
        cells[3].className == "sentence type-opinion tone-positive focus-republican sentence-rests"
    )
    assert "Evidence for lean" in cells[3].title
    assert "focus-none" in cells[7].className
    anchors = {getattr(c, "href", None) for c in walk(made)}
    assert {"#sentence-0", "#sentence-3"} <= anchors
    assert "The vote was put off once more." in words(made)
    assert "Labels of the run 5d5d5d5d" in words(made)


def test_without_sentence_labels_there_is_no_strip() -> None:
    row = {"sentence": 0, "type": None, "tone": None, "focus": None, "evidence_of": []}
    assert sentences.strip([row], "/v1/x") is None
    assert sentences.strip([], "/v1/x") is None


def test_a_run_is_chosen_only_where_there_are_two(
    small_api: FastAPI, two_runs_api: FastAPI, failing: Any
) -> None:
    def choice(api: FastAPI, search: str = "") -> Any:
        return asyncio.run(app.chosen(Client.in_process(api), None, search))

    assert choice(small_api) is None
    assert choice(failing(503, "database-away")) is no_update
    for search, value in (
        ("", "any"),
        ("?run=6e6e6e6e", "6e" * 16),
        ("?run=5d5d5d5d", "any"),  # the promoted one
        ("?run=00000000", "00000000"),  # older than those listed
    ):
        (select,) = [c for c in walk(choice(two_runs_api, search)) if hasattr(c, "data")]
        assert select.value == value
        assert "embedded 5d5d5d5d, begun 14 Nov 2026, promoted" in select.data[0]["label"]
        assert value in {option["value"] for option in select.data}


def test_runs_say_what_they_cover_and_lead_to_their_labels(two_runs_api: FastAPI) -> None:
    made = drawn("methods", two_runs_api)["methods-runs"]
    assert "Readers see run 5d5d5d5d since 14 Nov 2026, 09:00 UTC: first run." in words(made)
    assert f"/?run={'6e' * 16}" in {getattr(c, "href", None) for c in walk(made)}
    assert "Settings of run 6e6e6e6e6e" in words(made)
