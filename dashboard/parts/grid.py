"""Outlet by event: which parts of a story each outlet covered, and which it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.links import Filters
from dashboard.parts import coverage, labels
from dashboard.parts.aria import aria

Row = Mapping[str, Any]

EVENTS_MAX: Final = 10  # columns; more are named below
OUTLETS_MAX: Final = 30
NONE: Final = "none found"


def grid(story: Row, events: Sequence[Row]) -> Component:
    """A row an outlet, a column an event: articles and mean lean, or that none was found.

    ``story`` is its coverage. Outlets stand in the order they came to it; those of which nothing at
    all is stored come last, with the days on which we watched them.
    """
    shown = list(events[:EVENTS_MAX])
    parts = {(part["event_id"], part["publisher_id"]): part for part in story["parts"]}
    covered = coverage.ordered(story["covered"])[:OUTLETS_MAX]
    nothing = story["nothing"][:OUTLETS_MAX]
    caption = "Articles of each outlet in each event, and their mean lean"
    hidden = len(events) - len(shown)
    left = len(story["covered"]) + len(story["nothing"]) - len(covered) - len(nothing)
    return html.Div(
        [
            html.Div(
                html.Table(
                    [
                        html.Caption(caption, className="sr-only"),
                        html.Thead(html.Tr([_head("Outlet"), *[_event(e) for e in shown]])),
                        html.Tbody(
                            [_covered(row, shown, parts) for row in covered]
                            + [_nothing(row, len(shown)) for row in nothing]
                        ),
                    ],
                    className="table parts",
                ),
                className="table-scroll",
                tabIndex="0",
                role="region",
                **aria(label=caption),
            ),
            html.P(
                f"{wording.plural(hidden, 'later event')} and {wording.plural(left, 'outlet')} "
                "are left out of this table; the data has all.",
                className="quiet",
            )
            if hidden or left
            else None,
            html.P(
                f"The number counts articles, the dot is their mean lean. “{NONE}” says that none "
                "is stored. It is no claim that there was none.",
                className="quiet",
            ),
        ]
    )


def _head(text: str) -> Component:
    return html.Th(text, scope="col")


def _event(row: Row) -> Component:
    title = wording.shortened(row["title"] or "(untitled event)", 60)
    return html.Th(
        [
            links.inside(title, links.path("events", row["event_id"])),
            html.Small(wording.span(row["first_at"], row["last_at"])),
        ],
        scope="col",
    )


def _covered(row: Row, events: Sequence[Row], parts: Mapping[tuple[str, str], Row]) -> Component:
    return html.Tr(
        [
            html.Th(row["publisher"], scope="row"),
            *[_part(parts.get((event["event_id"], row["publisher_id"]))) for event in events],
        ]
    )


def _part(part: Row | None) -> Component:
    if part is None:
        return html.Td(html.Span(NONE, className="part-none"))
    only = Filters(publisher=(part["publisher_id"],), event=part["event_id"])
    return html.Td(
        [
            links.inside(
                wording.count(part["articles"]),
                links.path("articles", filters=only),
                className="part-n",
                title=wording.plural(part["articles"], "article"),
            ),
            labels.mini("lean", part["lean_mean"]),
        ]
    )


def _nothing(row: Row, columns: int) -> Component:
    said = (
        f"{NONE} in the whole story; {wording.plural(row['articles_on_those_days'], 'article')} "
        f"about other things; watched on {coverage.watched(row)} days"
    )
    return html.Tr(
        [
            html.Th(row["publisher"], scope="row"),
            html.Td(html.Span(said, className="part-none"), colSpan=str(max(columns, 1))),
        ],
        className="parts-nothing",
    )
