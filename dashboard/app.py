"""The dashboard on the API's own server: pages, theme, router, policy."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.development.base_component import Component

from dashboard import links
from dashboard.client import ApiError, Client
from dashboard.front import Front
from dashboard.pages import PAGES, articles, pipeline
from dashboard.parts import data, frame, notices
from dashboard.parts import filters as controls

if TYPE_CHECKING:
    from fastapi import FastAPI

log = logging.getLogger(__name__)

ASSETS: Final = Path(__file__).parent / "assets"
TITLE: Final = "Newsroom"

INDEX: Final = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <title>{%title%}</title>
        {%favicon%}
        <script src="/assets/scheme.js"></script>
        {%css%}
    </head>
    <body>
        {%app_entry%}
        <footer>
            {%config%}
            {%scripts%}
            {%renderer%}
        </footer>
    </body>
</html>
"""

Draw = Callable[[Client, links.Filters], Awaitable[Component]]


def mount(server: FastAPI, client: Client) -> Dash:
    """Serve the dashboard under ``/`` of ``server``; the API keeps its paths and its 404s."""
    app = Dash(
        name="dashboard",
        server=server,  # type: ignore[arg-type]  # Dash knows FastAPI, its types do not
        title=TITLE,
        update_title="",
        assets_folder=str(ASSETS),
        assets_ignore=r"scheme\.js",
        use_pages=False,
        enable_mcp=False,
        suppress_callback_exceptions=True,  # the panels of a page exist once it is open
        index_string=INDEX,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        on_error=failed,
    )
    # Dash answers every unknown path with 200 and its page; private API, hence the exact pin.
    app.backend._setup_catchall = lambda: None  # type: ignore[attr-defined]
    app.backend.websocket_capability = False  # pages would each hold one open, and none needs it
    app.layout = frame.document
    register(app, client)
    server.add_middleware(Front, script_hashes=app.csp_hashes())
    return app


def register(app: Dash, client: Client) -> None:
    """Connect the router, the controls and every panel of every page."""
    app.callback(
        Output("page", "children"),
        Output("page-title", "data"),
        Input("url", "pathname"),
        State("url", "search"),
    )(opened)
    app.callback(
        Output("body", "children"),
        Input("url", "search"),
        State("url", "pathname"),
    )(filled)
    # By way of a store: were the address an output of the controls, everything that reads it would
    # wait for them, and be dropped where they change nothing.
    app.callback(
        Output("page-wanted", "data"),
        Input({"type": "filter", "name": ALL}, "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )(filtered)
    for function, sink, source in (
        ("opened", Output("page-title", "id"), Input("page-title", "data")),
        ("wanted", Output("page-wanted", "id"), Input("page-wanted", "data")),
        ("followed", Output("page-search", "data"), Input("url", "search")),
    ):
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction(namespace="newsroom", function_name=function),
            sink,
            source,
            prevent_initial_call=True,
        )
    app.callback(
        Output(controls.OUTLETS, "data"),
        Input(controls.OUTLETS, "searchValue"),
        State(controls.OUTLETS, "value"),
        State(controls.OUTLETS, "data"),
    )(partial_async(offered, client))
    app.callback(Output(frame.RUN, "children"), Input(frame.RUN, "id"), State("url", "search"))(
        partial_async(chosen, client)
    )
    app.callback(
        Output(articles.GRID, "getRowsResponse"),
        Output(articles.CURSORS, "data"),
        Output(articles.STATUS, "children"),
        Input(articles.GRID, "getRowsRequest"),
        State(articles.CURSORS, "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )(partial_async(articles.more, client))
    app.callback(
        Output({"type": data.CITED, "of": MATCH, "name": MATCH}, "children"),
        Input({"type": data.OPENED, "of": MATCH, "name": MATCH}, "n_clicks"),
        State("url", "href"),
        prevent_initial_call=True,
    )(partial_async(cited, client))
    for page in PAGES.values():
        for panel, draw in page.PANELS.items():
            app.callback(
                Output(panel, "children"),
                Input(panel, "id"),  # once, when the panel appears; every address redraws the body
                State("url", "pathname"),
                State("url", "search"),
            )(partial_async(shown, client, draw))
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction(namespace="newsroom", function_name="again"),
        Output(pipeline.AGAIN, "data"),
        Input(pipeline.BEAT, "n_intervals"),
        prevent_initial_call=True,
    )
    for panel in pipeline.LIVE:
        app.callback(
            Output(panel, "children", allow_duplicate=True),
            Input(pipeline.AGAIN, "data"),
            State("url", "pathname"),
            State("url", "search"),
            prevent_initial_call=True,
        )(partial_async(shown, client, pipeline.PANELS[panel]))


def partial_async(function: Callable[..., Awaitable[Any]], *first: Any) -> Callable[..., Any]:
    """`functools.partial` that Dash still recognises as a coroutine function."""

    async def call(*rest: Any) -> Any:
        return await function(*first, *rest)

    return call


def opened(pathname: str | None, search: str | None) -> tuple[Component, str]:
    """The page at an address, its body still empty."""
    found = links.route(pathname)
    if found is None:
        return notices.no_such_page(), f"Page not found · {TITLE}"
    page = PAGES[found.page]
    return frame.page(found.page, page.top(links.parse(search, found.item))), (
        f"{page.TITLE} · {TITLE}"
    )


def filled(search: str | None, pathname: str | None) -> Any:
    """The body of a page under its filters, its panels still empty."""
    found = links.route(pathname)
    if found is None:
        return no_update
    filters = links.parse(search, found.item)
    return [notices.unreadable(filters.problems), PAGES[found.page].layout(filters)]


async def offered(
    client: Client,
    typed: str | None,
    chosen_: Sequence[str] | None,
    shown_: Sequence[Mapping[str, str]] | None,
) -> Any:
    """The outlets a reader can choose from, by what was typed; those chosen stay among them.

    Without an API there are only these.
    """
    part = (typed or "").strip()[: links.TEXT_MAX]
    names = {option["value"]: option["label"] for option in shown_ or ()}
    if part in names.values():  # one was chosen, and its name stands where it was typed
        return no_update
    try:
        known = await client.named(part)
    except ApiError:
        return no_update  # the panels below say what is wrong
    kept = {outlet: names.get(outlet, outlet) for outlet in chosen_ or ()}
    return controls.outlet_options(known, kept)


async def chosen(client: Client, _: Any, search: str | None) -> Any:
    """The runs a reader can choose from; without an API none."""
    try:
        known = await client.run_names()
    except ApiError:
        return no_update  # the panels below say what is wrong
    return controls.run(links.parse(search), known)


def filtered(_values: list[Any], search: str | None) -> Any:
    """The query string after a control changed; the router does the rest."""
    values = {entry["id"]["name"]: entry.get("value") for entry in ctx.inputs_list[0]}
    changed = links.merged(search, values)
    return no_update if links.same(changed, search) else changed


async def shown(client: Client, draw: Draw, _: Any, pathname: str, search: str | None) -> Component:
    """A panel drawn from the API, or the notice that says why it is not."""
    found = links.route(pathname)
    try:
        return await draw(client, links.parse(search, found.item if found else None))
    except ApiError as error:
        return notices.failed(error, again=f"{pathname or '/'}{search or ''}")


async def cited(client: Client, clicks: int | None, href: str | None) -> Any:
    """How to cite a figure, once its block is opened: every first, third … click."""
    if not clicks or clicks % 2 == 0:
        return no_update
    try:
        answer = await client.cite(ctx.triggered_id["of"])
    except ApiError as error:
        return notices.failed(error)
    return data.cited(answer, links.origin(href))


def failed(error: Exception) -> Any:
    """What a reader sees where drawing itself broke; the log has the rest."""
    log.error("a panel could not be drawn", exc_info=error)
    return notices.broken()
