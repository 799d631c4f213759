"""Who covered something, when, how prominently and in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import event_figures, figures, links, wording
from dashboard.event_figures import MIX, Mix, Point
from dashboard.figures import Mean
from dashboard.links import Filters
from dashboard.parts import charts, labels, notices, tables
from dashboard.parts.charts import Source
from dashboard.shapes import Article

Row = Mapping[str, Any]

ABSENT_MAX: Final = 40
OUTLETS_MAX: Final = 40
DRAWN_MAX: Final = 200  # articles of a figure
INTERVAL: Final = "intervals are 95 %"


def ordered(outlets: Sequence[Row]) -> list[Row]:
    """In the order they came to it; never by lean or tone."""
    return sorted(outlets, key=lambda row: (row["first_at"], row["publisher"]))[:OUTLETS_MAX]


def table(outlets: Sequence[Row], group: Filters) -> Component:
    """Outlet by outlet: how much, how prominently, how labelled. ``group`` is the event or story.

    Exposure is there for an event of now; means have intervals where the API gives them.
    """
    rows = ordered(outlets)
    shown = any("exposure" in row for row in rows)
    heads = ["Outlet", "First article (UTC)", "Articles", *(["On the front page"] if shown else [])]
    cells = [
        [
            links.inside(row["publisher"], _articles_of(row, group)),
            wording.time(row["first_at"]).removesuffix(" UTC"),
            _count(row),
            *([exposure(row["exposure"])] if shown else []),
            *_measured(row, "lean"),
            *_measured(row, "tone"),
        ]
        for row in rows
    ]
    first = len(heads)
    few = [
        place for place, row in enumerate(rows) if min(row["lean_n"], row["tone_n"]) < wording.N_MIN
    ]
    return tables.plain(
        [*heads, "Mean lean", "95 % interval", "n", "Mean tone", "95 % interval", "n"],
        cells,
        caption="Coverage by outlet, in the order they first published",
        numeric=(2, first + 2, first + 5),
        marked=few,
    )


def _articles_of(row: Row, group: Filters) -> str:
    only = Filters(publisher=(row["publisher_id"],), event=group.event, story=group.story)
    return links.path("articles", filters=only)


def _count(row: Row) -> str:
    copies = row.get("copies")
    return wording.count(row["articles"]) + (f" ({copies} agency text)" if copies else "")


def _measured(row: Row, stage: str) -> list[Any]:
    low, high = row.get(f"{stage}_low"), row.get(f"{stage}_high")
    spelt = wording.NONE if low is None else f"{wording.score(low)} to {wording.score(high)}"
    return [
        labels.mini(stage, row[f"{stage}_mean"]),
        html.Span(spelt, className="nowrap"),
        wording.count(row[f"{stage}_n"]),
    ]


def exposure(row: Row) -> Any:
    """``3.2 lead hours, best place 2``; or that nobody knows."""
    if row["lead_h"] is None:
        return html.Span("not known", title="No look at its front page during the event.")
    best = row["best_rank"]
    place = "never on it" if best is None else f"best place {best}"
    return html.Span(
        f"{row['lead_h']:.1f} lead hours, {place}",
        title=(
            f"Known for {row['known_h']:.0f} of {row['span_h']:.0f} hours, from "
            f"{wording.plural(row['looks'], 'look')}. An hour at the top is one lead hour."
        ),
    )


def absent(stored: Sequence[Row], verdicts: Sequence[Row], note: str) -> Component:
    """Outlets without an article here although others of those days are stored, and what we saw.

    ``verdicts`` say of each on how many of the days it was watched; without one nothing is known.
    """
    if not stored:
        return html.P("Every outlet with articles on these days has at least one here.")
    judged = {row["publisher_id"]: row for row in verdicts}
    rows = [
        [
            row["publisher"],
            wording.count(row["articles_on_those_days"]),
            watched(judged.get(row["publisher_id"], row)),
            _said(judged.get(row["publisher_id"])),
        ]
        for row in stored[:ABSENT_MAX]
    ]
    rest = len(stored) - ABSENT_MAX
    return html.Div(
        [
            tables.plain(
                [
                    "Outlet",
                    "Its other articles of those days",
                    "Days we watched it",
                    "What follows",
                ],
                rows,
                caption="Outlets of which nothing was found here",
                numeric=(1,),
            ),
            html.P(f"and {wording.plural(rest, 'more outlet')}", className="more")
            if rest > 0
            else None,
            html.P(note, className="quiet"),
        ]
    )


def watched(row: Row) -> str:
    """``3 of 5``: the days on which the outlet was crawled well, of those in question."""
    if row.get("days") is None:
        return "not known"
    return f"{row['days_crawled']} of {row['days']}"


def _said(verdict: Row | None) -> str:
    return "no claim: not judged yet" if verdict is None else str(verdict["said"])


def timeline(
    rows: Sequence[Article], href: str, seen_days: tuple[int, int] | None = None
) -> Component:
    """When each outlet wrote, or that no article has a date."""
    points: list[tuple[str, str, str]] = [
        (time, row["publisher"], row["title"]) for row in rows if (time := row["published_at"])
    ]
    if not points:
        return notices.notice("No dates", "None of these articles says when it appeared.")
    points.sort()
    undated, dropped = len(rows) - len(points), len(points) - DRAWN_MAX
    points = points[:DRAWN_MAX]
    notes = []
    if undated:
        notes.append(f"{wording.plural(undated, 'article')} without a date cannot be drawn.")
    if dropped > 0:
        notes.append(f"{wording.plural(dropped, 'later article')} stand in the data.")
    return charts.chart(
        figures.timeline(points),
        title="When each outlet wrote about it",
        summary=(
            f"{wording.plural(len(points), 'article')} from {wording.time(points[0][0])} "
            f"to {wording.time(points[-1][0])}, first by {points[0][1]}."
        ),
        source=Source(
            n=len(points),
            href=href,
            first_at=points[0][0],
            last_at=points[-1][0],
            seen_days=seen_days,
        ),
        heads=["Published", "Outlet", "Headline"],
        rows=[[wording.time(time), outlet, title] for time, outlet, title in points],
        notes=notes,
    )


def scores(
    kind: str, outlets: Sequence[Row], articles: Sequence[Article], row: Row, href: str
) -> Component:
    """Lean or tone of every article by outlet, with the outlets' means and intervals.

    ``row`` is the event or story with the run that labelled; ``href`` the means in the API.
    """
    kept = [outlet for outlet in ordered(outlets) if outlet[f"{kind}_n"]]
    if not kept:
        return notices.no_labels()
    means = [
        Mean(
            name=outlet["publisher"],
            n=outlet[f"{kind}_n"],
            mean=outlet[f"{kind}_mean"],
            low=outlet.get(f"{kind}_low"),
            high=outlet.get(f"{kind}_high"),
        )
        for outlet in kept
    ]
    points = [
        Point(outlet=article["publisher"], score=score, headline=article["title"])
        for article in articles[:DRAWN_MAX]
        if (found := article["labels"]) and (score := found["lean" if kind == "lean" else "tone"])
        is not None
    ]  # fmt: skip
    total = sum(mean.n for mean in means)
    notes = [
        (
            "Each dot is an article, the upright line the mean of the outlet. The order is that in "
            f"which outlets came to it. Means of fewer than {wording.N_MIN} articles are no ground "
            "for a ranking."
        )
    ]
    if len(points) < total:
        notes.append(f"{wording.count(len(points))} of {wording.count(total)} articles are drawn.")
    return charts.chart(
        event_figures.scores(points, means, kind=kind),
        title=f"{wording.STAGES[kind]} by outlet",
        summary=" ".join(
            f"{mean.name}: mean {wording.score(mean.mean)}, n = {mean.n}." for mean in means
        ),
        source=_source(row, total, href),
        heads=["Outlet", "n", "Mean", "95 % interval"],
        rows=[
            [
                mean.name,
                wording.count(mean.n),
                wording.score(mean.mean, 2),
                wording.NONE
                if mean.low is None
                else f"{wording.score(mean.low, 2)} to {wording.score(mean.high, 2)}",
            ]
            for mean in means
        ],
        numeric=(1, 2),
        notes=notes,
    )


def mix(outlets: Sequence[Row], row: Row, href: str) -> Component:
    """What the sentences of each outlet are: facts, quotes, opinions."""
    kept = [outlet for outlet in ordered(outlets) if outlet["sentences"]]
    if not kept:
        return notices.notice(
            "No labels of sentences yet", "They appear as the workers finish, where a run has them."
        )
    rows = [
        Mix(
            outlet=outlet["publisher"],
            sentences=outlet["sentences"],
            articles=outlet["sentence_articles"],
            shares=_shares(outlet),
        )
        for outlet in kept
    ]
    return charts.chart(
        event_figures.mix(rows),
        title="What sentences are, by outlet",
        summary=" ".join(
            f"{r.outlet}: {wording.share(r.shares['fact'])} facts, "
            f"{wording.share(r.shares['quote'])} quotes, "
            f"{wording.share(r.shares['opinion'])} opinions."
            for r in rows
        ),
        source=_source(row, sum(r.articles for r in rows), href),
        heads=["Outlet", "Articles", "Sentences", "Facts", "Quotes", "Opinions"],
        rows=[
            [
                outlet["publisher"],
                wording.count(outlet["sentence_articles"]),
                wording.count(outlet["sentences"]),
                *[_share(outlet, kind) for kind in ("fact", "quote", "opinion")],
            ]
            for outlet in kept
        ],
        numeric=(1, 2),
        notes=[
            (
                "n under a name counts sentences. A fact is a sentence that could be checked; "
                "nobody checked it. Intervals stand in the table; one article has none."
            )
        ],
        legend=[(said, colour, "square") for said, colour in MIX.values()],
    )


def _shares(outlet: Row) -> dict[str, float]:
    shares = {kind: float(outlet[f"{kind}_share"] or 0.0) for kind in ("fact", "quote", "opinion")}
    return shares | {"rest": max(0.0, 1.0 - sum(shares.values()))}


def _share(outlet: Row, kind: str) -> str:
    low, high = outlet[f"{kind}_low"], outlet[f"{kind}_high"]
    spelt = wording.share(outlet[f"{kind}_share"])
    return spelt if low is None else f"{spelt} ({wording.share(low)} to {wording.share(high)})"


def _source(row: Row, n: int, href: str) -> Source:
    run = row.get("run") or {}
    return Source(
        n=n,
        href=href,
        first_at=row["first_at"],
        last_at=row["last_at"],
        labeller=run.get("labeller"),
        labeller_revision=run.get("labeller_revision"),
        codebook=run.get("codebook_version"),
        run_id=run.get("run_id"),
        interval=INTERVAL,
        seen_days=row.get("seen_days"),
    )
