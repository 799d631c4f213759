"""A few days of a thing in the space of a word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from dash import html
from dash.development.base_component import Component

from dashboard.parts.aria import aria

BINS_MAX: Final = 28  # bars that can still be told apart
BAR_PX: Final = 7
STEP_PX: Final = 9


def spark(by_day: Mapping[str, int] | None) -> Component | None:
    """Articles by day as bars, a day without any as a gap; the same in words for who hears it.

    One element, its bars drawn by the style sheet: lists hold many, and each component costs.
    """
    bins, days = binned(by_day or {})
    if not bins:
        return None
    most = max(bins)
    bars = ", ".join(
        f"linear-gradient(var(--mark), var(--mark)) {place * STEP_PX}px 100% / "
        f"{BAR_PX}px {max(12, round(100 * n / most))}% no-repeat"
        for place, n in enumerate(bins)
        if n
    )
    every = f"{days} days a bar" if days > 1 else "by day"
    said = f"Articles {every}: {', '.join(str(n) for n in bins)}"
    return html.Span(
        className="spark",
        role="img",
        title=said,
        style={"background": bars, "width": f"{len(bins) * STEP_PX}px"},
        **aria(label=said),
    )


def binned(by_day: Mapping[str, int]) -> tuple[list[int], int]:
    """Articles of each bar from the first day to the last, and how many days a bar stands for."""
    if not by_day:
        return [], 1
    first, last = date.fromisoformat(min(by_day)), date.fromisoformat(max(by_day))
    count = (last - first).days + 1
    width = -(-count // BINS_MAX)
    bins = [0] * -(-count // width)
    for day, n in by_day.items():
        bins[(date.fromisoformat(day) - first) // timedelta(days=width)] += n
    return bins, width
