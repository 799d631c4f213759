"""Articles and events as a reader meets them in a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts import labels
from dashboard.parts.spark import spark
from dashboard.shapes import Article

OUTLETS_NAMED: Final = 8
LISTED_MAX: Final = 16  # what a page lists itself; the grid takes any number


def article(row: Article) -> Component:
    """One article in a list."""
    return html.Li(
        [
            links.inside(
                row["title"] or "(no headline)",
                links.path("articles", row["article_id"]),
                className="headline",
            ),
            html.P(f"{row['publisher']} · {wording.time(row['published_at'])}", className="byline"),
            labels.chips(row["labels"]),
        ],
        className="story-row",
    )


def articles(rows: Sequence[Article]) -> Component:
    """A list of articles."""
    return html.Ol([article(row) for row in rows], className="story-list")


def first_articles(rows: Sequence[Article], href: str, what: str) -> Component:
    """The first of many articles, and the way to all of them in the grid."""
    shown = rows[:LISTED_MAX]
    return html.Div(
        [
            articles(shown),
            html.P(
                links.inside(f"All the articles of this {what}, with filters", href),
                className="more",
            )
            if len(rows) > len(shown)
            else None,
        ]
    )


def facts(pairs: Sequence[tuple[str, Any]]) -> Component:
    """Terms and their values; what is not known is left out."""
    return html.Dl(
        [
            html.Div([html.Dt(term), html.Dd(value)])
            for term, value in pairs
            if value not in (None, "", [])
        ],
        className="facts",
    )


def size(event: Mapping[str, Any]) -> str:
    """``12 articles in 5 outlets``."""
    return (
        f"{wording.plural(event['articles'], 'article')} in "
        f"{wording.plural(event['publishers'], 'outlet')}"
    )


def event(row: Mapping[str, Any], *, lead: bool = False) -> Component:
    """One event in a list; the lead is set larger."""
    return _group(row, "event", links.path("events", row["event_id"]), lead=lead)


def story(row: Mapping[str, Any]) -> Component:
    """One story in a list."""
    return _group(row, "story", links.path("stories", row["story_id"]))


def _group(row: Mapping[str, Any], what: str, href: str, *, lead: bool = False) -> Component:
    """Headline, size and days, articles by day, and the outlets that came first."""
    parts = [size(row), wording.span(row["first_at"], row["last_at"])]
    if what == "story" and row["events"]:
        parts.append(wording.plural(row["events"], "event"))
    return html.Li(
        [
            links.inside(
                row["title"] or f"(untitled {what})",
                href,
                className="headline headline-lead" if lead else "headline",
            ),
            html.P([" · ".join(parts), spark(row.get("by_day"))], className="byline"),
            html.P(first_outlets(row), className="byline byline-outlets")
            if row.get("outlets")
            else None,
        ],
        className="story-row story-lead" if lead else "story-row",
    )


def first_outlets(row: Mapping[str, Any]) -> str:
    """``Meridian Wire 3, The Harbor Ledger and 4 more``: in the order in which they came to it."""
    shown = row["outlets"][:OUTLETS_NAMED]
    named = ", ".join(
        f"{o['publisher']} {o['articles']}" if o["articles"] > 1 else o["publisher"] for o in shown
    )
    rest = row["publishers"] - len(shown)
    return named + (f" and {wording.count(rest)} more" if rest > 0 else "")


def stories(rows: Sequence[Mapping[str, Any]]) -> Component:
    """A list of stories."""
    return html.Ol([story(row) for row in rows], className="story-list")


def events(rows: Sequence[Mapping[str, Any]], *, lead: bool = False) -> Component:
    """A list of events."""
    return html.Ol(
        [event(row, lead=lead and place == 0) for place, row in enumerate(rows)],
        className="story-list",
    )


def figures(pairs: Sequence[tuple[str, str, str | None]]) -> Component:
    """Key figures: value, what it counts, and where it leads."""
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(value, className="figure-value"),
                    html.Span(links.inside(what, href) if href else what, className="figure-what"),
                ]
            )
            for value, what, href in pairs
        ],
        className="figures",
    )
