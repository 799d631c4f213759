"""How well outlets are seen: days as marks, and all of it in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import wording
from dashboard.parts.aria import aria

# What a day of an outlet was to us, in words; the order is from well seen to not seen.
SAID: Final[Mapping[str, str]] = {
    "ok": "seen well",
    "unfinished": "well so far, the day is not over",
    "quiet": "seen well, few articles",
    "broken": "less came than always does",
    "kept-out": "the outlet did not let us in",
    "not-crawled": "we did not look",
}
# Codes of what was wrong with a day, in words; one that is not here is shown as it is.
REASONS: Final[Mapping[str, str]] = {
    "listing-robots": "robots.txt",
    "nothing-new": "nothing new all day",
    "unwatched-since": "not watched to the end of the day",
    "articles": "fewer articles than usual",
    "pages-kept-out": "its pages did not let us in",
    "crawl-cut": "the crawl was cut short",
    "title-fill": "headlines missing",
    "date-fill": "dates missing",
    "byline-fill": "authors missing",
    "body-words": "texts far shorter than usual",
    "accepted": "too few pages were articles",
}
SEEN: Final = frozenset({"ok", "quiet", "unfinished"})


def verdict(day: Mapping[str, Any]) -> str:
    """What a judged day was: one that is not over yet is not well seen, only well so far."""
    if day["verdict"] in {"ok", "quiet"} and not day["complete"]:
        return "unfinished"
    return str(day["verdict"])


def why(code: str) -> str:
    """A reason in words."""
    return REASONS.get(code, code.replace("-", " "))


def sentence(outlets: int, gaps: Sequence[Mapping[str, Any]]) -> str:
    """``7 of 50 outlets seen well; 43 did not let us in``."""
    counts = Counter(str(gap["verdict"]) for gap in gaps)
    well = outlets - sum(n for name, n in counts.items() if name not in SEEN)
    said = [f"{wording.count(well)} of {wording.plural(outlets, 'outlet')} seen well"]
    said += [
        f"{wording.count(counts[name])} {words}"
        for name, words in (
            ("broken", "brought less than they always do"),
            ("kept-out", "did not let us in"),
            ("not-crawled", "not looked at"),
        )
        if counts[name]
    ]
    return "; ".join(said)


def strip(days: Mapping[date, str], first: date, last: date) -> Component:
    """A mark a day from ``first`` to ``last``; a day that nobody judged was not looked at."""
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    states = [days.get(day, "not-crawled") for day in span]
    seen = sum(state in SEEN for state in states)
    return html.Span(
        [
            html.Span(
                className=f"day day-{state}",
                title=f"{day.day} {day:%b}: {SAID.get(state, state)}",
            )
            for day, state in zip(span, states, strict=True)
        ],
        className="days",
        role="img",
        **aria(label=f"Seen well on {seen} of {len(span)} days"),
    )


def legend() -> Component:
    """What the marks mean."""
    return html.Ul(
        [html.Li([html.Span(className=f"day day-{key}"), said]) for key, said in SAID.items()],
        className="legend",
    )
