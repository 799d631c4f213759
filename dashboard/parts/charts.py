"""A figure with what has to stand beside it: what it rests on, the same in words, the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import wording
from dashboard.figures import Figure
from dashboard.parts import data, tables
from dashboard.parts.aria import aria

CONFIG: Final[Any] = {
    "displaylogo": False,
    "responsive": True,
    "scrollZoom": False,
    "doubleClick": False,
    "displayModeBar": False,  # the block below saves images, also without a mouse
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a figure was drawn from. ``href`` is the same question put to the API.

    ``interval`` says what the bars around a value mean; ``seen_days`` are the outlet-days that were
    seen as usual, and all that were judged.
    """

    n: int
    href: str
    first_at: str | None = None
    last_at: str | None = None
    labeller: str | None = None
    labeller_revision: str | None = None
    codebook: str | None = None
    run_id: str | None = None
    interval: str | None = None
    seen_days: tuple[int, int] | None = None


def source_line(source: Source) -> Component:
    """``n = 1,204 articles · 3–12 Nov 2026 · labels: embedded · codebook v1 · run 3f1c9a0b``."""
    words = [f"n = {wording.plural(source.n, 'article')}"]
    if source.first_at or source.last_at:
        words.append(wording.span(source.first_at, source.last_at))
    if source.labeller:
        revision = f" ({source.labeller_revision[:12]})" if source.labeller_revision else ""
        words.append(f"labels: {source.labeller}{revision}")
    if source.codebook:
        words.append(f"codebook {source.codebook}")
    if source.run_id:
        words.append(f"run {source.run_id[:8]}")
    if source.interval:
        words.append(source.interval)
    if source.seen_days:
        whole, judged = source.seen_days
        words.append(
            f"{wording.count(whole)} of {wording.count(judged)} outlet-days seen as usual"
            if judged
            else "nobody judged how well these days were seen"
        )
    return html.P(" · ".join(words), className="source")


def chart(
    figure: Figure,
    *,
    title: str,
    summary: str,
    source: Source,
    heads: Sequence[str],
    rows: Sequence[Sequence[Any]],
    numeric: Sequence[int] = (),
    notes: Sequence[Any] = (),
    legend: Sequence[tuple[Any, str, str]] = (),
) -> Component:
    """The figure, its caption, and the numbers behind it as a table one click away.

    ``legend`` holds name, colour and the form of the mark: ``square``, ``circle`` or ``diamond``.
    """
    return html.Figure(
        [
            html.Ul(
                [
                    html.Li(
                        [
                            html.Span(
                                className=f"key key-{form}", style={"backgroundColor": colour}
                            ),
                            name,
                        ]
                    )
                    for name, colour, form in legend
                ],
                className="legend",
            )
            if legend
            else None,
            html.Div(
                dcc.Graph(figure=figure, config=CONFIG, responsive=True, className="graph"),
                role="img",
                className="graph-box",
                style={"height": f"{figure['layout']['height']}px"},
                **aria(label=f"{title}. {summary}"),
            ),
            html.Figcaption(
                [
                    *[html.P(note, className="chart-note") for note in notes],
                    source_line(source),
                    html.Details(
                        [
                            html.Summary("The same as a table"),
                            tables.text(heads, rows, caption=title, numeric=numeric),
                        ],
                        className="as-table",
                    ),
                    data.block(source.href, name=title, image=True),
                ]
            ),
        ],
        className="chart",
    )
