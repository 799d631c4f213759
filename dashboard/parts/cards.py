"""Articles and events as a reader meets them in a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts import labels
from dashboard.shapes import Article

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
    return html.Li(
        [
            links.inside(
                row["title"] or "(untitled event)",
                links.path("events", row["event_id"]),
                className="headline headline-lead" if lead else "headline",
            ),
            html.P(
                f"{size(row)} · {wording.span(row['first_at'], row['last_at'])}",
                className="byline",
            ),
        ],
        className="story-row story-lead" if lead else "story-row",
    )


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
