"""What people say against the labels of an article, and the form with which a reader says it.

The form is sent by the reader's own browser (``assets/dispute.js``) straight to the API, with the
key that was typed in: this server never sees the key, and lends none of its own rights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts import data, tables
from dashboard.parts.aria import aria

Row = Mapping[str, Any]
REASON_MAX: Final = 2_000  # characters, the API's
KEY: Final = "dispute-key"
WRONG: Final = (
    ("label", "The label or the score"),
    ("evidence", "The sentences it rests on"),
    ("reason", "What is said as its reason"),
    ("missing", "It has no label and should"),
    ("other", "Something else"),
)
OF_SENTENCES: Final = ("sentence_type", "sentence_tone", "sentence_focus")
QUESTIONS: Final = (
    *((stage, "article") for stage in ("lean", "tone", "topic", "subtopic", "category")),
    *((stage, "article") for stage in ("news_type", "takeaways")),
    ("lean", "headline"),
    ("tone", "headline"),
    *((stage, "sentence") for stage in OF_SENTENCES),
)


def said(disputes: Mapping[str, Any], overrides: Mapping[str, Any], article_id: str) -> Component:
    """Disputes and labels of people, newest first."""
    spoken, given = disputes["data"], overrides["data"]
    more = bool(disputes["next_cursor"] or overrides["next_cursor"])
    still_open = sum(1 for row in spoken if row["state"] == "open")
    head = (
        f"{wording.plural(len(spoken), 'dispute')}, {still_open} of them open; "
        f"{wording.plural(len(given), 'label')} given by people."
        if spoken or given
        else "Nobody has disputed a label of this article, and no person has given one."
    )
    return html.Div(
        [
            html.P([head, " The newest are shown." if more else ""]),
            html.Ol(
                [*[override(row) for row in given], *[dispute(row) for row in spoken]],
                className="edits",
            )
            if spoken or given
            else None,
            data.data("disputes", [("article", article_id)], name="disputes"),
            data.data("overrides", [("article", article_id)], name="labels given by people")
            if given
            else None,
        ]
    )


def _label(row: Row) -> str:
    part = {"headline": " of the headline", "sentence": f" {(row['sentence'] or 0) + 1}"}
    return wording.STAGES.get(row["stage"], row["stage"]) + part.get(row["scope"], "")


def _value(label: str | None, score: float | None) -> str:
    parts = [
        wording.name(label) if label else "",
        wording.score(score) if score is not None else "",
    ]
    return ", ".join(filter(None, parts))


def dispute(row: Row) -> Component:
    """One dispute with what was decided, if anything was."""
    wanted = _value(row["suggested_label"], row["suggested_score"])
    state = "open" if row["state"] == "open" else row["outcome"]
    return html.Li(
        [
            html.P(
                [
                    html.B(f"Dispute {row['dispute_id']}: {state}", className="edit-kind"),
                    f" {_label(row)} · {dict(WRONG)[row['wrong']].lower()}",
                    f" · should be {wanted}" if wanted else "",
                ],
                className="edit-head",
            ),
            html.P(row["reason"], className="edit-text"),
            html.P(f"{row['by']}, {wording.time(row['made_at'])}", className="quiet"),
            html.P(
                f"Decided by {row['resolved_by']}, {wording.time(row['resolved_at'])}: "
                f"{row['note']}",
                className="edit-text",
            )
            if row["outcome"]
            else None,
        ],
        className="edit",
        id=f"dispute-{row['dispute_id']}",
    )


def override(row: Row) -> Component:
    """One label that a person gave, beside that of the run."""
    return html.Li(
        [
            html.P(
                [
                    html.B("A person's label", className="edit-kind"),
                    f" {_label(row)}: {_value(row['label'], row['score'])}",
                    "" if row["current"] else " (of an earlier text, or thought over since)",
                ],
                className="edit-head",
            ),
            html.P(row["reason"], className="edit-text") if row["reason"] else None,
            html.P(
                f"{row['by']}, {wording.time(row['made_at'])}. It stands beside the model's label "
                "and is in no average.",
                className="quiet",
            ),
        ],
        className="edit",
    )


def form(article_id: str, run_id: str | None) -> Component | None:
    """The form, folded; None without a run, because then there is no label to dispute."""
    if run_id is None:
        return None
    fields = [
        _choice("dispute-label", "Which label", [(_key(*q), _question(*q)) for q in QUESTIONS]),
        _choice("dispute-wrong", "What is wrong", WRONG),
        dmc.TextInput(
            id="dispute-sentence",
            label="Number of the sentence",
            description="Only where the label is of a sentence; numbered as above, from 1.",
            inputProps={"inputMode": "numeric"},
        ),
        dmc.TextInput(
            id="dispute-suggested",
            label="What it should be (optional)",
            description=html.Span(["A label such as “center”; see ", _codebook(), "."]),
        ),
        html.Div(
            [
                html.Label("Why", htmlFor="dispute-reason"),
                html.P(
                    f"Public, under the name of your key. Up to {REASON_MAX:,} characters.",
                    id="dispute-reason-help",
                    className="quiet",
                ),
                html.Textarea(
                    id="dispute-reason",
                    rows=4,
                    maxLength=REASON_MAX,
                    className="field",
                    **aria(describedby="dispute-reason-help"),
                ),
            ],
            className="dispute-wide",
        ),
        html.Div(
            dmc.PasswordInput(
                id=KEY,
                label="Your key",
                description="It begins with nr_. It goes from your browser to the API with this "
                "dispute, and is neither kept nor put in the address.",
                placeholder="nr_…",
            ),
            className="dispute-wide",
        ),
    ]
    target: dict[str, Any] = {"data-article": article_id, "data-run": run_id}
    return html.Details(
        [
            html.Summary("Dispute a label", className="button"),
            html.P(
                "A dispute needs a key, so that everyone can see who said it. Ask whoever runs "
                "this site for one with the scope “dispute”. They make it with:",
                className="panel-text dispute-how",
            ),
            html.P(html.Code("newsroom keys create YOUR_NAME --scope dispute")),
            html.Form(
                [
                    html.Div(fields, className="dispute-fields"),
                    html.Button("Send the dispute", type="submit", className="button"),
                    html.Div(id="dispute-answer", className="dispute-answer", role="status"),
                ],
                id="dispute-form",
                autoComplete="off",
                **target,
            ),
        ],
        className="dispute",
    )


def _codebook() -> Component:
    return links.inside("the codebook", "/methods")


def _key(stage: str, scope: str) -> str:
    return f"{stage}/{scope}"


def _question(stage: str, scope: str) -> str:
    return wording.STAGES[stage] + (" of the headline" if scope == "headline" else "")


def _choice(name: str, label: str, options: Sequence[tuple[str, str]]) -> Component:
    """A native list: every keyboard, screen reader and phone knows it."""
    return html.Div(
        [
            html.Label(label, htmlFor=name),
            html.Select(
                [html.Option(text, value=value) for value, text in options],
                id=name,
                className="field",
            ),
        ]
    )


def changes(answer: Mapping[str, Any]) -> Component:
    """The change log: what people changed in what readers see."""
    rows = answer["data"]
    return html.Div(
        [
            tables.plain(
                ["When", "What", "Who", "About", "Why"],
                [
                    [
                        wording.time(row["at"]),
                        CHANGES.get(row["kind"], wording.name(row["kind"])),
                        row["by"],
                        about(row),
                        wording.shortened(row["reason"] or "", 160) or wording.NONE,
                    ]
                    for row in rows
                ],
                caption="Changes by people, newest first",
            )
            if rows
            else html.P("Nobody has changed anything that readers see."),
            data.data("changes", name="changes by people"),
        ]
    )


CHANGES: Final[Mapping[str, str]] = {
    "dispute": "Label disputed",
    "resolution": "Dispute decided",
    "override": "Label given by a person",
    "event-edit": "Event edited",
    "promotion": "Run promoted",
    "takedown": "Article taken down",
}


def about(row: Row) -> Any:
    """A link to what was changed; an article that was taken down has no page."""
    if row["kind"] == "takedown":
        return f"article {row['article_id'][:10]}"
    if row["article_id"]:
        return links.inside("an article", links.path("articles", row["article_id"]))
    if row["event_id"]:
        kind = "stories" if row["details"].get("level") == "story" else "events"
        return links.inside(
            "a story" if kind == "stories" else "an event", links.path(kind, row["event_id"])
        )
    return f"run {row['run_id'][:10]}" if row["run_id"] else wording.NONE
