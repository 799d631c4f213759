"""The mix of topics as Plotly figures: stacked bars, and one class by outlet. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dashboard import wording
from dashboard.figures import (
    ROW_HEIGHT,
    Figure,
    Mean,
    axis_of,
    layout,
    row_name,
)
from dashboard.topic_mix import OTHER, Part, Row

# Paul Tol's bright and muted schemes, which stay apart for colour-blind readers.
CATEGORY_COLOURS: Final = {
    "politics": "#4477aa",
    "culture_and_lifestyle": "#aa3377",
    "sports": "#ccbb44",
    "business_and_economy": "#228833",
    "disaster_and_incidents": "#ee6677",
    "science_and_technology": "#66ccee",
}
OTHER_COLOUR: Final = "#a9a9a3"
TOPIC_COLOURS: Final = (
    "#4477aa", "#cc6677", "#ddcc77", "#117733", "#88ccee",
    "#882255", "#44aa99", "#999933", "#aa4499", "#6b6bb5",
)  # fmt: skip
CLASSES_MAX: Final = len(TOPIC_COLOURS)
MUTED: Final = "#c9c9c4"  # classes beside the one that is highlighted; holds 1.6:1 on both sheets


def stacked(
    rows: Sequence[Row],
    classes: Sequence[str],
    *,
    shares: bool,
    axis: str,
    highlight: str | None = None,
) -> Figure:
    """One bar a row, one segment a class; with ``shares`` each bar is 100 %.

    The class that is highlighted stands first, where bars can be compared, and alone in colour.
    """
    kinds = [k for k in classes if k == highlight] + [k for k in classes if k != highlight]
    colours = colours_of(classes, highlight)
    below = list(reversed(rows))  # Plotly counts from the bottom
    names = [row_name(row.name, row.n) for row in below]
    traces = []
    for kind in kinds:
        parts = [row.parts[kind] for row in below]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": wording.inert(wording.name(kind)),
                "y": names,
                "x": [part.share * 100 if shares else part.n for part in parts],
                "customdata": [
                    [wording.inert(row.name), wording.count(part.n), spelt(part)]
                    for row, part in zip(below, parts, strict=True)
                ],
                "hovertemplate": "<b>%{customdata[0]}</b><br>"
                + wording.inert(wording.name(kind))
                + ": %{customdata[1]} articles, %{customdata[2]}<extra></extra>",
                "marker": {"color": colours[kind], "line": {"width": 0}},
            }
        )
    return {
        "data": traces,
        "layout": layout(
            ROW_HEIGHT * len(rows) + 90,
            barmode="stack",
            bargap=0.28,
            xaxis=axis_of(axis, range=[0, 100] if shares else None, rangemode="tozero"),
            yaxis=axis_of(""),
        ),
    }


def colours_of(classes: Sequence[str], highlight: str | None) -> Mapping[str, str]:
    """A colour a class; all but the highlighted one grey, where there is one."""
    colours = palette(classes)
    if highlight not in classes:
        return colours
    return {kind: colours[kind] if kind == highlight else MUTED for kind in colours}


def spelt(part: Part) -> str:
    """``34 % (21 to 50 %)``."""
    if part.low is None or part.high is None:
        return wording.share(part.share)
    return f"{wording.share(part.share)} ({part.low * 100:.0f} to {part.high * 100:.0f} %)"


def means(rows: Sequence[Row], kind: str) -> list[Mean]:
    """The share of one class in each row, as means with intervals."""
    return [
        Mean(name=row.name, n=row.n, mean=part.share, low=part.low, high=part.high)
        for row in rows
        for part in (row.parts[kind],)
    ]


def palette(classes: Sequence[str]) -> dict[str, str]:
    """A colour for each class: the category's own, else the next of the scheme."""
    colours = dict(zip([c for c in classes if c != OTHER], TOPIC_COLOURS, strict=False))
    own = {kind: colour for kind, colour in CATEGORY_COLOURS.items() if kind in classes}
    return colours | {OTHER: OTHER_COLOUR} | own
