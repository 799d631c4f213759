"""`make demo`, end to end, after having been killed twice: nothing lost, nothing doubled.

One file, so that one process runs all of it: the demo is made once.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from newsroom.text import sentences
from newsroom.urls import canonical

TRUTH = json.loads(Path("scraper/demo/truth.json").read_text())
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
needs_a_browser = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"), reason="no Chromium on this machine"
)


def test_it_was_killed_in_the_middle(demo) -> None:
    assert demo.killed_with_pages < demo.summary["totals"]["pages"]
    assert demo.killed_with_open_work > 0


def test_every_article_of_the_truth_is_stored_once_and_nothing_else(demo) -> None:
    stored = Counter(
        r["canonical_url"]
        for r in demo.query("SELECT canonical_url FROM articles WHERE superseded_at IS NULL")
    )
    wanted = {canonical(a["url"]) for a in TRUTH["articles"]}
    assert set(stored) == wanted
    assert set(stored.values()) == {1}


def test_every_page_that_is_no_article_is_refused_by_its_name(demo) -> None:
    codes = {
        canonical(r["url"]): r["code"]
        for r in demo.query("SELECT url, code FROM refusals")
        if r["url"]
    }
    wanted = {
        canonical(p["url"]): p["expected"] for p in TRUTH["pages"] if p["expected"] != "article"
    }
    assert {url: codes.get(url) for url in wanted} == wanted


def test_every_article_has_each_label_once(demo) -> None:
    per_article = demo.query(
        "SELECT a.article_id, count(n.*) AS labels, count(DISTINCT (n.stage, n.scope)) AS kinds"
        "  FROM articles a LEFT JOIN annotations n ON n.article_id = a.article_id"
        "   AND n.content_sha256 = a.content_sha256 AND n.scope <> 'sentence'"
        " WHERE a.superseded_at IS NULL GROUP BY 1"
    )
    assert {(r["labels"], r["kinds"]) for r in per_article} == {(6, 6)}
    assert demo.query("SELECT DISTINCT state FROM work") == [{"state": "done"}]


def test_every_sentence_has_its_three_labels_once(demo) -> None:
    rows = demo.query(
        "SELECT a.text, a.article_id, count(n.*) AS labels,"
        "       count(DISTINCT (n.stage, n.sentence)) AS kinds"
        "  FROM articles a LEFT JOIN annotations n ON n.article_id = a.article_id"
        "   AND n.content_sha256 = a.content_sha256 AND n.scope = 'sentence'"
        " WHERE a.superseded_at IS NULL GROUP BY 1, 2"
    )
    for row in rows:
        wanted = 3 * len(sentences(row["text"]))
        assert (row["labels"], row["kinds"]) == (wanted, wanted), row["article_id"]


def test_silent_edits_became_revisions_with_labels_of_both(demo) -> None:
    revised = {canonical(a["url"]) for a in TRUTH["articles"] if a["revision"]}
    rows = demo.query(
        "SELECT a.canonical_url, a.revision, count(n.*) AS labels FROM articles a"
        "  LEFT JOIN annotations n ON n.article_id = a.article_id"
        "   AND n.content_sha256 = a.content_sha256 AND n.scope <> 'sentence'"
        " WHERE a.article_id IN (SELECT article_id FROM articles WHERE revision = 2) GROUP BY 1, 2"
    )
    assert {r["canonical_url"] for r in rows} == revised
    assert Counter((r["revision"], r["labels"]) for r in rows) == {
        (1, 6): len(revised),
        (2, 6): len(revised),
    }


def test_api_lists_what_it_counts(demo) -> None:
    with httpx2.Client(base_url=demo.address, timeout=30) as client:
        seen, cursor, total = [], None, None
        while True:
            query = {"limit": 50, "count": "true"} | ({"cursor": cursor} if cursor else {})
            page = client.get("v1/articles", params=query).json()
            seen += [a["article_id"] for a in page["data"]]
            total, cursor = page["meta"]["total"], page["next_cursor"]
            if cursor is None:
                break
    assert len(seen) == len(set(seen)) == total == demo.summary["totals"]["articles"]


def test_a_second_run_changes_no_row_and_leaves_no_process(demo) -> None:
    before = demo.state()
    children = psutil.Process(demo.process.pid).children(recursive=True)
    assert demo.end() == 0
    _, alive = psutil.wait_procs(children, timeout=15)
    assert not alive
    # Stays up, so that the rows can be read; the tests that follow look at this run.
    demo.start()
    demo.read_summary()
    after = demo.state()
    changed = {t: sorted(after[t] ^ before[t])[:4] for t in before if after[t] != before[t]}
    assert not changed


def test_grouping_finds_the_stories(demo) -> None:
    # Floors well under what is measured (docs/quality.md): a guard against breakage, not a claim.
    assert demo.summary["truth"]["event B-cubed F1"] >= 0.75
    assert demo.summary["truth"]["story B-cubed F1"] >= 0.75


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


@pytest.mark.browser
@needs_a_browser
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
