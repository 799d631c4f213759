"""Data → Plotly figure, as plain dictionaries. Pure; colours of text and rules are the CSS's.

Marks use mid-tones that hold 3:1 against both the light and the dark sheet. Lean is violet to
amber, never party colours, and its ends are always named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard import wording

Figure = dict[str, Any]

LEFT, MIDDLE, RIGHT = "#7565bd", "#8b8b85", "#c2701c"
NEGATIVE, POSITIVE = "#b5476b", "#2b8f86"
BODY, HEADLINE = "Body", "Headline (unvalidated)"
FEW: Final = "#a3a39c"  # means of fewer articles than wording.N_MIN
MARK, SECOND = "#4f7ea6", "#a0568f"

ROW_HEIGHT: Final = 42  # a name and its n, one above the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean with its 95 % interval over ``n`` articles."""

    name: str
    n: int
    mean: float
    low: float | None
    high: float | None

    @property
    def few(self) -> bool:
        """Too few articles to be compared or ranked."""
        return self.n < wording.N_MIN


def layout(height: int, **more: Any) -> dict[str, Any]:
    """What all figures share."""
    return {
        "height": height,
        "autosize": True,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 16, "t": 28, "b": 44, "pad": 6},
        "font": {"family": "inherit", "size": 13},
        "hoverlabel": {"font": {"family": "inherit", "size": 13}, "align": "left"},
        "dragmode": False,
        "showlegend": False,  # legends stand above the plot in HTML, where they can wrap
        **more,
    }


def axis_of(title: str, **more: Any) -> dict[str, Any]:
    """An axis with its title, which stays where it is."""
    return {
        "title": {"text": title, "standoff": 10, "font": {"size": 12}},
        "fixedrange": True,
        "zeroline": False,
        "automargin": True,
        **more,
    }


def row_name(name: str, n: int) -> str:
    """An outlet and its n, one above the other."""
    shown = wording.inert(wording.shortened(name, 24))
    return f'{shown}<br><span style="font-size:0.85em">n = {wording.count(n)}</span>'


def ends_of(low: str, high: str) -> list[dict[str, Any]]:
    """The names of both ends of a scale, above the plot."""
    common = {"xref": "paper", "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False}
    return [
        {**common, "x": 0, "xanchor": "left", "text": f"\N{LEFTWARDS ARROW} {low}"},
        {**common, "x": 1, "xanchor": "right", "text": f"{high} \N{RIGHTWARDS ARROW}"},
    ]


def ranked(means: Sequence[Mean]) -> list[Mean]:
    """By mean where there are enough articles; the others after them, by name, unranked."""
    enough = sorted((m for m in means if not m.few), key=lambda m: (m.mean, m.name))
    return enough + sorted((m for m in means if m.few), key=lambda m: m.name)


def intervals(means: Sequence[Mean], *, kind: str) -> Figure:
    """Mean lean or tone of each outlet with its 95 % interval and n; few articles in grey."""
    low, high = ("Left", "Right") if kind == "lean" else ("Negative", "Positive")
    axis = axis_of(
        f"Mean {kind}, 95 % interval", range=reach_of(means), zeroline=True, zerolinewidth=1
    )
    return _dots(
        means,
        axis,
        lambda value: wording.score(value, 2),
        lambda m: colour(kind, m),
        ends_of(low, high),
    )


def share_intervals(means: Sequence[Mean]) -> Figure:
    """A share of each outlet's articles with its 95 % interval and n; few articles in grey."""
    top = max([0.1, *(edge for m in means for edge in (m.mean, m.high) if edge is not None)])
    axis = axis_of(
        "Share, 95 % interval",
        range=[0, min(1.0, top * 1.1)],
        tickformat=".0%",
        rangemode="tozero",
    )
    return _dots(means, axis, wording.share, lambda m: FEW if m.few else MARK, [])


def _dots(
    means: Sequence[Mean],
    axis: Mapping[str, Any],
    spelt: Callable[[float | None], str],
    paint: Callable[[Mean], str],
    ends: list[dict[str, Any]],
) -> Figure:
    rows = list(reversed(ranked(means)))
    colours = [paint(m) for m in rows]
    text = [
        f"<b>{wording.inert(m.name)}</b><br>mean {spelt(m.mean)}, 95 % interval "
        f"{spelt(m.low)} to {spelt(m.high)}<br>n = {wording.count(m.n)}"
        + ("<br>too few articles to compare" if m.few else "")
        for m in rows
    ]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": [m.mean for m in rows],
                "y": [row_name(m.name, m.n) for m in rows],
                "text": text,
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {
                    "size": 11,
                    "color": colours,
                    "symbol": ["circle-open" if m.few else "circle" for m in rows],
                    "line": {"width": 2, "color": colours},
                },
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [0 if m.high is None else m.high - m.mean for m in rows],
                    "arrayminus": [0 if m.low is None else m.mean - m.low for m in rows],
                    "color": FEW,
                    "thickness": 1.6,
                    "width": 4,
                },
            }
        ],
        "layout": layout(
            ROW_HEIGHT * len(rows) + 100, xaxis=axis, yaxis=axis_of(""), annotations=ends
        ),
    }


def colour(kind: str, mean: Mean) -> str:
    """Grey for few, else by the side of zero that the whole interval lies on."""
    if mean.few:
        return FEW
    low, high = (LEFT, RIGHT) if kind == "lean" else (NEGATIVE, POSITIVE)
    if mean.high is not None and mean.high < 0:
        return low
    if mean.low is not None and mean.low > 0:
        return high
    return MIDDLE


def reach_of(means: Sequence[Mean]) -> list[float]:
    """A range symmetric around zero, so that the middle of the picture is the middle."""
    edges = [abs(v) for m in means for v in (m.mean, m.low, m.high) if v is not None]
    reach = min(5.2, max([1.0, *edges]) * 1.12)
    return [-reach, reach]


def headline_and_body(pairs: Sequence[tuple[Mean, Mean]]) -> Figure:
    """For each outlet the mean lean of its articles and of its headlines, joined by a line."""
    order = {m.name: place for place, m in enumerate(ranked([body for body, _ in pairs]))}
    rows = sorted(pairs, key=lambda pair: -order[pair[0].name])
    names = [row_name(body.name, body.n) for body, _ in rows]
    joined_x: list[float | None] = []
    joined_y: list[str | None] = []
    for name, (body, headline) in zip(names, rows, strict=True):
        joined_x += [body.mean, headline.mean, None]
        joined_y += [name, name, None]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": joined_x,
            "y": joined_y,
            "line": {"width": 2, "color": FEW},
            "hoverinfo": "skip",
        }
    ]
    for place, label, symbol in ((0, BODY, "circle"), (1, HEADLINE, "diamond")):
        chosen = [pair[place] for pair in rows]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label,
                "x": [m.mean for m in chosen],
                "y": names,
                "text": [
                    f"<b>{wording.inert(m.name)}</b><br>{label}: {wording.score(m.mean, 2)}<br>"
                    f"n = {wording.count(m.n)}"
                    for m in chosen
                ],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {
                    "size": 11,
                    "symbol": [f"{symbol}-open" if m.few else symbol for m in chosen],
                    "color": [FEW if m.few else (MARK, SECOND)[place] for m in chosen],
                    "line": {
                        "width": 2,
                        "color": [FEW if m.few else (MARK, SECOND)[place] for m in chosen],
                    },
                },
            }
        )
    every = [m for pair in pairs for m in pair]
    return {
        "data": traces,
        "layout": layout(
            ROW_HEIGHT * len(rows) + 100,
            annotations=ends_of("Left", "Right"),
            xaxis=axis_of("Mean lean", range=reach_of(every), zeroline=True),
            yaxis=axis_of(""),
        ),
    }


def timeline(points: Sequence[tuple[str, str, str]]) -> Figure:
    """When each outlet wrote about one event: ``(time, outlet, headline)`` for each article."""
    points = [(time, wording.inert(outlet), headline) for time, outlet, headline in points]
    first = {outlet: time for time, outlet, _ in sorted(points, reverse=True)}
    outlets = sorted(first, key=lambda outlet: first[outlet], reverse=True)
    ordered = sorted(points)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": [time for time, _, _ in ordered],
                "y": [outlet for _, outlet, _ in ordered],
                "text": [wording.inert(wording.shortened(headline)) for _, _, headline in ordered],
                "hovertemplate": "<b>%{y}</b><br>%{x|%d %b, %H:%M} UTC<br>%{text}<extra></extra>",
                "marker": {"size": 12, "color": MARK, "opacity": 0.8},
            }
        ],
        "layout": layout(
            ROW_HEIGHT * len(outlets) + 80,
            xaxis=axis_of("Published (UTC)", type="date"),
            yaxis=axis_of(
                "", categoryorder="array", categoryarray=outlets, range=[-0.6, len(outlets) - 0.4]
            ),
        ),
    }
