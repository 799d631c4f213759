"""Committed lab results belong to the code that stands: a changed reader wants a new full run."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from memory_lm.labs.report import code_digest, labs

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks/results/labs"


@pytest.mark.parametrize("lab", sorted(labs()))
def test_a_full_run_of_this_code_is_committed(lab):
    result = json.loads((RESULTS / f"{lab}.json").read_text("utf-8"))
    assert not result["quick"]
    assert (RESULTS / f"{lab}.png").stat().st_size > 10_000
    assert result["code_sha256"] == code_digest(result["code_modules"]), (
        f"stale: run `newsroom lab {lab} --output benchmarks/results/labs` again"
    )


@pytest.mark.long  # half a minute of one core each; the full runs above are held to the code
@pytest.mark.timeout(400)
def test_the_quick_runs_meet_their_numbers_and_their_controls_fail(tmp_path):
    """As a user runs them, two at a time: each is made for one core."""
    chosen = sorted(labs())

    def run(lab: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "newsroom", "lab", lab, "--quick", "--output", str(tmp_path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        runs = dict(zip(chosen, pool.map(run, chosen), strict=True))
    for lab, done in runs.items():
        assert done.returncode == 0, done.stdout + done.stderr
        checks = json.loads((tmp_path / f"{lab}.json").read_text("utf-8"))["checks"]
        assert all(check["passed"] for check in checks)
        assert any(check["is_control"] for check in checks)
        assert (tmp_path / f"{lab}.png").stat().st_size > 10_000
