"""What the labels mean, how good they are, who made them, and what they must not be read as."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import ApiError, Client
from dashboard.links import Filters
from dashboard.parts import data, drift, frame, notices, quality, tables
from dashboard.parts.aria import aria

TITLE: Final = "Methods"
VERDICTS: Final = (
    ("ok", "as usual"),
    ("quiet", "really few articles"),
    ("kept-out", "the outlet kept us out"),
    ("broken", "less came than the outlet's floor: something was broken"),
    ("not-crawled", "nobody looked"),
)


def top(_filters: Filters) -> Component:
    """The title."""
    return frame.head(
        "Quality and methods",
        "Each article is read by a model that is not told the outlet. Every label carries "
        "the model, the codebook and the text it was made on.",
    )


def layout(_filters: Filters) -> Component:
    """How good, how whole, what it means and how to read it; then codebook, runs and drift."""
    return html.Div(
        [
            frame.panel("methods-quality", "How often are the labels right?", lines=14),
            frame.panel(
                "methods-complete",
                "How complete is it?",
                "What is missing is missing from every figure; it is never filled in.",
                lines=8,
            ),
            html.Section(
                [
                    html.H2("What the labels do and do not mean"),
                    html.Dl(
                        [
                            html.Div([html.Dt(_title(stage)), html.Dd(text)])
                            for stage, text in wording.CAVEATS.items()
                        ],
                        className="meanings",
                    ),
                ],
                className="panel",
            ),
            html.Section(
                [
                    html.H2("How to read a figure"),
                    html.Ul(
                        [
                            html.Li(
                                f"An average of fewer than {wording.N_MIN} articles is greyed and "
                                "never ranked: it says little about the next article."
                            ),
                            html.Li(
                                "The line around a mean is its 95 % interval. It covers chance in "
                                "which articles were collected, not mistakes of the model."
                            ),
                            html.Li(
                                "An article without a label is missing from averages, never "
                                "counted as neutral."
                            ),
                            html.Li(
                                "Copies of one text are marked as duplicates, and each outlet that "
                                "printed it still counts it: printing it was a choice."
                            ),
                        ],
                        className="rules",
                    ),
                ],
                className="panel",
            ),
            frame.panel("methods-codebook", "Codebook", lines=12),
            frame.panel(
                "methods-runs",
                "Who labelled",
                "A run is one configuration: a labeller and its version, the codebook, the prompts "
                "and settings. It is never changed; labelling again is another run beside it. "
                "Readers see the run that was promoted last, until they choose another at the top "
                "of a page. Promoting is a decision of a person, taken after both runs were "
                "compared on the same texts, and its reason is kept.",
                lines=4,
            ),
            frame.panel(
                "methods-drift",
                "Do two runs agree?",
                "When the model or its instructions change, labels change though the news did not. "
                "Here both runs are asked about the same texts.",
                lines=10,
            ),
        ]
    )


async def draw_quality(client: Client, _filters: Filters) -> Component:
    """What was measured."""
    return quality.measured(await client.get("quality"))


async def draw_complete(client: Client, filters: Filters) -> Component:
    """Articles by label, outlet-days by verdict."""
    once = [("limit", "1"), ("count", "true")]
    seen = links.seen(filters)
    every, labelled, *days = await asyncio.gather(
        client.articles([*once, *seen]),
        client.articles([*once, ("labelled", "true"), *seen]),
        *(client.get("sources", [*once, ("verdict", verdict)]) for verdict, _ in VERDICTS),
    )
    return complete(
        every["meta"]["total"],
        labelled["meta"]["total"],
        [answer["meta"]["total"] for answer in days],
    )


async def draw_drift(client: Client, filters: Filters) -> Component:
    """Two runs on the same texts, where there are two."""
    rows = (await client.runs())["data"]
    found = drift.pair(filters, rows)
    if found is None:
        return drift.alone()
    seen, other = found
    try:
        answer = await client.get("runs/compare", [("a", seen["run_id"]), ("b", other["run_id"])])
    except ApiError as error:
        if error.code != "too-many-articles":
            raise
        body = drift.too_many(error.detail)
    else:
        body = drift.drawn(answer)
    return html.Div([drift.choice(other, rows, seen), body])


async def draw_codebook(client: Client, filters: Filters) -> Component:
    """The codebook in use."""
    try:
        return codebook(await client.codebook(links.seen(filters)))
    except ApiError as error:
        if error.status != 404:
            raise
        return notices.notice(
            "No codebook in use yet", "It appears here with the first labelling run."
        )


async def draw_runs(client: Client, _filters: Filters) -> Component:
    """The labelling runs, newest first."""
    return runs((await client.runs())["data"])


PANELS: Final = {
    "methods-quality": draw_quality,
    "methods-complete": draw_complete,
    "methods-codebook": draw_codebook,
    "methods-runs": draw_runs,
    "methods-drift": draw_drift,
}


def complete(articles: int, labelled: int, days: Sequence[int]) -> Component:
    """How many articles have labels, and how the days of outlets were seen."""
    every = sum(days)
    return html.Div(
        [
            html.P(
                [
                    html.B(f"{wording.count(labelled)} of {wording.plural(articles, 'article')}"),
                    " have labels of the run shown; ",
                    links.inside(
                        f"{wording.count(articles - labelled)} do not", "/articles?labelled=false"
                    ),
                    ", because they wait or were refused.",
                ]
                if articles
                else "Nothing has been collected yet."
            ),
            html.P(
                [
                    html.B(f"{wording.plural(every, 'outlet-day')}"),
                    " were judged. Where a day was not seen as usual, no article is no silence. ",
                    links.inside("Day by day", "/outlets"),
                ]
                if every
                else "How well each outlet was seen on each day has not been judged yet.",
                className="panel-text part",
            ),
            html.Div(
                [bar(name, n, every) for (_, name), n in zip(VERDICTS, days, strict=True)],
                role="list",
                className="bars bars-wide",
                **aria(label="Outlet-days by verdict"),
            )
            if every
            else None,
            data.data("sources", name="outlet-days"),
        ]
    )


def bar(name: str, n: int, every: int) -> Component:
    """A share of all as a length, and the number beside it."""
    return html.Div(
        [
            html.Span(name, className="bar-name"),
            html.Span(
                html.Span(className="bar-fill", style={"width": f"{n / every * 100:.1f}%"}),
                className="bar-track",
                **aria(hidden="true"),
            ),
            html.Span(wording.count(n), className="bar-value"),
        ],
        className="bar",
        role="listitem",
    )


def _title(stage: str) -> str:
    return "Lean of a headline" if stage == "headline_lean" else wording.STAGES[stage]


def codebook(book: Mapping[str, Any]) -> Component:
    """Each question with its answers; long lists fold."""
    questions = book["content"].get("questions", book["content"])
    return html.Div(
        [
            html.P(
                f"Version {book['version']}, digest {wording.digest(book['digest'])}",
                className="source",
            ),
            *[
                question(stage, questions[stage])
                for stage in [*wording.STAGES, *sorted(set(questions) - set(wording.STAGES))]
                if stage in questions
            ],
            data.data("codebook", name="codebook", rows=False),
        ]
    )


def question(stage: str, asked: Mapping[str, Any]) -> Component:
    """One question of the codebook."""
    scale = asked.get("scale")
    rows = [
        [
            label["name"],
            label["definition"],
            f"{label['include']}\nNot: {label['exclude']}",
        ]
        for label in asked["labels"]
    ]
    return html.Details(
        [
            html.Summary(
                [html.B(wording.STAGES.get(stage, wording.name(stage))), " ", asked["question"]]
            ),
            scaled(scale) if scale else None,
            tables.text(
                ["Label", "Meaning", "Counts, and does not"], rows, caption=f"Labels of {stage}"
            )
            if rows
            else None,
            html.Ul([html.Li(rule) for rule in asked.get("tie_rules", [])], className="rules"),
        ],
        className="question",
        open=stage == "lean",
    )


def scaled(scale: Mapping[str, Any]) -> Component:
    """The scale with the sentence that anchors each value."""
    return html.Div(
        [
            html.P([html.Span(scale["id"], className="mark"), " ", scale["note"]]),
            html.Details(
                [
                    html.Summary("The anchors of the scale"),
                    tables.text(
                        ["Value", "Anchor"],
                        [
                            [wording.score(point["value"], 0), point["anchor"]]
                            for point in scale["points"]
                        ],
                        caption="Anchors of the scale",
                        numeric=(0,),
                    ),
                ],
                className="as-table",
            ),
        ]
    )


def runs(rows: Sequence[Mapping[str, Any]]) -> Component:
    """One row a run."""
    if not rows:
        return notices.notice(
            "No labelling run yet",
            "Start the workers, or run ",
            html.Code("newsroom annotate"),
            ".",
        )
    promoted = [row for row in rows if row["promoted"]]
    return html.Div(
        [
            html.P(
                f"Readers see run {row['run_id'][:8]} since {wording.time(row['promoted_at'])}: "
                f"{row['reason']}.",
                className="panel-text",
            )
            for row in promoted
        ]
        + [
            tables.plain(
                ["Run", "Readers see it", "Labeller", "Revision", "Codebook", "Prompt",
                 "Articles", "Refused", "Started"],
                [run_row(row) for row in rows],
                caption="Labelling runs; articles are the current ones that a run has labelled",
                numeric=(6, 7),
            ),
            data.data("runs", name="runs"),
            *[settings(row) for row in rows if row["settings"]],
        ]
    )  # fmt: skip


def run_row(row: Mapping[str, Any]) -> list[Any]:
    """A run as cells; its id leads to the overview through it."""
    return [
        links.inside(row["run_id"][:10], links.path(filters=Filters(run=row["run_id"]))),
        "yes" if row["promoted"] else "before" if row["promoted_at"] else "no",
        row["labeller"],
        wording.digest(row["labeller_revision"]),
        row["codebook_version"],
        wording.digest(row["prompt_digest"]),
        wording.count(row["articles"]),
        wording.count(row["refused"]),
        wording.time(row["started_at"]),
    ]


def settings(row: Mapping[str, Any]) -> Component:
    """What else decides the labels of a run, for a labeller that asks a model."""
    return html.Details(
        [
            html.Summary(f"Settings of run {row['run_id'][:10]}"),
            tables.text(
                ["Setting", "Value"],
                [[name, str(value)] for name, value in sorted(row["settings"].items())],
                caption=f"Settings of run {row['run_id'][:10]}",
            ),
        ],
        className="as-table",
    )
