"""The committed ablation belongs to the code that stands, and the shipped gates follow from it."""

from __future__ import annotations

import json
from pathlib import Path

from annotator import encoder
from annotator.past import command, networks, report
from memory_lm import labels
from memory_lm.labs.report import code_digest

ROOT = Path(__file__).resolve().parents[3]
RESULT = json.loads((ROOT / "benchmarks/results/memory/ablation.json").read_text("utf-8"))


def test_a_full_run_of_this_code_is_committed() -> None:
    assert tuple(RESULT["code_modules"]) == command.CODE
    assert RESULT["code_sha256"] == code_digest(command.CODE), "stale: run `newsroom memory ablate`"
    assert (ROOT / "benchmarks/results/memory/ablation.png").stat().st_size > 10_000


def test_the_page_is_the_one_this_result_makes() -> None:
    assert (ROOT / "docs/memory-ablation.md").read_text("utf-8") == report.page(RESULT)


def test_only_gates_that_were_earned_are_open() -> None:
    earned = tuple(label for label, is_open in RESULT["gates"].items() if is_open)
    assert earned == networks.GATES
    assert tuple(labels.load(encoder.chunks_version()).terms.queries) == networks.GATES
