"""Floors hold, rise by themselves and fall only with a reason; stale fixtures are an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from annotator.codebook.loader import load
from annotator.labellers.base import ArticleInput, Label, Labelled
from annotator.labellers.embedded import EmbeddedLabeller
from annotator.labellers.scripted import ScriptedLabeller
from annotator.quality import fixtures, gate
from newsroom.errors import BadRequest, Misconfigured, Refused
from newsroom.records import Scope, Stage

FLOORS = Path(__file__).resolve().parents[2] / "floors" / "labels.json"
TYPES = load().questions["sentence_type"].label_ids


def typed(answer: str) -> ScriptedLabeller:
    """A labeller that gives every written article one type for all its sentences."""
    table = {}
    for one in fixtures.written():
        table[one.article.title] = tuple(
            Label(
                stage=Stage.SENTENCE_TYPE, scope=Scope.SENTENCE, label=answer, score=None,
                confidence=1.0, distribution=None, sentence=number,
            )
            for number in range(len(one.sentences))
        )  # fmt: skip
    return ScriptedLabeller(table)


@pytest.mark.timeout(600)  # a quarter of a minute where nothing else runs
def test_the_embedded_labeller_holds_its_committed_floors() -> None:
    found = gate.judge(FLOORS, EmbeddedLabeller(sentences=True))
    assert not found.missed, {n: (found.measured.get(n), found.floors[n]) for n in found.missed}


def test_committed_floors_are_what_was_measured() -> None:
    for entry in json.loads(FLOORS.read_text())["labellers"].values():
        assert entry["measures"]
        for one in entry["measures"].values():
            assert one["measured"] - 0.2 < one["floor"] <= one["measured"]
        assert all(fall["reason"].strip() for fall in entry["lowered"])


def test_floors_rise_and_fall_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    first = gate.update(path, typed("fact"))
    assert gate.judge(path, typed("fact")).missed == ()
    with pytest.raises(BadRequest) as caught:
        gate.update(path, typed("other"))
    assert caught.value.code == "floor-would-fall"
    assert "sentence_type_accuracy" in gate.judge(path, typed("other")).missed
    kept = gate.update(path, typed("other"), reason="another scale")
    assert kept.floors["sentence_type_accuracy"] < first.floors["sentence_type_accuracy"]
    written = json.loads(path.read_text())["labellers"]["scripted"]
    falls = {fall["measure"]: fall for fall in written["lowered"]}
    assert falls["sentence_type_accuracy"]["reason"] == "another scale"
    risen = gate.update(path, typed("fact"))
    assert risen.floors["sentence_type_accuracy"] == first.floors["sentence_type_accuracy"]
    assert json.loads(path.read_text())["labellers"]["scripted"]["lowered"] == written["lowered"]


def test_a_measure_that_is_no_longer_given_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    gate.update(path, typed("fact"))
    silent = ScriptedLabeller({one.article.title: () for one in fixtures.written()})
    assert "sentence_type_accuracy" in gate.judge(path, silent).missed
    with pytest.raises(BadRequest):
        gate.update(path, silent)


def test_other_fixtures_are_an_error_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    with pytest.raises(Misconfigured) as caught:
        gate.judge(path, typed("fact"))
    assert caught.value.code == "floors-missing"
    gate.update(path, typed("fact"))
    path.write_text(path.read_text().replace(fixtures.digest(), "000000000000"))
    with pytest.raises(Misconfigured) as caught:
        gate.judge(path, typed("fact"))
    assert caught.value.code == "floors-stale"


def test_refusals_lower_the_share_of_answers(tmp_path: Path) -> None:
    refused = {one.article.title: Refused("text-empty", "no") for one in fixtures.written()}
    found = gate.measure(ScriptedLabeller(refused))
    assert found["answered"] == pytest.approx(gate.ARTICLES / (gate.ARTICLES + 4), abs=1e-3)


def test_fixtures_are_whole() -> None:
    assert len(fixtures.demo()) > 100
    assert sum(len(one.sentences) for one in fixtures.written()) >= 40
    for one in (*fixtures.demo(), *fixtures.written()):
        assert len(one.article.cut()) == len(one.sentences)
        assert isinstance(one.article, ArticleInput)
    for one in fixtures.written():
        for marks in one.sentences:
            for question, label in marks.items():
                assert label in load().questions[question].label_ids
    assert {marks["sentence_type"] for one in fixtures.written() for marks in one.sentences} == set(
        TYPES
    )
    assert isinstance(next(typed("fact").label([fixtures.written()[0].article])), Labelled)
