"""The verbs of `newsroom quality` end to end, on small inputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from annotator.codebook import loader, sheet
from annotator.quality import fixtures, gate, leakage
from annotator.quality.commands import app
from newsroom.errors import BadRequest

RUN = CliRunner()


def filled(path: Path, coder: str, **kinds: str) -> Path:
    book = loader.load()
    columns = [*sheet.BEFORE, "news_type", *sheet.AFTER]
    rows = [",".join(columns)]
    for item, kind in kinds.items():
        about = {
            "item": item, "unit": "article", "sentence": "", "text": "t", "news_type": kind,
            "coder": coder, "codebook": sheet.stamp(book), "sampling_probability": "0.5",
        }  # fmt: skip
        rows.append(",".join(about[name] for name in columns))
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.jsonl"
    lines = [
        {"id": name, "news_type": kind, "news_type_confidence": 0.9, "labeller": "embedded",
         "labeller_revision": "x"}
        for name, kind in (("a", "opinion"), ("b", "news report"), ("c", "opinion"))
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_report(tmp_path: Path, labels: Path) -> None:
    one = filled(tmp_path / "ana.csv", "ana", a="opinion", b="news report")
    two = filled(tmp_path / "ben.csv", "ben", a="opinion", b="news report")
    arguments = ["quality", "report", "--labels", str(labels), str(one), str(two)]
    found = json.loads(RUN.invoke(app, [*arguments, "--json"], catch_exceptions=False).stdout)
    (question,) = found["questions"]
    assert question["labeller"]["accuracy"] == 1.0
    assert question["agreement"]["alpha_nominal"]["value"] == 1.0
    assert question["corrected"]["opinion"]["naive"] == pytest.approx(2 / 3)
    folder = tmp_path / "figures"
    told = RUN.invoke(app, [*arguments, "--figure", str(folder)], catch_exceptions=False)
    assert "accuracy" in told.stdout
    assert [path.name for path in folder.iterdir()] == ["article-news_type.png"]


@pytest.mark.parametrize("line", ["{", "[1]", '{"news_type": "opinion"}'])
def test_broken_labels_are_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(line + "\n")
    one = filled(tmp_path / "ana.csv", "ana", a="opinion")
    result = RUN.invoke(app, ["quality", "report", "--labels", str(path), str(one)])
    assert isinstance(result.exception, BadRequest)
    assert result.exception.code == "labels-broken"


def test_gate_writes_holds_and_misses(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    arguments = ["quality", "gate", "--labeller", "scripted", "--floors", str(path)]
    assert RUN.invoke(app, [*arguments, "--update"], catch_exceptions=False).exit_code == 0
    assert RUN.invoke(app, arguments, catch_exceptions=False).exit_code == 0
    kept = json.loads(path.read_text())
    kept["labellers"]["scripted"]["measures"]["answered"]["floor"] = 1.01
    path.write_text(json.dumps(kept))
    missed = RUN.invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert missed.exit_code == 3
    assert json.loads(missed.stdout)["missed"] == ["answered"]
    assert fixtures.digest() == kept["labellers"]["scripted"]["data_digest"]
    assert kept["labellers"]["scripted"]["articles"] == gate.ARTICLES


@pytest.mark.parametrize(
    "flags", [["--allow-regression"], ["--reason", "x"], ["--allow-regression", "--reason", " "],
              ["--allow-regression", "--reason", "x"]]
)  # fmt: skip
def test_a_regression_needs_flag_reason_and_update(tmp_path: Path, flags: list[str]) -> None:
    path = tmp_path / "labels.json"
    result = RUN.invoke(
        app, ["quality", "gate", "--labeller", "scripted", "--floors", str(path), *flags]
    )
    assert isinstance(result.exception, BadRequest)
    assert result.exception.code == "reason-missing"


def test_injection_and_blindness_write_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEWSROOM_DATA_DIR", raising=False)
    few = leakage.own()[:60]
    kept = [one for one in few if sum(one.domain == x.domain for x in few) >= leakage.FOLDS]
    monkeypatch.setattr(leakage, "own", lambda: kept)
    common = ["--labeller", "scripted", "--output", str(tmp_path)]
    one = RUN.invoke(app, ["quality", "injection", "--pairs", "4", *common], catch_exceptions=False)
    assert "next article" in one.stdout
    two = RUN.invoke(
        app, ["quality", "blindness", "--articles", "5", "--json", *common], catch_exceptions=False
    )
    assert json.loads(two.stdout)["leakage"]["articles"] == len(kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "blindness.json", "blindness.png", "injection-scripted.json", "injection-scripted.png",
    ]  # fmt: skip
