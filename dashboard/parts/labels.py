"""One label drawn: a place on a scale, a distribution, how sure, and what it does not mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import wording
from dashboard.parts.aria import aria
from dashboard.parts.sentences import anchor
from dashboard.shapes import Annotation, Labels

ENDS: Final = {
    "lean": ("Left", "Center", "Right"),
    "tone": ("Negative", "Neutral", "Positive"),
}
# The order a reader expects; anything else follows by its probability.
ORDER: Final = ("left", "center", "right", "negative", "neutral", "positive")
SHOWN_MAX: Final = 5


def _place(score: float) -> float:
    return (max(-5.0, min(5.0, score)) + 5) * 10


def mini(kind: str, score: float | None, *, named: bool = False) -> Component:
    """A score in a line of text: a dot on a short scale, and the number.

    One element, its scale drawn by the style sheet: Dash's renderer takes time quadratic in the
    number of components that appear at once, and lists hold many of these.
    """
    if score is None:
        return html.Span(wording.NONE, className="cell-none")
    name = wording.STAGES.get(kind, kind)
    return html.Span(
        f"{name} {wording.score(score)}" if named else wording.score(score),
        className=f"mini mini-{kind}",
        style={"--place": f"{_place(score) / 100:.3f}"},
        title=f"{name} {wording.score(score)} on \u22125 \u2026 +5",
    )


def gauge(kind: str, score: float) -> Component:
    """A score on its whole scale, with both ends and the middle named."""
    low, middle, high = ENDS[kind]
    spelt = wording.score(score)
    words = wording.side(score) if kind == "lean" else wording.mood(score)
    return html.Div(
        [
            html.Div(
                [
                    html.Span(className="gauge-zero"),
                    html.Span(className="gauge-mark", style={"left": f"{_place(score):.1f}%"}),
                ],
                className=f"gauge-track gauge-{kind}",
            ),
            html.Div(
                [
                    html.Span(f"{low} \u22125"),
                    html.Span(f"{middle} 0"),
                    html.Span(f"{high} +5"),
                ],
                className="gauge-ends",
                **aria(hidden="true"),
            ),
        ],
        className="gauge",
        role="img",
        **aria(label=f"{spelt} on a scale from \u22125, {low}, to +5, {high}: {words}"),
    )


def distribution(kind: str, shares: Mapping[str, float] | None) -> Component | None:
    """The probability of each class as a bar, the number beside it."""
    if not shares:
        return None
    known = [name for name in ORDER if name in shares]
    rest = sorted((n for n in shares if n not in known), key=lambda n: -shares[n])
    names = (known + rest)[:SHOWN_MAX]
    rows = [
        html.Div(
            [
                html.Span(wording.name(name), className="bar-name"),
                html.Span(
                    html.Span(
                        className=f"bar-fill bar-{kind}-{name if name in ORDER else 'class'}",
                        style={"width": f"{max(0.0, min(1.0, shares[name])) * 100:.1f}%"},
                    ),
                    className="bar-track",
                    **aria(hidden="true"),
                ),
                html.Span(wording.share(shares[name]), className="bar-value"),
            ],
            className="bar",
            role="listitem",
        )
        for name in names
    ]
    return html.Div(rows, className="bars", role="list", **aria(label="Probabilities"))


def sureness(confidence: float | None) -> Component | None:
    """How sure the model was, with a word for those who do not read percentages."""
    if confidence is None:
        return None
    word = "sure" if confidence >= 0.8 else "fairly sure" if confidence >= 0.6 else "unsure"
    return html.Span(
        [html.B(word), f" {wording.share(confidence)}"],
        className=f"sureness sureness-{word.split(maxsplit=1)[0]}",
        title="Confidence of the model in this label",
    )


def caveat(text: str) -> Component:
    """What the label does not mean, one click away."""
    return html.Details(
        [html.Summary("What this does and does not mean"), html.P(text)], className="caveat"
    )


QUOTED_MAX: Final = 3  # sentences of a card; the rest is in the strip, by number


def quoted(quote: Mapping[str, Any]) -> str:
    """A sentence as the API gives it: never more than a few words."""
    return str(quote["quote"]) + ("\N{HORIZONTAL ELLIPSIS}" if quote["cut"] else "")


def card(annotation: Annotation, said: Mapping[int, str]) -> Component:
    """One current label of an article; ``said`` are the quoted sentences by number."""
    stage, scope, score = annotation["stage"], annotation["scope"], annotation["score"]
    headline = scope == "headline"
    what = wording.STAGES.get(stage, wording.name(stage))
    marks: list[Any] = []
    if not annotation["validated"]:
        marks.append(html.Span("unvalidated", className="mark"))
    if annotation["scale"] == "mapped3":
        marks.append(html.Span("mapped3", className="mark", title=wording.MAPPED3))
    value = (
        [
            html.Span(wording.score(score), className="label-score"),
            html.Span(
                wording.name(annotation["label"]) if annotation["label"] else "",
                className="label-words",
            ),
        ]
        if score is not None
        else [html.Span(wording.name(annotation["label"]), className="label-class")]
        if annotation["label"]
        else []
    )
    evidence = annotation["evidence"]
    about = f"headline_{stage}" if headline else stage
    return html.Article(
        [
            html.Div(
                [
                    html.H3([what, " of the headline" if headline else ""]),
                    *marks,
                    sureness(annotation["confidence"]),
                ],
                className="label-top",
            ),
            html.Div(value, className="label-value") if value else None,
            html.P(annotation["text"], className="label-text") if annotation["text"] else None,
            gauge(stage, score) if score is not None and stage in ENDS else None,
            distribution(stage, annotation["distribution"]),
            html.P(annotation["reason"], className="label-reason")
            if annotation["reason"]
            else None,
            rests_on(evidence, said) if evidence else None,
            caveat(wording.CAVEATS[about]) if about in wording.CAVEATS else None,
        ],
        className="label-card",
    )


def rests_on(evidence: Sequence[int], said: Mapping[int, str]) -> Component:
    """The sentences that a label rests on: the first in words, all by number."""
    return html.Div(
        [
            html.P(
                [
                    "Rests on sentence " if len(evidence) == 1 else "Rests on sentences ",
                    *[part for n in evidence for part in (", ", _place_of(n))][1:],
                ],
                className="label-evidence",
            ),
            *[
                html.Blockquote(html.Mark(said[number]), className="label-quote")
                for number in [n for n in evidence if n in said][:QUOTED_MAX]
            ],
        ]
    )


def _place_of(number: int) -> Component:
    return html.A(str(number + 1), href=f"#{anchor(number)}")


def chips(labels: Labels | None) -> Component:
    """The labels of an article in one line."""
    if labels is None:
        return html.P("not labelled yet", className="chips chip-waiting")
    out: list[Any] = []
    if labels["news_type"] and labels["news_type"] != "news report":
        out.append(html.B(wording.name(labels["news_type"]), className="chip-type"))
    if labels["topic"] or labels["category"]:
        out.append(html.Span(wording.name(labels["topic"] or labels["category"])))
    out += [
        mini(kind, score, named=True)
        for kind, score in (("lean", labels["lean"]), ("tone", labels["tone"]))
        if score is not None
    ]
    return html.P(out, className="chips")
