"""Two outlets or two periods side by side: what differs, how surely, and who skipped what."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from dashboard import links, wording
from dashboard.client import Client
from dashboard.links import Filters
from dashboard.parts import compared, frame, notices
from dashboard.parts import filters as controls
from dashboard.parts.sources import source

TITLE: Final = "Compare"
STORIES: Final = 6  # of a list; the link leads to all
READ: Final = 100  # stories that are looked through for shared ones
ASKED: Final = frozenset({"category", "topic", "news_type", "run"})
TOLD: Final = ("lean", "tone", "opinion_sentences")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What stands against what, as the API is asked and as a reader calls it."""

    of: str
    a: str
    b: str
    first: str
    second: str
    outlets: Sequence[Mapping[str, Any]]
    note: str | None = None


def top(filters: Filters) -> Component:
    """Title and controls, which stay while the rest is redrawn."""
    return html.Div(
        [
            frame.head(
                "Compare",
                "Two outlets, or two periods, side by side: subjects, lean, tone, sentences, and "
                "the stories only one of them has.",
            ),
            controls.bar(
                controls.outlets(filters),
                controls.dates(filters),
                controls.category(filters),
                controls.news_type(filters),
                clear_to="/compare",
            ),
        ]
    )


def layout(filters: Filters) -> Component:
    """What is compared, the measures, the stories."""
    of = [("", "Two outlets"), ("periods", "Two periods")]
    return html.Div(
        [
            html.Div(
                controls.choice("compare", "Compare", filters.compare, of), className="choices"
            ),
            controls.bar(
                controls.dates(filters, "before", "Other period"),
                clear_to=links.path("compare", filters=Filters(compare="periods")),
            )
            if filters.compare
            else None,
            frame.panel("compare-measures", "What differs", lines=16),
            frame.panel("compare-stories", "Who told what", lines=10),
        ]
    )


async def sides(client: Client, filters: Filters) -> Sides | None:
    """The two that are compared: those chosen, else the nearest to them that make sense."""
    outlets = await client.outlets()
    if filters.compare == "periods":
        return _periods(filters, outlets)
    return _outlets(filters, outlets)


def _outlets(filters: Filters, outlets: Sequence[Mapping[str, Any]]) -> Sides | None:
    names = {row["publisher_id"]: row["name"] for row in outlets}
    busy = sorted(
        (row for row in outlets if row["articles"]), key=lambda row: (-row["articles"], row["name"])
    )
    rest = [row["publisher_id"] for row in busy if row["publisher_id"] not in filters.publisher]
    pair = [*filters.publisher, *rest][:2]
    if len(pair) < 2:
        return None
    note = None
    if len(filters.publisher) < 2:
        note = "Choose two outlets above. Until then the ones with most articles stand here."
    elif len(filters.publisher) > 2:
        note = "Two at a time: the first two of those chosen are compared."
    a, b = pair
    return Sides(
        of="outlets",
        a=a,
        b=b,
        first=names.get(a, a),
        second=names.get(b, b),
        outlets=outlets,
        note=note,
    )


def _periods(filters: Filters, outlets: Sequence[Mapping[str, Any]]) -> Sides | None:
    first, last, note = filters.published_from, filters.published_to, None
    if first is None or last is None:
        days = [
            moment.date()
            for row in outlets
            for name in ("first_at", "last_at")
            if (moment := wording.moment(row[name])) is not None
        ]
        if not days or min(days) == max(days):
            return None
        whole = max(days) - min(days) + timedelta(days=1)
        first, last = max(days) - whole // 2 + timedelta(days=1), max(days)
        note = "Choose days above. Until then the later half of the collection stands here."
    before = _before(filters, first, last)
    period = f"{first}/{last}"
    other = f"{before[0]}/{before[1]}"
    if period == other:
        return None
    return Sides(
        of="periods",
        a=period,
        b=other,
        first=wording.span(str(first), str(last)),
        second=wording.span(str(before[0]), str(before[1])),
        outlets=outlets,
        note=note,
    )


def _before(filters: Filters, first: date, last: date) -> tuple[date, date]:
    if filters.before_from and filters.before_to:
        return filters.before_from, filters.before_to
    return first - (last - first) - timedelta(days=1), first - timedelta(days=1)


def question(found: Sides, filters: Filters) -> list[tuple[str, str]]:
    """The comparison as the API is asked for it."""
    kept = [(name, value) for name, value in links.query(filters) if name in ASKED]
    if found.of == "periods":
        kept += [("publisher", outlet) for outlet in filters.publisher]
    else:
        kept += [p for p in links.query(filters) if p[0] in {"published_from", "published_to"}]
    return [("of", found.of), ("a", found.a), ("b", found.b), *kept]


def _days_of(found: Sides, asked: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The outlets and days whose completeness bears on the comparison."""
    if found.of == "outlets":
        return [("publisher", found.a), ("publisher", found.b), *asked]
    days = sorted(day for period in (found.a, found.b) for day in period.split("/"))
    kept = [pair for pair in asked if pair[0] == "publisher"]
    return [*kept, ("published_from", days[0]), ("published_to", days[-1])]


def nothing_to_compare() -> Component:
    """Fewer than two of anything."""
    return notices.notice(
        "There are no two to compare",
        "It takes two outlets with articles, or two different periods with a day each. "
        "Choose others above.",
    )


async def draw_measures(client: Client, filters: Filters) -> Component:
    """Every measure of both sides and their differences."""
    found = await sides(client, filters)
    if found is None:
        return nothing_to_compare()
    asked = question(found, filters)
    seen = _days_of(found, asked)
    answer, days = await asyncio.gather(client.get("comparisons", asked), client.seen_days(seen))
    rests = source(
        0,
        links.api_path("comparisons", asked),
        replace(filters, publisher=(found.a, found.b)) if found.of == "outlets" else filters,
        found.outlets,
        answer["meta"]["run"],
        interval="95 % interval of each difference by itself",
        seen_days=days,
    )
    return compared.measures(answer, found.first, found.second, found.note, rests)


async def draw_stories(client: Client, filters: Filters) -> Component:
    """Stories of one side, of the other, and of both with how each told them."""
    found = await sides(client, filters)
    if found is None:
        return nothing_to_compare()
    if found.of == "periods":
        return await _stories_of_periods(client, found)
    days = [p for p in links.query(filters) if p[0] in {"published_from", "published_to"}]
    large = [("sort", "-articles"), *days]
    only_a = [("publisher", found.a), ("without", found.b), *large]
    only_b = [("publisher", found.b), ("without", found.a), *large]
    most = [("limit", str(STORIES)), ("count", "true")]
    of_a, of_b, of_any = await asyncio.gather(
        client.get("stories", [*only_a, *most]),
        client.get("stories", [*only_b, *most]),
        client.get("stories", [("publisher", found.a), ("limit", str(READ)), *large]),
    )
    both = [
        story
        for story in of_any["data"]
        if {found.a, found.b} <= {outlet["publisher_id"] for outlet in story["outlets"]}
    ][:STORIES]
    told = await asyncio.gather(*(_told(client, story, found, filters) for story in both))
    return compared.stories(
        (found.first, of_a, links.api_path("stories", only_a)),
        (found.second, of_b, links.api_path("stories", only_b)),
        list(zip(both, told, strict=True)),
        (found.a, found.b),
    )


async def _told(
    client: Client, story: Mapping[str, Any], found: Sides, filters: Filters
) -> dict[str, dict[str, Mapping[str, Any]]]:
    """How each side told a story: cells by metric and outlet."""
    of = [("story", story["story_id"]), ("publisher", found.a), ("publisher", found.b)]
    answers = await asyncio.gather(
        *(
            client.trends([("metric", metric), ("by", "publisher"), *of, *links.seen(filters)])
            for metric in TOLD
        )
    )
    return {
        metric: {cell["publisher"]: cell for cell in answer["data"]}
        for metric, answer in zip(TOLD, answers, strict=True)
    }


async def _stories_of_periods(client: Client, found: Sides) -> Component:
    asked = []
    for period in (found.a, found.b):
        first, last = period.split("/")
        asked.append(
            [("published_from", first), ("published_to", last), ("sort", "-articles"),
             ("limit", str(STORIES)), ("count", "true")]
        )  # fmt: skip
    of_a, of_b = await asyncio.gather(*(client.get("stories", each) for each in asked))
    return compared.periods(
        (found.first, of_a, links.api_path("stories", asked[0])),
        (found.second, of_b, links.api_path("stories", asked[1])),
    )


PANELS: Final = {"compare-measures": draw_measures, "compare-stories": draw_stories}
