"""One story: the events in which it developed, and all its articles."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.pages.article import item
from dashboard.parts import cards, coverage, frame, notices
from dashboard.shapes import Article

TITLE: Final = "Story"


def top(_filters: Filters) -> Component:
    """The way back."""
    return html.P(links.inside("\N{LEFTWARDS ARROW} All events", "/events"), className="back")


def layout(_filters: Filters) -> Component:
    """One panel."""
    return html.Div(frame.panel("story-main", lines=18))


async def draw_main(client: Client, filters: Filters) -> Component:
    """The story, and its articles."""
    asked = [("story", item(filters)), *links.seen(filters)]
    story, articles = await asyncio.gather(client.story(item(filters)), client.members(asked))
    return main(story, articles, links.api_path("articles", asked))


PANELS: Final = {"story-main": draw_main}


def main(row: Mapping[str, Any], articles: Sequence[Article], href: str) -> Component:
    """Head, time line, events in the order of time, articles."""
    events = row["events"]
    outside = row["outside_events"]
    return html.Div(
        [
            html.Div(
                [
                    html.H1(row["title"] or "(untitled story)", className="article-title"),
                    html.P(
                        [cards.size(row), " · ", wording.span(row["first_at"], row["last_at"])],
                        className="standfirst",
                    ),
                ],
                className="page-head",
            ),
            frame.section("story-events", "How it developed", cards.events(events))
            if events
            else notices.notice("No event yet", "Its articles stand alone so far."),
            frame.section(
                "story-timeline", "When it was covered", coverage.timeline(articles, href)
            ),
            frame.section(
                "story-members",
                "The articles",
                cards.first_articles(
                    articles,
                    links.path("articles", filters=Filters(story=row["story_id"])),
                    "story",
                ),
                f"{wording.plural(outside, 'article')} of them in none of the events."
                if outside
                else "",
            ),
        ]
    )
