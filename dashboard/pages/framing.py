"""How outlets write: lean, tone, headlines against bodies; always with n and an interval."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import figures, links, wording
from dashboard.client import Client
from dashboard.figures import Mean
from dashboard.links import Filters
from dashboard.parts import charts, frame, notices
from dashboard.parts import filters as controls
from dashboard.parts.charts import Source
from dashboard.parts.sources import source

TITLE: Final = "Framing"
SHOWN: Final = 40  # rows a figure can carry; the rest stands in the data
FEW_NOTE: Final = (
    f"Hollow grey marks rest on fewer than {wording.N_MIN} articles: too few to compare, "
    "so they stand below the others in the order of their names."
)


def top(filters: Filters) -> Component:
    """Title and controls, which stay while the rest is redrawn."""
    return html.Div(
        [
            frame.head(
                "Framing",
                "Means over many articles of each outlet, with 95 % intervals. Outlets whose "
                "intervals overlap are not shown to differ. Lean is ",
                html.Span("mapped3", className="mark", title=wording.MAPPED3),
                ": predicted from left / center / right.",
            ),
            controls.bar(
                controls.outlets(filters),
                controls.dates(filters),
                controls.category(filters),
                controls.news_type(filters),
                clear_to="/framing",
            ),
        ]
    )


def layout(_filters: Filters) -> Component:
    """Lean and tone side by side, then headlines, then opinion."""
    return html.Div(
        [
            frame.columns(
                frame.panel("framing-lean", "Lean by outlet", lines=10),
                frame.panel("framing-tone", "Tone by outlet", lines=10),
            ),
            frame.panel(
                "framing-headlines",
                "Headline against body",
                "Do headlines lean further than the articles beneath them? The headline is read "
                "by a model trained on whole articles; nobody has measured how well it does.",
                lines=10,
            ),
            frame.panel(
                "framing-opinion",
                "Share of opinion",
                "Which part of an outlet's labelled articles reads as opinion. An outlet that "
                "publishes more opinion will lean more, without its reports leaning at all: "
                "narrow the type to compare like with like.",
                lines=8,
            ),
        ]
    )


def question(metric: str, filters: Filters) -> list[tuple[str, str]]:
    """A metric by outlet under the filters of the view."""
    known = {
        "publisher", "category", "topic", "news_type", "published_from", "published_to", "run",
    }  # fmt: skip
    kept = [(name, value) for name, value in links.query(filters) if name in known]
    return [("metric", metric), ("by", "publisher"), *kept]


async def draw_lean(client: Client, filters: Filters) -> Component:
    """Mean lean of each outlet."""
    return await _by_outlet(client, filters, "lean")


async def draw_tone(client: Client, filters: Filters) -> Component:
    """Mean tone of each outlet."""
    return await _by_outlet(client, filters, "tone")


async def draw_headlines(client: Client, filters: Filters) -> Component:
    """Mean lean of headlines and of bodies."""
    asked = question("headline_lean", filters)
    bodies, headlines, outlets = await asyncio.gather(
        client.trends(question("lean", filters)), client.trends(asked), client.outlets()
    )
    names = named(outlets)
    above = means(headlines, names)
    href = links.api_path("trends", asked)
    rests = source(total(above), href, filters, outlets, headlines["meta"]["run"])
    return against(means(bodies, names), above, rests)


async def draw_opinion(client: Client, filters: Filters) -> Component:
    """Share of opinion of each outlet."""
    asked = question("opinion_share", filters)
    answer, outlets = await asyncio.gather(client.trends(asked), client.outlets())
    found = means(answer, named(outlets))
    href = links.api_path("trends", asked)
    rests = source(total(found), href, filters, outlets, answer["meta"]["run"])
    return opinion(found, rests)


async def _by_outlet(client: Client, filters: Filters, kind: str) -> Component:
    asked = question(kind, filters)
    answer, outlets = await asyncio.gather(client.trends(asked), client.outlets())
    found = means(answer, named(outlets))
    href = links.api_path("trends", asked)
    rests = source(total(found), href, filters, outlets, answer["meta"]["run"])
    return by_outlet(kind, found, rests)


PANELS: Final = {
    "framing-lean": draw_lean,
    "framing-tone": draw_tone,
    "framing-headlines": draw_headlines,
    "framing-opinion": draw_opinion,
}


def named(outlets: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Outlet names by id."""
    return {row["publisher_id"]: row["name"] for row in outlets}


def means(answer: Mapping[str, Any], names: Mapping[str, str]) -> list[Mean]:
    """The cells of an answer that hold a mean."""
    return [
        Mean(
            name=names.get(cell["publisher"], cell["publisher"]),
            n=cell["n"],
            mean=cell["mean"],
            low=cell["ci_low"],
            high=cell["ci_high"],
        )
        for cell in answer["data"]
        if cell["mean"] is not None and cell["n"] > 0
    ]


def named_row(mean: Mean) -> str:
    """The name in a table, which cannot grey what rests on few articles."""
    return f"{mean.name} (n < {wording.N_MIN})" if mean.few else mean.name


def total(found: Sequence[Mean]) -> int:
    """Articles behind several means."""
    return sum(m.n for m in found)


def largest(found: Sequence[Mean]) -> tuple[list[Mean], list[str]]:
    """The outlets with most articles, and a note on those left out."""
    kept = sorted(found, key=lambda m: (-m.n, m.name))[:SHOWN]
    left = len(found) - len(kept)
    notes = []
    if left:
        notes.append(f"The {SHOWN} outlets with most articles are drawn; {left} stand in the data.")
    if any(m.few for m in kept):
        notes.append(FEW_NOTE)
    return figures.ranked(kept), notes


def by_outlet(kind: str, found: Sequence[Mean], rests: Source) -> Component:
    """Means and intervals, drawn and as a table."""
    if not found:
        return notices.no_labels()
    rows, notes = largest(found)
    if kind == "lean":
        notes.append(wording.MAPPED3[:1].upper() + wording.MAPPED3[1:] + ".")
    enough = [m for m in rows if not m.few]
    summary = (
        f"From {enough[0].name} at {wording.score(enough[0].mean, 2)} "
        f"to {enough[-1].name} at {wording.score(enough[-1].mean, 2)}."
        if enough
        else f"No outlet has {wording.N_MIN} articles yet."
    )
    return charts.chart(
        figures.intervals(rows, kind=kind),
        title=f"Mean {kind} by outlet",
        summary=summary,
        source=rests,
        heads=["Outlet", "n", f"Mean {kind}", "95 % from", "to"],
        rows=[
            [
                named_row(m),
                wording.count(m.n),
                wording.score(m.mean, 2),
                wording.score(m.low, 2),
                wording.score(m.high, 2),
            ]
            for m in rows
        ],
        numeric=(1, 2, 3, 4),
        notes=notes,
    )


def against(bodies: Sequence[Mean], headlines: Sequence[Mean], rests: Source) -> Component:
    """Headline and body of each outlet that has both."""
    above = {m.name: m for m in headlines}
    rows, notes = largest([m for m in bodies if m.name in above])
    if not rows:
        return notices.no_labels()
    pairs = [(m, above[m.name]) for m in rows]
    return charts.chart(
        figures.headline_and_body(pairs),
        title="Mean lean of headlines and of articles by outlet",
        summary=f"{wording.plural(len(pairs), 'outlet')}.",
        source=rests,
        heads=["Outlet", "n", "Body", "Headline", "Headline \u2212 body"],
        rows=[
            [
                named_row(body),
                wording.count(body.n),
                wording.score(body.mean, 2),
                wording.score(head.mean, 2),
                wording.score(head.mean - body.mean, 2),
            ]
            for body, head in pairs
        ],
        numeric=(1, 2, 3, 4),
        notes=notes,
        legend=[
            (figures.BODY, figures.MARK, "circle"),
            (figures.HEADLINE, figures.SECOND, "diamond"),
        ],
    )


def opinion(found: Sequence[Mean], rests: Source) -> Component:
    """Shares and intervals."""
    if not found:
        return notices.no_labels()
    rows, notes = largest(found)
    return charts.chart(
        figures.share_intervals(rows),
        title="Share of opinion by outlet",
        summary=f"{wording.plural(len(rows), 'outlet')}.",
        source=rests,
        heads=["Outlet", "n", "Share", "95 % from", "to"],
        rows=[
            [
                named_row(m),
                wording.count(m.n),
                wording.share(m.mean),
                wording.share(m.low),
                wording.share(m.high),
            ]
            for m in rows
        ],
        numeric=(1, 2, 3, 4),
        notes=notes,
    )
