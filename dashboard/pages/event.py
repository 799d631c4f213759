"""One event: who covered it, who did not, how it was worded, and what was told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import ApiError, Client, Json
from dashboard.links import Filters
from dashboard.pages.article import item
from dashboard.parts import cards, coverage, data, frame, glance, group, lineage, notices, told

TITLE: Final = "Event"
FACTS_MAX: Final = "200"
LINEAGE_MAX: Final = "30"


def top(_filters: Filters) -> Component:
    """The way back."""
    return html.P(links.inside("\N{LEFTWARDS ARROW} All events", "/events"), className="back")


def layout(_filters: Filters) -> Component:
    """One panel, so that an event that is not there is one notice."""
    return html.Div(frame.panel("event-main", lines=18))


async def draw_main(client: Client, filters: Filters) -> Component:
    """The event of now, or as it stood at a time."""
    event_id = item(filters)
    asked = group.asked_of(filters)
    if filters.as_of:
        row = await group.whole(client, "event", event_id, asked)
        return row if isinstance(row, Component) else earlier(row, filters.as_of)

    def more(name: str, *parameters: tuple[str, str]) -> Any:
        return group.tried(client.get(group.route("event", event_id, name), parameters))

    row, *rest = await asyncio.gather(
        group.whole(client, "event", event_id, asked),
        more("coverage", *asked),
        more("facts", ("limit", FACTS_MAX)),
        more("state"),
        more("lineage", ("limit", LINEAGE_MAX)),
    )
    if isinstance(row, Component):
        return row
    outlets = [*row["coverage"], *row["not_stored"]["outlets"]]
    return main(row | {"seen_days": await group.seen_days(client, row, outlets)}, *rest)


PANELS: Final = {"event-main": draw_main}


def main(
    row: Json, covered: Json | ApiError, facts: Json | ApiError, state: Json | ApiError,
    history: Json | ApiError,
) -> Component:  # fmt: skip
    """Head and glance, outlets, those who are missing, wording, facts, articles, history."""
    event_id = row["event_id"]
    names = {outlet["publisher_id"]: outlet["publisher"] for outlet in row["coverage"]}
    if isinstance(covered, ApiError):
        outlets, verdicts = row["coverage"], []
    else:
        outlets, verdicts = covered["covered"], covered["missing"]
    return html.Div(
        [
            head(row),
            glance.glance(outlets, _watched(row, verdicts), row["members"]),
            notices.failed(covered) if isinstance(covered, ApiError) else None,
            frame.section(
                "event-outlets",
                "Who covered it, and how",
                html.Div(
                    [
                        coverage.table(outlets, Filters(event=event_id)),
                        data.data(group.route("event", event_id, "coverage"), (), name="Coverage"),
                    ]
                ),
                "In the order in which they came to it. A lead hour is an hour at the top of the "
                "outlet's front page; lower places count less. Means are of few articles and "
                f"greyed under n = {wording.N_MIN}: do not rank outlets by them. ",
                wording.made_by(row["run"]),
            ),
            frame.section(
                "event-absent",
                "Who has nothing here",
                coverage.absent(row["not_stored"]["outlets"], verdicts, row["not_stored"]["note"]),
            ),
            wordings(row, outlets, isinstance(covered, ApiError)),
            frame.section(
                "event-facts",
                "What was told, and by whom",
                group.drawn(facts, lambda found: _facts(event_id, found, state, names)),
            ),
            frame.section(
                "event-timeline",
                "When it was covered",
                coverage.timeline(row["members"], _members(event_id), row["seen_days"]),
            ),
            _articles(row),
            frame.section("event-siblings", "More of the same story", cards.events(row["siblings"]))
            if row["siblings"]
            else None,
            frame.section(
                "event-lineage",
                "How this event came together",
                group.drawn(history, lambda found: _lineage(event_id, found)),
                "Programs group articles, and people may correct them. Nothing is overwritten: "
                "every change can be read here, and the event as it stood after it.",
            ),
        ]
    )


def earlier(row: Json, as_of: str) -> Component:
    """The event as it stood at a time: what keeps a history, and nothing else."""
    event_id = row["event_id"]
    missing = row["not_stored"]
    return html.Div(
        [
            lineage.then(as_of, links.path("events", event_id)),
            head(row),
            glance.glance(row["coverage"], missing["outlets"], row["members"]),
            frame.section(
                "event-outlets",
                "Who had covered it, and how",
                coverage.table(row["coverage"], Filters(event=event_id)),
                f"Means of fewer than {wording.N_MIN} articles are greyed. ",
                wording.made_by(row["run"]),
            ),
            frame.section(
                "event-absent",
                "Who had nothing here",
                coverage.absent(missing["outlets"], [], missing["note"]),
            ),
            frame.section(
                "event-timeline",
                "When it was covered",
                coverage.timeline(row["members"], _members(event_id, as_of)),
            ),
            _articles(row),
        ]
    )


def wordings(row: Json, outlets: list[Mapping[str, Any]], bare: bool) -> Component:
    """Lean, tone and kinds of sentences by outlet; ``bare`` outlets have no sentences."""
    href = links.api_path(group.route("event", row["event_id"], "coverage"))
    articles = row["members"]
    return html.Div(
        [
            frame.columns(
                frame.section(
                    "event-lean",
                    "Which way the wording leans",
                    coverage.scores("lean", outlets, articles, row, href),
                ),
                frame.section(
                    "event-tone",
                    "How grim or glad it sounds",
                    coverage.scores("tone", outlets, articles, row, href),
                ),
            ),
            None
            if bare
            else frame.section(
                "event-mix",
                "Facts, quotes and opinions",
                coverage.mix(outlets, row, href),
            ),
        ]
    )


def head(row: Json) -> Component:
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


def _watched(row: Json, verdicts: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    judged = {found["publisher_id"]: found for found in verdicts}
    return [
        {**outlet, **judged.get(outlet["publisher_id"], {})}
        for outlet in row["not_stored"]["outlets"]
    ]


def _facts(
    event_id: str, found: Json, state: Json | ApiError, names: Mapping[str, str]
) -> Component:
    looked = not isinstance(state, ApiError) and state["method"] is not None
    return html.Div(
        [
            told.facts(found["data"], names, looked or bool(found["data"])),
            data.data(
                group.route("event", event_id, "facts"), [("limit", FACTS_MAX)], name="Facts"
            ),
        ]
    )


def _lineage(event_id: str, found: Json) -> Component:
    return html.Div(
        [
            lineage.lineage(found["data"], event_id, found["next_cursor"] is not None),
            data.data(group.route("event", event_id, "lineage"), name="Lineage"),
        ]
    )


def _members(event_id: str, as_of: str | None = None) -> str:
    parameters = [("as_of", as_of)] if as_of else []
    return links.api_path(group.route("event", event_id, "members"), parameters)


def _articles(row: Json) -> Component:
    href = links.path("articles", filters=Filters(event=row["event_id"]))
    return frame.section(
        "event-members",
        "The articles",
        cards.first_articles(row["members"], href, "event")
        if row["members"]
        else notices.notice("No article is left in this event", "It may be regrouped soon."),
    )
