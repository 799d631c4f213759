"""P18: in bf16 a small ridge is as good as in float64, on the task where a small ridge matters."""

from __future__ import annotations

import pytest
import torch

from kernels.local_linear_attention import lla, lla_naive
from kernels.mixers import softmax
from memory_lm.labs.regression_tasks import normalised_error, piecewise, settled

WIDTH, SEGMENT, SCALE, RIDGE = 16, 64, 4.0, 1e-3


def test_p18_half_precision_keeps_what_a_small_ridge_buys():
    """Each row predicts its value from the pairs before it; all inputs are the rounded ones."""
    generator = torch.Generator().manual_seed(3)
    x, y = piecewise(generator, batch=1, segments=4, segment_keys=SEGMENT, width=WIDTH, values=4)
    x, y = x.bfloat16()[:, :, None], y.bfloat16()[:, :, None]
    q, k, v = x[:, 1:], x[:, :-1], y[:, :-1]
    rows = settled(4, SEGMENT)[1:]

    def score(o: torch.Tensor) -> float:
        return normalised_error(o[:, :, 0], y[:, 1:, 0], rows)

    exact = score(lla_naive(q, k, v, RIDGE, scale=SCALE))
    half = score(lla(q, k, v, RIDGE, scale=SCALE, backend="triton"))
    assert half == pytest.approx(exact, rel=0.02)
    assert exact < 0.15 < 0.5 < score(softmax(q, k, v, 1.0, scale=SCALE))
