"""Facts, takeaways and timelines in a real database: made once, again only when something changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from toldroom import article, fill
from typer.testing import CliRunner

from annotator.commands import app
from annotator.events import edits, state
from newsroom.db import Database
from newsroom.errors import NotFound
from newsroom.store import articles, event_state
from newsroom.store.reading import event_state as reading

ADD_LABEL = """
INSERT INTO annotations (article_id, content_sha256, stage, scope, sentence, label, validated, evidence,
    labeller, labeller_revision, codebook_version, run_id, text, made_at)
VALUES (%(article_id)s, %(content_sha256)s, %(stage)s, %(scope)s, %(sentence)s, %(label)s, false, '{}',
        'test', '1', 'v1', 'r', %(text)s, now())
"""
ADD_RUN = """
WITH book AS (INSERT INTO codebooks (version, digest, content) VALUES ('v1', 'd', '{}')),
     run AS (INSERT INTO runs (run_id, labeller, labeller_revision, codebook_version, codebook_digest,
                               code_version, settings, started_at)
             VALUES ('r', 'test', '1', 'v1', 'd', '1', '{}', now()))
INSERT INTO promotions (promotion_id, run_id, promoted_at, reason) VALUES (1, 'r', now(), 'first')
"""


@pytest.fixture
def there(db: Database) -> dict[str, str]:
    with db.transaction() as conn:
        return fill(conn)


def label(conn: Any, name: str, stage: str, **values: Any) -> None:
    one = article(name)
    row = {"scope": "sentence", "sentence": None, "label": None, "text": None} | values
    conn.execute(
        ADD_LABEL,
        row | {"article_id": one.article_id, "content_sha256": one.content_sha256, "stage": stage},
    )


def test_made_once_and_again_only_after_a_change(db: Database, there: dict[str, str]) -> None:
    assert state.refresh_changed(db) == state.Refreshed(events=1, stories=1)
    assert state.refresh_changed(db) == state.Refreshed(events=0, stories=0)
    with db.transaction() as conn:
        articles.add(conn, article("ledger", title="Almery quake toll at 14"), stages=[])
    assert state.refresh(db, [there["event"]]) == state.Refreshed(events=1, stories=1)
    assert state.refresh(db, ["0" * 32]) == state.Refreshed(events=0, stories=0)


def test_who_told_what_and_who_left_it_out(db: Database, there: dict[str, str]) -> None:
    state.refresh_changed(db)
    with db.transaction() as conn:
        made = reading.event(conn, there["event"])
        rows = reading.facts(conn, there["event"])
        alone = reading.facts(conn, there["event"], exclusive=True)
        sentences = reading.sentences_of(conn, there["event"], [row["number"] for row in rows])
    assert made is not None
    assert (made["outlets"], made["unlabelled"]) == (["ledger", "post", "wire"], 4)
    customs = next(row for row in rows if "customs house" in row["quote"])
    assert set(customs["outlets"]) == {"wire", "post"}
    assert customs["left_out_by"] == ["ledger"]
    assert {row["outlets"][0] for row in alone} <= {"ledger", "post"}
    assert any("Schools" in row["quote"] for row in alone)
    assert not any("in a moment" in row["quote"] for row in sentences)  # a quotation is no fact
    assert made["exclusives"] == len(alone)
    assert [list(t) for t in made["takeaways"]] == [["fact"]] * 3


def test_the_toll_of_the_story_with_its_latest_value(db: Database, there: dict[str, str]) -> None:
    state.refresh_changed(db)
    with db.transaction() as conn:
        slots = reading.timeline(conn, there["story"])
        (told,) = reading.summary(conn)
    assert slots is not None
    (toll,) = slots
    assert toll["name"].startswith("killed")
    assert toll["latest"] == "14"
    assert toll["latest_by"] == ["The Ledger", "The Post"]
    assert toll["steps"][0]["role"] == "new"
    assert all(step["quote"] for step in toll["steps"])
    assert (told["slots"], told["latest"][0]["latest"]) == (1, "14")


def test_labels_decide_what_a_fact_is_and_give_the_takeaways(
    db: Database, there: dict[str, str]
) -> None:
    state.refresh_changed(db)
    with db.transaction() as conn:
        conn.execute(ADD_RUN)
        label(conn, "post", "sentence_type", sentence=0, label="fact")
        label(conn, "post", "sentence_type", sentence=2, label="opinion")
        label(conn, "ledger", "takeaways", scope="article", text="Fourteen died.")
        label(conn, "post", "takeaways", scope="article", text="The toll is 14.")
    assert state.refresh_changed(db).events == 1
    with db.transaction() as conn:
        made = reading.event(conn, there["event"])
        rows = reading.facts(conn, there["event"])
    assert made is not None
    assert made["unlabelled"] == 3
    assert {t["text"] for t in made["takeaways"]} == {"Fourteen died.", "The toll is 14."}
    assert not any("cruise" in row["quote"] for row in rows)


def test_what_is_gone_is_neither_made_nor_kept(db: Database, there: dict[str, str]) -> None:
    state.refresh_changed(db)
    with db.transaction() as conn:
        edits.split(conn, there["event"], [there["wire"], there["copy"]], by="ida", reason="")
    state.refresh_changed(db)
    with db.transaction() as conn:
        nothing = state.EventTexts(rows=[], types={}, takeaways={})
        gone = state.EventTold.of("0" * 32, "x", nothing)
        assert not event_state.save_event(conn, gone.state({}))
        row = conn.execute("SELECT count(*) AS n FROM event_states").fetchone()
        assert row == {"n": 2}


def test_a_person_names_an_event_over_headline_and_model(
    db: Database, there: dict[str, str]
) -> None:
    event = there["event"]
    with db.transaction() as conn:
        headline = reading.titles(conn, [event])[event]
        asked = event_state.AskedTitle(
            event_id=event, title="Quake in Almery", model="m", model_revision="1",
            prompt_digest="p", input="i",
        )  # fmt: skip
        assert event_state.save_title(conn, asked)
        by_model = reading.titles(conn, [event])[event]
        edits.rename(conn, event, "The Almery quake", by="ida", reason="")
        by_person = reading.titles(conn, [event])[event]
    assert [t["title_from"] for t in (headline, by_model, by_person)] == [
        "headline", "model", "person",
    ]  # fmt: skip
    assert (by_model["title"], by_model["headline"]) == ("Quake in Almery", headline["title"])
    assert (by_person["title"], by_person["asked_title"]) == ("The Almery quake", "Quake in Almery")


@pytest.fixture
def cli(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    yield CliRunner()


def test_the_verbs(cli: CliRunner, there: dict[str, str]) -> None:
    missing = cli.invoke(app, ["events", "facts", there["event"]])
    assert isinstance(missing.exception, NotFound)
    assert "1 events and 1 stories made anew" in cli.invoke(app, ["events", "told"]).output
    found = json.loads(cli.invoke(app, ["events", "facts", there["event"], "--json"]).stdout)
    assert found["title"]["title_from"] == "headline"
    assert found["facts"][0]["sources"] >= 1
    assert "customs" in cli.invoke(app, ["events", "facts", there["event"]]).output
    (toll,) = json.loads(cli.invoke(app, ["events", "timeline", there["story"], "--json"]).stdout)
    assert toll["latest"] == "14"
    assert "14" in cli.invoke(app, ["events", "timeline", there["story"]]).output
    assert isinstance(cli.invoke(app, ["events", "timeline", "nobody"]).exception, NotFound)
