"""The verbs on a real database: a panel, two runs, their comparison, a promotion, a replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from annotator import runner
from annotator.labellers import choose
from annotator.labellers.base import Label
from annotator.labellers.scripted import ScriptedLabeller
from annotator.runs.commands import app
from newsroom.db import Database
from newsroom.errors import NewsroomError, Refused
from newsroom.records import Scope, Stage
from newsroom.settings import Settings, Work
from newsroom.store import articles, work

LIMITS = Work(batch=8, lease_s=60, attempts_max=5)


@pytest.fixture
def newsroom(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """The verbs, pointed at the database of this test: output, or the error's code."""
    monkeypatch.setenv("DATABASE_URL", settings.require_database())
    monkeypatch.setenv("NEWSROOM_LABELS__LABELLER", "scripted")

    def call(*args: str) -> str:
        done = CliRunner().invoke(app, list(args))
        if isinstance(done.exception, NewsroomError):
            return done.exception.code
        assert done.exit_code in {0, 1}, done.output
        return done.stdout

    return call


def always(article: Any, label: str, score: float) -> tuple[Label, ...]:
    return (
        Label(stage=Stage.LEAN, scope=Scope.ARTICLE, label=label, score=score, confidence=None,
              distribution=None),
    )  # fmt: skip


@pytest.fixture
def stored(db: Database, make_article: Any) -> list[Any]:
    """Twelve articles, labelled in a first run; its table refuses one of them."""
    made = [make_article(f"a{i:02}") for i in range(12)]
    with db.transaction() as conn:
        for article in made:
            articles.add(conn, article, stages=["label"])
    table: dict[str, Any] = {a.title: always(a, "left", -2.0) for a in made}
    table[made[0].title] = Refused("too-short", "3 words")
    bench = runner.bench(
        ScriptedLabeller(table), version="v1", digest="d", codebook={"questions": {}}
    )
    while runner.label_due(db, bench, LIMITS):
        pass
    return made


def worked_off(db: Database, settings: Settings, run_id: str) -> None:
    bench = choose.bench(settings, "scripted")
    assert bench.run.run_id == run_id
    while runner.label_due(db, bench, LIMITS, stage=work.run_stage(run_id)):
        pass


def test_two_runs_from_panel_to_promotion(
    newsroom: Any, stored: Any, db: Database, settings: Settings, tmp_path: Path
) -> None:
    assert "6 of 12 articles from 1 of 1" in newsroom("panels", "create", "march", "--size", "6")
    assert newsroom("panels", "create", "march") == "panel-taken"
    assert newsroom("panels", "create", "March") == "bad-name"
    assert newsroom("runs", "create", "--labeller", "scripted", "--panel", "x") == "panel-unknown"
    run_id = newsroom("runs", "create", "--labeller", "scripted", "--panel", "march").strip()
    with db.transaction() as conn:
        assert work.open_rows(conn, work.run_stage(run_id)) == 6
    worked_off(db, settings, run_id)
    rows = {r["run_id"]: r for r in json.loads(newsroom("runs", "list", "--json"))}
    [first] = [name for name, row in rows.items() if row["promoted"]]
    assert (rows[first]["articles"], rows[first]["refused"], rows[run_id]["articles"]) == (11, 1, 6)
    drawing = tmp_path / "drift.svg"
    asked = ("runs", "compare", first[:8], run_id[:8])
    report = json.loads(newsroom(*asked, "--panel", "march", "--json", "--figure", str(drawing)))
    assert drawing.read_text().startswith("<?xml")
    assert sum(o["n"] for o in report["outcomes"]) == 6
    assert report["articles"] in {5, 6}  # one of the twelve was refused by the first run
    [lean] = [q for q in report["questions"] if q["change"]["compared"]]
    assert (lean["stage"], lean["only_b"]) == ("lean", 0)
    assert {q["stage"] for q in report["questions"] if q["only_b"]} >= {"tone", "topic"}
    told = newsroom(*asked)
    assert "not finished" in told
    assert "refused: too-short" in told
    assert newsroom(*asked, "--figure", "drift.gif") == "bad-figure"
    assert newsroom("runs", "promote", run_id, "--reason", "better") == "run-covers-less"
    done = newsroom("runs", "promote", run_id[:8], "--reason", "better", "--partial")
    assert "covers 6 current articles, the one before 11" in done
    shown = json.loads(newsroom("runs", "show", run_id[:9], "--json"))
    assert (shown["promoted"], shown["reason"], shown["run_id"]) == (True, "better", run_id)
    assert newsroom("runs", "show", "00000000") == "run-unknown"


def test_without_a_panel_a_run_gets_all_current_articles(
    newsroom: Any, stored: Any, db: Database, settings: Settings
) -> None:
    run_id = newsroom("runs", "create", "--labeller", "scripted").strip()
    with db.transaction() as conn:
        assert work.open_rows(conn, work.run_stage(run_id)) == 12
    worked_off(db, settings, run_id)
    assert run_id[:12] in newsroom("runs", "list")
    assert newsroom("panels", "list", "--json").strip() == "[]"
    done = newsroom("runs", "promote", run_id, "--reason", "whole")
    assert "covers 12 current articles" in done


def one_of(db: Database, run_id: str, stage: str) -> int:
    with db.transaction() as conn:
        row = conn.execute(
            "SELECT annotation_id FROM annotations WHERE run_id = %s AND stage = %s LIMIT 1",
            (run_id, stage),
        ).fetchone()
    assert row is not None
    return int(row["annotation_id"])


def test_a_label_is_made_again(
    newsroom: Any, stored: Any, db: Database, settings: Settings
) -> None:
    run_id = newsroom("runs", "create", "--labeller", "scripted").strip()
    worked_off(db, settings, run_id)
    number = one_of(db, run_id, "lean")
    assert newsroom("runs", "replay", str(number)).startswith("equal")
    with db.transaction() as conn:
        conn.execute("UPDATE annotations SET score = 4.5 WHERE annotation_id = %s", (number,))
    made = json.loads(newsroom("runs", "replay", str(number), "--json"))
    assert (made["outcome"], made["stored"]["score"]) == ("differs", 4.5)
    assert newsroom("runs", "replay", "999999999") == "annotation-unknown"


def test_a_label_of_another_run_is_not_made_again(newsroom: Any, stored: Any, db: Database) -> None:
    with db.transaction() as conn:
        row = conn.execute("SELECT annotation_id FROM annotations LIMIT 1").fetchone()
    assert row is not None
    done = CliRunner().invoke(app, ["runs", "replay", str(row["annotation_id"])])
    assert (done.exit_code, done.stdout[:11]) == (1, "run differs")


def test_a_text_that_is_gone_cannot_be_read_again(
    newsroom: Any, stored: Any, db: Database, settings: Settings
) -> None:
    run_id = newsroom("runs", "create", "--labeller", "scripted").strip()
    worked_off(db, settings, run_id)
    number = one_of(db, run_id, "tone")
    with db.transaction() as conn:
        conn.execute("DELETE FROM articles")
    assert newsroom("runs", "replay", str(number)) == "text-missing"
