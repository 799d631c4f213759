"""The verbs as a user runs them, and the committed results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from annotator.longdoc import calibrate, transcript
from annotator.longdoc.bench import figures, suite
from annotator.longdoc.bench.report import Check, Report, code_digest
from annotator.longdoc.commands import app, bench_app
from newsroom.errors import BadRequest

RESULTS = Path(__file__).resolve().parents[3] / "benchmarks/results/comm"


@pytest.fixture
def invoke():
    root = typer.Typer()
    root.add_typer(bench_app, name="bench")
    root.add_typer(app)
    return lambda *arguments: CliRunner().invoke(root, [str(a) for a in arguments])


@pytest.mark.parametrize(
    ("name", "command"),
    [("comm", "newsroom bench comm --output benchmarks/results/comm"),
     ("hearing", "newsroom bench hearing --output benchmarks/results/comm")],
)  # fmt: skip
def test_a_full_run_of_this_code_is_committed_and_met_its_numbers(name: str, command: str) -> None:
    result = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    assert not result["quick"]
    assert result["passed"]
    assert any(check["is_control"] for check in result["checks"])
    assert result["code_sha256"] == code_digest(result["code_modules"]), f"stale: run `{command}`"


@pytest.mark.long  # the full run above is held to the code
@pytest.mark.timeout(400)
def test_the_quick_run_meets_its_numbers_and_its_controls_fail(invoke, tmp_path: Path) -> None:
    done = invoke("bench", "comm", "--quick", "--output", tmp_path, "--json")
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "comm.json").read_text())
    assert json.loads(done.stdout)["checks"] == result["checks"]
    assert all(check["passed"] for check in result["checks"])
    for picture in ("comm.png", "regimes.png"):
        assert (tmp_path / picture).stat().st_size > 10_000


def test_a_missed_number_is_exit_code_3(invoke, monkeypatch) -> None:
    missed = Report(
        bench="comm", quick=True, settings={}, tables={}, wall_s=0.0,
        checks=(Check(name="x", value=0.1, comparison=">=", target=0.9),),
    )  # fmt: skip
    monkeypatch.setattr(suite, "report", lambda **_: missed)
    done = invoke("bench", "comm", "--quick")
    assert done.exit_code == 3
    assert "MISS x" in done.output


def test_a_grid_prints_and_keeps_its_rows(invoke, tmp_path: Path) -> None:
    done = invoke(
        "bench", "comm", "--task", "parity,tally", "--n", 32, "--agents", "2,4", "--bandwidth", "1,inf",
        "--rounds", "inf", "--trials", 5, "--equal-tokens", "--json", "--out", tmp_path / "rows.json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert rows == json.loads((tmp_path / "rows.json").read_text())
    assert len(rows) == 2 * 2 * 2 * 3
    assert {r["protocol"] for r in rows} == {"tree", "single", "vote"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--task", "chess"], "bench-choice"), (["--task", "parity", "--n", "many"], "bench-numbers"),
     (["--task", "parity", "--protocol", "gossip"], "bench-choice"),
     (["--task", "parity", "--n", "4", "--agents", "8"], "bench-size"),
     (["--task", "khop", "--protocol", "tree"], "bench-protocol")],
)  # fmt: skip
def test_what_cannot_be_run_is_named(invoke, arguments: list[str], code: str) -> None:
    error = invoke("bench", "comm", *arguments).exception
    assert isinstance(error, BadRequest)
    assert error.code == code


def test_a_file_is_read_without_services(invoke, tmp_path: Path) -> None:
    made = transcript.make(1500, 2)
    path = tmp_path / "hearing.txt"
    path.write_text(made.text, encoding="utf-8")
    done = invoke("longdoc", path, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    right = sum(found["speakers"][str(n)] == who for n, who in made.gold.items())
    assert right / len(made.gold) >= 0.95
    assert "coverage 1.00" in invoke("longdoc", path).output


@pytest.mark.parametrize("arguments", [[], ["missing.txt"], ["x.txt", "--article", "y"]])
def test_a_document_must_be_named_once(invoke, arguments: list[str]) -> None:
    error = invoke("longdoc", *arguments).exception
    assert isinstance(error, BadRequest)
    assert error.code == "longdoc-input"


def test_calibrations_are_those_of_this_code(invoke, tmp_path: Path) -> None:
    done = invoke("bench", "knee", "--backend", "sim", "--output", tmp_path)
    assert done.exit_code == 0, done.output
    committed = calibrate.FOLDER / "sim.json"
    assert json.loads((tmp_path / "sim.json").read_text()) == json.loads(committed.read_text())
    assert calibrate.knee_of("sim") == 64
    assert calibrate.knee_of("embedded") == 2048
    with pytest.raises(KeyError):
        calibrate.knee_of("never-measured")


def test_a_spoilt_reader_of_files_has_a_lower_knee(monkeypatch) -> None:
    monkeypatch.setattr(
        calibrate, "attribution", lambda found, gold: 0.95 if len(gold) < 60 else 0.5
    )
    assert 32 <= calibrate.embedded(trials=10, seed=1).knee <= 64


def test_the_page_of_regimes_names_every_protocol() -> None:
    for protocol in ("star", "tree", "scan", "queries", "votes"):
        assert protocol in figures.REGIMES
