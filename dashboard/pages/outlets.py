"""The outlets: what is collected of each, and on which days their silence means nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import LIMIT_MAX, Client
from dashboard.links import Filters
from dashboard.parts import data, frame, health, notices, tables
from dashboard.parts import filters as controls

LISTED_MAX: Final = 800  # rows of 300 bytes: what one answer may weigh
TITLE: Final = "Outlets"
WINDOW: Final = timedelta(days=13)  # and the newest day: two weeks
OUTLETS_SHOWN: Final = 50  # the most that one question may name
PAGES_MAX: Final = 5  # of days: 50 outlets in two weeks and the newest day of all time zones
GAPS_SHOWN: Final = 40


def top(filters: Filters) -> Component:
    """The title, and which outlets."""
    return html.Div(
        [
            frame.head(
                "Outlets",
                "Who is watched, how well, and how much of it is here. No outlet is given a "
                "score: labels belong to articles.",
            ),
            controls.bar(controls.outlets(filters), clear_to="/outlets"),
        ]
    )


def layout(_filters: Filters) -> Component:
    """How well each is seen, the gaps, and all of them in a grid."""
    return html.Div(
        [
            frame.panel(
                "outlets-days",
                "How well each outlet was seen",
                "One mark a day, the last two weeks. Only where an outlet was seen well does a "
                "missing article say anything about the outlet.",
                lines=12,
            ),
            frame.panel("outlets-gaps", "Days on which a silence means nothing", lines=6),
            frame.panel("outlets-table", "All outlets", lines=12),
        ]
    )


async def draw_days(client: Client, filters: Filters) -> Component:
    """Two weeks of the outlets with most articles, or of those chosen."""
    outlets, newest = await asyncio.gather(
        client.outlets(), client.get("sources", [("limit", "1"), *_chosen(filters)])
    )
    if not newest["data"]:
        return nothing_judged()
    shown = largest(outlets, filters)
    last = newest_day(newest["data"][0])
    asked = [
        *[("publisher", row["publisher_id"]) for row in shown],
        ("day_from", (last - WINDOW).isoformat()),
        ("day_to", last.isoformat()),
    ]
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(PAGES_MAX):
        more = [("cursor", cursor)] if cursor else []
        answer = await client.get("sources", [*asked, ("limit", str(LIMIT_MAX)), *more])
        found += answer["data"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    return days(shown, found, last, asked, hidden=len(outlets) - len(shown))


async def draw_gaps(client: Client, filters: Filters) -> Component:
    """The gaps of the last two weeks."""
    newest = await client.get("sources", [("limit", "1"), *_chosen(filters)])
    if not newest["data"]:
        return nothing_judged()
    last = newest_day(newest["data"][0])
    outlets = await client.outlets()
    shown = largest(outlets, filters)
    asked = [
        *[("publisher", row["publisher_id"]) for row in shown],
        ("day_from", (last - WINDOW).isoformat()),
        ("day_to", last.isoformat()),
    ]
    answer = await client.get("sources/gaps", asked)
    return gaps(answer, {row["publisher_id"]: row["name"] for row in shown}, asked)


async def draw_table(client: Client, filters: Filters) -> Component:
    """Every outlet with what is stored of it."""
    outlets = await client.outlets()
    kept = [o for o in outlets if not filters.publisher or o["publisher_id"] in filters.publisher]
    return listed(kept)


PANELS: Final = {
    "outlets-days": draw_days,
    "outlets-gaps": draw_gaps,
    "outlets-table": draw_table,
}


def _chosen(filters: Filters) -> list[tuple[str, str]]:
    return [("publisher", one) for one in filters.publisher]


def newest_day(row: Mapping[str, Any]) -> date:
    """The newest judged day; one that has begun in some time zones only is left for later."""
    return min(date.fromisoformat(row["day"]), datetime.now(UTC).date())


def largest(outlets: Sequence[Mapping[str, Any]], filters: Filters) -> list[Mapping[str, Any]]:
    """The outlets chosen, else those with most articles: as many as one question may name."""
    kept = [o for o in outlets if not filters.publisher or o["publisher_id"] in filters.publisher]
    return sorted(kept, key=lambda row: (-row["articles"], row["name"]))[:OUTLETS_SHOWN]


def nothing_judged() -> Component:
    """Days are judged by the crawl; without one there are none."""
    return notices.notice(
        "No day was judged yet",
        "Each day of an outlet is judged after it was crawled: how much came, and whether that is "
        "as usual.",
    )


def days(
    outlets: Sequence[Mapping[str, Any]],
    found: Sequence[Mapping[str, Any]],
    last: date,
    asked: Sequence[tuple[str, str]],
    *,
    hidden: int,
) -> Component:
    """A row an outlet: its days, its articles of these days, its newest day in words."""
    by_outlet: dict[str, dict[date, Mapping[str, Any]]] = {}
    for row in found:
        by_outlet.setdefault(row["publisher_id"], {})[date.fromisoformat(row["day"])] = row
    rows = []
    some = [o for o in outlets if o["articles"]] or list(outlets)
    for outlet in some:
        own = by_outlet.get(outlet["publisher_id"], {})
        states = {day: health.verdict(row) for day, row in own.items()}
        seen = sum(state in health.SEEN for state in states.values())
        newest = own[max(own)] if own else None
        rows.append(
            [
                links.inside(
                    outlet["name"],
                    links.path("coverage", filters=Filters(publisher=(outlet["publisher_id"],))),
                ),
                health.strip(states, last - WINDOW, last),
                f"{seen} of {WINDOW.days + 1}",
                wording.count(sum(row["articles"] for row in own.values())),
                newest_words(newest),
            ]
        )
    judged = sum(len(by_outlet.get(outlet["publisher_id"], {})) for outlet in some)
    notes = [
        f"n = {wording.plural(judged, 'judged outlet-day')}",
        wording.span((last - WINDOW).isoformat(), last.isoformat()),
    ]
    bare = len(outlets) - len(some) + hidden
    if bare:
        notes.append(f"{wording.plural(bare, 'more outlet')} with fewer articles, or none, below")
    return html.Div(
        [
            health.legend(),
            tables.plain(
                ["Outlet", "Days", "Seen well", "Articles that came", "Newest day"],
                rows,
                caption="How well each outlet was seen",
                numeric=(2, 3),
            ),
            html.P(" · ".join(notes), className="source"),
            data.data("sources", asked, name="how well each outlet was seen"),
        ]
    )


def newest_words(row: Mapping[str, Any] | None) -> str:
    """What the newest day was, with what was odd about it."""
    if row is None:
        return "never looked at in these days"
    said = health.SAID.get(health.verdict(row), row["verdict"])
    why = [health.why(line.split(" ")[0]) for line in row["reasons"]]
    return f"{said}: {', '.join(why)}" if why else said


def gaps(
    answer: Mapping[str, Any], names: Mapping[str, str], asked: Sequence[tuple[str, str]]
) -> Component:
    """Runs of days that say nothing, the longest first, and how many days they are in all."""
    meta = answer["meta"]
    block = data.data("sources/gaps", asked, name="days on which a silence means nothing")
    known = meta["days"] - meta["days_in_gaps"]
    said = html.P(
        f"{wording.count(known)} of {wording.count(meta['days'])} outlet-days of the last two "
        f"weeks can be trusted ({wording.plural(meta['outlets'], 'outlet')}). On the others a "
        "missing article must not be read as silence.",
        className="deck",
    )
    rows = sorted(answer["data"], key=lambda row: (-row["days"], row["publisher_id"]))
    if not rows:
        return html.Div([said, block])
    shown = [
        [
            names.get(row["publisher_id"], row["publisher_id"]),
            wording.span(row["first_day"], row["last_day"]),
            wording.count(row["days"]),
            health.SAID.get(row["verdict"], row["verdict"]),
            ", ".join(health.why(code) for code in row["reasons"]),
        ]
        for row in rows[:GAPS_SHOWN]
    ]
    rest = len(rows) - len(shown)
    return html.Div(
        [
            said,
            html.Details(
                [
                    html.Summary(f"Which days, outlet by outlet ({wording.count(len(rows))} gaps)"),
                    tables.text(
                        ["Outlet", "Days", "How many", "What they were", "Why"],
                        shown,
                        caption="Days on which a silence means nothing",
                        numeric=(2,),
                    ),
                    html.P(f"{wording.count(rest)} shorter ones stand in the data.")
                    if rest > 0
                    else None,
                ],
                className="as-table",
            ),
            block,
        ]
    )


def listed(outlets: Sequence[Mapping[str, Any]]) -> Component:
    """The table; outlets without an article come last, by name."""
    if not outlets:
        return notices.notice(
            "No outlet is known yet", "Outlets are described in files, or named by an import."
        )
    rows = sorted(outlets, key=lambda row: (-row["articles"], row["name"]))
    shown = rows[:LISTED_MAX]
    rest = len(rows) - len(shown)
    more = f" · the {len(shown)} with most articles stand here; choose others by name above"
    return html.Div(
        [
            tables.outlets([outlet_row(row) for row in shown]),
            html.P(
                f"n = {wording.plural(len(rows), 'outlet')}{more if rest else ''}",
                className="source",
            ),
            data.data("outlets", name="all outlets"),
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
