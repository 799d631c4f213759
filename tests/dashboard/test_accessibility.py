"""Readers without a mouse, without good eyes, or who do not like things to move."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import pytest
from browsing import MARKS, opened, settled
from fastapi import FastAPI

pytestmark = MARKS

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter((it) => ["serious", "critical"].includes(it.impact))
  .map((it) => [it.id, it.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + n.failureSummary)])"""
HEADED = "[...document.querySelectorAll('.ag-header-row')].every((it) => it.children.length)"
NARROW = "width => document.documentElement.scrollWidth <= width"
PLACES = (
    "/", "/coverage", "/framing", "/events", f"/events/{0xE0:032x}", f"/stories/{0xF0:032x}",
    "/compare", "/articles", f"/articles/{0:032x}", "/outlets", "/pipeline", "/methods",
)  # fmt: skip
SHEETS = (("light", 1600), ("dark", 1400), ("light", 390))


def go(page: Any, path: str) -> None:
    """Follow a link, without loading all scripts again."""
    page.evaluate("to => dash_clientside.set_props('url', {pathname: to, search: ''})", path)
    page.wait_for_function("to => location.pathname === to", arg=path)
    settled(page)


def wrong(chromium: Any, address: str, places: Sequence[str], sheets: Sequence[Any]) -> list[Any]:
    """What axe finds serious, and pages that are wider than the screen."""
    from playwright.sync_api import TimeoutError as TooLate

    page, _ = opened(
        chromium, address, viewport={"width": 1400, "height": 900}, reduced_motion="reduce"
    )
    page.goto(address + "/methods")
    settled(page)
    page.evaluate(AXE)
    found: list[Any] = []
    for path in places:
        go(page, path)
        page.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
        for scheme, width in sheets:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(
                "it => document.documentElement.dataset.mantineColorScheme === it", arg=scheme
            )
            try:  # charts and the columns of grids follow the width a moment later
                page.wait_for_function(NARROW, arg=width, timeout=5_000)
                page.wait_for_function(HEADED, timeout=5_000)
            except TooLate:
                found.append((path, scheme, width, "wider than the screen, or a grid without head"))
            found += [(path, scheme, width, *one) for one in page.evaluate(RUN)]
    return found


def test_a_phone_in_the_dark_has_no_barrier(chromium: Any, serve: Any, small_api: FastAPI) -> None:
    found = wrong(chromium, serve(small_api), ("/", "/articles"), (("dark", 390),))
    assert not found, json.dumps(found, indent=1)


@pytest.mark.long
def test_no_page_has_a_barrier_on_any_sheet(chromium: Any, serve: Any, small_api: FastAPI) -> None:
    found = wrong(chromium, serve(small_api), PLACES, SHEETS)
    assert not found, json.dumps(found, indent=1)


def test_a_reader_without_a_mouse(chromium: Any, serve: Any, small_api: FastAPI) -> None:
    address = serve(small_api)
    page, seen = opened(
        chromium, address, viewport={"width": 1400, "height": 900}, reduced_motion="reduce"
    )
    page.goto(address + "/articles")
    settled(page)
    page.wait_for_selector(".cell-headline")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const it = document.activeElement; const s = getComputedStyle(it.closest(".mantine-MultiSelect-input") || it);
            return [it.getAttribute("aria-label") || it.labels?.[0]?.innerText || it.innerText,
              s.outlineStyle !== "none" || s.boxShadow !== "none" || it.matches(".ag-cell"),
              Boolean(it.closest(".newsroom-grid"))]; }"""
        )
        assert found[1], f"no visible focus on {found[0]}"
        reached.add(found[0])
        if found[2]:
            break
    assert {"Headline contains", "Outlets", "Category", "Type", "Labels", "Order"} <= reached
    assert {"Help: Outlets", "Clear all"} <= reached
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.matches('.ag-cell')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/*")
    settled(page)
    assert page.evaluate("document.activeElement.id") == "content"
    assert seen.errors == []


def test_a_reader_takes_the_data_along(chromium: Any, serve: Any, small_api: FastAPI) -> None:
    address = serve(small_api)
    page, seen = opened(
        chromium, address, viewport={"width": 1400, "height": 900}, color_scheme="dark",
        permissions=["clipboard-read", "clipboard-write"],
    )  # fmt: skip
    page.goto(address + "/framing?publisher=harborledger")
    settled(page)
    block = page.locator(".chart .get-data").first
    block.locator("summary").press("Enter")
    block.get_by_role("button", name="Copy the citation").wait_for()
    assert f"{address}/v1/trends" in block.locator("code").inner_text()
    block.get_by_role("button", name="Copy the link to this view").click()
    block.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == (
        address + "/framing?publisher=harborledger"
    )
    with page.expect_download() as made:
        block.get_by_role("button", name="Download as CSV").click()
    lines = made.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("publisher,n,mean")
    assert lines[1].startswith("harborledger,")
    for form, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with page.expect_download() as made:
            block.get_by_role("button", name=f"Save the chart as {form}").click()
        assert made.value.path().read_bytes().startswith(start)
    assert (seen.foreign, seen.errors) == ([], [])
