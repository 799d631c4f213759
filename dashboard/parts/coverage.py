"""Who covered something and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import figures, links, wording
from dashboard.parts import charts, labels, notices, tables
from dashboard.parts.charts import Source
from dashboard.shapes import Article

ABSENT_MAX: Final = 40
OUTLETS_MAX: Final = 40


def table(outlets: Sequence[Mapping[str, Any]], event_id: str) -> Component:
    """Outlet by outlet, in the order they came to it; never ranked by lean."""
    ordered = sorted(outlets, key=lambda row: (row["first_at"], row["publisher"]))[:OUTLETS_MAX]
    rows = [
        [
            links.inside(
                row["publisher"],
                links.path(
                    "articles",
                    filters=links.Filters(publisher=(row["publisher_id"],), event=event_id),
                ),
            ),
            wording.time(row["first_at"]).removesuffix(" UTC"),
            wording.count(row["articles"]),
            labels.mini("lean", row["lean_mean"]),
            wording.count(row["lean_n"]),
            labels.mini("tone", row["tone_mean"]),
            wording.count(row["tone_n"]),
        ]
        for row in ordered
    ]
    few = [
        place
        for place, row in enumerate(ordered)
        if min(row["lean_n"], row["tone_n"]) < wording.N_MIN
    ]
    return tables.plain(
        ["Outlet", "First article (UTC)", "Articles", "Mean lean", "n", "Mean tone", "n"],
        rows,
        caption="Coverage by outlet, in the order they first published",
        numeric=(2, 4, 6),
        marked=few,
    )


def absent(outlets: Sequence[Mapping[str, Any]], note: str) -> Component:
    """Outlets observed on those days of which nothing is stored here, and what that means."""
    if not outlets:
        return html.P("Every outlet with articles on these days has at least one here.")
    shown = ", ".join(
        f"{row['publisher']} ({wording.count(row['articles_on_those_days'])})"
        for row in outlets[:ABSENT_MAX]
    )
    rest = len(outlets) - ABSENT_MAX
    return html.Div(
        [
            html.P(
                shown + (f" and {wording.count(rest)} more" if rest > 0 else ""), className="absent"
            ),
            html.P(
                [note, " In brackets: how many other articles of theirs are stored from then."],
                className="quiet",
            ),
        ]
    )


def timeline(rows: Sequence[Article], href: str) -> Component:
    """When each outlet wrote, or that no article has a date."""
    points: list[tuple[str, str, str]] = [
        (time, row["publisher"], row["title"]) for row in rows if (time := row["published_at"])
    ]
    if not points:
        return notices.notice("No dates", "None of these articles says when it appeared.")
    points.sort()
    undated = len(rows) - len(points)
    return charts.chart(
        figures.timeline(points),
        title="When each outlet wrote about it",
        summary=(
            f"{wording.plural(len(points), 'article')} from {wording.time(points[0][0])} "
            f"to {wording.time(points[-1][0])}, first by {points[0][1]}."
        ),
        source=Source(n=len(points), href=href, first_at=points[0][0], last_at=points[-1][0]),
        heads=["Published", "Outlet", "Headline"],
        rows=[[wording.time(time), outlet, title] for time, outlet, title in points],
        notes=[f"{wording.plural(undated, 'article')} without a date cannot be drawn."]
        if undated
        else [],
    )
