"""What happened: events by recency or size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import cards, frame, notices
from dashboard.parts import filters as controls

TITLE: Final = "Events"
SORTS: Final = (("-articles", "Largest first"), ("-last_at", "Latest first"))
SHOWN: Final = 100


def top(filters: Filters) -> Component:
    """Title and controls, which stay while the rest is redrawn."""
    return html.Div(
        [
            frame.head(
                "Events",
                "Articles of several outlets about the same happening, found by the likeness of "
                "their text and the closeness of their dates. A story is how events develop.",
            ),
            controls.bar(
                controls.words(filters),
                controls.dates(filters),
                controls.order(filters, SORTS),
                clear_to="/events",
            ),
        ]
    )


def layout(_filters: Filters) -> Component:
    """The list."""
    return html.Div(frame.panel("events-list", lines=14))


def question(filters: Filters) -> list[tuple[str, str]]:
    """The parameters of the list: what events can be asked by, largest first by default."""
    known = {"q", "published_from", "published_to", "topic", "story", "publisher", "run"}
    kept = [(name, value) for name, value in links.query(filters) if name in known]
    return [*kept, ("sort", filters.sort or SORTS[0][0])]


async def draw_list(client: Client, filters: Filters) -> Component:
    """The first events under these filters."""
    asked = question(filters)
    answer = await client.events([*asked, ("limit", str(SHOWN))])
    return listed(answer, asked)


PANELS: Final = {"events-list": draw_list}


def listed(answer: Mapping[str, Any], asked: list[tuple[str, str]]) -> Component:
    """The list, how much of it is shown, and the data."""
    rows = answer["data"]
    if not rows:
        return notices.notice(
            "No event here",
            "Widen the dates or the words; events appear once articles are grouped.",
        )
    more = answer["next_cursor"] is not None
    return html.Div(
        [
            html.P(
                [
                    f"The first {wording.plural(len(rows), 'event')}"
                    if more
                    else wording.plural(len(rows), "event"),
                    " · ",
                    links.data("get the data", links.api_path("events", asked)),
                ],
                className="source",
            ),
            html.Div(cards.events(rows), className="event-columns"),
        ]
    )
