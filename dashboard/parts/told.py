"""What was told: facts by outlet, and amounts that changed as a story went on.

Both are found by programs whose mistakes are measured; the measures stand beside what they found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts import notices
from dashboard.parts.glance import listed

Row = Mapping[str, Any]

SHOWN: Final = 8  # facts of a kind; the data has all
# benchmarks/results/events/state.json, by way of docs/events.md.
EXCLUSIVE_NOTE: Final = (
    "A hint where to look, more often wrong than right: in a test with known answers 42 of 100 "
    "such facts were really told by one outlet alone. Others may say the same in other words."
)
FACTS_NOTE: Final = (
    "Sentences that state the same are put together by a program. In a test with known answers it "
    "said rightly of 86 in 100 outlets whether they told a fact."
)
STATE_NOTE: Final = (
    "Amounts are read by rules and can be muddled: in a test with known answers the latest value "
    "was right for 4 of 10, wrong for 3 and missing for 3. Trust the sentences, not the number."
)


def facts(rows: Sequence[Row], names: Mapping[str, str], looked: bool) -> Component:
    """Facts of one outlet alone, those that some left out, and those that all told."""
    if not looked:
        return notices.notice("Not looked for yet", "Facts are found by the nightly grouping.")
    if not rows:
        return notices.notice(
            "No fact to compare", "Its texts have no sentences that state the same or more."
        )
    alone = [row for row in rows if row["exclusive"]]
    split = [row for row in rows if row["left_out_by"] and not row["exclusive"]]
    shared = [row for row in rows if not row["left_out_by"] and not row["exclusive"]]
    return html.Div(
        [
            *_kind("Told by some, not found at others", split, names, FACTS_NOTE),
            *_kind("Perhaps told by one outlet alone", alone, names, EXCLUSIVE_NOTE),
            html.Details(
                [
                    html.Summary(f"Told by all ({wording.count(len(shared))})"),
                    _list(shared, names),
                ],
                className="as-table",
            )
            if shared
            else None,
        ]
    )


def _kind(title: str, rows: Sequence[Row], names: Mapping[str, str], note: str) -> list[Any]:
    if not rows:
        return []
    more = len(rows) - SHOWN
    return [
        html.H3(f"{title} ({wording.count(len(rows))})"),
        html.P(note, className="quiet"),
        _list(rows[:SHOWN], names),
        html.P(f"{wording.count(more)} more stand in the data.", className="quiet")
        if more > 0
        else None,
    ]


def _list(rows: Sequence[Row], names: Mapping[str, str]) -> Component:
    return html.Ol([_fact(row, names) for row in rows], className="told")


def _fact(row: Row, names: Mapping[str, str]) -> Component:
    told = listed([names.get(outlet, outlet) for outlet in row["outlets"]])
    left = listed([names.get(outlet, outlet) for outlet in row["left_out_by"]])
    quoted = row["quote"] or "The text is no longer stored."
    return html.Li(
        [
            html.Blockquote(quoted),
            html.P(
                [
                    html.Span(f"Told by {told}.", className="told-by"),
                    f" Not found at {left}." if left else "",
                    " In the words of ",
                    links.inside(
                        names.get(row["publisher_id"], row["publisher_id"]) or "this article",
                        links.path("articles", row["article_id"]),
                    ),
                    ".",
                ]
            ),
        ]
    )


def state(row: Row) -> Component:
    """Each amount that changed: the latest value, and under it how it came to that."""
    if not row["made"]:
        return notices.notice("Not looked for yet", "Amounts are read by the nightly grouping.")
    if not row["slots"]:
        return notices.notice(
            "No amount that changed",
            "No toll, vote, sum or the like was found to be told with several values.",
        )
    return html.Div([_slot(slot) for slot in row["slots"]])


def _slot(slot: Row) -> Component:
    about = slot["name"].replace(" · ", ", ") or "an amount"
    values = list(enumerate(slot["told"]))
    return html.Div(
        [
            html.H3(f"An amount that goes with: {about}"),
            html.P(
                [slot["latest"], html.Small(f"last value found, {_by(slot['latest_by'])}")],
                className="slot-latest",
            ),
            html.Ol(
                [_value(place, written, slot["steps"]) for place, written in reversed(values)],
                className="slot-values",
            ),
        ],
        className="slot",
    )


def _by(outlets: Sequence[str]) -> str:
    return f"told by {listed(outlets)}" if outlets else "told by nobody as standing"


def _value(place: int, written: str, steps: Sequence[Row]) -> Component:
    own = [step for step in steps if step["value"] == place]
    if not own:
        return html.Li(html.B(written))
    first = own[0]
    stale = sorted({step["publisher"] for step in own if step["role"] == "stale"})
    tellers = sorted({step["publisher"] for step in own})
    return html.Li(
        [
            html.B(written),
            html.P(
                [
                    f"first {wording.time(first['told_at'])} by ",
                    links.inside(first["publisher"], links.path("articles", first["article_id"])),
                    f"; told by {listed(tellers)}." if len(tellers) > 1 else ".",
                    f" Still told after a newer value by {listed(stale)}." if stale else "",
                ]
            ),
            html.Blockquote(first["quote"]) if first["quote"] else None,
        ]
    )
