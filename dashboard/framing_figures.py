"""How outlets write, as Plotly figures: subjects by outlet, parts of a whole, spread, differences.

Pure. A mean of fewer than ``wording.N_MIN`` articles is written but never coloured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard import wording
from dashboard.figures import (
    FEW,
    LEFT,
    MARK,
    MIDDLE,
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

# Paul Tol's light and bright schemes; "other" is grey everywhere.
SENTENCE_COLOURS: Final = {
    "fact": "#4477aa",
    "quote": "#99ccdd",
    "opinion": "#cc6677",
    "borderline": "#ddaa33",
    "other": "#a9a9a3",
}
# Of the elections and of the fields of policy; neither is a party's.
SUBJECT_COLOURS: Final = {"elections": "#aa4499", "policy": "#44aa99", "rest": "#a9a9a3"}
GRID_ROW: Final = 46
CLEAR: Final = "rgba(0,0,0,0)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The parts of an outlet's whole, each a share from 0 to 1, over ``n`` articles."""

    name: str
    n: int
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A difference of two sides with its 95 % interval, in units of its own.

    ``differs`` is None where it was not tested.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    differs: bool | None
    said: str


def grid(
    cells: Mapping[tuple[str, str], Mean],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    kind: str,
    what: str,
) -> Figure:
    """A mean for each outlet (row) and subject (column), coloured where there are enough."""
    low, high = (LEFT, RIGHT) if kind == "lean" else (NEGATIVE, POSITIVE)
    most = max([1.0, *(abs(m.mean) for m in cells.values() if not m.few)])
    below = list(reversed(rows))
    across = [wording.inert(wording.name(c)).replace(" ", "<br>") for c in columns]
    down = [wording.inert(wording.shortened(row, 22)) for row in below]
    found = [[cells.get((row, column)) for column in columns] for row in below]
    return {
        "data": [
            {
                "type": "heatmap",
                "x": across,
                "y": down,
                "z": [[None if m is None or m.few else m.mean for m in line] for line in found],
                "zmin": -most,
                "zmax": most,
                "colorscale": [[0, low], [0.5, CLEAR], [1, high]],
                "showscale": False,
                "xgap": 3,
                "ygap": 3,
                "hoverinfo": "skip",
            }
        ],
        "layout": layout(
            GRID_ROW * len(rows) + 100,
            margin={"l": 8, "r": 8, "t": 8, "b": 8, "pad": 6},
            xaxis=axis_of(
                what,
                side="top",
                showgrid=False,
                type="category",
                range=[-0.5, len(across) - 0.5],
                categoryorder="array",
                categoryarray=across,
            ),
            yaxis=axis_of(
                "",
                showgrid=False,
                type="category",
                range=[-0.5, len(down) - 0.5],
                categoryorder="array",
                categoryarray=down,
            ),
            annotations=[
                {
                    "x": x,
                    "y": y,
                    "text": _cell(m),
                    "showarrow": False,
                    "font": {"size": 11},
                    "opacity": 0.75 if m.few else 1,
                }
                for y, line in enumerate(found)
                for x, m in enumerate(line)
                if m is not None
            ],
        ),
    }


def _cell(m: Mean) -> str:
    half = "" if m.high is None else f" ±{m.high - m.mean:.1f}"
    value = wording.score(m.mean)
    shown = value if m.few else f"<b>{value}</b>"
    return f'{shown}{half}<br><span style="font-size:0.85em">n = {wording.count(m.n)}</span>'


def mix(wholes: Sequence[Whole], colours: Mapping[str, str], names: Mapping[str, str]) -> Figure:
    """One bar of 100 % an outlet, one segment a part, in the order of ``colours``."""
    below = list(reversed(wholes))
    rows = [row_name(w.name, w.n) for w in below]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "name": wording.inert(names[part]),
                "y": rows,
                "x": [w.parts.get(part, 0.0) * 100 for w in below],
                "customdata": [
                    [wording.inert(w.name), wording.share(w.parts.get(part, 0.0))] for w in below
                ],
                "hovertemplate": "<b>%{customdata[0]}</b><br>"
                + wording.inert(names[part])
                + ": %{customdata[1]}<extra></extra>",
                "marker": {
                    "color": colour,
                    "line": {"width": 0},
                    "opacity": [0.55 if w.n < wording.N_MIN else 1 for w in below],
                },
            }
            for part, colour in colours.items()
        ],
        "layout": layout(
            ROW_HEIGHT * len(rows) + 90,
            barmode="stack",
            bargap=0.28,
            xaxis=axis_of("Share (%)", range=[0, 100]),
            yaxis=axis_of(""),
        ),
    }


def ramp(bins: Sequence[int], kind: str) -> dict[str, str]:
    """A colour for each whole number of a scale, from one end over grey to the other."""
    low, high = (LEFT, RIGHT) if kind == "lean" else (NEGATIVE, POSITIVE)
    return {
        str(b): _between(MIDDLE if abs(b) == 0 else "#d9d9d4", low if b < 0 else high, b)
        for b in bins
    }


def _between(start: str, end: str, place: int) -> str:
    part = min(1.0, abs(place) / 3)
    pairs = [(int(start[i : i + 2], 16), int(end[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def balance(means: Sequence[Mean]) -> Figure:
    """Which party an outlet's sentences are about, with 95 % intervals; few articles in grey."""
    below = list(reversed(means))
    colours = [FEW if m.few else MARK for m in below]
    return {
        "data": [
            _marks(
                [m.mean for m in below],
                [(m.low, m.high) for m in below],
                [row_name(m.name, m.n) for m in below],
                colours,
                ["circle-open" if m.few else "circle" for m in below],
                [
                    f"<b>{wording.inert(m.name)}</b><br>{wording.score(m.mean, 2)}, 95 % interval "
                    f"{wording.score(m.low, 2)} to {wording.score(m.high, 2)}"
                    f"<br>n = {wording.count(m.n)}"
                    for m in below
                ],
            )
        ],
        "layout": layout(
            ROW_HEIGHT * len(below) + 100,
            xaxis=axis_of("Balance, 95 % interval", range=[-1.08, 1.08], zeroline=True),
            yaxis=axis_of(""),
            annotations=ends_of("Only Democrats", "Only Republicans"),
        ),
    }


def gaps(rows: Sequence[Gap], *, axis: str, first: str, second: str) -> Figure:
    """Differences around zero; filled where they hold after all the others were tested too."""
    below = list(reversed(rows))
    colours = [MARK if g.differs else FEW for g in below]
    edges = [abs(v) for g in below for v in (g.value, g.low, g.high) if v is not None]
    reach = max([*edges, 0.01]) * 1.12
    # One above the other, so that two long names never meet on a phone.
    left, right = ends_of(
        f"more in {wording.inert(wording.shortened(second, 22))}",
        f"more in {wording.inert(wording.shortened(first, 22))}",
    )
    return {
        "data": [
            _marks(
                [g.value for g in below],
                [(g.low, g.high) for g in below],
                [wording.inert(wording.shortened(g.name, 28)) for g in below],
                colours,
                ["circle" if g.differs else "circle-open" for g in below],
                [f"<b>{wording.inert(g.name)}</b><br>{wording.inert(g.said)}" for g in below],
            )
        ],
        "layout": layout(
            34 * len(below) + 116,
            xaxis=axis_of(axis, range=[-reach, reach], zeroline=True),
            yaxis=axis_of(""),
            margin={"l": 8, "r": 16, "t": 46, "b": 44, "pad": 6},
            annotations=[left | {"yshift": 16}, right],
        ),
    }


def _marks(
    x: Sequence[float],
    ends: Sequence[tuple[float | None, float | None]],
    y: Sequence[str],
    colours: Sequence[str],
    symbols: Sequence[str],
    text: Sequence[str],
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": list(y),
        "text": list(text),
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "size": 11,
            "color": list(colours),
            "symbol": list(symbols),
            "line": {"width": 2, "color": list(colours)},
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [
                0 if high is None else high - v for v, (_, high) in zip(x, ends, strict=True)
            ],
            "arrayminus": [
                0 if low is None else v - low for v, (low, _) in zip(x, ends, strict=True)
            ],
            "color": FEW,
            "thickness": 1.6,
            "width": 4,
        },
    }
