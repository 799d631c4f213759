"""What the labels mean, who made them, and what they must not be read as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import ApiError, Client
from dashboard.links import Filters
from dashboard.parts import frame, notices, tables

TITLE: Final = "Methods"


def top(_filters: Filters) -> Component:
    """The title."""
    return frame.head(
        "Methods",
        "Each article is read by a model that is not told the outlet. Every label carries "
        "the model, the codebook and the text it was made on.",
    )


def layout(_filters: Filters) -> Component:
    """Cautions first, then the codebook, then the runs."""
    return html.Div(
        [
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
                "A run is one configuration of a labeller. Labelling again adds labels beside the "
                "old ones.",
                lines=4,
            ),
        ]
    )


async def draw_codebook(client: Client, _filters: Filters) -> Component:
    """The codebook in use."""
    try:
        return codebook(await client.codebook())
    except ApiError as error:
        if error.status != 404:
            raise
        return notices.notice(
            "No codebook in use yet", "It appears here with the first labelling run."
        )


async def draw_runs(client: Client, _filters: Filters) -> Component:
    """The labelling runs, newest first."""
    return runs((await client.runs())["data"])


PANELS: Final = {"methods-codebook": draw_codebook, "methods-runs": draw_runs}


def _title(stage: str) -> str:
    return "Lean of a headline" if stage == "headline_lean" else wording.STAGES[stage]


def codebook(book: Mapping[str, Any]) -> Component:
    """Each question with its answers; long lists fold."""
    questions = book["content"].get("questions", book["content"])
    return html.Div(
        [
            html.P(
                [
                    f"Version {book['version']}, digest {wording.digest(book['digest'])} · ",
                    links.data("get the data", links.api_path("codebook")),
                ],
                className="source",
            ),
            *[
                question(stage, questions[stage])
                for stage in [*wording.STAGES, *sorted(set(questions) - set(wording.STAGES))]
                if stage in questions
            ],
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
    return tables.text(
        ["Run", "Labeller", "Revision", "Codebook", "Prompt", "Code", "Started"],
        [
            [
                wording.digest(row["run_id"]),
                row["labeller"],
                wording.digest(row["labeller_revision"]),
                row["codebook_version"],
                wording.digest(row["prompt_digest"]),
                row["code_version"],
                wording.time(row["started_at"]),
            ]
            for row in rows
        ],
        caption="Labelling runs",
    )
