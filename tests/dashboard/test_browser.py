"""What only a browser can say: policy, scripts, phones, the dark sheet, other directions."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import MARKS, opened, settled
from fastapi import FastAPI

pytestmark = MARKS

PLACES = {
    "today": "/",
    "coverage": "/coverage",
    "framing": "/framing",
    "events": "/events",
    "event": f"/events/{0xE0:032x}",
    "story": f"/stories/{0xF0:032x}",
    "compare": "/compare",
    "articles": "/articles",
    "article": f"/articles/{0:032x}",
    "outlets": "/outlets",
    "pipeline": "/pipeline",
    "methods": "/methods",
}
# What markup would have left behind, had any of it been read as markup.
INTRUDERS = """() => [...document.querySelectorAll("*")].filter((it) =>
  [...it.attributes].some((a) => a.name.startsWith("on") || a.name === "srcdoc")
  || /^(javascript|vbscript|data):/i.test((it.getAttribute("href") || "").trim())
  || /evil/.test(it.getAttribute("src") || it.getAttribute("data") || it.getAttribute("action") || "")
  || (it.tagName === "A" && it.target !== "_blank" && it.origin !== location.origin)
  || ["IFRAME", "OBJECT", "EMBED", "BASE", "MARQUEE", "XSS", "MATH"].includes(it.tagName)
).map((it) => it.outerHTML.slice(0, 200))"""


def test_pages_obey_their_policy_on_a_phone_in_the_dark(
    chromium: Any, serve: Any, small_api: FastAPI
) -> None:
    address = serve(small_api)
    page, seen = opened(
        chromium, address, viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    for path, mark in (
        ("/coverage", ".main-svg"),
        ("/articles", ".cell-headline"),
        ("/framing", ".main-svg"),
    ):
        page.goto(address + path)
        settled(page)
        page.wait_for_selector(mark)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 26)"
    assert (seen.foreign, seen.errors) == ([], [])


def test_a_reader_filters_follows_and_returns(
    chromium: Any, serve: Any, small_api: FastAPI
) -> None:
    address = serve(small_api)
    page, seen = opened(chromium, address, viewport={"width": 1400, "height": 900})
    page.goto(address + "/articles")
    settled(page)
    words = page.get_by_role("textbox", name="Headline contains")
    words.fill("ferry")
    page.wait_for_url("**/articles?q=ferry")
    page.wait_for_selector("#articles-count b")
    page.wait_for_selector(".cell-headline")
    assert "ferry" in page.locator(".cell-headline").first.inner_text()
    assert words.evaluate("it => it === document.activeElement")  # typing can go on
    page.locator(".cell-headline").first.click()
    page.wait_for_selector(".label-card")
    assert "/articles/" in page.url
    assert page.title().startswith("Article")
    assert page.locator(".gauge").count() >= 3
    page.go_back()
    page.wait_for_url("**/articles?q=ferry")
    page.wait_for_selector(".cell-headline")
    assert page.get_by_role("textbox", name="Headline contains").input_value() == "ferry"
    page.get_by_text("Clear all").click()
    page.wait_for_url("**/articles")
    page.wait_for_function(
        "() => document.querySelector('#articles-count b')?.innerText === '130 articles'"
    )
    assert page.get_by_role("textbox", name="Headline contains").input_value() == ""
    assert (seen.foreign, seen.errors) == ([], [])


def test_the_grid_reads_on(chromium: Any, serve: Any, small_api: FastAPI) -> None:
    address = serve(small_api)
    page, seen = opened(chromium, address, viewport={"width": 1400, "height": 900})
    page.goto(address + "/articles")
    page.wait_for_selector(".cell-headline")
    page.wait_for_selector(".ag-body-viewport")
    for _ in range(12):
        page.evaluate("document.querySelector('.ag-body-viewport').scrollBy(0, 1500)")
        page.wait_for_timeout(250)
    last = page.locator(".ag-row").last
    assert int(last.get_attribute("row-index")) == 129
    assert seen.errors == []


@pytest.mark.parametrize(
    "places",
    [
        ["today", "articles", "article", "outlets"],
        pytest.param(list(PLACES), marks=pytest.mark.long),
    ],
    ids=["some", "all"],
)
def test_stored_scripts_stay_text(
    chromium: Any, serve: Any, hostile_api: FastAPI, places: list[str]
) -> None:
    address = serve(hostile_api)
    page, seen = opened(chromium, address, viewport={"width": 1400, "height": 900})
    page.goto(address + "/methods")
    settled(page)
    for path in (PLACES[name] for name in places):
        # As a reader goes on, without loading all scripts again.
        page.evaluate("to => dash_clientside.set_props('url', {pathname: to, search: ''})", path)
        page.wait_for_function("to => location.pathname === to", arg=path)
        settled(page)
        if path == "/articles":
            page.wait_for_selector(".cell-headline")
        page.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
        page.wait_for_timeout(150)
        assert page.evaluate(INTRUDERS) == [], path
    assert (seen.dialogs, seen.foreign, seen.errors) == ([], [], [])


def test_headlines_run_in_their_own_direction(
    chromium: Any, serve: Any, arabic_api: FastAPI
) -> None:
    address = serve(arabic_api)
    page, seen = opened(chromium, address, viewport={"width": 390, "height": 844})
    page.goto(address + PLACES["event"])
    settled(page)
    titles = page.locator(".headline")
    assert titles.count() > 0
    assert titles.first.evaluate("it => getComputedStyle(it).unicodeBidi") == "plaintext"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert seen.errors == []


def test_a_chosen_run_stays_from_page_to_page(
    chromium: Any, serve: Any, two_runs_api: FastAPI
) -> None:
    address = serve(two_runs_api)
    page, seen = opened(chromium, address, viewport={"width": 1400, "height": 900})
    page.goto(address + "/framing")
    settled(page)
    page.get_by_role("textbox", name="Labels of the run").click()
    page.get_by_text("vllm 6e6e6e6e").click()
    page.wait_for_url("**/framing?run=" + "6e" * 16)
    page.get_by_role("link", name="Articles", exact=True).click()
    page.wait_for_url("**/articles?run=" + "6e" * 16)
    page.wait_for_selector(".cell-headline")
    page.locator(".cell-headline").first.click()
    page.wait_for_selector(".sentence")
    assert page.url.endswith("?run=" + "6e" * 16)
    page.locator(".label-evidence a").first.click()
    assert page.evaluate("document.querySelector(':target').className").startswith("sentence ")
    page.go_back()
    page.go_back()
    page.wait_for_selector(".cell-headline")
    page.get_by_role("textbox", name="Labels of the run").click()
    page.get_by_text("embedded 5d5d5d5d").click()
    page.wait_for_url("**/articles")
    page.get_by_role("link", name="Events", exact=True).click()
    page.wait_for_url("**/events")
    assert (seen.foreign, seen.errors) == ([], [])
