from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LINES: list[Any] = [
    {
        "id": "a",
        "title": "Council votes",
        "text": "The council voted on the budget after a long debate.",
    },
    "not json",
    {"title": "no id", "text": "x"},
    {"id": "b", "text": 7},
    {"id": "empty", "title": "t", "text": " "},
    {
        "id": "c",
        "title": "Storm",
        "text": "The storm closed the harbor for a second day, officials said.",
    },
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl.gz"
    with gzip.open(path, "wt") as file:
        for line in LINES:
            file.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
    return path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "newsroom", *arguments], capture_output=True, text=True, check=False
    )


def test_annotate_answers_every_line_in_its_place(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    done = run(
        "annotate", "--input", str(source), "--output", str(target), "--labeller", "scripted"
    )
    assert done.returncode == 1
    assert done.stdout == ""
    out = [json.loads(line) for line in target.read_text().splitlines()]
    assert [r["id"] for r in out] == ["a", None, None, "b", "empty", "c"]
    assert ["error" in r for r in out] == [False, True, True, True, True, False]
    assert out[4]["code"] == "text-empty"
    assert {"lean", "tone", "category", "topic", "news_type", "headline_lean"} <= set(out[0])
    assert out[0]["labeller"] == "scripted"


@pytest.mark.long  # the next but two asks the same labeller
def test_annotate_by_the_embedded_labeller_gives_calibrated_distributions() -> None:
    line = json.dumps({"id": 1, "title": LINES[0]["title"], "text": LINES[0]["text"] * 5})
    done = subprocess.run(
        [sys.executable, "-m", "newsroom", "annotate", "--input", "-"],
        input=line, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (row,) = [json.loads(x) for x in done.stdout.splitlines()]
    assert sum(row["lean_distribution"].values()) == pytest.approx(1, abs=1e-4)
    assert -5 <= row["lean"] <= 5
    assert row["lean_scale"] == "mapped3"
    assert row["headline_lean_validated"] is False
    assert row["news_type"] in {"news report", "opinion"}


def test_cluster_joins_the_same_text_and_leaves_strangers_alone(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    quake = "A strong earthquake struck the coastal city of Port Haldane, collapsing two bridges."
    recipe = "Fold the butter into the dough three times and chill it overnight before baking."
    rows = [
        {"id": 1, "title": "Earthquake hits Port Haldane", "text": quake},
        {"id": 2, "title": "Croissants at home", "text": recipe},
        {"id": 3, "title": "Port Haldane earthquake brings down bridges", "text": quake},
    ]
    source.write_text("".join(json.dumps(r) + "\n" for r in rows))
    done = run("cluster", "--input", str(source), "--output", str(target))
    assert done.returncode == 0, done.stderr
    out = [json.loads(line) for line in target.read_text().splitlines()]
    assert [r["id"] for r in out] == [1, 2, 3]
    assert out[0]["event_id"] == out[2]["event_id"] is not None
    assert out[1]["event_id"] is None
    assert out[0]["event_title"] in {rows[0]["title"], rows[2]["title"]}


@pytest.mark.parametrize("verb", ["annotate", "cluster"])
def test_a_missing_file_is_one_line_and_a_usage_error(verb: str, tmp_path: Path) -> None:
    done = run(verb, "--input", str(tmp_path / "none.jsonl"))
    assert done.returncode == 2
    assert "No such file" in done.stderr
    assert "Traceback" not in done.stderr


def test_annotate_takes_the_sentences_a_line_brings(tmp_path: Path) -> None:
    brought = ["The levy passed.", "“We won,” she said, “and we are glad.”", "Why now?"]
    lines = [
        {"id": "own", "title": "Levy", "sentences": brought},
        {"id": "cut", "title": "Levy", "text": "The levy passed on Monday. It was a long debate."},
        {"id": "bad", "title": "Levy", "sentences": "The levy passed."},
        {"id": "none", "title": "Levy"},
        {"id": "empty", "title": "Levy", "sentences": []},
        {"id": "dated", "text": "The levy passed on Monday evening.", "published_at": "yesterday"},
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = run("annotate", "--input", str(source), "--sentences", "--labeller", "embedded")
    out = {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert [one["text"] for one in out["own"]["sentences"]] == brought
    assert out["own"]["sentences"][1]["type"] == "quote"
    assert len(out["cut"]["sentences"]) == 2
    for row in (out["own"], out["cut"]):
        for one in row["sentences"]:
            assert one["tone"] in {"negative", "neutral", "positive"}
            assert one["focus"] in {"democrat", "republican", "both", "neither"}
        for group in ("sent_type_", "sent_tone_", "sent_focus_"):
            assert sum(n for k, n in row.items() if k.startswith(group)) == len(row["sentences"])
    assert "sentences" in out["bad"]["error"]
    assert "text must be a string, unless sentences are given" in out["none"]["error"]
    assert out["empty"]["code"] == "text-empty"
    assert "published_at" in out["dated"]["error"]
