"""A reader's way through the dashboard, in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"),
        reason="no Chromium on this machine",
    ),
]


@pytest.fixture
def page(demo) -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(30_000)
        page.outside = []
        page.problems = []
        page.on(
            "request",
            lambda r: page.outside.append(r.url) if not _ours(r.url, demo.address) else None,
        )
        page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: page.problems.append(str(e)))
        yield page
        browser.close()


def _ours(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))


def test_a_reader_follows_an_article_to_its_labels(page, demo) -> None:
    title, article_id = (
        demo.query(
            "SELECT title, article_id FROM articles WHERE superseded_at IS NULL"
            " ORDER BY sort_at DESC, article_id DESC LIMIT 1"
        )[0][k]
        for k in ("title", "article_id")
    )
    page.goto(demo.address)
    page.get_by_role("link", name="Articles").first.click()
    page.get_by_text(title).first.click()
    page.wait_for_url(f"**/{article_id}**")
    body = page.locator("body")
    body.get_by_text("Lean", exact=False).first.wait_for()
    body.get_by_text("mapped3", exact=False).first.wait_for()
    assert title in body.inner_text()
    assert not page.outside
    assert not page.problems
