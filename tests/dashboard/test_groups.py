"""Events and stories as pages: what they tell, as they stood then, and ids that are no more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from dash.development.base_component import Component
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from dashboard import app
from dashboard.client import ApiError, Client
from dashboard.links import Filters, parse
from dashboard.pages import PAGES, event, events, story
from dashboard.parts import coverage, glance, lineage, spark, told

EVENT = f"/events/{0xE0:032x}"
STORY = f"/stories/{0xF0:032x}"


def walk(component: Any) -> Iterator[Any]:
    if isinstance(component, list | tuple):
        for child in component:
            yield from walk(child)
    elif isinstance(component, Component):
        yield component
        yield from walk(getattr(component, "children", None))
    elif isinstance(component, str):
        yield component


def words(component: Any) -> str:
    return " ".join(part for part in walk(component) if isinstance(part, str))


def hrefs(component: Any) -> list[str]:
    found = [getattr(part, "href", None) for part in walk(component)]
    return [href for href in found if href]


def drawn(api: FastAPI, address: str, search: str = "") -> Component:
    page = PAGES["story" if "/stories/" in address else "event"]
    ((panel, draw),) = page.PANELS.items()
    client = Client.in_process(api)
    return asyncio.run(app.shown(client, draw, panel, address, search))


def test_an_event_tells_who_told_what_and_that_it_may_be_wrong(small_api: FastAPI) -> None:
    text = words(drawn(small_api, EVENT))
    assert "3.2 lead hours, best place 2" in text
    assert "not known" in text  # the front pages of the others
    assert "Perhaps told by one outlet alone (1)" in text
    assert "42 of 100" in text
    assert "Told by some, not found at others (2)" in text
    assert "Told by all (1)" in text
    assert "by ada, a person" in text
    assert "outlet-days seen as usual" in text


def test_a_story_tells_who_covered_which_part(small_api: FastAPI) -> None:
    made = drawn(small_api, STORY)
    text = words(made)
    assert "Covered by 6 of 6 outlets" in text
    assert "4 of 10" in text  # of the numbers that are told
    assert "An amount that goes with: killed, bridge" in text
    values = text.index("Still told after a newer value by"), text.index("last value found")
    assert values[1] < values[0]  # the latest stands first
    (table,) = [c for c in walk(made) if getattr(c, "className", "") == "table parts"]
    heads = [c for c in walk(table) if getattr(c, "scope", "") == "col"]
    assert len(heads) == 3  # the outlet and two events
    assert "as it stood then" in text


def test_what_nothing_is_stored_of_is_a_question_and_no_verdict() -> None:
    outlets = [{"publisher_id": "a", "publisher": "Auk", "articles": 2, "first_at": "2026-11-05"}]
    none = {"publisher_id": "g", "publisher": "Gull", "articles_on_those_days": 9}

    def said(**watched: int) -> str:
        return words(glance.glance(outlets, [none | watched], []))

    assert "Nothing found from  Gull" in said()
    assert "did not watch their sites on these days" in said(days=3, days_crawled=0)
    assert "on every one of these days" in said(days=3, days_crawled=2)
    assert "no proof of silence" in said(days=3, days_crawled=2)
    assert "We watched them on all of these days." in said(days=3, days_crawled=3)
    verdict = {"publisher_id": "g", "days": 3, "days_crawled": 2, "said": "no claim: young"}
    assert "2 of 3" in words(coverage.absent([none], [verdict], "note"))
    assert "no claim: not judged yet" in words(coverage.absent([none], [], "note"))


def test_a_part_that_fails_leaves_the_others(small_api: FastAPI) -> None:
    class Lame(Client):
        async def get(self, route: str, parameters: Any = ()) -> dict[str, Any]:
            if route.endswith(("/coverage", "/facts", "/state", "/lineage")):
                raise ApiError("database-away", "gone", status=503)
            return await super().get(route, parameters)

    for page, address in ((event, EVENT), (story, STORY)):
        ((panel, draw),) = page.PANELS.items()
        client = Lame.in_process(small_api)
        text = words(asyncio.run(app.shown(client, draw, panel, address, "")))
        assert "The articles" in text
        assert "failed on this part" in text


def test_as_it_stood_then_leaves_out_what_keeps_no_history(small_api: FastAPI) -> None:
    for address in (EVENT, STORY):
        made = drawn(small_api, address, "?as_of=2026-11-05T10:00:00Z")
        text = words(made)
        assert "As it stood on 5 Nov 2026, 10:00 UTC" in text
        assert address in hrefs(made)
        assert "The articles" in text
        assert "came together" not in text
        assert "lead hours" not in text


@pytest.mark.parametrize(("status", "into"), [(307, ["a" * 32]), (410, [])])
def test_an_id_that_is_no_more_leads_on(status: int, into: list[str]) -> None:
    api = FastAPI()

    @api.get("/v1/{path:path}")
    def answer(path: str) -> Any:
        if path.endswith("/lineage"):
            level = "story" if "stories" in path else "event"
            meta = {"id": "0" * 32, "level": level, "into": into, "title": "The old one"}
            return {"data": [], "next_cursor": None, "meta": meta}
        return JSONResponse({"code": "id-retired", "detail": "no more"}, status)

    for address, place in ((EVENT, "events"), (STORY, "stories")):
        made = drawn(api, address)
        text = words(made)
        assert "The old one" in text
        assert "is no more" in text
        assert hrefs(made) == [f"/{place}/{heir}" for heir in into]


def test_lists_ask_for_events_and_for_stories() -> None:
    asked = events.question(parse("?q=ferry&publisher=a&without=b&state=open&topic=t&run=5d5d5d5d"))
    assert dict(asked) == {
        "q": "ferry", "publisher": "a", "without": "b", "state": "open", "topic": "t",
        "run": "5d5d5d5d", "sort": "-articles",
    }  # fmt: skip
    asked = events.question(parse("?level=stories&without=b&topic=t&run=5d5d5d5d&sort=last_at"))
    assert dict(asked) == {"without": "b", "min_articles": "2", "sort": "last_at"}


def test_stories_are_listed_with_their_days(small_api: FastAPI) -> None:
    (draw,) = events.PANELS.values()
    made = asyncio.run(draw(Client.in_process(small_api), Filters(level="stories")))
    assert STORY in hrefs(made)
    bars = [c for c in walk(made) if getattr(c, "className", "") == "spark"]
    assert len(bars) == 3
    assert all(getattr(bar, "aria-label", "").startswith("Articles by day: ") for bar in bars)
    assert "2 events" in words(made)


def test_bars_keep_every_article_and_show_days_without() -> None:
    assert spark.binned({}) == ([], 1)
    assert spark.binned({"2026-11-03": 2, "2026-11-06": 1}) == ([2, 0, 0, 1], 1)
    long = {f"2026-{month:02}-01": month for month in range(1, 13)}
    bins, days = spark.binned(long)
    assert (sum(bins), len(bins) <= spark.BINS_MAX, days) == (78, True, 12)
    assert spark.spark(None) is None


def test_nothing_looked_for_is_told_from_nothing_found() -> None:
    assert "Not looked for yet" in words(told.facts([], {}, looked=False))
    assert "No fact to compare" in words(told.facts([], {}, looked=True))
    assert "Not looked for yet" in words(told.state({"made": False, "slots": []}))
    assert "No amount that changed" in words(told.state({"made": True, "slots": []}))
    assert "Nothing has become of it" in words(lineage.lineage([], "x", more=False))


def test_names_are_listed_as_one_says_them() -> None:
    assert glance.listed(["A"]) == "A"
    assert glance.listed(["A", "B", "C"]) == "A, B and C"
    assert glance.listed([str(n) for n in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
