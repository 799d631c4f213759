"""A reader disputes a label from the page, by keyboard, under a key that goes nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import MARKS, opened, settled
from fastapi import FastAPI

from api.app import create_app
from newsroom.db import Database
from newsroom.keys import Scope as KeyScope
from newsroom.records import Annotation, Run, Scope, Stage
from newsroom.settings import Settings
from newsroom.store import annotations, articles, keys
from newsroom.store.reading import corrections

pytestmark = MARKS

RUN = Run(
    run_id="5d" * 16,
    labeller="embedded",
    labeller_revision="a1",
    codebook_version="v1",
    codebook_digest="d1",
    prompt_digest=None,
    code_version="2026.11.0",
)
LEAN = {"question": "Which side?", "labels": [{"id": "left"}], "scale": None}


@pytest.fixture
def api(db: Database, settings: Settings, make_article: Any) -> FastAPI:
    """One labelled article."""
    row = make_article("ferry")
    with db.transaction() as conn:
        annotations.start_run(conn, RUN, {"questions": {"lean": LEAN}})
        articles.add(conn, row, stages=["label"])
        label = Annotation(
            article_id=row.article_id,
            content_sha256=row.content_sha256,
            stage=Stage.LEAN,
            scope=Scope.ARTICLE,
            label="left",
            score=None,
            confidence=0.7,
            labeller=RUN.labeller,
            labeller_revision=RUN.labeller_revision,
            codebook_version=RUN.codebook_version,
            run_id=RUN.run_id,
        )
        annotations.add(conn, [label])
    app = create_app(settings, db)
    app.state.first = row.article_id
    return app


def tabbed_to(page: Any, field: str) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == field:
            return
    raise AssertionError(f"{field} is not reached by the keyboard")


def test_a_label_is_disputed_with_a_key_that_goes_nowhere_else(
    chromium: Any, serve: Any, api: FastAPI, db: Database
) -> None:
    with db.transaction() as conn:
        key = keys.add(conn, "ada", [KeyScope.DISPUTE], note="", expires_at=None)
    address = serve(api)
    page, seen = opened(chromium, address, viewport={"width": 390, "height": 844})
    asked: list[Any] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 (Playwright marks it)
    page.goto(f"{address}/articles/{api.state.first}")
    settled(page)
    assert "Nobody has disputed a label" in page.inner_text("#article-disputes")

    page.locator(".dispute > summary").focus()
    page.keyboard.press("Enter")
    tabbed_to(page, "dispute-label")
    tabbed_to(page, "dispute-suggested")
    page.keyboard.type("center")
    tabbed_to(page, "dispute-reason")
    page.keyboard.type("Both sides are quoted at like length.")
    tabbed_to(page, "dispute-key")
    page.keyboard.type(key[:-1] + ("0" if key[-1] != "0" else "1"))
    page.keyboard.press("Enter")
    page.wait_for_selector("#dispute-answer.notice-failed")
    assert "this key is not accepted" in page.inner_text("#dispute-answer")
    assert "Check that the whole key was pasted" in page.inner_text("#dispute-answer")
    seen.errors.clear()  # Chromium notes the 401

    for _ in range(2):  # once more by mistake
        page.fill("#dispute-key", key)
        page.locator("#dispute-form button[type=submit]").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#dispute-answer a")
        page.wait_for_function("() => document.getElementById('dispute-key').value === ''")
        page.wait_for_function("() => !document.querySelector('#dispute-form button').disabled")
    assert "human:ada" in page.inner_text("#dispute-answer")
    with db.transaction() as conn:
        (said,) = corrections.disputes(conn, article=None, state=None, before=None, rows=9)
    assert (said["stage"], said["suggested_label"]) == ("lean", "center")
    assert said["run_id"] == RUN.run_id

    told = [r for r in asked if key in f"{r.url} {r.post_data} {r.all_headers()}"]
    assert {(r.method, r.url) for r in told} == {("POST", f"{address}/v1/disputes")}
    assert not any(key in f"{r.url} {r.post_data}" for r in asked)
    kept = "JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])"
    assert "nr_" not in page.evaluate(kept)
    page.reload()
    settled(page)
    assert "Dispute 1: open" in page.inner_text("#article-disputes")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert (seen.foreign, seen.errors, seen.dialogs) == ([], [], [])
