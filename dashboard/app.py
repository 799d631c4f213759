"""The dashboard on the API's own server: pages, theme, router, policy."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.development.base_component import Component

from dashboard import links
from dashboard.client import ApiError, Client
from dashboard.front import Front
from dashboard.pages import PAGES, articles
from dashboard.parts import filters as controls
from dashboard.parts import frame, notices

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
        Output(controls.OUTLETS, "data"), Input(controls.OUTLETS, "id"), State("url", "search")
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
    for page in PAGES.values():
        for panel, draw in page.PANELS.items():
            app.callback(
                Output(panel, "children"),
                Input(panel, "id"),  # once, when the panel appears; every address redraws the body
                State("url", "pathname"),
                State("url", "search"),
            )(partial_async(shown, client, draw))


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


async def offered(client: Client, _: Any, search: str | None) -> Any:
    """The outlets a reader can choose from; without an API those already chosen."""
    try:
        known = await client.outlets()
    except ApiError:
        return no_update  # the panels below say what is wrong
    return controls.outlet_options(known, links.parse(search))


async def chosen(client: Client, _: Any, search: str | None) -> Any:
    """The runs a reader can choose from; without an API none."""
    try:
        known = await client.runs()
    except ApiError:
        return no_update  # the panels below say what is wrong
    return controls.run(links.parse(search), known["data"])


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
        return notices.failed(error)


def failed(error: Exception) -> Any:
    """What a reader sees where drawing itself broke; the log has the rest."""
    log.error("a panel could not be drawn", exc_info=error)
    return notices.broken()
