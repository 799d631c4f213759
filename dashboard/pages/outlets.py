"""The outlets: what is collected of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import frame, notices, tables

TITLE: Final = "Outlets"


def top(_filters: Filters) -> Component:
    """The title."""
    return frame.head(
        "Outlets",
        "Who is observed, and how much of it is here. No outlet is given a score: labels "
        "belong to articles.",
    )


def layout(_filters: Filters) -> Component:
    """One table."""
    return html.Div(
        [
            frame.panel("outlets-table", lines=12),
        ]
    )


async def draw_table(client: Client, _filters: Filters) -> Component:
    """Every outlet with what is stored of it."""
    return listed(await client.outlets())


PANELS: Final = {"outlets-table": draw_table}


def listed(outlets: Sequence[Mapping[str, Any]]) -> Component:
    """The table; outlets without an article come last, by name."""
    if not outlets:
        return notices.notice(
            "No outlet is known yet", "Outlets are described in files, or named by an import."
        )
    rows = sorted(outlets, key=lambda row: (-row["articles"], row["name"]))
    return html.Div(
        [
            tables.outlets([outlet_row(row) for row in rows]),
            html.P(
                [
                    wording.plural(len(rows), "outlet"),
                    " · ",
                    links.data("get the data", links.api_path("outlets")),
                ],
                className="source",
            ),
        ]
    )


def outlet_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """An outlet as the grid takes it."""
    chosen = Filters(publisher=(row["publisher_id"],))
    some = row["articles"] > 0
    return {
        "publisher_id": row["publisher_id"],
        "name": row["name"],
        "href": links.path("articles", filters=chosen),
        "domain": row["domain"],
        "kind": "fictional (demo)" if row["demo"] else "real",
        "country": row["country"] or wording.NONE,
        "articles": row["articles"],
        "refusals": row["refusals"],
        "span": wording.span(row["first_at"], row["last_at"]) if some else wording.NONE,
        "framing": links.path("framing", filters=chosen) if some else None,
    }
