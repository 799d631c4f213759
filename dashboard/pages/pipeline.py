"""What came in, what was refused and why, what is still to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import cards, frame, notices, tables

TITLE: Final = "Pipeline"
STATES: Final = ("due", "leased", "done", "quarantined")
REFUSALS_SHOWN: Final = 25


def top(_filters: Filters) -> Component:
    """The title."""
    return frame.head(
        "Pipeline",
        "What happened to every page between the outlet and this site. Nothing is dropped "
        "in silence: what is not an article is refused under a named reason.",
    )


def layout(_filters: Filters) -> Component:
    """Counts, work, refusals."""
    return html.Div(
        [
            frame.panel("pipeline-figures", lines=2),
            frame.columns(
                frame.panel(
                    "pipeline-work",
                    "Labelling work",
                    "Due waits for a worker, leased is being done, quarantined failed five times "
                    "or can never work and needs a person.",
                    lines=6,
                ),
                frame.panel("pipeline-reasons", "Refused, by reason", lines=6),
            ),
            frame.panel("pipeline-refusals", "Refused lately", lines=10),
        ]
    )


async def draw_figures(client: Client, filters: Filters) -> Component:
    """The counts."""
    return key_figures(await client.pipeline(links.seen(filters)))


async def draw_work(client: Client, _filters: Filters) -> Component:
    """Work by stage and state."""
    return work(await client.pipeline())


async def draw_reasons(client: Client, _filters: Filters) -> Component:
    """Refusals by code."""
    return reasons(await client.pipeline())


async def draw_refusals(client: Client, _filters: Filters) -> Component:
    """The newest refusals."""
    answer, outlets = await asyncio.gather(
        client.refusals([("limit", str(REFUSALS_SHOWN))]), client.outlets()
    )
    return refusals(answer, {row["publisher_id"]: row["name"] for row in outlets})


PANELS: Final = {
    "pipeline-figures": draw_figures,
    "pipeline-work": draw_work,
    "pipeline-reasons": draw_reasons,
    "pipeline-refusals": draw_refusals,
}


def key_figures(answer: Mapping[str, Any]) -> Component:
    """Pages in, articles and labels out."""
    refused = sum(row["n"] for row in answer["refusals"])
    copies = sum(row["n"] for row in answer["duplicates"])
    return html.Div(
        [
            cards.figures(
                [
                    (wording.count(answer["pages"]), "pages fetched", None),
                    (wording.count(refused), "refused", None),
                    (wording.count(answer["articles"]), "articles", "/articles"),
                    (wording.count(copies), "of them copies", None),
                    (wording.count(answer["annotations_current"]), "labels in force", "/methods"),
                ]
            ),
            html.P(
                [
                    f"Newest page {wording.time(answer['newest_page_at'])}"
                    if answer["newest_page_at"]
                    else "No page was fetched yet",
                    " · ",
                    links.data("get the data", links.api_path("pipeline")),
                ],
                className="source",
            ),
        ]
    )


def work(answer: Mapping[str, Any]) -> Component:
    """A stage a row, a state a column, and why work is in quarantine."""
    cells: dict[tuple[str, str], int] = {}
    errors: list[tuple[str, str, int]] = []
    for row in answer["work"]:
        key = (row["stage"], row["state"])
        cells[key] = cells.get(key, 0) + row["n"]
        if row["error_code"] and row["state"] != "done":
            errors.append((row["stage"], row["error_code"], row["n"]))
    if not cells:
        return notices.notice("No work yet", "Work appears with the first stored article.")
    stages = sorted({stage for stage, _ in cells})
    return html.Div(
        [
            tables.text(
                ["Stage", *[wording.name(state) for state in STATES]],
                [
                    [wording.name(s), *[wording.count(cells.get((s, t), 0)) for t in STATES]]
                    for s in stages
                ],
                caption="Work by stage and state",
                numeric=(1, 2, 3, 4),
            ),
            tables.text(
                ["Stage", "Last error", "Work"],
                [[wording.name(s), code, wording.count(n)] for s, code, n in errors],
                caption="Errors of unfinished work",
                numeric=(2,),
            )
            if errors
            else html.P("Nothing is in quarantine.", className="quiet"),
        ]
    )


def reasons(answer: Mapping[str, Any]) -> Component:
    """How often each reason was given."""
    rows = sorted(answer["refusals"], key=lambda row: (-row["n"], row["code"]))
    if not rows:
        return notices.notice("Nothing was refused", "Every page so far was an article.")
    return tables.text(
        ["Reason", "Pages or lines"],
        [[row["code"], wording.count(row["n"])] for row in rows],
        caption="Refusals by reason",
        numeric=(1,),
    )


def refusals(answer: Mapping[str, Any], names: Mapping[str, str]) -> Component:
    """The newest ones with the words they were refused in."""
    rows: Sequence[Mapping[str, Any]] = answer["data"]
    if not rows:
        return notices.notice("Nothing was refused", "Every page so far was an article.")
    return html.Div(
        [
            tables.plain(
                ["Seen", "Outlet", "Reason", "In words", "Address"],
                [
                    [
                        wording.time(row["seen_at"]),
                        names.get(row["publisher_id"], row["publisher_id"]) or wording.NONE,
                        row["code"],
                        row["message"],
                        links.link(wording.shortened(row["url"], 60), row["url"])
                        if row["url"]
                        else row["source"],
                    ]
                    for row in rows
                ],
                caption="Refusals, newest first",
            ),
            html.P(
                [
                    f"The newest {wording.count(len(rows))} · "
                    if answer["next_cursor"]
                    else f"{wording.count(len(rows))} in all · ",
                    links.data("get the data", links.api_path("refusals")),
                ],
                className="source",
            ),
        ]
    )
