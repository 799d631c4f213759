"""Against a real vLLM: run by `make test-vllm`, which sets VLLM_BASE_URL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]
LINES = [
    {"id": "levy", "title": "Council votes for bus levy", "text": "The city council voted 6 to 3 on Monday for a levy that pays for night buses. Councillor Anna Reyes, a Democrat, called the vote a promise kept. The levy starts in May."},
    {"id": "own", "sentences": ["The river rose four metres in one night.", "“We lost everything,” she said."]},
    {"id": "empty", "title": "Nothing", "text": " "},
]  # fmt: skip


def test_annotate_through_a_real_vllm(tmp_path: Path) -> None:
    served = {
        "NEWSROOM_LLM__BASE_URL": os.environ["VLLM_BASE_URL"],
        "NEWSROOM_LLM__TIMEOUT_S": "900",
        "NEWSROOM_LLM__CONCURRENCY": "8",
        "NEWSROOM_LLM__DRAWS": "2",
        "NEWSROOM_LLM__DATAMARK": "false",
    }
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    command = ["annotate", "--labeller", "vllm", "--sentences", "--input", str(source)]
    done = subprocess.run(
        [sys.executable, "-m", "newsroom", *command],
        capture_output=True, text=True, check=False, env=os.environ | served,
    )  # fmt: skip
    out = {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert out["empty"]["code"] == "text-empty"
    for name, count in (("levy", 3), ("own", 2)):
        row = out[name]
        assert "error" not in row, row
        assert -5 <= row["lean"] <= 5
        assert row["lean_reason"]
        assert len(row["sentences"]) == count
        assert all(one["type"] for one in row["sentences"])
    assert sum(out["levy"]["lean_distribution"].values()) == pytest.approx(1)
