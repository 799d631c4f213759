"""From the list to a story, from there to one of its events, and to how that stood before."""

from __future__ import annotations

from typing import Any

from browsing import MARKS, opened, settled
from fastapi import FastAPI

pytestmark = MARKS


def test_a_reader_follows_a_story(chromium: Any, serve: Any, small_api: FastAPI) -> None:
    address = serve(small_api)
    page, seen = opened(
        chromium, address, viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    page.goto(address + "/events")
    settled(page)
    page.get_by_text("Stories", exact=True).click()
    page.wait_for_url("**/events?level=stories")
    page.wait_for_selector("a[href^='/stories/']")
    page.get_by_role("textbox", name="Nothing found by").click()
    page.get_by_role("option", name="Meridian Wire").click()
    page.wait_for_url("**/events?level=stories&without=meridianwire")
    settled(page)
    page.locator("a[href^='/stories/']").first.click()
    page.wait_for_selector(".glance")
    assert page.title().startswith("Story")
    page.locator(".parts thead a").first.click()
    page.wait_for_url("**/events/*")
    page.wait_for_selector("#event-facts")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="as it stood then").first.click()
    page.wait_for_selector(".then")
    assert "as_of=2026-11-05" in page.url
    page.get_by_role("link", name="Back to now").click()
    page.wait_for_selector("#event-facts")
    assert "as_of" not in page.url
    assert (seen.foreign, seen.errors, seen.dialogs) == ([], [], [])
