"""What stands in the place of data: nothing there, not there yet, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import links
from dashboard.client import ApiError


def notice(title: str, *text: Any, kind: str = "empty") -> Component:
    """A short headline and what the reader can do about it."""
    role = "alert" if kind == "failed" else "status"
    return html.Div(
        [html.P(title, className="notice-title"), html.P(list(text), className="notice-text")],
        className=f"notice notice-{kind}",
        role=role,
    )


def failed(error: ApiError, again: str | None = None) -> Component:
    """The API's refusal or silence in words a reader can use; ``again`` is where to try it."""
    retry = [" ", html.A("Try again", href=again)] if again else []
    if error.code == "api-slow":
        return notice(
            "This takes too long",
            f"There was {error.detail}. Fewer days or outlets make it faster.",
            *retry,
            kind="failed",
        )
    if error.status is None:
        return notice(
            "The data service does not answer",
            f"This part is read from the API, and {error.detail}. "
            "The rest of the page may still work; reload in a moment.",
            *retry,
            kind="failed",
        )
    if error.status == 404:
        return notice(
            "There is nothing at this address",
            "It may have been withdrawn, or regrouped under another id. ",
            links.inside("Back to today", "/"),
            kind="failed",
        )
    if error.status == 429:
        return notice(
            "Too many questions at once",
            "The API limits how often it may be asked. Wait a minute, then reload.",
            *retry,
            kind="failed",
        )
    if error.status < 500:
        return notice(
            "The API cannot read this question",
            f"{error.detail} ({error.code}). Change the filters, or clear them.",
            kind="failed",
        )
    return notice(
        "The data service failed on this part",
        f"It said: {error.detail} ({error.code}). The rest of the page may still work.",
        *retry,
        kind="failed",
    )


def broken() -> Component:
    """Drawing failed on our side."""
    return notice(
        "This part could not be drawn",
        "The answer of the API was not what the page expects. The log of the dashboard says why.",
        kind="failed",
    )


def no_such_page() -> Component:
    """An address that is no page."""
    return html.Main(
        notice(
            "There is no page at this address",
            links.inside("Go to today", "/"),
            kind="failed",
        ),
        className="page",
    )


def unreadable(problems: Sequence[str]) -> Component | None:
    """The parts of a shared link that were left out, by name."""
    if not problems:
        return None
    return notice(
        "Part of this link could not be read and was left out",
        "; ".join(problems),
        kind="unread",
    )


def no_articles(filtered: bool) -> Component:
    """An empty list says what to do next."""
    if filtered:
        return notice(
            "No article matches these filters",
            "Widen the dates, choose fewer filters, or clear them all.",
        )
    return notice(
        "Nothing has been collected yet",
        "Run ",
        html.Code("newsroom crawl"),
        ", ",
        html.Code("newsroom replay"),
        " or ",
        html.Code("newsroom import"),
        "; articles appear here as they are stored.",
    )


def no_labels() -> Component:
    """Articles are there, labels are not."""
    return notice(
        "No labels yet",
        "Labels appear as the workers finish. ",
        links.inside("See what is waiting", "/pipeline"),
    )
