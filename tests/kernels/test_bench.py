"""The bench: its rivals compute the same thing, and one run writes numbers and a figure."""

from __future__ import annotations

import json

import pytest
import torch
from typer.testing import CliRunner

from kernels.bench import rivals
from kernels.bench.suite import Target
from kernels.commands import app
from kernels.local_linear_attention import lla_naive

RUN = CliRunner()


def test_rivals_compute_local_linear_attention():
    q, k, v = (torch.randn(2, 150, 2, 40) for _ in range(3))
    want = lla_naive(q, k, v, 0.5)
    for rival in (rivals.materialised, rivals.published):
        got = rival(q, k, v, 0.5)
        assert (got.double() - want).norm() / want.norm() < 1e-4
    short = rivals.published(q, k, v, 0.5, steps=2)
    assert (short.double() - want).norm() / want.norm() > 1e-2


def test_softmax_attention_is_the_limit_of_a_large_ridge():
    q, k, v = (torch.randn(1, 50, 2, 16) for _ in range(3))
    torch.testing.assert_close(rivals.sdpa(q, k, v), lla_naive(q, k, v, 1e12).float())


@pytest.mark.long  # half a minute of timing; the committed run is what is read
def test_one_run_writes_numbers_and_a_figure(tmp_path):
    done = RUN.invoke(
        app, ["kernels", "bench", "--device", "cpu", "--quick", "--budget-s", "0", "--json",
              "--output", str(tmp_path)],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "cpu.json").read_text("utf-8"))
    assert result == json.loads(done.stdout)
    (row,) = result["rows"]
    assert row["error"] < 1e-4
    assert 4 < row["steps"] < 32
    assert all(row[f"{name}_ms"] > 0 for name in ("lla", "sdpa", "published", "materialised"))
    (read,) = result["reads"]
    assert read["lla_ms"] > 0
    short, long = result["memory"]
    assert 0 <= short["peak_mib"] < long["peak_mib"]
    assert result["machine"]["device"]
    assert (tmp_path / "cpu.png").stat().st_size > 10_000


def test_a_verdict_is_computed():
    assert Target(name="", value=2.0, comparison=">=", target=1.0).met
    assert not Target(name="", value=2.0, comparison="<=", target=1.0).met


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused():
    done = RUN.invoke(app, ["kernels", "bench", "--device", "cuda"])
    assert done.exit_code == 2
    assert "on a machine that has it" in done.output
