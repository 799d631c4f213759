"""The sheet everything is printed on: masthead, navigation, panels, footer."""

from __future__ import annotations

from typing import Any, Final

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import links
from dashboard.parts.aria import aria

NAVIGATION: Final = (
    ("today", "Today", "/"),
    ("coverage", "Coverage", "/coverage"),
    ("framing", "Framing", "/framing"),
    ("events", "Events", "/events"),
    ("compare", "Compare", "/compare"),
    ("articles", "Articles", "/articles"),
    ("outlets", "Outlets", "/outlets"),
    ("pipeline", "Pipeline", "/pipeline"),
    ("methods", "Methods", "/methods"),
)
RUN: Final = "run-choice"
SECTION_OF: Final = {"article": "articles", "event": "events", "story": "events"}

SANS: Final = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", '
    "Arial, sans-serif"
)
SERIF: Final = (
    '"Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Charter, Georgia, '
    '"Liberation Serif", "DejaVu Serif", serif'
)
THEME: Final = {
    "fontFamily": SANS,
    "headings": {"fontFamily": SERIF, "fontWeight": "600"},
    "primaryColor": "ink",
    "primaryShade": {"light": 7, "dark": 4},
    "defaultRadius": 2,
    "respectReducedMotion": True,
    "colors": {
        "ink": [
            "#f2f4f6", "#e1e6ea", "#c3ccd4", "#a2b0bd", "#8597a9",
            "#70879b", "#526b81", "#38536a", "#294257", "#1a2f41",
        ],
    },
}  # fmt: skip


def document() -> Any:
    """The fixed part of the document; the router fills ``page``."""
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="page-title"),
            dcc.Store(id="page-search"),
            dcc.Store(id="page-wanted"),
            html.A("Skip to the content", href="#content", className="skip"),
            masthead(),
            html.Div(id="page"),
            footer(),
        ],
        theme=THEME,
        defaultColorScheme="auto",
    )


def masthead() -> Component:
    """Name, purpose and the light switch."""
    return html.Header(
        html.Div(
            [
                links.inside("Newsroom", "/", className="masthead-name"),
                html.P("What the news covers, and how", className="masthead-line"),
                dmc.ColorSchemeToggle(
                    lightIcon=html.Span(className="icon-scheme"),
                    darkIcon=html.Span(className="icon-scheme"),
                    variant="subtle",
                    size="lg",
                    className="masthead-scheme",
                    **aria(label="Switch between light and dark"),
                ),
            ],
            className="masthead-inner",
        ),
        className="masthead",
    )


def navigation(current: str) -> Component:
    """The sections of the paper; the open one is marked for eyes and for readers."""
    at = SECTION_OF.get(current, current)
    items = [
        html.Li(
            links.inside(label, href),
            className="nav-item nav-here" if page == at else "nav-item",
            **(aria(current="page") if page == at else {}),
        )
        for page, label, href in NAVIGATION
    ]
    return html.Nav(html.Ul(items), className="nav", **aria(label="Sections"))


def page(name: str, top: Component) -> Component:
    """Navigation, the part that stays, and the place of the part that changes."""
    return html.Div(
        [
            navigation(name),
            html.Div(id=RUN, className="run-choices"),
            html.Main(
                [top, html.Div(id="body")],
                id="content",
                className=f"page page-{name}",
                tabIndex="-1",
            ),
        ]
    )


def footer() -> Component:
    """What this is, and where the data is."""
    return html.Footer(
        [
            html.P(
                "Labels are made by a model and can be wrong. Bias is read off differences between "
                "many articles, never off one label, and no outlet is given a score."
            ),
            html.P(
                [
                    links.inside("What the labels mean", "/methods"),
                    " · ",
                    links.data("API", "/docs"),
                    " · ",
                    links.inside("How it was collected", "/pipeline"),
                ]
            ),
        ],
        className="footer",
    )


def head(title: str, *text: Any, kicker: str | None = None) -> Component:
    """The top of a page."""
    return html.Div(
        [
            html.P(kicker, className="kicker") if kicker else None,
            html.H1(title),
            html.P(list(text), className="standfirst") if text else None,
        ],
        className="page-head",
    )


def panel(
    panel_id: str, title: str | None = None, *text: Any, lines: int = 4, aside: Any = None
) -> Component:
    """A part of a page that is drawn from the API once the page stands.

    ``lines`` is how tall the place holder is, so that little moves when the data comes.
    """
    top = [
        html.Div([html.H2(title, id=f"{panel_id}-title"), aside], className="panel-top"),
        html.P(list(text), className="panel-text") if text else None,
    ]
    return html.Section(
        [
            *(top if title else []),
            html.Div(waiting(lines), id=panel_id, className="panel-body"),
        ],
        className="panel",
        **(aria(labelledby=f"{panel_id}-title") if title else {}),
    )


def section(section_id: str, title: str, body: Any, *text: Any) -> Component:
    """A titled part of a panel that is already drawn."""
    return html.Section(
        [
            html.Div(html.H2(title, id=f"{section_id}-title"), className="panel-top"),
            html.P(list(text), className="panel-text") if text else None,
            body,
        ],
        id=section_id,
        className="panel",
        **aria(labelledby=f"{section_id}-title"),
    )


def waiting(lines: int) -> Component:
    """Grey lines in the place of what is coming."""
    return html.Div(
        [
            html.Span("Loading", className="sr-only"),
            *[html.Div(className="waiting-line") for _ in range(lines)],
        ],
        className="waiting",
        **aria(busy="true"),
    )


def columns(*children: Any, kind: str = "even") -> Component:
    """Panels side by side where there is room."""
    return html.Div(list(children), className=f"columns columns-{kind}")
