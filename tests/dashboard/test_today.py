"""Today, coverage and outlets say what the numbers say, and no more."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Any

import frontroom
import plotly.utils
import pytest
from dash.development.base_component import Component
from fastapi import FastAPI

from dashboard import links, wording
from dashboard.client import Client
from dashboard.pages import PAGES, today
from dashboard.parts import front_pages, health, silence

NAMES = {"gull": "Gull", "heron": "Heron", "auk": "Auk"}


def article(number: int, outlet: str, story: str, title: str = "Ferry vote off") -> dict[str, Any]:
    return {
        "article_id": f"{number:032x}", "publisher_id": outlet, "title": title,
        "url": "https://gull.example/1", "event_id": story, "story_id": story,
        "published_at": f"2026-11-{number + 3:02}T08:00:00Z",
    }  # fmt: skip


def look(outlet: str, *rows: dict[str, Any]) -> dict[str, Any]:
    return frontroom.look(outlet, NAMES[outlet], list(rows))


def said(component: Component | None) -> str:
    """Everything in it as text, and what it would be read as."""
    return json.dumps(component, cls=plotly.utils.PlotlyJSONEncoder, ensure_ascii=False)


def drawn(page: str, panel: str, api: FastAPI, search: str = "") -> str:
    filters = links.parse(search)
    return said(asyncio.run(PAGES[page].PANELS[panel](Client.in_process(api), filters)))


def test_outlets_that_lead_with_one_story_stand_together() -> None:
    ferry, fair = "f" * 32, "e" * 32
    looks = [
        look("gull", article(1, "gull", ferry)),
        look("heron", article(2, "heron", fair, "Fair opens")),
        look("auk", article(3, "auk", ferry, "Ferry put off again")),
    ]
    (shared, both), (rest, alone) = front_pages.together(looks)
    assert (shared, [row["publisher"] for row in both]) == (ferry, ["Auk", "Gull"])
    assert (rest, [row["publisher"] for row in alone]) == (None, ["Heron"])
    assert front_pages.summary(looks) == "2 of 3 front pages lead with the same story."
    text = said(front_pages.leads(looks))
    assert f"/stories/{ferry}" in text
    assert f"/articles/{3:032x}" in text
    assert "30 % of the page's prominence, headline 40 px, with a picture" in text
    assert front_pages.summary(looks[:2]).startswith("No two")


def test_a_lead_that_is_not_stored_leads_to_the_outlet() -> None:
    shown = look("gull", article(1, "gull", "f" * 32))
    shown["leads"][0]["stored"] = False
    text = said(front_pages.leads([shown]))
    assert "https://gull.example/1" in text
    assert "/articles/" not in text


def test_a_silence_says_whether_anybody_looked() -> None:
    rows = [article(n, outlet, "f" * 32) for n, outlet in ((0, "gull"), (1, "gull"), (2, "auk"))]
    unseen = frontroom.story("f" * 32, rows, NAMES, days_seen=1)
    seen = frontroom.story("e" * 32, rows, NAMES, days_seen=3)
    outlets = [(key, NAMES[key]) for key in ("auk", "gull", "heron")]
    assert silence.columns([seen]) == [("auk", "Auk"), ("gull", "Gull")]
    text = said(silence.grid([unseen, seen], outlets))
    assert "nothing stored; we saw the outlet well on 1 of 3 days" in text
    assert "nothing, though we saw the outlet on every day" in text
    assert text.count("who-unseen") == 1
    assert "2 of 2" in text
    assert "On 2 of these 2 stories" in silence.summary([unseen, seen], outlets)
    assert "not that nothing was published" in said(silence.legend([unseen], outlets))
    assert "not that nothing was published" not in said(silence.legend([seen], outlets))


def test_an_outlet_without_anything_from_those_days_is_no_silence() -> None:
    told = frontroom.story("f" * 32, [article(1, "gull", "f" * 32)], {"gull": "Gull"}, days_seen=0)
    text = said(silence.grid([told], [("gull", "Gull"), ("heron", "Heron")]))
    assert "nothing at all is stored of this outlet from those days" in text
    assert "0 of 1" in text


def test_only_claims_are_called_surprising(small_api: FastAPI) -> None:
    bare = drawn("today", "today-silences", small_api)
    assert "No silence can be called surprising" in bare
    assert "12 silences: we did not see the outlet to the end of every day" in bare
    api = FastAPI()
    frontroom.add(
        api, [article(1, "gull", "f" * 32)], [(k, n, 0.0) for k, n in NAMES.items()], claims=True
    )
    claimed = drawn("today", "today-silences", api)
    assert " had nothing about " in claimed
    assert "a probability of 93 %" in claimed
    assert "No silence" not in claimed


def test_now_is_as_old_as_its_newest_data() -> None:
    now = datetime(2026, 11, 14, 18, tzinfo=UTC)
    text = said(today.status([], [{"published_at": "2026-11-12T18:00:00Z"}], None, now=now))
    assert "no front page looked at yet" in text
    assert "12 Nov 2026, 18:00 UTC (2 days ago)" in text
    assert "not judged yet" in text
    assert wording.age("2026-11-14T17:31:00Z", now).endswith("(29 minutes ago)")
    assert wording.age("2026-11-14T15:00:00Z", now).endswith("(3 hours ago)")
    assert wording.age("2026-11-15T15:00:00Z", now).endswith("(in the future)")


def test_a_day_that_is_not_over_is_well_so_far() -> None:
    assert health.verdict({"verdict": "ok", "complete": False}) == "unfinished"
    assert health.verdict({"verdict": "broken", "complete": False}) == "broken"
    gaps = [{"verdict": "unfinished"}, {"verdict": "kept-out"}, {"verdict": "not-crawled"}]
    assert health.sentence(5, gaps) == (
        "3 of 5 outlets seen well; 1 did not let us in; 1 not looked at"
    )
    first = date(2026, 11, 1)
    strip = said(health.strip({first: "ok"}, first, date(2026, 11, 3)))
    assert "Seen well on 1 of 3 days" in strip
    assert strip.count("day-not-crawled") == 2


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", ["Articles by outlet and category", "/coverage?category=politics"]),
        ("?category=politics", ["Articles by outlet and topic"]),
        ("?shares=true&weights=outlet", ["All outlets", "in the bar of all outlets every outlet"]),
        ("?view=grid&shares=true", ["mix-cell", "/articles?publisher="]),
        ("?highlight=sports&shares=true", ["#c9c9c4"]),
        ("?topic=sports", ["This run gives no subtopics"]),
    ],
)
def test_coverage_is_what_the_address_asks_for(
    small_api: FastAPI, search: str, expected: list[str]
) -> None:
    text = drawn("coverage", "coverage-topics", small_api, search)
    for part in expected:
        assert part in text


def test_one_subject_is_the_most_frequent_until_one_is_chosen(small_api: FastAPI) -> None:
    assert "It is the most frequent" in drawn("coverage", "coverage-one", small_api)
    chosen = drawn("coverage", "coverage-one", small_api, "?topic=sports")
    assert "Share of Sports in each outlet's articles" in chosen
    gone = drawn("coverage", "coverage-one", small_api, "?topic=nowhere")
    assert "No article about Nowhere" in gone


def test_the_way_up_the_tree_keeps_the_other_filters() -> None:
    page = PAGES["coverage"].layout(links.parse("?category=politics&topic=courts&shares=true"))
    text = said(page)
    assert '"/coverage?shares=true"' in text
    assert '"/coverage?category=politics&shares=true"' in text
    assert "Articles by outlet and subtopic" in text


def test_outlets_show_their_days_and_their_gaps(small_api: FastAPI) -> None:
    days = drawn("outlets", "outlets-days", small_api)
    assert days.count('"days"') >= 6
    assert "less came than always does" in days
    gaps = drawn("outlets", "outlets-gaps", small_api)
    assert "0 of 6 outlet-days" in gaps
    assert "the outlet did not let us in" in gaps
