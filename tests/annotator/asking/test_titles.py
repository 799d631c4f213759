"""Titles asked of a served model: stored beside the headline, never saying more than headlines do."""

from __future__ import annotations

import pytest
from toldroom import fill

from annotator.events import titling
from annotator.events.titling import checked, refresh_titles
from newsroom.db import Database
from newsroom.errors import Later
from newsroom.settings import Llm
from newsroom.store.reading import event_state as reading

HEADLINES = ["Quake kills nine in Almery", "Almery quake toll reaches 14"]


def test_a_title_comes_with_what_gave_it_and_is_asked_once(db: Database, server, llm: Llm) -> None:
    with db.transaction() as conn:
        there = fill(conn)
    assert refresh_titles(db, llm) == 1
    assert refresh_titles(db, llm) == 0
    (request,) = server.requests
    shown = request["messages"][1]["content"]
    assert "Quake" in shown
    assert "wire" not in shown.lower()
    with db.transaction() as conn:
        title = reading.titles(conn, [there["event"]])[there["event"]]
    assert (title["title"], title["title_from"]) == ("because it is so", "model")
    assert title["headline"] != title["title"]
    assert title["model"] == "scripted-7b"
    assert title["prompt_digest"]
    assert title["model_revision"]


def test_an_answer_without_form_is_asked_for_again_once(db: Database, server, llm: Llm) -> None:
    with db.transaction() as conn:
        fill(conn)
    server.fault = "not-json"
    assert refresh_titles(db, llm) == 0
    assert len(server.requests) == titling.TRIES
    server.faults = 1
    assert refresh_titles(db, llm) == 1


@pytest.mark.parametrize("fault", ["extra", "other-article", "cut-off", "not-openai"])
def test_a_lie_leaves_the_headline(db: Database, server, llm: Llm, fault: str) -> None:
    with db.transaction() as conn:
        there = fill(conn)
    server.fault = fault
    assert refresh_titles(db, llm) == 0
    with db.transaction() as conn:
        assert reading.titles(conn, [there["event"]])[there["event"]]["title_from"] == "headline"


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Quake kills 15 in Almery", "title-not-in-headlines"),
        ("Quake in Almery worries Brussels", "title-not-in-headlines"),
        ("a " * 15, "title-too-long"),
        (" . ", "title-too-long"),
    ],
)
def test_a_title_may_not_say_more_than_headlines(title: str, code: str) -> None:
    with pytest.raises(Later) as error:
        checked(title, HEADLINES)
    assert error.value.code == code


def test_a_title_is_one_line_without_a_stop() -> None:
    assert checked(" Fourteen die in\nAlmery quake. ", HEADLINES) == "Fourteen die in Almery quake"
