"""What is covered now, by whom, and how much of it is labelled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import figures, links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import cards, charts, frame, notices
from dashboard.parts import filters as controls
from dashboard.parts.aria import aria
from dashboard.parts.sources import source

TITLE: Final = "Overview"
EVENTS_SHOWN: Final = 6
OUTLETS_SHOWN: Final = 25  # as many bars as fit a screen; the rest is named, never dropped silently


def top(_filters: Filters) -> Component:
    """The title."""
    return frame.head("What is covered now")


def layout(filters: Filters) -> Component:
    """Key figures, the biggest events beside the outlets, topics by outlet, the latest."""
    return html.Div(
        [
            frame.panel("overview-figures", lines=2),
            frame.columns(
                frame.panel(
                    "overview-events",
                    "Biggest events",
                    lines=10,
                    aside=links.inside("All events", "/events", className="aside"),
                ),
                frame.panel(
                    "overview-outlets",
                    "Who writes how much",
                    lines=10,
                    aside=links.inside("All outlets", "/outlets", className="aside"),
                ),
                kind="lead",
            ),
            frame.panel(
                "overview-topics", "What each outlet writes about", lines=12, aside=choices(filters)
            ),
            frame.panel(
                "overview-latest",
                "Latest articles",
                lines=8,
                aside=links.inside("All articles", "/articles", className="aside"),
            ),
        ]
    )


def choices(filters: Filters) -> Component:
    """What the bars are coloured by, and whether each is 100 %."""
    by = [("category", "Category"), ("topic", "Topic")]
    measure = [("", "Articles"), ("true", "Share")]
    return html.Div(
        [
            controls.choice("colour", "Colour by", filters.colour, by),
            controls.choice("shares", "Measure", filters.shares, measure),
        ],
        className="choices",
    )


async def draw_figures(client: Client, filters: Filters) -> Component:
    """The counts at the top."""
    seen = links.seen(filters)
    pipeline, labelled, outlets = await asyncio.gather(
        client.pipeline(seen),
        client.articles([("limit", "1"), ("count", "true"), ("labelled", "true"), *seen]),
        client.outlets(),
    )
    observed = sum(1 for row in outlets if row["articles"])
    return key_figures(pipeline, labelled["meta"]["total"], observed)


async def draw_events(client: Client, _filters: Filters) -> Component:
    """The events with most articles."""
    answer = await client.events([("sort", "-articles"), ("limit", str(EVENTS_SHOWN))])
    return biggest(answer["data"])


async def draw_outlets(client: Client, _filters: Filters) -> Component:
    """Articles of each outlet."""
    return volumes(await client.outlets())


async def draw_topics(client: Client, filters: Filters) -> Component:
    """Articles by outlet and category or topic."""
    by = filters.colour or "category"
    question = [("metric", "articles"), ("by", f"publisher,{by}"), *links.seen(filters)]
    cells, outlets = await asyncio.gather(client.trends(question), client.outlets())
    return topics(cells["data"], outlets, cells["meta"]["run"], filters, question)


async def draw_latest(client: Client, filters: Filters) -> Component:
    """The newest articles."""
    rows = (await client.articles([("limit", "8"), *links.seen(filters)]))["data"]
    return cards.articles(rows) if rows else notices.no_articles(filtered=False)


PANELS: Final = {
    "overview-figures": draw_figures,
    "overview-events": draw_events,
    "overview-outlets": draw_outlets,
    "overview-topics": draw_topics,
    "overview-latest": draw_latest,
}


def key_figures(pipeline: Mapping[str, Any], labelled: int, outlets: int) -> Component:
    """Five numbers, each a way in."""
    waiting = pipeline["articles"] - labelled
    return cards.figures(
        [
            (wording.count(pipeline["articles"]), "articles", "/articles"),
            (wording.count(outlets), "outlets with articles", "/outlets"),
            (wording.count(pipeline["events"]), "events", "/events"),
            (wording.count(labelled), "labelled", "/articles?labelled=true"),
            (wording.count(waiting), "not labelled yet", "/articles?labelled=false"),
        ]
    )


def biggest(rows: Sequence[Mapping[str, Any]]) -> Component:
    """The list of events, the first one set large."""
    if not rows:
        return notices.notice(
            "No events yet",
            "Articles about the same happening are grouped once they are labelled.",
        )
    return cards.events(rows, lead=True)


def volumes(outlets: Sequence[Mapping[str, Any]]) -> Component:
    """Bars of text: outlet, length, number."""
    rows = sorted(
        (row for row in outlets if row["articles"]),
        key=lambda row: (-row["articles"], row["name"]),
    )
    if not rows:
        return notices.no_articles(filtered=False)
    most = rows[0]["articles"]
    shown = [
        html.Li(
            [
                links.inside(
                    row["name"],
                    links.path("articles", filters=Filters(publisher=(row["publisher_id"],))),
                    className="volume-name",
                ),
                html.Span(
                    html.Span(
                        className="bar-fill",
                        style={"width": f"{row['articles'] / most * 100:.1f}%"},
                    ),
                    className="bar-track",
                    **aria(hidden="true"),
                ),
                html.Span(wording.count(row["articles"]), className="bar-value"),
            ],
            className="volume",
        )
        for row in rows[:12]
    ]
    rest = rows[12:]
    return html.Div(
        [
            html.Ol(shown, className="volumes"),
            html.P(
                links.inside(f"and {wording.plural(len(rest), 'more outlet')}", "/outlets"),
                className="more",
            )
            if rest
            else None,
        ]
    )


def topics(
    cells: Sequence[Mapping[str, Any]],
    outlets: Sequence[Mapping[str, Any]],
    run: Mapping[str, Any] | None,
    filters: Filters,
    question: Sequence[tuple[str, str]],
) -> Component:
    """The stacked bars, or why there are none."""
    by = filters.colour or "category"
    names = {row["publisher_id"]: row["name"] for row in outlets}
    counts: dict[tuple[str, str], int] = {}
    for cell in cells:
        if cell[by] is not None:
            key = (names.get(cell["publisher"], cell["publisher"]), cell[by])
            counts[key] = counts.get(key, 0) + cell["n"]
    if not counts:
        return notices.no_labels()
    totals: dict[str, int] = {}
    for (outlet, _), n in counts.items():
        totals[outlet] = totals.get(outlet, 0) + n
    kept = sorted(totals, key=lambda outlet: (-totals[outlet], outlet))[:OUTLETS_SHOWN]
    dropped = len(totals) - len(kept)
    shown = {key: n for key, n in counts.items() if key[0] in kept}
    folded, classes = figures.folded(shown)
    most = max(classes, key=lambda kind: sum(n for (_, k), n in folded.items() if k == kind))
    rows = [
        [
            outlet,
            *[wording.count(folded.get((outlet, kind), 0)) for kind in classes],
            wording.count(totals[outlet]),
        ]
        for outlet in kept
    ]
    notes = []
    if dropped:
        notes.append(
            f"The {OUTLETS_SHOWN} outlets with most labelled articles are drawn; {dropped} more "
            "stand in the data."
        )
    return charts.chart(
        figures.stacked(shown, shares=bool(filters.shares), what=by),
        title=f"Articles by outlet and {by}",
        summary=f"{wording.plural(len(kept), 'outlet')}; the largest {by} is {wording.name(most)}.",
        source=source(
            sum(counts.values()), links.api_path("trends", question), Filters(), outlets, run
        ),
        heads=["Outlet", *[wording.name(kind) for kind in classes], "All"],
        rows=rows,
        numeric=range(1, len(classes) + 2),
        notes=notes,
        legend=[
            (wording.name(kind), colour, "square")
            for kind, colour in figures.palette(classes).items()
            if kind in classes
        ],
    )
