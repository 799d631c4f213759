"""One story: the events in which it developed, who covered which, and what it has come to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import ApiError, Client, Json
from dashboard.links import Filters
from dashboard.pages.article import item
from dashboard.parts import (
    cards,
    coverage,
    data,
    frame,
    glance,
    grid,
    group,
    lineage,
    notices,
    told,
)
from dashboard.shapes import Article

TITLE: Final = "Story"
LINEAGE_MAX: Final = "30"


def top(_filters: Filters) -> Component:
    """The way back."""
    return html.P(
        links.inside("\N{LEFTWARDS ARROW} All stories", "/events?level=stories"), className="back"
    )


def layout(_filters: Filters) -> Component:
    """One panel, so that a story that is not there is one notice."""
    return html.Div(frame.panel("story-main", lines=18))


async def draw_main(client: Client, filters: Filters) -> Component:
    """The story of now, or as it stood at a time."""
    story_id = item(filters)
    asked = group.asked_of(filters)
    members = client.members([("story", story_id), *asked])
    if filters.as_of:
        then = [("as_of", filters.as_of)]
        row, found = await asyncio.gather(
            group.whole(client, "story", story_id, then), group.tried(_data(members))
        )
        return row if isinstance(row, Component) else earlier(row, found, filters.as_of)

    def more(name: str, *parameters: tuple[str, str]) -> Any:
        return group.tried(client.get(group.route("story", story_id, name), parameters))

    row, *rest = await asyncio.gather(
        group.whole(client, "story", story_id, []),
        group.tried(_data(members)),
        more("coverage", *asked),
        more("state"),
        more("lineage", ("limit", LINEAGE_MAX)),
    )
    if isinstance(row, Component):
        return row
    articles, covered, state, history = rest
    if not isinstance(covered, ApiError):
        outlets = [*covered["covered"], *covered["nothing"]]
        covered |= {"seen_days": await group.seen_days(client, row, outlets)}
    return main(row, articles, covered, state, history)


async def _data(asking: Any) -> Json:
    return {"data": await asking}


PANELS: Final = {"story-main": draw_main}


def main(
    row: Json, articles: Json | ApiError, covered: Json | ApiError, state: Json | ApiError,
    history: Json | ApiError,
) -> Component:  # fmt: skip
    """Head and glance, who covered which event, wording, amounts, articles, history."""
    story_id = row["story_id"]
    known: Sequence[Article] = [] if isinstance(articles, ApiError) else articles["data"]
    return html.Div(
        [
            head(row),
            group.drawn(
                covered, lambda found: glance.glance(found["covered"], found["nothing"], known)
            ),
            frame.section(
                "story-parts",
                "Who covered which part",
                group.drawn(covered, lambda found: parts(row, found)),
                "A row for each outlet, a column for each event of the story.",
            ),
            None if isinstance(covered, ApiError) else wordings(covered, known),
            frame.section(
                "story-state",
                "How its numbers changed",
                group.drawn(state, lambda found: _state(story_id, found)),
                told.STATE_NOTE,
            ),
            _events(row) if row["events"] else None,
            _timeline(covered, known, story_id) if known else None,
            group.drawn(articles, lambda found: _articles(row, found["data"])),
            frame.section(
                "story-lineage",
                "How this story came together",
                group.drawn(history, lambda found: _lineage(story_id, found)),
                "Programs group articles, and people may correct them. Nothing is overwritten: "
                "every change can be read here, and the story as it stood after it.",
            ),
        ]
    )


def earlier(row: Json, articles: Json | ApiError, as_of: str) -> Component:
    """The story as it stood at a time: what keeps a history, and nothing else."""
    return html.Div(
        [
            lineage.then(as_of, links.path("stories", row["story_id"])),
            head(row),
            _events(row),
            group.drawn(articles, lambda found: _articles(row, found["data"])),
        ]
    )


def head(row: Json) -> Component:
    """The top of the page."""
    return html.Div(
        [
            html.H1(row["title"] or "(untitled story)", className="article-title"),
            html.P(
                [
                    cards.size(row),
                    " · ",
                    wording.span(row["first_at"], row["last_at"]),
                    f" · {wording.plural(len(row['events']), 'event')}" if row["events"] else "",
                ],
                className="standfirst",
            ),
        ],
        className="page-head",
    )


def parts(row: Json, covered: Json) -> Component:
    """The grid of outlets and events, or who covered a story that has no event."""
    story_id = row["story_id"]
    return html.Div(
        [
            grid.grid(covered, row["events"])
            if row["events"]
            else html.Div(
                [
                    notices.notice("No event yet", "Its articles stand alone so far."),
                    coverage.table(covered["covered"], Filters(story=story_id)),
                ]
            ),
            data.data(group.route("story", story_id, "coverage"), name="Coverage"),
        ]
    )


def wordings(covered: Json, articles: Sequence[Article]) -> Component:
    """Lean, tone and kinds of sentences by outlet."""
    outlets = covered["covered"]
    href = links.api_path(group.route("story", covered["story_id"], "coverage"))
    return html.Div(
        [
            frame.columns(
                frame.section(
                    "story-lean",
                    "Which way the wording leans",
                    coverage.scores("lean", outlets, articles, covered, href),
                ),
                frame.section(
                    "story-tone",
                    "How grim or glad it sounds",
                    coverage.scores("tone", outlets, articles, covered, href),
                ),
            ),
            frame.section(
                "story-mix", "Facts, quotes and opinions", coverage.mix(outlets, covered, href)
            ),
        ]
    )


def _state(story_id: str, found: Json) -> Component:
    return html.Div(
        [
            told.state(found),
            data.data(group.route("story", story_id, "state"), name="Amounts", rows=False),
        ]
    )


def _lineage(story_id: str, found: Json) -> Component:
    return html.Div(
        [
            lineage.lineage(found["data"], story_id, found["next_cursor"] is not None),
            data.data(group.route("story", story_id, "lineage"), name="Lineage"),
        ]
    )


def _events(row: Json) -> Component:
    outside = row["outside_events"]
    return frame.section(
        "story-events",
        "How it developed",
        cards.events(row["events"])
        if row["events"]
        else notices.notice("No event yet", "Its articles stand alone so far."),
        f"{wording.plural(outside, 'article')} of the story in none of these events."
        if outside
        else "",
    )


def _timeline(covered: Json | ApiError, articles: Sequence[Article], story_id: str) -> Component:
    href = links.api_path(group.route("story", story_id, "members"))
    seen_days = None if isinstance(covered, ApiError) else covered["seen_days"]
    return frame.section(
        "story-timeline", "When it was covered", coverage.timeline(articles, href, seen_days)
    )


def _articles(row: Json, articles: Sequence[Article]) -> Component:
    href = links.path("articles", filters=Filters(story=row["story_id"]))
    return frame.section(
        "story-members", "The articles", cards.first_articles(articles, href, "story")
    )
