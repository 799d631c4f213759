"""Figures of one event or story: every article on a scale, and what sentences are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard import wording
from dashboard.figures import (
    FEW,
    LEFT,
    NEGATIVE,
    POSITIVE,
    RIGHT,
    ROW_HEIGHT,
    Figure,
    Mean,
    axis_of,
    ends_of,
    layout,
    row_name,
)

NEAR: Final = 0.5  # a score so near to zero is drawn as neither side
MEAN_COLOUR: Final = "#77777a"

# Paul Tol's muted scheme; the sentence strip of an article has the same meanings.
MIX: Final[Mapping[str, tuple[str, str]]] = {
    "fact": ("Facts", "#4f7ea6"),
    "quote": ("Quotes", "#c9a227"),
    "opinion": ("Opinions", "#cc6677"),
    "rest": ("Between or other", "#8b8b85"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One article on a scale."""

    outlet: str
    score: float
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Shares of an outlet's sentences; ``shares`` are by the names of ``MIX`` and add up to 1."""

    outlet: str
    sentences: int
    articles: int
    shares: Mapping[str, float]


def side_colour(kind: str, score: float) -> str:
    """The colour of the side a score is on, or grey near the middle."""
    if abs(score) < NEAR:
        return FEW
    low, high = (LEFT, RIGHT) if kind == "lean" else (NEGATIVE, POSITIVE)
    return low if score < 0 else high


def scores(points: Sequence[Point], means: Sequence[Mean], *, kind: str) -> Figure:
    """Every article of each outlet as a dot, the outlet's mean as a line with its 95 % interval.

    Outlets stand in the order of ``means``, the first on top.
    """
    low, high = ("Left", "Right") if kind == "lean" else ("Negative", "Positive")
    rows = {mean.name: row_name(mean.name, mean.n) for mean in means}
    order = list(reversed(list(rows.values())))
    drawn = [point for point in points if point.outlet in rows]
    reach = _reach(drawn, means)
    return {
        "data": [_means(means, rows), _articles(drawn, rows, kind)],
        "layout": layout(
            ROW_HEIGHT * len(order) + 100,
            annotations=ends_of(low, high),
            xaxis=axis_of(
                f"{wording.STAGES[kind]}; line: mean, 95 % interval",
                range=[-reach, reach],
                zeroline=True,
            ),
            yaxis=axis_of(
                "", categoryorder="array", categoryarray=order, range=[-0.6, len(order) - 0.4]
            ),
        ),
    }


def _means(means: Sequence[Mean], rows: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Mean of the outlet",
        "x": [m.mean for m in means],
        "y": [rows[m.name] for m in means],
        "text": [
            f"<b>{wording.inert(m.name)}</b><br>mean {wording.score(m.mean, 2)}, "
            + (
                f"95 % interval {wording.score(m.low, 2)} to {wording.score(m.high, 2)}"
                if m.low is not None
                else "no interval: one article"
            )
            + f"<br>n = {wording.count(m.n)}"
            for m in means
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "size": 20,
            "symbol": "line-ns-open",
            "color": MEAN_COLOUR,
            "line": {"width": 2.5, "color": MEAN_COLOUR},
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [0 if m.high is None else m.high - m.mean for m in means],
            "arrayminus": [0 if m.low is None else m.mean - m.low for m in means],
            "color": FEW,
            "thickness": 1.6,
            "width": 4,
        },
    }


def _articles(points: Sequence[Point], rows: Mapping[str, str], kind: str) -> dict[str, Any]:
    colours = [side_colour(kind, point.score) for point in points]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Article",
        "x": [point.score for point in points],
        "y": [rows[point.outlet] for point in points],
        "text": [
            f"<b>{wording.inert(point.outlet)}</b><br>"
            f"{wording.inert(wording.shortened(point.headline, 60))}<br>"
            f"{wording.STAGES[kind].lower()} {wording.score(point.score, 2)}"
            for point in points
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": 12, "color": colours, "opacity": 0.85, "line": {"width": 0}},
    }


def _reach(points: Sequence[Point], means: Sequence[Mean]) -> float:
    edges = [abs(point.score) for point in points]
    edges += [abs(v) for m in means for v in (m.mean, m.low, m.high) if v is not None]
    return min(5.2, max([1.0, *edges]) * 1.12)


def mix(rows: Sequence[Mix]) -> Figure:
    """What each outlet's sentences are: one bar an outlet, 100 % wide, the first on top."""
    names = {row.outlet: row_name(row.outlet, row.sentences) for row in rows}
    order = list(reversed(list(names.values())))
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "name": said,
                "x": [row.shares[kind] * 100 for row in rows],
                "y": [names[row.outlet] for row in rows],
                "customdata": [
                    [wording.inert(row.outlet), wording.share(row.shares[kind])] for row in rows
                ],
                "hovertemplate": f"<b>%{{customdata[0]}}</b><br>{said}: %{{customdata[1]}}"
                "<extra></extra>",
                "marker": {"color": colour, "line": {"width": 0}},
            }
            for kind, (said, colour) in MIX.items()
        ],
        "layout": layout(
            ROW_HEIGHT * len(rows) + 90,
            barmode="stack",
            bargap=0.28,
            xaxis=axis_of("Share of sentences (%)", range=[0, 100]),
            yaxis=axis_of("", categoryorder="array", categoryarray=order),
        ),
    }
