"""Our own pages and what becomes of each, and the gate that holds the whole set to its floors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import extraction_gate
from benchmarks.extraction_pages import Case, cases, digest, outcome, wrong
from newsroom.errors import BadRequest, Misconfigured

CASES = cases()


def test_there_are_enough_of_every_kind() -> None:
    assert len(CASES) >= extraction_gate.PAGES_MIN
    assert len({case.name for case in CASES}) == len(CASES)
    looks = {case.publisher for case in CASES if case.name.startswith("demo/")}
    assert len(looks) == 7


@pytest.mark.parametrize(
    "case", [c for c in CASES if not c.name.startswith("demo/")], ids=lambda case: case.name
)
def test_page(case: Case) -> None:
    assert wrong(case, outcome(case)) == []


def test_gate_holds() -> None:
    verdict = extraction_gate.judge(cases=CASES)
    assert verdict.missed == (), verdict.wrong


def test_gate_sees_a_worse_extractor_and_other_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [c for c in CASES if c.name.startswith("parsers/")]
    path = tmp_path / "floors.json"
    monkeypatch.setattr(extraction_gate, "PAGES_MIN", 2)
    assert extraction_gate.update(path, few).missed == ()
    assert extraction_gate.judge(path, few).missed == ()
    with pytest.raises(Misconfigured, match="look at what changed"):
        extraction_gate.judge(path, few[:1])

    # Without the outlets' parsers the same pages are read worse.
    monkeypatch.setattr("scraper.extraction.parsers.VERSIONS", {})
    verdict = extraction_gate.judge(path, few)
    assert "pages" in verdict.missed
    assert "token_f1" in verdict.missed
    with pytest.raises(BadRequest) as caught:
        extraction_gate.update(path, few)
    assert caught.value.code == "floor-would-fall"
    extraction_gate.update(path, few, reason="the parsers were taken out")
    kept = json.loads(path.read_text())
    assert {fall["reason"] for fall in kept["lowered"]} == {"the parsers were taken out"}
    assert extraction_gate.judge(path, few).missed == ()


def test_a_set_that_is_too_small_gets_no_floors(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        extraction_gate.update(tmp_path / "floors.json", CASES[:3])
    assert caught.value.code == "too-few-pages"
    with pytest.raises(Misconfigured) as missing:
        extraction_gate.judge(tmp_path / "floors.json", CASES[:3])
    assert missing.value.code == "floors-missing"


def test_what_is_expected_is_part_of_the_digest() -> None:
    changed = replace(CASES[0], expected={**CASES[0].expected, "title": "Another"})
    assert digest([changed, *CASES[1:]]) != digest(CASES)
    assert wrong(changed, outcome(changed)) != []
