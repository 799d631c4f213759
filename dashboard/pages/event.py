"""One event: when it was covered, by whom, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.pages.article import item
from dashboard.parts import cards, coverage, frame, notices

TITLE: Final = "Event"


def top(_filters: Filters) -> Component:
    """The way back."""
    return html.P(links.inside("\N{LEFTWARDS ARROW} All events", "/events"), className="back")


def layout(_filters: Filters) -> Component:
    """One panel: the API answers an event whole."""
    return html.Div(frame.panel("event-main", lines=18))


async def draw_main(client: Client, filters: Filters) -> Component:
    """The event with its coverage."""
    return main(await client.event(item(filters), links.seen(filters)))


PANELS: Final = {"event-main": draw_main}


def main(row: Mapping[str, Any]) -> Component:
    """Head, time line, outlets, those who are missing, articles, what else belongs to the story."""
    event_id = row["event_id"]
    missing = row["not_stored"]
    siblings = row["siblings"]
    return html.Div(
        [
            head(row),
            frame.section(
                "event-timeline",
                "When it was covered",
                coverage.timeline(row["members"], "/v1" + links.path("events", event_id)),
            ),
            frame.section(
                "event-outlets",
                "Who covered it, and how",
                coverage.table(row["coverage"], event_id),
                f"Means over the labelled articles of each outlet. Under n = {wording.N_MIN} they "
                "are greyed: too few to compare outlets by. The order is that of time. ",
                wording.made_by(row["run"]),
            ),
            frame.section(
                "event-absent",
                "Who has nothing here",
                coverage.absent(missing["outlets"], missing["note"]),
            ),
            frame.section(
                "event-members",
                "The articles",
                cards.first_articles(
                    row["members"], links.path("articles", filters=Filters(event=event_id)), "event"
                )
                if row["members"]
                else notices.notice(
                    "No article is left in this event", "It may be regrouped soon."
                ),
            ),
            frame.section("event-siblings", "More of the same story", cards.events(siblings))
            if siblings
            else None,
        ]
    )


def head(row: Mapping[str, Any]) -> Component:
    """The top of the page."""
    return html.Div(
        [
            html.H1(row["title"] or "(untitled event)", className="article-title"),
            html.P(
                [
                    cards.size(row),
                    " · ",
                    wording.span(row["first_at"], row["last_at"]),
                    " · part of the story ",
                    links.inside(
                        row["story_title"] or "it belongs to",
                        links.path("stories", row["story_id"]),
                    ),
                ],
                className="standfirst",
            ),
        ],
        className="page-head",
    )
