"""What the pages of an article, of the methods and of the pipeline say in words."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import articleroom
import plotly.utils
import pytest
from fastapi import FastAPI

from dashboard import links, quality_figures
from dashboard.client import ApiError, Client
from dashboard.links import Filters
from dashboard.pages import article, methods, pipeline
from dashboard.parts import disputes, drift, history, quality

FIRST = Filters(item=f"{0:032x}")


def text(component: Any) -> str:
    """All of a component as JSON: words, addresses, properties."""
    return json.dumps(component, cls=plotly.utils.PlotlyJSONEncoder, ensure_ascii=False)


def drawn(panel: Any, api: FastAPI, filters: Filters = FIRST) -> str:
    return text(asyncio.run(panel(Client.in_process(api), filters)))


def test_a_silent_edit_is_shown_word_by_word(small_api: FastAPI) -> None:
    made = drawn(article.draw_main, small_api)
    assert "Silent edit" in made
    assert "The text changed and the page does not say so." in made
    assert "+12 words, \N{MINUS SIGN}3 words" in made
    assert made.count('"type": "Del"') >= 2
    assert made.count('"type": "Ins"') >= 2
    assert "and 3 more sentences" in made
    assert "at best in place 3" in made
    assert "2 headlines stood over it" in made


def test_one_look_is_no_proof_that_nothing_changed() -> None:
    look = {"first_at": articleroom.EARLIER, "last_at": articleroom.WHEN, "looks": 1}
    assert "looked at once" in history.unchanged([look])
    assert "No change was seen in 4 looks" in history.unchanged([look | {"looks": 4}])


def test_disputes_and_labels_of_people_stand_beside(small_api: FastAPI) -> None:
    made = drawn(article.draw_main, small_api)
    assert "2 disputes, 1 of them open; 1 label given by people." in made
    assert "Dispute 2: declined" in made
    assert "Decided by human:bo" in made
    assert "should be Center" in made
    assert "Type of a sentence 4: Opinion" in made
    assert "is in no average" in made


def test_evidence_stands_in_the_card_of_its_label(small_api: FastAPI) -> None:
    made = drawn(article.draw_main, small_api)
    assert '"type": "Mark"' in made
    assert "The vote was put off." in made


def test_the_form_asks_for_a_key_and_gives_none(small_api: FastAPI) -> None:
    made = drawn(article.draw_main, small_api)
    assert '"data-run": "' + "5d" * 16 in made
    assert "newsroom keys create" in made
    assert "authorization" not in made.lower()
    assert disputes.form("a" * 32, None) is None  # without a run there is no label


def test_a_part_that_fails_leaves_the_article(
    small_api: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = Client.get

    async def some(self: Client, route: str, parameters: Any = ()) -> dict[str, Any]:
        if route.endswith("/revisions"):
            raise ApiError("query-too-long", "it took too long", status=503)
        return await get(self, route, parameters)

    monkeypatch.setattr(Client, "get", some)
    made = drawn(article.draw_main, small_api)
    assert "failed on this part" in made
    assert "label-card" in made
    assert "at best in place 3" in made


def test_the_change_log_links_to_what_is_left(small_api: FastAPI) -> None:
    made = drawn(pipeline.draw_changes, small_api)
    assert "Article taken down" in made
    assert f"/articles/{'ab' * 16}" not in made
    assert f"/stories/{0xE0:032x}" in made
    assert f"/articles/{0:032x}" in made


def test_the_pipeline_says_what_runs_waits_and_failed(small_api: FastAPI) -> None:
    made = drawn(pipeline.draw_now, small_api, Filters())
    assert "Left alone for now: 2 hosts (robots 2)." in made
    assert "3 articles now, 9 later" in made
    assert "text-too-long" in made
    assert "oldest waiting since 12 Nov 2026, 18:00 UTC" in made
    assert '["Exports", "at work", "1", "25 %"' in made


def test_all_is_said_to_be_done_only_when_it_is() -> None:
    assert pipeline.percent(999_999, 1_000_000) == "99 %"
    assert pipeline.percent(3, 3) == "100 %"
    assert pipeline.percent(0, 0) == "\N{EM DASH}"


def test_a_paused_pipeline_has_no_beat() -> None:
    paused = text(pipeline.layout(replace(Filters(), live="false")))
    assert '"disabled": true' in paused
    assert '"disabled": false' in text(pipeline.layout(Filters()))
    assert links.api_path("pipeline", links.query(Filters(live="false"))) == "/v1/pipeline"


def test_quality_is_told_against_guessing(small_api: FastAPI) -> None:
    made = drawn(methods.draw_quality, small_api, Filters())
    assert "right for 45 of 100, where always giving the most common label is right for 33" in made
    assert "of 100 that are center, 34 are called left" in made
    assert "1.5 points" in made
    assert "Subtopics." in made


def test_rare_labels_make_no_headline_of_a_mistake() -> None:
    (row,) = articleroom.quality()["confusions"]
    rare = row | {"counts": [[45, 27, 28], [34, 38, 28], [20, 0, 0]]}
    assert "center, 34" in quality.confused(rare)


def test_completeness_counts_days_by_verdict(small_api: FastAPI) -> None:
    made = drawn(methods.draw_complete, small_api, Filters())
    assert "60 outlet-days" in made
    assert '"48"' in made  # as usual: eight of ten days of six outlets


def test_two_runs_are_compared_and_one_is_not(
    small_api: FastAPI, two_runs_api: FastAPI, failing: Any
) -> None:
    assert "Nothing to compare yet" in drawn(methods.draw_drift, small_api, Filters())
    made = drawn(methods.draw_drift, two_runs_api, Filters())
    assert "They agree least on lean." in made
    assert "Left → Center (8)" in made
    assert "+0.20 (+0.10 to +0.30)" in made
    assert "labelled here and not finished there: 80" in made
    away = drift.too_many("more than 5000 articles: name a panel")
    assert "name a panel" in text(away)


def test_a_run_is_compared_with_another_one_only() -> None:
    seen = {"run_id": "a" * 32, "promoted": True}
    other = {"run_id": "b" * 32, "promoted": False}
    assert drift.pair(Filters(), [other, seen]) == (seen, other)
    assert drift.pair(Filters(run="b" * 8), [other, seen]) == (other, seen)
    assert drift.pair(Filters(against="a" * 8), [other, seen]) is None
    assert drift.pair(Filters(), []) is None


def test_shares_keep_their_order_and_grey_few() -> None:
    rows = [
        quality_figures.Share(name=name, value=0.5, low=None, high=None, n=n, unit="articles")
        for name, n in (("<b>", 300), ("few", 5))
    ]
    figure = quality_figures.shares(rows, "Right")
    (trace,) = figure["data"]  # nothing is known of guessing, so there is no mark for it
    assert trace["y"] == ["few<br>n = 5", "&lt;b&gt;<br>n = 300"]
    assert trace["marker"]["symbol"] == ["circle-open", "circle"]
    assert figure["layout"]["xaxis"]["range"] == [0, 1.02]


def test_now_says_when_it_was_drawn() -> None:
    nothing = {
        "pages": 0, "refusals": [], "duplicates": [], "articles": 0, "revisions": 0, "work": [],
        "annotations_current": 0, "newest_page_at": None, "jobs": [],
        "crawl": {"hosts_asked": 0, "last_asked_at": None, "hosts_stopped": [], "looks_due": 0,
                  "looks_planned": 0},
    }  # fmt: skip
    made = text(pipeline.now(nothing, [], datetime(2026, 11, 12, 9, 5, 7, tzinfo=UTC)))
    assert "As of 09:05:07 UTC." in made
    assert "No page was fetched yet." in made
