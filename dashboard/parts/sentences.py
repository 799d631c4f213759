"""The sentences of an article as a strip: what kind each is, how it sounds, whom it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts import tables
from dashboard.parts.aria import aria

CELLS_MAX: Final = 300  # a long read; the rest stands in the data
# The three bands of a cell from top to bottom, and the labels of each in the order of the codebook.
BANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "type": ("fact", "opinion", "quote", "borderline", "other"),
    "tone": ("negative", "neutral", "positive"),
    "focus": ("democrat", "republican", "both", "neither"),
}
UNLABELLED: Final = "none"


def anchor(number: int) -> str:
    """The id of a sentence's cell, for what rests on it."""
    return f"sentence-{number}"


def strip(rows: Sequence[Mapping[str, Any]], href: str) -> Component | None:
    """One cell a sentence; None where no sentence was labelled."""
    if not any(row[band] for row in rows for band in BANDS):
        return None
    shown = rows[:CELLS_MAX]
    notes = [wording.plural(len(rows), "sentence")]
    if len(rows) > len(shown):
        notes.append(f"the first {len(shown)} are drawn")
    return html.Div(
        [
            *[legend(band, rows) for band in BANDS],
            html.Ol([cell(row) for row in shown], className="sentences"),
            html.P(["; ".join(notes), " · ", links.data("get the data", href)], className="source"),
            html.Details(
                [
                    html.Summary("The same as a table"),
                    tables.text(
                        ["Sentence", "Type", "Tone", "Focus", "A label rests on it"],
                        [
                            [row["sentence"] + 1, *[_said(row[b]) for b in BANDS], rests(row)]
                            for row in rows
                        ],
                        caption="Labels of each sentence",
                        numeric=(0,),
                    ),
                ],
                className="as-table",
            ),
        ]
    )


def legend(band: str, rows: Sequence[Mapping[str, Any]]) -> Component:
    """The colours of one band, with how many sentences have each."""
    labels = [row[band]["label"] for row in rows if row[band]]
    return html.Ul(
        [
            html.Li(html.B(wording.STAGES[f"sentence_{band}"])),
            *[
                html.Li(
                    [
                        html.Span(className=f"key key-square band-{band}-{label}"),
                        f"{wording.name(label)} {labels.count(label)}",
                    ]
                )
                for label in BANDS[band]
            ],
        ],
        className="legend legend-band",
    )


def cell(row: Mapping[str, Any]) -> Component:
    """A numbered cell in three colours; marked where a label of the article rests on it."""
    said = [f"{band}: {_said(row[band])}" for band in BANDS]
    text = f"Sentence {row['sentence'] + 1}. " + ", ".join(said)
    if row["evidence_of"]:
        text += f". Evidence for {rests(row)}"
    kinds = [f"{band}-{_label(row[band])}" for band in BANDS]
    return html.Li(
        str(row["sentence"] + 1),
        id=anchor(row["sentence"]),
        className=" ".join(["sentence", *kinds, *(["sentence-rests"] * bool(row["evidence_of"]))]),
        title=text,
        **aria(label=text),
    )


def rests(row: Mapping[str, Any]) -> str:
    """What rests on a sentence, by name."""
    return ", ".join(
        wording.STAGES.get(label["stage"], label["stage"]).lower()
        + (" of the headline" if label["scope"] == "headline" else "")
        for label in row["evidence_of"]
    )


def _label(label: Mapping[str, Any] | None) -> str:
    return UNLABELLED if label is None or label["label"] is None else str(label["label"])


def _said(label: Mapping[str, Any] | None) -> str:
    if label is None:
        return wording.NONE
    sure = f" ({wording.share(label['confidence'])})" if label["confidence"] is not None else ""
    return f"{label['label']}{sure}"
