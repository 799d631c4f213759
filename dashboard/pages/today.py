"""Today: what the front pages lead with, the biggest stories, who is missing, how well we see."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import data, frame, front_pages, health, notices, silence, tables

TITLE: Final = "Today"
FRONTS_MAX: Final = 24  # leads that a page can hold; the rest stands in the data
STORIES_MAX: Final = 16
WINDOW: Final = timedelta(days=7)  # a story is of now if anything came of it in the last week


def top(_filters: Filters) -> Component:
    """The title, and what the page answers."""
    return frame.head(
        "What the news leads with",
        "Which story each outlet puts first, which stories are big, and who says nothing "
        "about them.",
    )


def layout(_filters: Filters) -> Component:
    """How old it is, the leads, the stories by outlet, the silences."""
    return html.Div(
        [
            frame.panel("today-now", lines=1),
            frame.panel(
                "today-fronts",
                "On the front pages",
                lines=10,
                aside=links.inside("All articles", "/articles", className="aside"),
            ),
            frame.panel(
                "today-stories",
                "The biggest stories, and who has nothing about them",
                lines=14,
                aside=links.inside("All events", "/events", className="aside"),
            ),
            frame.panel("today-silences", "Silences that are surprising", lines=4),
        ]
    )


def _outlets(filters: Filters) -> list[tuple[str, str]]:
    return [("publisher", publisher) for publisher in filters.publisher]


async def draw_now(client: Client, filters: Filters) -> Component:
    """Ages of the newest things, and how well the outlets are seen."""
    looks, articles, days = await asyncio.gather(
        client.get("frontpages/latest", [("limit", "1"), ("top", "1"), *_outlets(filters)]),
        client.articles([("limit", "1"), *_outlets(filters)]),
        client.get("sources", [("limit", "1"), *_outlets(filters)]),
    )
    gaps = None
    if days["data"]:
        # The newest day there is may have begun in one time zone only; that of UTC began in most.
        day = min(days["data"][0]["day"], datetime.now(UTC).date().isoformat())
        asked = [("day_from", day), ("day_to", day), *_outlets(filters)]
        gaps = await client.get("sources/gaps", asked)
    return status(looks["data"], articles["data"], gaps, now=datetime.now(UTC))


async def draw_fronts(client: Client, filters: Filters) -> Component:
    """What each front page leads with."""
    asked = [("top", "3"), ("limit", str(FRONTS_MAX)), *_outlets(filters)]
    answer = await client.get("frontpages/latest", asked)
    return fronts(answer["data"], asked)


async def draw_stories(client: Client, filters: Filters) -> Component:
    """Who covered the largest stories of the last days, and who did not."""
    begin, end = filters.published_from, filters.published_to
    if begin is None and end is None:
        newest = await client.get("stories", [("limit", "1")])
        begin = _since(newest["data"])
    asked = [("limit", str(STORIES_MAX)), *_outlets(filters)]
    if begin is not None:
        asked.append(("published_from", begin.isoformat()))
    if end is not None:
        asked.append(("published_to", end.isoformat()))
    answer = await client.get("stories/coverage", asked)
    return stories([row for row in answer["data"] if row["publishers"] > 1], begin, end, asked)


async def draw_silences(client: Client, _filters: Filters) -> Component:
    """Silences that are claimed, or why none is."""
    answer = await client.get("blindspots")
    return silences(answer["data"], answer["meta"]["judgement"])


PANELS: Final = {
    "today-now": draw_now,
    "today-fronts": draw_fronts,
    "today-stories": draw_stories,
    "today-silences": draw_silences,
}


def _since(newest: Sequence[Mapping[str, Any]]) -> date | None:
    last = wording.moment(newest[0]["last_at"]) if newest else None
    if last is None:
        return None
    return (min(last, datetime.now(UTC)) - WINDOW).date()


def status(
    looks: Sequence[Mapping[str, Any]],
    articles: Sequence[Mapping[str, Any]],
    gaps: Mapping[str, Any] | None,
    *,
    now: datetime,
) -> Component:
    """One line: as of when, and how much of the news is seen."""
    looked = looks[0]["taken_at"] if looks else None
    newest = articles[0]["published_at"] if articles else None
    seen: list[Any] = (
        ["How well the outlets are seen was not judged yet"]
        if gaps is None
        else [
            health.sentence(gaps["meta"]["outlets"], gaps["data"]),
            f" on {wording.day(gaps['data'][0]['last_day'])}" if gaps["data"] else "",
        ]
    )
    return html.P(
        [
            html.B("As of: "),
            f"front pages {wording.age(looked, now)}" if looked else "no front page looked at yet",
            " · ",
            f"newest article {wording.age(newest, now)}" if newest else "no article yet",
            " · ",
            *seen,
            " · ",
            links.inside("How well each outlet is seen", "/outlets"),
        ],
        className="as-of",
    )


def fronts(looks: Sequence[Mapping[str, Any]], asked: Sequence[tuple[str, str]]) -> Component:
    """The leads, or why there are none."""
    led = front_pages.led(looks)
    if not led:
        return notices.notice(
            "No front page has been looked at yet",
            "Front pages are looked at five times a day; ",
            html.Code("newsroom frontpages"),
            " does it now.",
        )
    block = data.data("frontpages/latest", asked, name="what front pages lead with")
    times = sorted(look["taken_at"] for look in led)
    return html.Div(
        [
            html.P(front_pages.summary(led), className="deck"),
            front_pages.leads(led),
            html.P(front_pages.PROMINENCE, className="quiet chart-note"),
            html.P(
                f"n = {wording.plural(len(led), 'front page')} · looked at "
                + (
                    wording.time(times[-1])
                    if times[0][:10] == times[-1][:10]
                    else wording.span(times[0], times[-1])
                )
                + (f" · the {FRONTS_MAX} looked at last" if len(looks) == FRONTS_MAX else ""),
                className="source",
            ),
            html.Details(
                [
                    html.Summary("The first three of each, as a table"),
                    tables.text(
                        ["Outlet", "Rank", "Headline", "Story", "How it is set", "Seen (UTC)"],
                        front_pages.then(led),
                        caption="What stands highest on each front page",
                        numeric=(1,),
                    ),
                ],
                className="as-table",
            ),
            block,
        ]
    )


def stories(
    rows: Sequence[Mapping[str, Any]],
    begin: date | None,
    end: date | None,
    asked: Sequence[tuple[str, str]],
) -> Component:
    """The grid of stories and outlets, or why there is none."""
    if not rows:
        return notices.notice(
            "No story yet that two outlets tell",
            "Articles about the same happening are grouped as they are labelled.",
        )
    outlets = silence.columns(rows)
    others = {row["publisher_id"] for story in rows for row in story["covered"]} - dict(
        outlets
    ).keys()
    n = sum(story["articles"] for story in rows)
    first = min(story["first_at"] for story in rows)
    last = max(story["last_at"] for story in rows)
    since = f" with anything new since {wording.day(begin.isoformat())}" if begin else ""
    until = f", begun by {wording.day(end.isoformat())}" if end else ""
    return html.Div(
        [
            html.P(silence.summary(rows, outlets), className="deck"),
            silence.legend(rows, outlets),
            silence.grid(rows, outlets),
            html.P(
                f"The {silence.OUTLETS_MAX} outlets with most articles in these stories are shown; "
                f"{wording.plural(len(others), 'more outlet')} wrote about them.",
                className="quiet",
            )
            if others
            else None,
            html.P(
                f"n = {wording.plural(n, 'article')} in the {len(rows)} largest stories that at "
                f"least two outlets tell{since}{until} · {wording.span(first, last)}",
                className="source",
            ),
            html.Details(
                [
                    html.Summary("The same as a table"),
                    tables.text(
                        ["Story", *[name for _, name in outlets]],
                        silence.rows(rows, outlets),
                        caption="Articles of each outlet in the biggest stories",
                        numeric=range(1, len(outlets) + 1),
                    ),
                ],
                className="as-table",
            ),
            data.data("stories/coverage", asked, name="who covered the biggest stories"),
        ]
    )


def silences(claims: Sequence[Mapping[str, Any]], judgement: Mapping[str, Any] | None) -> Component:
    """The claims, and why the other silences are none."""
    block = data.data("blindspots", name="silences that are claimed")
    if judgement is None:
        return html.Div(
            [
                notices.notice(
                    "Silences were not judged yet",
                    "Every night each outlet's silence about each event is compared with what it "
                    "usually covers.",
                ),
                block,
            ]
        )
    judged = (
        f"{wording.plural(judgement['events'], 'event')} and "
        f"{wording.plural(judgement['outlets'], 'outlet')}, judged "
        f"{wording.time(judgement['judged_at'])}"
    )
    return html.Div(
        [
            html.P(
                "A silence is called surprising only if the outlet usually covers such an event, "
                "enough others did, and we saw the outlet on every day of it.",
                className="panel-text",
            ),
            silence.claims(claims)
            if claims
            else notices.notice(
                "No silence can be called surprising",
                "The empty marks above still show who published nothing that we have. What would "
                "make a claim of them is missing.",
            ),
            html.Details(
                [
                    html.Summary(
                        "Why the other silences are not named"
                        if claims
                        else "Why no silence is named"
                    ),
                    silence.why_not(judgement["outcomes"]),
                ],
                className="as-table",
                open=not claims,
            )
            if judgement["outcomes"]
            else None,
            html.P(
                f"{judged} · at most {judgement['by_chance']:.1f} of "
                f"{wording.plural(judgement['claims'], 'claim')} expected by chance",
                className="source",
            ),
            block,
        ]
    )
