"""All articles: filters in the URL, a grid that reads on by cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dash import dcc, html, no_update
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import ApiError, Client
from dashboard.links import Filters
from dashboard.parts import filters as controls
from dashboard.parts import frame, notices, tables

TITLE: Final = "Articles"
GRID: Final = "articles-grid"
CURSORS: Final = "articles-cursors"
STATUS: Final = "articles-status"

SORTS: Final = (("-published_at", "Newest first"), ("published_at", "Oldest first"))


def top(filters: Filters) -> Component:
    """Title and controls, which stay while the rest is redrawn."""
    return html.Div(
        [
            frame.head(
                "Articles",
                "Every article as it was collected, with its current labels. "
                "The address of this page carries the filters, so it can be shared.",
            ),
            controls.bar(
                controls.words(filters),
                controls.outlets(filters),
                controls.dates(filters),
                controls.category(filters),
                controls.news_type(filters),
                controls.labelled(filters),
                controls.order(filters, SORTS),
                clear_to="/articles",
            ),
        ]
    )


def layout(_filters: Filters) -> Component:
    """How many, and the grid, which asks for its own rows."""
    return html.Div(
        [
            html.Div(id="articles-count", className="grid-count"),
            dcc.Store(id=CURSORS, data={}),
            html.Div(id=STATUS),
            tables.grid(GRID),
        ]
    )


async def draw_count(client: Client, filters: Filters) -> Component:
    """How many there are, what narrows them, and the same from the API."""
    answer = await client.articles(links.query(filters, limit=1, count="true"))
    total = answer["meta"].get("total")
    narrowed = [
        html.Span(f"{wording.name(name)}: {value}", className="chip")
        for name, value in links.pairs(filters)
        if name in {"topic", "event", "story", "lean_min", "lean_max", "tone_min", "tone_max"}
    ]
    return html.P(
        [
            html.B(wording.plural(total, "article")) if total is not None else "",
            *narrowed,
            links.data("get the data", links.api_path("articles", links.query(filters))),
        ]
    )


def told(notice: Component, start: int) -> Component:
    """A notice above the rows, or instead of them where there is none."""
    return notice if start else html.Div(notice, className="instead")


async def more(
    client: Client,
    request: Mapping[str, Any] | None,
    cursors: Mapping[str, str] | None,
    search: str | None,
) -> tuple[Any, Any, Any]:
    """The next block of rows, the cursors known so far, and a notice where there is none."""
    if request is None:
        return no_update, no_update, no_update
    start = int(request["startRow"])
    known = {} if start == 0 else dict(cursors or {})
    parameters = links.query(links.parse(search), limit=tables.BLOCK)
    if start and str(start) in known:
        parameters.append(("cursor", known[str(start)]))
    elif start:  # a block whose beginning nobody was told: the rows end where knowledge does
        return {"rowData": [], "rowCount": start}, no_update, no_update
    try:
        answer = await client.articles(parameters)
    except ApiError as error:
        return {"rowData": [], "rowCount": start}, known, told(notices.failed(error), start)
    rows = [tables.grid_row(row) for row in answer["data"]]
    end = start + len(rows)
    following = answer["next_cursor"]
    if following is not None:
        known[str(end)] = following
    if not rows and start == 0:
        filtered = links.narrowed(links.parse(search))
        return {"rowData": [], "rowCount": 0}, known, told(notices.no_articles(filtered), start)
    return {"rowData": rows, "rowCount": end if following is None else None}, known, None


PANELS: Final = {"articles-count": draw_count}
