"""What came in, what was refused and why, what runs now, what people changed. Redraws itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import cards, data, disputes, frame, notices, tables
from dashboard.parts import filters as controls
from dashboard.parts.aria import aria

TITLE: Final = "Pipeline"
BEAT: Final = "pipeline-beat"
AGAIN: Final = "pipeline-again"
EVERY_S: Final = 15
STATES: Final = ("done", "leased", "due", "quarantined")
STATE_NAMES: Final = {"leased": "at work", "due": "waiting"}
REFUSALS_SHOWN: Final = 25
CHANGES_SHOWN: Final = "15"
STAGES: Final = {
    "label": "Read and labelled",
    "remember": "Kept in memory, to find the same event",
}
JOBS: Final = {
    "export": "Exports",
    "event-edit": "Edits of events",
    "backfill-ccnews": "Imports from Common Crawl News",
    "backfill-feed": "Imports from feeds",
    "backfill-sitemap": "Imports from sitemaps",
}


def top(_filters: Filters) -> Component:
    """The title."""
    return frame.head(
        "Pipeline",
        "What happened to every page between the outlet and this site. Nothing is dropped "
        "in silence: what is not an article is refused under a named reason.",
    )


def layout(filters: Filters) -> Component:
    """What is so now, the refusals, the change log, and the beat that draws them again."""
    still = filters.live == "false"
    return html.Div(
        [
            dcc.Interval(id=BEAT, interval=EVERY_S * 1000, disabled=still),
            dcc.Store(id=AGAIN),
            frame.panel(
                "pipeline-now",
                "Now",
                f"Drawn again every {EVERY_S} seconds, but not while the keyboard focus or a "
                "selection is in it, nor while this tab is hidden.",
                lines=16,
                aside=controls.choice(
                    "live",
                    "Draw again by itself",
                    filters.live,
                    [("", "Live"), ("false", "Paused")],
                ),
            ),
            frame.panel(
                "pipeline-refusals",
                "Refused lately",
                "A page that is no article, or a line of an import that is none, and why.",
                lines=10,
            ),
            frame.panel(
                "pipeline-changes",
                "Changed by people",
                "Disputes and what was decided, labels that people gave, edits of events, promoted "
                "runs, takedowns. Everything else here is done by machines.",
                lines=6,
            ),
        ]
    )


async def draw_now(client: Client, filters: Filters) -> Component:
    """Counts, work, jobs and reasons, all from one answer."""
    seen = links.seen(filters)
    answer = await client.pipeline(seen)
    return now(answer, seen, datetime.now(UTC))


async def draw_refusals(client: Client, _filters: Filters) -> Component:
    """The newest refusals."""
    answer, outlets = await asyncio.gather(
        client.refusals([("limit", str(REFUSALS_SHOWN))]), client.outlets()
    )
    return refusals(answer, {row["publisher_id"]: row["name"] for row in outlets})


async def draw_changes(client: Client, _filters: Filters) -> Component:
    """The newest changes by people."""
    return disputes.changes(await client.get("changes", [("limit", CHANGES_SHOWN)]))


PANELS: Final = {
    "pipeline-now": draw_now,
    "pipeline-refusals": draw_refusals,
    "pipeline-changes": draw_changes,
}

# Drawn again by themselves; refusals are not, because their outlets' names cost many calls.
LIVE: Final = ("pipeline-now", "pipeline-changes")


def now(answer: Mapping[str, Any], seen: Sequence[tuple[str, str]], at: datetime) -> Component:
    """Everything that the counts say."""
    return html.Div(
        [
            key_figures(answer),
            html.P(crawling(answer), className="panel-text pipeline-said"),
            frame.columns(
                part("Work on articles", work(answer["work"])),
                part("Refused, by reason", reasons(answer["refusals"])),
            ),
            part("Jobs and imports", jobs(answer["jobs"])),
            html.P(f"As of {at:%H:%M:%S} UTC.", className="source"),
            data.data("pipeline", seen, name="counts of the pipeline", rows=False),
        ]
    )


def part(title: str, body: Any) -> Component:
    """A titled part of a panel."""
    return html.Div([html.H3(title), body], className="part")


def key_figures(answer: Mapping[str, Any]) -> Component:
    """Pages in, articles and labels out."""
    refused = sum(row["n"] for row in answer["refusals"])
    copies = sum(row["n"] for row in answer["duplicates"])
    edited = answer["revisions"] - answer["articles"]
    return cards.figures(
        [
            (wording.count(answer["pages"]), "pages fetched", None),
            (wording.count(refused), "refused", None),
            (wording.count(answer["articles"]), "articles", "/articles"),
            (wording.count(copies), "of them copies", None),
            (wording.count(edited), "later versions", None),
            (wording.count(answer["annotations_current"]), "labels in force", "/methods"),
        ]
    )


def crawling(answer: Mapping[str, Any]) -> str:
    """What the crawlers do, in sentences."""
    crawl = answer["crawl"]
    if not answer["pages"]:
        return "No page was fetched yet."
    said = [f"Newest page: {wording.time(answer['newest_page_at'])}."]
    if crawl["hosts_asked"]:
        said.append(
            f"Asked in the last ten minutes: {wording.plural(crawl['hosts_asked'], 'host')}."
        )
    else:
        said.append(
            "No host was asked in the last ten minutes"
            + (
                f"; the last was {wording.time(crawl['last_asked_at'])}."
                if crawl["last_asked_at"]
                else "."
            )
        )
    if crawl["hosts_stopped"]:
        n = sum(row["n"] for row in crawl["hosts_stopped"])
        why = ", ".join(
            f"{row['code']} {wording.count(row['n'])}" for row in crawl["hosts_stopped"]
        )
        said.append(f"Left alone for now: {wording.plural(n, 'host')} ({why}).")
    if crawl["looks_due"] or crawl["looks_planned"]:
        said.append(
            f"To be looked at again for changes: {wording.count(crawl['looks_due'])} articles now, "
            f"{wording.count(crawl['looks_planned'])} later."
        )
    return " ".join(said)


def work(rows: Sequence[Mapping[str, Any]]) -> Component:
    """A stage a row with its share done, then why work failed."""
    if not rows:
        return notices.notice("No work yet", "Work appears with the first stored article.")
    stages = sorted({row["stage"] for row in rows})
    bad = [row for row in rows if row["error_code"] and row["state"] != "done"]
    return html.Div(
        [
            html.Ul([stage(name, [r for r in rows if r["stage"] == name]) for name in stages]),
            html.P(
                "Waiting: for a worker. Quarantined: failed five times, or can never work; a "
                "person has to look.",
                className="quiet",
            ),
            tables.text(
                ["Stage", "Now", "Last error", "Articles"],
                [
                    [
                        stage_name(row["stage"]),
                        STATE_NAMES.get(row["state"], row["state"]),
                        row["error_code"],
                        wording.count(row["n"]),
                    ]
                    for row in bad
                ],
                caption="Errors of unfinished work",
                numeric=(3,),
            )
            if bad
            else html.P("Nothing is in quarantine."),
        ]
    )


def stage(name: str, rows: Sequence[Mapping[str, Any]]) -> Component:
    """How far one stage is: a bar and the numbers it is drawn from."""
    counts = {s: sum(row["n"] for row in rows if row["state"] == s) for s in STATES}
    every = sum(counts.values())
    hour = sum(row["last_hour"] for row in rows if row["state"] == "done")
    oldest = min((row["oldest_due_at"] for row in rows if row["oldest_due_at"]), default=None)
    said = [
        f"{wording.count(n)} {STATE_NAMES.get(s, s)}" for s, n in counts.items() if n or s == "done"
    ]
    if hour:
        said.append(f"{wording.count(hour)} done in the last hour")
    if oldest:
        said.append(f"oldest waiting since {wording.time(oldest)}")
    return html.Li(
        [
            html.P([html.B(stage_name(name)), f" {percent(counts['done'], every)}"]),
            bar(counts["done"] / every if every else 0.0),
            html.P(" · ".join(said), className="quiet"),
        ],
        className="progress",
    )


def stage_name(name: str) -> str:
    """What is done in a stage; one that labels for a single run is named after it."""
    stage, _, run_id = name.partition("@")
    spelt = STAGES.get(stage, wording.name(stage))
    return f"{spelt}, run {run_id[:8]}" if run_id else spelt


def percent(done: int, every: int) -> str:
    """A share that says 100 % only where nothing is left."""
    if not every:
        return wording.NONE
    return "100 %" if done == every else f"{min(99, int(done / every * 100))} %"


def bar(share: float) -> Component:
    """A length; the number stands beside it."""
    return html.Span(
        html.Span(className="bar-fill", style={"width": f"{share * 100:.1f}%"}),
        className="bar-track",
        **aria(hidden="true"),
    )


def jobs(rows: Sequence[Mapping[str, Any]]) -> Component:
    """What takes long: exports, edits, imports of archives."""
    if not rows:
        return html.P("None was asked for yet.")
    return tables.text(
        ["What", "Now", "How many", "How far", "Last change"],
        [
            [
                JOBS.get(row["kind"], wording.name(row["kind"])),
                STATE_NAMES.get(row["state"], row["state"]),
                wording.count(row["n"]),
                wording.share(row["progress"]) if row["state"] == "leased" else "",
                wording.time(row["changed_at"]),
            ]
            for row in rows
        ],
        caption="Jobs and imports by kind and state",
        numeric=(2, 3),
    )


def reasons(rows: Sequence[Mapping[str, Any]]) -> Component:
    """How often each reason was given."""
    if not rows:
        return notices.notice("Nothing was refused", "Every page so far was an article.")
    return tables.text(
        ["Reason", "Pages or lines"],
        [
            [row["code"], wording.count(row["n"])]
            for row in sorted(rows, key=lambda row: (-row["n"], row["code"]))
        ],
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
                        else wording.NONE,
                    ]
                    for row in rows
                ],
                caption="Refusals, newest first",
            ),
            html.P(
                f"The newest {wording.count(len(rows))}."
                if answer["next_cursor"]
                else f"{wording.count(len(rows))} in all.",
                className="source",
            ),
            data.data("refusals", name="refusals"),
        ]
    )
