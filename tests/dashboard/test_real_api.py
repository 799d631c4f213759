"""The dashboard on the real API: every panel reads the shapes that are really served."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import plotly.utils
import pytest
from fastapi import FastAPI

from api.app import create_app
from dashboard import app, links
from dashboard.client import Client
from dashboard.pages import PAGES
from newsroom.db import Database
from newsroom.records import Annotation, Run, Scope, Stage
from newsroom.settings import Settings
from newsroom.store import annotations, articles, events

RUN = Run(
    run_id="r1",
    labeller="embedded",
    labeller_revision="a1",
    codebook_version="v1",
    codebook_digest="d1",
    prompt_digest=None,
    code_version="2026.11.0",
)
QUESTION = {
    "question": "Which side?",
    "labels": [{"id": "left", "name": "Left", "definition": "d", "include": "i", "exclude": "e"}],
    "scale": {"id": "mapped3", "note": "n", "points": [{"value": 0, "anchor": "a"}]},
    "tie_rules": [],
}


@pytest.fixture
def stored(db: Database, settings: Settings, make_article: Any) -> FastAPI:
    """Two articles of one event, labelled."""
    made = [make_article("ferry-1"), make_article("ferry-2")]
    with db.transaction() as conn:
        annotations.start_run(conn, RUN, {"questions": {"lean": QUESTION}})
        for row in made:
            articles.add(conn, row, stages=["label"])
            annotations.add(conn, [label(row, stage, scope) for stage, scope in LABELS])
        times = [row.published_at or row.fetched_at for row in made]
        common = {
            "title": made[0].title,
            "title_article_id": made[0].article_id,
            "first_at": min(times),
            "last_at": max(times),
            "articles": 2,
            "publishers": 1,
            "method": "test",
        }
        events.replace(
            conn,
            window=[row.article_id for row in made],
            stories=[events.Group(group_id="s1", story_id=None, **common)],
            events=[events.Group(group_id="e1", story_id="s1", **common)],
            members=[
                events.Member(article_id=row.article_id, event_id="e1", story_id="s1", score=0.9)
                for row in made
            ],
            method="test",
        )
    api = create_app(settings, db)
    api.state.first = made[0].article_id
    return api


LABELS = [
    (Stage.LEAN, Scope.ARTICLE),
    (Stage.LEAN, Scope.HEADLINE),
    (Stage.TONE, Scope.ARTICLE),
    (Stage.CATEGORY, Scope.ARTICLE),
    (Stage.TOPIC, Scope.ARTICLE),
    (Stage.NEWS_TYPE, Scope.ARTICLE),
]


def label(row: Any, stage: Stage, scope: Scope) -> Annotation:
    scored = stage in (Stage.LEAN, Stage.TONE)
    return Annotation(
        article_id=row.article_id,
        content_sha256=row.content_sha256,
        stage=stage,
        scope=scope,
        label={
            "lean": "left",
            "tone": "negative",
            "category": "politics",
            "topic": "elections",
        }.get(stage.value, "news report"),
        score=-1.5 if scored else None,
        confidence=0.7,
        distribution={"left": 0.7, "center": 0.2, "right": 0.1} if stage == Stage.LEAN else None,
        scale="mapped3" if scored else None,
        evidence=(0,),
        labeller=RUN.labeller,
        labeller_revision=RUN.labeller_revision,
        codebook_version=RUN.codebook_version,
        run_id=RUN.run_id,
    )


def drawn(api: FastAPI, name: str, address: str) -> dict[str, str]:
    client = Client.in_process(api)

    async def every() -> dict[str, str]:
        return {
            panel: json.dumps(
                await app.shown(client, draw, panel, address, ""),
                cls=plotly.utils.PlotlyJSONEncoder,
            )
            for panel, draw in PAGES[name].PANELS.items()
        }

    return asyncio.run(every())


def test_every_panel_reads_what_the_api_serves(stored: FastAPI) -> None:
    ids = {"article": stored.state.first, "event": "e1", "story": "s1"}
    for name, pattern in links.ROUTES:
        parts = [ids[name] if part == "{id}" else part for part in pattern]
        for panel, text in drawn(stored, name, links.path(*parts)).items():
            assert "notice-failed" not in text, (name, panel, text)


def test_every_panel_stands_on_an_empty_store(settings: Settings, db: Database) -> None:
    api = create_app(settings, db)
    for name, pattern in links.ROUTES:
        if "{id}" in pattern:
            continue
        for panel, text in drawn(api, name, links.path(*pattern)).items():
            assert "notice-failed" not in text, (name, panel, text)
