"""How good labels are, and how alike those of two runs, as Plotly figures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard import wording
from dashboard.figures import FEW, MARK, ROW_HEIGHT, SECOND, Figure, axis_of, layout

GUESS: Final = "Always the most common label"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share with its 95 % interval over ``n`` units; ``guess`` is what it beats, if known."""

    name: str
    value: float
    low: float | None
    high: float | None
    n: int
    unit: str
    guess: float | None = None

    @property
    def few(self) -> bool:
        """Too few to be compared."""
        return self.n < wording.N_MIN


def shares(rows: Sequence[Share], title: str) -> Figure:
    """One dot a row in the order given, its interval, and a bar where guessing would stand."""
    shown = list(reversed(rows))
    names = [f"{wording.inert(row.name)}<br>n = {wording.count(row.n)}" for row in shown]
    colours = [FEW if row.few else MARK for row in shown]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": title,
            "x": [row.value for row in shown],
            "y": names,
            "text": [said(row) for row in shown],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {
                "size": 11,
                "color": colours,
                "symbol": ["circle-open" if row.few else "circle" for row in shown],
                "line": {"width": 2, "color": colours},
            },
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [0 if row.high is None else row.high - row.value for row in shown],
                "arrayminus": [0 if row.low is None else row.value - row.low for row in shown],
                "color": FEW,
                "thickness": 1.6,
                "width": 4,
            },
        }
    ]
    guessed = [(row.guess, name) for row, name in zip(shown, names, strict=True) if row.guess]
    if guessed:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": GUESS,
                "x": [guess for guess, _ in guessed],
                "y": [name for _, name in guessed],
                "hovertemplate": GUESS + ": %{x:.0%}<extra></extra>",
                "marker": {"size": 11, "symbol": "diamond", "color": SECOND},
            }
        )
    return {
        "data": traces,
        "layout": layout(
            ROW_HEIGHT * len(rows) + 80,
            xaxis=axis_of(title, range=[0, 1.02], tickformat=".0%"),
            yaxis=axis_of("", categoryorder="array", categoryarray=names),
        ),
    }


def said(row: Share) -> str:
    """A row in the words of its hover text."""
    within = (
        f", 95 % interval {wording.share(row.low)} to {wording.share(row.high)}"
        if row.low is not None and row.high is not None
        else ", no interval"
    )
    return (
        f"<b>{wording.inert(row.name)}</b><br>{wording.share(row.value)}{within}<br>"
        f"n = {wording.count(row.n)} {row.unit}"
    )
