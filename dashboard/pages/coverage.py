"""Coverage: what each outlet writes about, by category, topic and subtopic."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import coverage_figures, figures, links, topic_mix, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import cards, charts, data, frame, notices, topic_grid
from dashboard.parts import filters as controls
from dashboard.parts.aria import aria
from dashboard.parts.sources import source
from dashboard.topic_mix import Mix, Row

TITLE: Final = "Coverage"
OUTLETS_SHOWN: Final = 25  # as many bars as fit a screen; the rest is named, never dropped silently
ASKED: Final = frozenset(
    {
        "publisher",
        "category",
        "topic",
        "subtopic",
        "news_type",
        "published_from",
        "published_to",
        "run",
    }
)
INTERVALS: Final = {
    "article": "95 % interval (Wilson)",
    "outlet": "95 % interval (outlets: Wilson; all: stratified by outlet)",
    "prominence": "95 % interval (ratio of weights)",
}
WEIGHED: Final = {
    "article": "Every article counts the same.",
    "outlet": "Every article of an outlet counts the same, and in the bar of all outlets every "
    "outlet does, however much it publishes.",
    "prominence": "An article counts by the best place it had on its outlet's front page: "
    "1 / log\N{SUBSCRIPT TWO}(1 + rank). One that never stood there is left out.",
}


def top(filters: Filters) -> Component:
    """Title and controls, which stay while the rest is redrawn."""
    return html.Div(
        [
            frame.head(
                "What each outlet covers",
                "What an outlet chooses to write about is the first thing that differs, before "
                "any word of how. Choose a field to look inside it.",
            ),
            controls.bar(
                controls.outlets(filters),
                controls.dates(filters),
                controls.news_type(filters),
                controls.category(filters),
                clear_to="/coverage",
            ),
        ]
    )


def layout(filters: Filters) -> Component:
    """Key figures, the mix of topics, one topic outlet by outlet."""
    return html.Div(
        [
            frame.panel("coverage-figures", lines=2),
            html.Div([trail(filters), choices(filters)], className="mix-top"),
            frame.panel(
                "coverage-topics",
                f"Articles by outlet and {level(filters)}",
                lines=12,
            ),
            frame.panel(
                "coverage-one",
                "One subject, outlet by outlet",
                "How much of each outlet's work goes to one subject.",
                lines=10,
            ),
        ]
    )


def level(filters: Filters) -> str:
    """What the colours stand for: the level of the topic tree below what is chosen."""
    if filters.topic:
        return "subtopic"
    if filters.category:
        return "topic"
    return filters.colour or "category"


def trail(filters: Filters) -> Component:
    """Where in the topic tree the view is, and the way up."""
    at = replace(filters, category=None, topic=None, subtopic=None, highlight=None, problems=())
    steps: list[Any] = [("All subjects", at)]
    if filters.category:
        steps.append((wording.name(filters.category), replace(at, category=filters.category)))
    if filters.topic:
        chosen = replace(at, category=filters.category, topic=filters.topic)
        steps.append((wording.name(filters.topic), chosen))
    last = len(steps) - 1
    return html.Nav(
        html.Ol(
            [
                html.Li(
                    html.B(text)
                    if place == last
                    else links.inside(text, links.path("coverage", filters=where))
                )
                for place, (text, where) in enumerate(steps)
            ]
        ),
        className="trail",
        **aria(label="Where in the tree of subjects"),
    )


def choices(filters: Filters) -> Component:
    """How the mix is drawn, measured and weighed."""
    by = [("category", "Category"), ("topic", "Topic")]
    measure = [("", "Articles"), ("true", "Share")]
    weights = [("", "Articles alike"), ("outlet", "Outlets alike"), ("prominence", "By prominence")]
    return html.Div(
        [
            controls.choice("view", "Draw as", filters.view, [("", "Bars"), ("grid", "Grid")]),
            controls.choice("shares", "Measure", filters.shares, measure),
            controls.choice("weights", "Weights", filters.weights, weights),
            controls.choice("colour", "Colour by", filters.colour, by)
            if level(filters) in dict(by) and not filters.category
            else None,
        ],
        className="choices",
    )


def question(filters: Filters, by: str) -> list[tuple[str, str]]:
    """Articles by outlet and a level, under the filters of the view."""
    kept = [(name, value) for name, value in links.query(filters) if name in ASKED]
    weighed = [("weights", "prominence")] if filters.weights == "prominence" else []
    return [("metric", "articles"), ("by", f"publisher,{by}"), *weighed, *kept]


async def draw_figures(client: Client, filters: Filters) -> Component:
    """How many articles the view rests on, and of how many outlets."""
    plain = replace(filters, weights=None)
    asked = [pair for pair in question(plain, "news_type") if pair[0] != "by"]
    cells = await client.trends([*asked, ("by", "publisher,news_type")])
    return key_figures(cells["data"], filters)


async def draw_topics(client: Client, filters: Filters) -> Component:
    """The mix of topics as bars or as a grid."""
    by = level(filters)
    asked = question(filters, by)
    cells, outlets, seen = await asyncio.gather(
        client.trends(asked), client.outlets(), client.seen_days(asked)
    )
    found = mix(cells["data"], by, outlets, filters, keep=coverage_figures.CLASSES_MAX)
    rests = Rest(outlets=outlets, run=cells["meta"]["run"], seen_days=seen, asked=asked)
    if found is None:
        return nothing(cells["data"], by, filters)
    return topics(found, by, filters, rests)


async def draw_one(client: Client, filters: Filters) -> Component:
    """One subject: the share of each outlet's articles."""
    by = "topic" if filters.topic or not filters.category else "category"
    wide = replace(filters, category=None, topic=None, subtopic=None)
    asked = question(wide, by)
    cells, outlets, seen = await asyncio.gather(
        client.trends(asked), client.outlets(), client.seen_days(asked)
    )
    found = mix(cells["data"], by, outlets, filters, keep=len(cells["data"]) + 1)
    if found is None:
        return nothing(cells["data"], by, wide)
    rests = Rest(outlets=outlets, run=cells["meta"]["run"], seen_days=seen, asked=asked)
    return one(found, by, filters, rests)


PANELS: Final = {
    "coverage-figures": draw_figures,
    "coverage-topics": draw_topics,
    "coverage-one": draw_one,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What a figure rests on besides its cells."""

    outlets: Sequence[Mapping[str, Any]]
    run: Mapping[str, Any] | None
    seen_days: tuple[int, int]
    asked: Sequence[tuple[str, str]]

    def source(self, n: int, filters: Filters) -> charts.Source:
        """The source line of a figure over ``n`` articles."""
        return source(
            n,
            links.api_path("trends", self.asked),
            filters,
            self.outlets,
            self.run,
            interval=INTERVALS[filters.weights or "article"],
            seen_days=self.seen_days,
        )


def mix(
    cells: Sequence[Mapping[str, Any]],
    by: str,
    outlets: Sequence[Mapping[str, Any]],
    filters: Filters,
    *,
    keep: int,
) -> Mix | None:
    """The cells as shares under the weights of the view."""
    names = {row["publisher_id"]: row["name"] for row in outlets}
    return topic_mix.mixed(cells, by, names, weighed=filters.weights or "article", keep=keep)


def nothing(cells: Sequence[Mapping[str, Any]], by: str, filters: Filters) -> Component:
    """Why there is no mix: no article, none with a place, or none with this label."""
    n = sum(cell["n"] for cell in cells)
    if not n and any(cell.get("n_unweighted") for cell in cells):
        return notices.notice(
            "None of these articles was seen on a front page",
            "Weights by prominence need a place there. Let articles or outlets count alike.",
        )
    if not n:
        return notices.no_articles(filtered=links.narrowed(filters))
    if by == "subtopic":
        here = topic_grid.narrowed(filters, "topic", filters.topic or "", publisher=())
        return notices.notice(
            "This run gives no subtopics",
            f"{wording.plural(n, 'article')} on this topic, and none is divided further. ",
            links.inside("Read them", links.path("articles", filters=here)),
        )
    return notices.no_labels()


def key_figures(cells: Sequence[Mapping[str, Any]], filters: Filters) -> Component:
    """Articles, outlets and opinion pieces of the view; each a way in."""
    n = sum(cell["n"] for cell in cells)
    waiting = sum(cell["n"] for cell in cells if cell["news_type"] is None)
    opinion = sum(cell["n"] for cell in cells if cell["news_type"] == "opinion")
    outlets = len({cell["publisher"] for cell in cells})
    here = replace(
        filters, colour=None, shares=None, weights=None, highlight=None, view=None, problems=()
    )
    return cards.figures(
        [
            (wording.count(n), "articles", links.path("articles", filters=here)),
            (wording.count(outlets), "outlets", "/outlets"),
            (
                wording.count(opinion),
                "of them opinion",
                links.path("articles", filters=replace(here, news_type="opinion")),
            ),
            (
                wording.count(waiting),
                "not labelled yet",
                links.path("articles", filters=replace(here, labelled="false")),
            ),
        ]
    )


def topics(found: Mix, by: str, filters: Filters, rests: Rest) -> Component:
    """The mix as bars or as a grid, with what it rests on."""
    shares = filters.shares is not None or filters.weights is not None
    highlight = filters.highlight if filters.highlight in found.classes else None
    shown = found.rows[:OUTLETS_SHOWN]
    if highlight and shares:
        shown = topic_mix.ordered(shown, highlight)
    rows = [found.together, *shown] if shares and len(found.rows) > 1 else list(shown)
    caption = f"{'Shares of articles' if shares else 'Articles'} by outlet and {by}"
    most = found.classes[0]
    named = [(kind, wording.name(kind)) for kind in found.classes if kind != topic_mix.OTHER]
    picked = pick("highlight", "Highlight", filters.highlight, named)
    if filters.view == "grid":
        return html.Div(
            [
                picked,
                topic_grid.grid(
                    rows,
                    found.classes,
                    by=by,
                    shares=shares,
                    filters=filters,
                    caption=caption,
                    highlight=highlight,
                ),
                *[html.P(note, className="chart-note") for note in notes(found, filters)],
                charts.source_line(rests.source(found.n, filters)),
                data.data("trends", rests.asked, name=caption),
            ]
        )
    axis = "Share (%)" if shares else "Articles"
    colours = coverage_figures.colours_of(found.classes, highlight)
    return html.Div(
        [
            picked,
            charts.chart(
                coverage_figures.stacked(
                    rows, found.classes, shares=shares, axis=axis, highlight=highlight
                ),
                title=caption,
                summary=(
                    f"{wording.plural(len(found.rows), 'outlet')}; the largest {by} is "
                    f"{wording.name(most)}, {wording.share(found.together.parts[most].share)} of "
                    "all articles."
                ),
                source=rests.source(found.n, filters),
                heads=["Outlet", *[wording.name(kind) for kind in found.classes], "Articles"],
                rows=[text_row(row, found.classes, shares=shares) for row in rows],
                numeric=range(1, len(found.classes) + 2),
                notes=notes(found, filters),
                legend=[
                    (into(kind, by, filters), colours[kind], "square") for kind in found.classes
                ],
            ),
        ]
    )


def pick(name: str, label: str, value: str | None, options: Sequence[tuple[str, str]]) -> Component:
    """A control over what the API found, so it stands with the figure."""
    control = controls.select(name, label, value, options)
    return html.Div([control, controls.help_mark(label, name)], className="filter mix-pick")


def into(kind: str, by: str, filters: Filters) -> Any:
    """The name of a class as a way into it: a field opens into topics, a subtopic into articles."""
    if kind == topic_mix.OTHER:
        return "Everything else"
    name = wording.name(kind)
    if by == "subtopic":
        here = topic_grid.narrowed(filters, by, kind, publisher=filters.publisher)
        return links.inside(name, links.path("articles", filters=here))
    inside = replace(
        filters,
        category=kind if by == "category" else filters.category,
        topic=kind if by == "topic" else filters.topic,
        highlight=None,
        colour=None,
        problems=(),
    )
    return links.inside(name, links.path("coverage", filters=inside), title=f"Look inside {name}")


def text_row(row: Row, classes: Sequence[str], *, shares: bool) -> list[str]:
    """A row as text: shares with their intervals, or numbers."""
    parts = [row.parts[kind] for kind in classes]
    said = [coverage_figures.spelt(p) if shares else wording.count(p.n) for p in parts]
    return [row.name, *said, wording.count(row.n)]


def notes(found: Mix, filters: Filters) -> list[str]:
    """What is not drawn, and how it is weighed."""
    said = []
    if filters.weights:
        said.append(WEIGHED[filters.weights])
    if found.unweighted:
        said.append(
            f"{wording.plural(found.unweighted, 'article')} never stood on a front page that we "
            "looked at, and are left out."
        )
    if found.unlabelled:
        said.append(
            f"{wording.plural(found.unlabelled, 'article')} without this label are left out."
        )
    if len(found.rows) > OUTLETS_SHOWN:
        said.append(
            f"The {OUTLETS_SHOWN} outlets with most articles are drawn; "
            f"{len(found.rows) - OUTLETS_SHOWN} more stand in the data."
        )
    few = sum(row.few for row in found.rows[:OUTLETS_SHOWN])
    if few and (filters.shares or filters.weights):
        said.append(
            f"{wording.plural(few, 'outlet')} with fewer than {wording.N_MIN} articles: their "
            "shares are too unsure to compare, and they are never ranked."
        )
    return said


def one(found: Mix, by: str, filters: Filters, rests: Rest) -> Component:
    """The share of one subject in each outlet's articles, with its interval."""
    asked = filters.topic if by == "topic" else filters.category
    kind = asked or found.classes[0]
    offered = [
        (name, f"{wording.name(name)} ({wording.count(found.together.parts[name].n)})")
        for name in sorted(found.classes, key=wording.name)
    ]
    finder = pick("topic", "Find a topic", filters.topic, offered if by == "topic" else [])
    if kind not in found.classes:
        return html.Div(
            [
                finder,
                notices.notice(
                    f"No article about {wording.name(kind)}",
                    "None of these outlets has one under the other filters.",
                ),
            ]
        )
    shown = found.rows[:OUTLETS_SHOWN]
    means = coverage_figures.means([found.together, *shown], kind)
    name = wording.name(kind)
    n = found.together.parts[kind].n
    return html.Div(
        [
            finder,
            html.P(
                f"{name}: {wording.plural(n, 'article')}, "
                f"{wording.share(found.together.parts[kind].share)} of all."
                + ("" if asked else " It is the most frequent; choose another above."),
                className="deck",
            ),
            charts.chart(
                figures.share_intervals(means),
                title=f"Share of {name} in each outlet's articles",
                summary=f"{wording.plural(len(shown), 'outlet')}, with 95 % intervals.",
                source=rests.source(found.n, filters),
                heads=["Outlet", "Articles about it", "Share (95 % interval)", "n"],
                rows=[
                    [
                        row.name,
                        wording.count(row.parts[kind].n),
                        coverage_figures.spelt(row.parts[kind]),
                        wording.count(row.n),
                    ]
                    for row in (found.together, *shown)
                ],
                numeric=(1, 2, 3),
                notes=[
                    *notes(found, filters),
                    f"Hollow grey marks rest on fewer than {wording.N_MIN} articles.",
                ],
            ),
        ]
    )
