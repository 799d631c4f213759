"""Who covered the largest stories and who did not: a grid, and the silences that are claimed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.parts.aria import aria

Story = Mapping[str, Any]
OUTLETS_MAX: Final = 14  # columns of a wide screen
CLAIMS_MAX: Final = 12
DEEP: Final = 3  # articles from which a cell has its full colour

# Why most silences are not claimed, said of their number.
REASONS: Final[Mapping[str, str]] = {
    "not-crawled": "we did not see the outlet to the end of every day, so it may have been there",
    "too-young": "the outlet has too little history here to say what it usually covers",
    "too-small": "too few other outlets carried the event to expect it of anyone",
    "open": "the event is not over",
    "unremarkable": "the silence is no surprise, going by what the outlet usually covers",
}


def columns(stories: Sequence[Story]) -> list[tuple[str, str]]:
    """Id and name of the outlets that are most in these stories, by name."""
    articles: dict[str, int] = {}
    names: dict[str, str] = {}
    for story in stories:
        for row in story["covered"]:
            key = row["publisher_id"]
            articles[key] = articles.get(key, 0) + row["articles"]
            names[key] = row["publisher"]
    kept = sorted(articles, key=lambda key: (-articles[key], key))[:OUTLETS_MAX]
    return sorted(((key, names[key]) for key in kept), key=lambda pair: pair[1].casefold())


def summary(stories: Sequence[Story], outlets: Sequence[tuple[str, str]]) -> str:
    """What there is to see, in two sentences."""
    shown = {key for key, _ in outlets}
    silent = {
        s["story_id"] for s in stories if any(r["publisher_id"] in shown for r in s["silent"])
    }
    first = stories[0]
    told = wording.plural(len(stories), "story", "stories")
    return (
        f"The biggest is \N{LEFT DOUBLE QUOTATION MARK}{first['title']}"
        f"\N{RIGHT DOUBLE QUOTATION MARK}, {_size(first)}. "
        f"On {wording.count(len(silent))} of these {told} at least one outlet published nothing "
        "that we have."
    )


def _size(story: Story) -> str:
    return (
        f"{wording.plural(story['articles'], 'article')} in "
        f"{wording.plural(story['publishers'], 'outlet')}"
    )


def grid(stories: Sequence[Story], outlets: Sequence[tuple[str, str]]) -> Component:
    """One row a story, one column an outlet: how many articles, or nothing."""
    head = [
        html.Th("Story", scope="col"),
        html.Th("By day", scope="col", className="who-trend"),
        *[
            html.Th(html.Span(name, title=name), scope="col", className="who-outlet")
            for _, name in outlets
        ],
    ]
    days = _days(stories)
    return html.Div(
        html.Table(
            [
                html.Caption("Who covered the biggest stories", className="sr-only"),
                html.Thead(html.Tr(head)),
                html.Tbody([_row(story, outlets, days) for story in stories]),
                html.Tfoot(_totals(stories, outlets)),
            ],
            className="table who",
        ),
        className="table-scroll",
        tabIndex="0",
        role="region",
        **aria(label="Who covered the biggest stories"),
    )


def _row(story: Story, outlets: Sequence[tuple[str, str]], days: Sequence[str]) -> Component:
    covered = {row["publisher_id"]: row["articles"] for row in story["covered"]}
    silent = {row["publisher_id"]: row for row in story["silent"]}
    names = [silent[key]["publisher"] for key, _ in outlets if key in silent]
    return html.Tr(
        [
            html.Th(
                [
                    links.inside(
                        story["title"],
                        links.path("stories", story["story_id"]),
                        className="who-title",
                    ),
                    html.P(
                        f"{_size(story)} · {wording.span(story['first_at'], story['last_at'])}",
                        className="byline",
                    ),
                    html.P(
                        ["Nothing from ", html.B(", ".join(names))], className="who-silent byline"
                    )
                    if names
                    else None,
                ],
                scope="row",
            ),
            html.Td(_trend(story, days), className="who-trend"),
            *[_cell(covered.get(key), silent.get(key), story["days"]) for key, _ in outlets],
        ]
    )


def _cell(articles: int | None, silent: Mapping[str, Any] | None, days: int) -> Component:
    if articles:
        depth = min(articles, DEEP)
        return html.Td(
            html.Span(str(articles), className=f"who-mark who-{depth}"),
            title=wording.plural(articles, "article"),
        )
    if silent is None:
        said, mark = "nothing at all is stored of this outlet from those days", "?"
        return html.Td(html.Span(mark, className="who-mark who-unknown"), title=said)
    seen = silent["days_seen"] >= days
    said = (
        "nothing, though we saw the outlet on every day"
        if seen
        else f"nothing stored; we saw the outlet well on {silent['days_seen']} of {days} days"
    )
    return html.Td(
        html.Span(
            html.Span("none", className="sr-only"),
            className="who-mark who-none" if seen else "who-mark who-none who-unseen",
        ),
        title=said,
    )


def _days(stories: Iterable[Story]) -> list[str]:
    return sorted({row["day"] for story in stories for row in story["by_day"]})


def _trend(story: Story, days: Sequence[str]) -> Component:
    """A bar a day on which anything was written about any of the stories."""
    counts = {row["day"]: row["articles"] for row in story["by_day"]}
    most = max(counts.values(), default=1)
    said = ", ".join(f"{wording.day(day)}: {counts[day]}" for day in days if day in counts)
    return html.Span(
        [html.Span(style={"height": f"{counts.get(day, 0) / most * 100:.0f}%"}) for day in days],
        className="who-bars",
        role="img",
        title=said,
        **aria(label=f"Articles by day. {said}"),
    )


def _totals(stories: Sequence[Story], outlets: Sequence[tuple[str, str]]) -> Component:
    def count(key: str) -> int:
        return sum(any(r["publisher_id"] == key for r in s["silent"]) for s in stories)

    return html.Tr(
        [
            html.Th("Stories with nothing from it", scope="row"),
            html.Td("", className="who-trend"),
            *[html.Td(f"{count(key)} of {len(stories)}") for key, _ in outlets],
        ]
    )


def legend(stories: Sequence[Story], outlets: Sequence[tuple[str, str]]) -> Component:
    """What the marks say, and how far an empty one may be trusted."""
    shown = {key for key, _ in outlets}
    silences = [
        (row["days_seen"], story["days"])
        for story in stories
        for row in story["silent"]
        if row["publisher_id"] in shown
    ]
    unseen = sum(seen < days for seen, days in silences)
    marks = [
        ("who-mark who-2", "2", "articles"),
        ("who-mark who-none", "", "nothing, and we saw every day"),
        ("who-mark who-none who-unseen", "", "nothing stored, but we did not see every day"),
        ("who-mark who-unknown", "?", "nothing of the outlet from those days at all"),
    ]
    kept = [
        (style, mark, said)
        for style, mark, said in marks
        if not (style == "who-mark who-none" and unseen == len(silences))
        and not ("unseen" in style and not unseen)
    ]
    return html.Div(
        [
            html.Ul(
                [html.Li([html.Span(mark, className=s), said]) for s, mark, said in kept],
                className="legend who-legend",
            ),
            html.P(
                "Whether a silence says anything depends on whether we looked. Where we did not "
                "see an outlet on every day of a story, it says only that nothing is stored here, "
                "not that nothing was published.",
                className="quiet chart-note",
            )
            if unseen
            else None,
        ]
    )


def rows(stories: Sequence[Story], outlets: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The grid as text, for those who do not see it."""
    out = []
    for story in stories:
        covered = {row["publisher_id"]: row["articles"] for row in story["covered"]}
        out.append([story["title"], *[str(covered.get(key, 0)) for key, _ in outlets]])
    return out


def claims(found: Sequence[Mapping[str, Any]]) -> Component:
    """Silences that are surprising, the surest first, each with what the claim rests on."""
    shown = [
        html.Li(
            [
                html.P(
                    [
                        html.B(row["publisher"]),
                        " had nothing about ",
                        links.inside(row["title"], links.path("events", row["event_id"])),
                    ],
                    className="claim-said",
                ),
                html.P(
                    f"{wording.plural(row['publishers'], 'other outlet')} covered it, and going by "
                    f"{wording.plural(row['past_events'], 'past event')} this outlet does so with "
                    f"a probability of {wording.share(row['expected'])}. We saw it well on "
                    f"{row['days_crawled']} of {wording.plural(row['days'], 'day')}. "
                    f"False discovery rate {row['q']:.3f}.",
                    className="quiet",
                ),
            ],
            className="story-row",
        )
        for row in found[:CLAIMS_MAX]
    ]
    rest = len(found) - len(shown)
    return html.Div(
        [
            html.Ol(shown, className="claims"),
            html.P(f"and {wording.plural(rest, 'more claim')} in the data", className="more")
            if rest > 0
            else None,
        ]
    )


def why_not(outcomes: Sequence[Mapping[str, Any]]) -> Component:
    """Why the other silences are not claimed, by number."""
    told = [row for row in outcomes if row["verdict"] in REASONS]
    return html.Ul(
        [
            html.Li(f"{wording.plural(row['n'], 'silence')}: {REASONS[row['verdict']]}.")
            for row in told
        ],
        className="rules",
    )
