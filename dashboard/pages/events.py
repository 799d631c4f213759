"""What happened: events, or the stories they are part of, by recency or size."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import cards, data, frame, notices
from dashboard.parts import filters as controls

TITLE: Final = "Events"
SORTS: Final = (
    ("-articles", "Largest first"),
    ("-last_at", "Latest first"),
    ("last_at", "Longest ago first"),
)
LEVELS: Final = (("", "Events"), ("stories", "Stories"))
STATES: Final = (("open", "Still going on"), ("closed", "Over"))
SHOWN: Final = 60
OUTLETS_OFFERED: Final = "200"  # the API's longest page; others can be given in the address
STORY_ARTICLES_MIN: Final = "2"  # as for events: one article alone is no story to compare
# What both lists can be asked by; events have a topic and a story besides.
OF_STORIES: Final = frozenset({"q", "published_from", "published_to", "publisher"})
OF_EVENTS: Final = OF_STORIES | {"topic", "story", "run"}


def top(filters: Filters) -> Component:
    """Title and controls, which stay while the rest is redrawn."""
    return html.Div(
        [
            frame.head(
                "Events",
                "An event is what happened over hours or days, told by several articles. A story "
                "is how events develop over weeks. Both are found by a program, from the likeness "
                "of texts and the closeness of their dates; it can be wrong.",
            ),
            controls.bar(
                controls.words(filters),
                controls.dates(filters),
                controls.outlets(filters),
                controls.select("state", "State", filters.state, STATES),
                controls.order(filters, SORTS),
                clear_to="/events",
            ),
        ]
    )


def layout(_filters: Filters) -> Component:
    """The list."""
    return html.Div(frame.panel("events-list", lines=14))


def question(filters: Filters) -> list[tuple[str, str]]:
    """The parameters of the list, largest first by default."""
    stories = filters.level == "stories"
    known = OF_STORIES if stories else OF_EVENTS
    asked = [(name, value) for name, value in links.query(filters) if name in known]
    if stories:
        asked.append(("min_articles", STORY_ARTICLES_MIN))
    more = (("state", filters.state), ("without", filters.without))
    asked += [(name, value) for name, value in more if value]
    return [*asked, ("sort", filters.sort or SORTS[0][0])]


async def draw_list(client: Client, filters: Filters) -> Component:
    """The first events or stories under these filters, and the controls that name outlets."""
    asked = question(filters)
    level = filters.level or "events"
    answer, outlets = await asyncio.gather(
        client.get(level, [*asked, ("limit", str(SHOWN))]),
        client.get("outlets", [("limit", OUTLETS_OFFERED)]),
    )
    return html.Div([choices(filters, outlets["data"]), listed(answer, asked, filters)])


PANELS: Final = {"events-list": draw_list}


def choices(filters: Filters, outlets: Sequence[Mapping[str, Any]]) -> Component:
    """Events or stories, and those that an outlet has nothing in."""
    names = [(row["publisher_id"], row["name"]) for row in outlets if row["articles"]]
    without = controls.select(
        "without",
        "Nothing found by",
        filters.without,
        sorted(names, key=lambda pair: pair[1].casefold()),
    )
    return html.Div(
        [
            controls.choice("level", "Events or stories", filters.level, LEVELS),
            html.Div(
                [without, controls.help_mark("Nothing found by", "without")],
                className="filter filter-wide",
            ),
        ],
        className="choices events-choices",
    )


def listed(answer: Mapping[str, Any], asked: list[tuple[str, str]], filters: Filters) -> Component:
    """The list, how much of it is shown, and the data."""
    rows = answer["data"]
    stories = filters.level == "stories"
    what = ("story", "stories") if stories else ("event", "events")
    if not rows:
        return notices.notice(
            f"No {what[0]} here",
            "Widen the dates or the words; events appear once articles are grouped. ",
            links.inside("See all of them", "/events?level=stories" if stories else "/events"),
        )
    said = f"{wording.plural(len(rows), *what)}."
    if answer["next_cursor"] is not None:
        said = f"The first {said} Narrow the dates or the words to see others."
    return html.Div(
        [
            html.P(
                f"{said} The small bars are articles by day.",
                className="source",
            ),
            html.Div(
                cards.stories(rows) if stories else cards.events(rows), className="event-columns"
            ),
            data.data(filters.level or "events", asked, name=f"List of {what[1]}"),
        ]
    )
