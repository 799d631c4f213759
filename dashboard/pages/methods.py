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
                "A run is one configuration: a labeller and its version, the codebook, the prompts "
                "and settings. It is never changed; labelling again is another run beside it. "
                "Readers see the run that was promoted last, until they choose another at the top "
                "of a page. Promoting is a decision of a person, taken after both runs were "
                "compared on the same texts, and its reason is kept.",
                lines=4,
            ),
        ]
    )


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
            html.P(links.data("get the data", links.api_path("runs")), className="source"),
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
