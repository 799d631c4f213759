"""What a reader should know of an event or a story before anything else, in a few sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.shapes import Article

Row = Mapping[str, Any]

NAMED_MAX: Final = 8


def glance(
    outlets: Sequence[Row], nothing: Sequence[Row], articles: Sequence[Article]
) -> Component:
    """Who covered it, of whom nothing was found, how far the wording of its articles is apart."""
    return html.Ul(
        [
            html.Li(line)
            for line in (
                _covered(outlets, nothing),
                _nothing(nothing),
                _apart(articles),
                _copies(outlets),
            )
            if line
        ],
        className="glance",
    )


def _covered(outlets: Sequence[Row], nothing: Sequence[Row]) -> list[Any]:
    if not outlets:
        return []
    first = min(outlets, key=lambda row: (row["first_at"], row["publisher"]))
    every = len(outlets) + len(nothing)
    return [
        html.B(f"Covered by {wording.count(len(outlets))} of {wording.count(every)} outlets"),
        (
            f" that wrote anything on these days; first by {first['publisher']}, "
            f"{wording.time(first['first_at'])}."
        ),
    ]


def _nothing(nothing: Sequence[Row]) -> list[Any]:
    if not nothing:
        return []
    watched = [(row.get("days_crawled"), row.get("days")) for row in nothing]
    whole = all(days is not None and seen == days for seen, days in watched)
    known = any(seen for seen, _ in watched)
    caution = (
        "We watched them on all of these days."
        if whole
        else "We did not watch their sites on every one of these days, so this is a question to "
        "ask and no proof of silence."
        if known
        else "We did not watch their sites on these days, so this is a question to ask and no "
        "proof of silence."
    )
    return [
        html.B(["Nothing found from ", listed([row["publisher"] for row in nothing]), "."]),
        " ",
        html.Span(caution, className="quiet"),
    ]


def _apart(articles: Sequence[Article]) -> list[Any]:
    scored = [
        (score, article)
        for article in articles
        if (found := article["labels"]) and (score := found["lean"]) is not None
    ]
    if len(scored) < 2:
        return []
    scored.sort(key=lambda pair: (pair[0], pair[1]["article_id"]))
    (low, leftmost), (high, rightmost) = scored[0], scored[-1]
    return [
        html.B("Wording"),
        f" of its {wording.count(len(scored))} labelled articles runs from {wording.score(low)} (",
        _named(leftmost),
        f") to {wording.score(high)} (",
        _named(rightmost),
        "), on a scale from \N{MINUS SIGN}5, left, to +5, right. ",
        html.Span("Single articles; a model read them and can be wrong.", className="quiet"),
    ]


def _named(article: Article) -> Component:
    href = links.path("articles", article["article_id"])
    return links.inside(article["publisher"], href, title=article["title"])


def _copies(outlets: Sequence[Row]) -> list[Any]:
    copies = sum(row.get("copies") or 0 for row in outlets)
    if not copies:
        return []
    total = sum(row["articles"] for row in outlets)
    return [
        html.B(f"{wording.count(copies)} of {wording.count(total)} articles"),
        " carry an agency's text, so their wording is the agency's.",
    ]


def listed(names: Sequence[str]) -> str:
    """``A, B and C``; beyond a few ``A, … and 12 more``."""
    shown = list(names[:NAMED_MAX])
    if len(names) > NAMED_MAX:
        return f"{', '.join(shown)} and {wording.count(len(names) - NAMED_MAX)} more"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
