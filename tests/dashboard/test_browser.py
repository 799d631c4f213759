"""What only a browser can say: policy, scripts, phones, the dark sheet."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from dashboard.app import mount
from dashboard.client import Client

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
PATIENCE_MS = 60_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"),
        reason="no Chromium on this machine",
    ),
]


@dataclass
class Seen:
    """What the pages of one browser did that they should not have done."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def serve() -> Iterator[Any]:
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(api: FastAPI) -> str:
        mount(api, Client.in_process(api))
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(api, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


def opened(chromium: Any, address: str, **context: Any) -> tuple[Any, Seen]:
    page = chromium.new_context(**context).new_page()
    page.set_default_timeout(PATIENCE_MS)
    seen = Seen()
    page.on(
        "request",
        lambda r: (
            None if r.url.startswith((address, "data:", "blob:")) else seen.foreign.append(r.url)
        ),
    )
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: seen.errors.append(str(e)))

    def dialog(found: Any) -> None:
        seen.dialogs.append(found.message)
        found.dismiss()

    page.on("dialog", dialog)
    return page, seen


def settled(page: Any) -> None:
    page.wait_for_selector("#content")
    page.wait_for_selector(".waiting", state="detached")


def test_pages_obey_their_policy_on_a_phone_in_the_dark(
    chromium: Any, serve: Any, small_api: FastAPI
) -> None:
    address = serve(small_api)
    page, seen = opened(
        chromium, address, viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    for path, mark in (
        ("/", ".main-svg"),
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
    words = page.get_by_label("Headline contains")
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
    assert page.get_by_label("Headline contains").input_value() == "ferry"
    page.get_by_text("Clear all").click()
    page.wait_for_url("**/articles")
    page.wait_for_function(
        "() => document.querySelector('#articles-count b')?.innerText === '130 articles'"
    )
    assert page.get_by_label("Headline contains").input_value() == ""
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


def test_stored_scripts_stay_text(chromium: Any, serve: Any, hostile_api: FastAPI) -> None:
    address = serve(hostile_api)
    page, seen = opened(chromium, address, viewport={"width": 1400, "height": 900})
    for path in (
        "/",
        "/articles",
        f"/articles/{0:032x}",
        f"/events/{0xE0:032x}",
        "/outlets",
        "/pipeline",
    ):
        page.goto(address + path)
        settled(page)
        page.wait_for_timeout(300)
        assert page.locator("img[src='x'], img[src='/x']").count() == 0, path
        assert page.locator("a[href^='javascript' i]").count() == 0, path
    assert (seen.dialogs, seen.foreign, seen.errors) == ([], [], [])


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
