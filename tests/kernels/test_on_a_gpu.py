"""The compiled kernels on a real card: `make test-gpu`. Without one these are skipped by name."""

from __future__ import annotations

import os

import pytest
import torch
from torch import Tensor

from kernels.local_linear_attention import lla, lla_decode

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    pytest.mark.skipif(os.environ["TRITON_INTERPRET"] != "0", reason="Triton is interpreted"),
]
LIMITS = {torch.bfloat16: (5e-3, 1e-2), torch.float16: (2e-3, 5e-3), torch.float32: (1e-4, 5e-4)}


def error(got: Tensor, want: Tensor) -> float:
    got, want = got.detach().double().cpu(), want.detach().double()
    return float((got - want).norm() / want.norm())


def tokens(n: int, heads: int, width: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(1, n, heads, width, device="cuda").to(dtype)


@pytest.mark.parametrize("dtype", LIMITS, ids=str)
@pytest.mark.parametrize("width", [40, 64, 128])
@pytest.mark.parametrize("n", [65, 1000])
def test_output_and_gradients(n, width, dtype):
    q = tokens(n, 2, width, dtype)
    k, v = tokens(n, 1, width, dtype), tokens(n, 1, width, dtype)
    lam = torch.rand(1, n, 2, device="cuda") + 1
    leaves = [x.requires_grad_() for x in (q, k, v, lam)]
    do = tokens(n, 2, width, dtype)
    o = lla(*leaves, rtol=1e-4, max_iters=64)
    grads = torch.autograd.grad(o, leaves, do)
    exact = [x.detach().double().cpu().requires_grad_() for x in leaves]
    want = lla(*exact)
    forward, backward = LIMITS[dtype]
    assert error(o, want) < forward
    for got, right in zip(grads, torch.autograd.grad(want, exact, do.double().cpu()), strict=True):
        assert error(got, right) < 2 * backward


@pytest.mark.parametrize(("width", "n"), [(64, 65536), (128, 16384)])
def test_the_last_rows_of_a_long_sequence(width, n):
    q, k, v = (tokens(n, 1, width, torch.bfloat16) for _ in range(3))
    want = lla(q[:, -64:].double().cpu(), k.double().cpu(), v.double().cpu(), 1.0)
    assert error(lla(q, k, v, 1.0)[:, -64:], want) < 5e-3
    assert error(lla_decode(q[:, -1:], k, v, 1.0), want[:, -1:]) < 5e-3


def test_captured_in_a_graph_it_gives_the_same_bits():
    q, k, v = (tokens(300, 2, 64, torch.bfloat16) for _ in range(3))
    want = lla(q, k, v, 1.0)  # tunes and compiles outside the capture
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        o = lla(q, k, v, 1.0)
    graph.replay()
    assert torch.equal(o, want)


def test_a_ridge_that_is_not_positive_gives_nan_rows_and_spares_the_others():
    q, k, v = (tokens(100, 1, 64, torch.float32) for _ in range(3))
    lam = torch.ones(1, 100, 1, device="cuda")
    lam[:, 7] = 0
    o = lla(q, k, v, lam)
    assert o[:, 7].isnan().all()
    kept = torch.arange(100) != 7
    assert torch.equal(o[:, kept], lla(q, k, v, torch.ones_like(lam))[:, kept])
