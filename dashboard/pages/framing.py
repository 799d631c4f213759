"""How outlets write: lean, tone, sentences, parties, elections; always with n and an interval."""

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
from dashboard.parts import charts, frame, mixes, notices
from dashboard.parts import filters as controls
from dashboard.parts.charts import Source
from dashboard.parts.sources import source

TITLE: Final = "Framing"
SHOWN: Final = 40  # rows a figure can carry; the rest stands in the data
FEW_NOTE: Final = (
    f"Hollow grey marks rest on fewer than {wording.N_MIN} articles: too few to compare, "
    "so they stand below the others in the order of their names."
)
ASKED: Final = frozenset(
    {
        "publisher",
        "category",
        "topic",
        "subtopic",
        "news_type",
        "event",
        "story",
        "published_from",
        "published_to",
        "run",
    }
)
INTERVALS: Final = {
    "normal": "95 % interval of a mean (normal)",
    "wilson": "95 % interval of a share (Wilson)",
}


def top(filters: Filters) -> Component:
    """Title and controls, which stay while the rest is redrawn."""
    return html.Div(
        [
            frame.head(
                "Framing",
                "How outlets write about what they cover. Means over many articles of each "
                "outlet, with 95 % intervals. Outlets whose intervals overlap are not shown to "
                "differ. Lean is ",
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


def layout(filters: Filters) -> Component:
    """Lean and tone side by side, by subject, spread; then headlines, sentences, parties."""
    what = "topic" if filters.category else "category"
    return html.Div(
        [
            frame.columns(
                frame.panel("framing-lean", "Lean by outlet", lines=10),
                frame.panel("framing-tone", "Tone by outlet", lines=10),
            ),
            html.Div(
                controls.choice("kind", "Measure", filters.kind, [("", "Lean"), ("tone", "Tone")]),
                className="choices",
            ),
            frame.columns(
                frame.panel(
                    "framing-subjects",
                    f"{kind_of(filters).capitalize()} by outlet and {what}",
                    "An outlet may lean on one subject and not on another. Choose a category to "
                    "see its topics.",
                    lines=12,
                ),
                frame.panel(
                    "framing-spread",
                    f"Spread of {kind_of(filters)}",
                    "A mean hides how far articles lie apart. Here is all of them.",
                    lines=12,
                ),
            ),
            frame.panel(
                "framing-headlines",
                "Headline against body",
                "Do headlines lean further than the articles beneath them? The headline is read "
                "by a model trained on whole articles; nobody has measured how well it does.",
                lines=10,
            ),
            frame.columns(
                frame.panel(
                    "framing-sentences",
                    "Facts, quotes and opinion, sentence by sentence",
                    "What an outlet's articles are made of. More opinion in reports means more of "
                    "the outlet's own voice.",
                    lines=10,
                ),
                frame.panel(
                    "framing-opinion",
                    "Share of opinion pieces",
                    "Which part of an outlet's articles is opinion as a whole. An outlet that "
                    "publishes more of it will lean more, without its reports leaning at all: "
                    "narrow the type to compare like with like.",
                    lines=10,
                ),
            ),
            frame.columns(
                frame.panel(
                    "framing-parties",
                    "Whom outlets write about",
                    "Of the sentences about one party: are they about Democrats or Republicans?",
                    lines=10,
                ),
                frame.panel(
                    "framing-race",
                    "Elections against policy",
                    "Who is ahead, or what should be done: how much of an outlet's work goes "
                    "to either.",
                    lines=10,
                ),
            ),
        ]
    )


def kind_of(filters: Filters) -> str:
    """The score that is shown by subject and as a spread."""
    return filters.kind or "lean"


def question(metric: str, filters: Filters, by: str = "publisher") -> list[tuple[str, str]]:
    """A metric by outlet under the filters of the view."""
    kept = [(name, value) for name, value in links.query(filters) if name in ASKED]
    return [("metric", metric), ("by", by), *kept]


async def _asked(
    client: Client, filters: Filters, *questions: list[tuple[str, str]]
) -> tuple[list[list[Mapping[str, Any]]], dict[str, str], Source]:
    """The cells of several questions, the names of outlets, and what the first rests on."""
    (outlets, seen), answers = await asyncio.gather(
        asyncio.gather(client.outlets(), client.seen_days(questions[0])),
        asyncio.gather(*(client.trends(asked) for asked in questions)),
    )
    first = answers[0]
    rests = source(
        sum(cell["n"] for cell in first["data"]),
        links.api_path("trends", questions[0]),
        filters,
        outlets,
        first["meta"]["run"],
        interval=INTERVALS.get(first["meta"]["interval"]),
        seen_days=seen,
    )
    return [answer["data"] for answer in answers], named(outlets), rests


async def draw_lean(client: Client, filters: Filters) -> Component:
    """Mean lean of each outlet."""
    return await _by_outlet(client, filters, "lean")


async def draw_tone(client: Client, filters: Filters) -> Component:
    """Mean tone of each outlet."""
    return await _by_outlet(client, filters, "tone")


async def draw_subjects(client: Client, filters: Filters) -> Component:
    """Mean lean or tone of each outlet on each subject."""
    kind, what = kind_of(filters), "topic" if filters.category else "category"
    asked = question(kind, filters, f"publisher,{what}")
    (cells,), names, rests = await _asked(client, filters, asked)
    known = [cell for cell in cells if cell[what] is not None and cell["mean"] is not None]
    found = {
        (names.get(cell["publisher"], cell["publisher"]), cell[what]): mean
        for cell, mean in zip(known, means(known, names), strict=True)
    }
    return mixes.subjects(found, kind, what, rests)


async def draw_spread(client: Client, filters: Filters) -> Component:
    """Articles of each outlet by whole numbers of lean or tone."""
    kind = kind_of(filters)
    by = f"{kind}_bin"
    asked = question(kind, filters, f"publisher,{by}")
    (cells,), names, rests = await _asked(client, filters, asked)
    return mixes.spread(_counted(cells, by, names), kind, rests)


async def draw_headlines(client: Client, filters: Filters) -> Component:
    """Mean lean of headlines and of bodies."""
    (headlines, bodies), names, rests = await _asked(
        client, filters, question("headline_lean", filters), question("lean", filters)
    )
    return against(means(bodies, names), means(headlines, names), rests)


async def draw_sentences(client: Client, filters: Filters) -> Component:
    """Shares of sentences by kind."""
    asked = [question(f"{label}_sentences", filters) for label in mixes.SENTENCES]
    answers, names, rests = await _asked(client, filters, *asked)
    shares = {
        label: {m.name: m for m in means(cells, names)}
        for label, cells in zip(mixes.SENTENCES, answers, strict=True)
    }
    return mixes.sentences(shares, rests)


async def draw_opinion(client: Client, filters: Filters) -> Component:
    """Share of opinion of each outlet."""
    (cells,), names, rests = await _asked(client, filters, question("opinion_share", filters))
    return opinion(means(cells, names), rests)


async def draw_parties(client: Client, filters: Filters) -> Component:
    """Which party each outlet's sentences are about, beside its own lean."""
    (balance, lean), names, rests = await _asked(
        client, filters, question("party_balance", filters), question("lean", filters)
    )
    own = {m.name: m for m in means(lean, names)}
    return mixes.parties(means(balance, names), own, rests)


async def draw_race(client: Client, filters: Filters) -> Component:
    """Elections against fields of policy."""
    asked = question("articles", filters, "publisher,topic")
    (cells,), names, rests = await _asked(client, filters, asked)
    return mixes.race(_counted(cells, "topic", names), rests)


async def _by_outlet(client: Client, filters: Filters, kind: str) -> Component:
    (cells,), names, rests = await _asked(client, filters, question(kind, filters))
    return by_outlet(kind, means(cells, names), rests)


PANELS: Final = {
    "framing-lean": draw_lean,
    "framing-tone": draw_tone,
    "framing-subjects": draw_subjects,
    "framing-spread": draw_spread,
    "framing-headlines": draw_headlines,
    "framing-sentences": draw_sentences,
    "framing-opinion": draw_opinion,
    "framing-parties": draw_parties,
    "framing-race": draw_race,
}


def _counted(
    cells: Sequence[Mapping[str, Any]], by: str, names: Mapping[str, str]
) -> dict[str, dict[Any, int]]:
    """Articles by outlet and by a dimension, where they have it."""
    counts: dict[str, dict[Any, int]] = {}
    for cell in cells:
        if cell[by] is not None and cell["n"]:
            name = names.get(cell["publisher"], cell["publisher"])
            counts.setdefault(name, {})[cell[by]] = cell["n"]
    return counts


def named(outlets: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Outlet names by id."""
    return {row["publisher_id"]: row["name"] for row in outlets}


def means(cells: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[Mean]:
    """The cells that hold a mean."""
    return [
        Mean(
            name=names.get(cell["publisher"], cell["publisher"]),
            n=cell["n"],
            mean=cell["mean"],
            low=cell["ci_low"],
            high=cell["ci_high"],
        )
        for cell in cells
        if cell["mean"] is not None and cell["n"] > 0
    ]


def named_row(mean: Mean) -> str:
    """The name in a table, which cannot grey what rests on few articles."""
    return f"{mean.name} (n < {wording.N_MIN})" if mean.few else mean.name


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
