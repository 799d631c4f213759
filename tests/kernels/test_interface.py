"""The door: what is refused and how, rows that read nothing, precision, compiling, statistics."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import Tensor

from kernels.local_linear_attention import lla, lla_decode, lla_naive, ops
from kernels.local_linear_attention.spans import spans


def make(*shape: int, dtype=torch.float32) -> Tensor:
    return torch.randn(*shape, dtype=dtype)


Q, K, V = make(2, 6, 4, 8), make(2, 9, 2, 8), make(2, 9, 2, 5)


def wide(*shape: int) -> Tensor:
    return torch.empty(*shape, 129)


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((Q[0], K, V, 1.0), {}, "q: shape (6, 4, 8)"),
        ((Q, K[:, :0], V, 1.0), {}, "k: shape (2, 0, 2, 8)"),
        ((Q, K[..., :7], V, 1.0), {}, "k: shape (2, 9, 2, 7); expected [B=2"),
        ((Q[:, :, :3], K, V, 1.0), {}, "a divisor of Hq=3"),
        ((Q[:1], K, V, 1.0), {}, "expected [B=1"),
        ((Q, K, V[:, :8], 1.0), {}, "v: shape (2, 8, 2, 5); expected [B=2, Tk=9, Hk=2, Dv]"),
        ((Q.long(), K, V, 1.0), {}, "q: torch.int64"),
        ((Q, K.double(), V, 1.0), {}, "k: torch.float64 on cpu; q is torch.float32"),
        ((Q, K, V.to("meta"), 1.0), {}, "v: torch.float32 on meta; q is torch.float32 on cpu"),
        ((Q, K, V, 0.0), {}, "lam: 0.0"),
        ((Q, K, V, -1.0), {}, "lam: -1.0"),
        ((Q, K, V, math.nan), {}, "lam: nan"),
        ((Q, K, V, torch.tensor([1.0, 1.0, 0.0, 1.0])), {}, "lam: has values"),
        ((Q, K, V, torch.tensor([1.0, math.nan, 1.0, 1.0])), {}, "lam: has values"),
        ((Q, K, V, torch.ones(3)), {}, "lam: torch.float32 (3,); expected a float, [Hq=4]"),
        ((Q, K, V, torch.ones(4).long()), {}, "lam: torch.int64"),
        ((Q, K, V, 1.0), {"bias": torch.ones(4, 6, 8)}, "bias: shape (4, 6, 8)"),
        ((Q, K, V, 1.0), {"bias": torch.ones(9).bool()}, "bias: torch.bool"),
        ((Q, K, V, 1.0), {"window": 0}, "window: 0"),
        ((Q, K, V, 1.0), {"window": 3, "causal": False}, "causal only"),
        ((Q, K, V, 1.0), {"scale": math.inf}, "scale: inf"),
        ((Q, K, V, 1.0), {"rtol": 1.0}, "rtol: 1.0"),
        ((Q, K, V, 1.0), {"max_iters": 0}, "max_iters: 0"),
        ((Q, K, V, 1.0), {"backend": "gpu"}, "backend: 'gpu'"),
        ((Q, K, V, 1.0), {"cu_seqlens": [0, 9]}, "packing needs B=1"),
        ((wide(1, 2, 1), wide(1, 2, 1), V[:1, :2, :1], 1.0), {"backend": "triton"}, "up to 128"),
        ((Q.double(), K.double(), V.double(), 1.0), {"backend": "triton"}, "torch.float64"),
    ],
)
def test_bad_input_is_a_value_error_that_names_the_argument(arguments, options, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        lla(*arguments, **options)


@pytest.mark.parametrize(
    "edges", [[0], [0, 3, 3, 9], [1, 9], [0, 8], [0, 5, 4, 9], [[0, 9]], [0.0, 9.0]], ids=str
)
def test_packs_that_are_empty_or_do_not_cover_are_refused(edges):
    with pytest.raises(ValueError, match="cu_seqlens"):
        lla(K[:1], K[:1], V[:1], 1.0, cu_seqlens=torch.tensor(edges))


def test_decode_checks_its_lengths():
    for lengths, says in (([9, 10], "0 to Tk=9"), ([9], "expected integers"), ([-1, 3], "0 to Tk")):
        with pytest.raises(ValueError, match=says):
            lla_decode(Q, K, V, 1.0, cache_lens=torch.tensor(lengths))
    with pytest.raises(ValueError, match=r"cache_lens: torch\.float32"):
        lla_decode(Q, K, V, 1.0, cache_lens=torch.ones(2))
    with pytest.raises(ValueError, match="window: 0"):
        lla_decode(Q, K, V, 1.0, window=0)


@pytest.mark.parametrize("key_heads", [4, 2], ids=["dense solve", "iteration"])
def test_rows_that_read_nothing_give_zeros_and_take_no_gradient(key_heads):
    q = make(2, 6, 4, 16)
    k, v = make(2, 4, key_heads, 16), make(2, 4, key_heads, 5)  # rows 0 and 1 come before any key
    bias = torch.zeros(2, 1, 6, 4)
    bias[1, :, 4] = -math.inf
    lam = torch.ones(2, 6, 4)
    leaves = [x.requires_grad_() for x in (q, k, v, lam, bias)]
    o, stats = lla(*leaves[:4], bias=bias, return_stats=True)
    empty = torch.zeros(2, 6, dtype=torch.bool)
    empty[:, :2] = empty[1, 4] = True
    assert o[empty].abs().max() == 0
    assert (o[~empty].abs().amax(-1) > 0).all()
    assert (stats.lse[empty] == -math.inf).all()
    assert stats.lse[~empty].isfinite().all()
    dq, dk, dv, dlam, dbias = torch.autograd.grad(o, leaves, torch.randn_like(o))
    assert dq[empty].abs().max() == 0
    assert dlam[empty].abs().max() == 0
    assert dbias[:, 0][empty].abs().max() == 0
    assert all(x.isfinite().all() for x in (dq, dk, dv, dlam, dbias))


def test_a_hidden_key_is_an_absent_key():
    q, k, v = make(1, 5, 2, 16), make(1, 7, 1, 16), make(1, 7, 1, 4)
    bias = torch.zeros(7)
    bias[3] = -math.inf
    kept = [0, 1, 2, 4, 5, 6]
    got = lla(q, k, v, 0.5, bias=bias, causal=False, rtol=1e-6)
    want = lla(q, k[:, kept], v[:, kept], 0.5, causal=False, rtol=1e-6)
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 2, 1, 7), (4, 1, 1), (5, 7), (2, 4, 5, 7)], ids=str)
def test_bias_broadcasts_and_its_gradient_comes_back_in_its_shape(shape):
    q, k, v = make(2, 5, 4, 8), make(2, 7, 2, 8), make(2, 7, 2, 3)
    if shape[1:2] == (2,):
        shape = (1, 4, 1, 7)
    bias = torch.randn(shape, requires_grad=True)
    do = make(2, 5, 4, 3)
    (got,) = torch.autograd.grad(lla(q, k, v, 0.3, bias=bias, rtol=1e-6), bias, do)
    (want,) = torch.autograd.grad(lla_naive(q, k, v, 0.3, bias=bias), bias, do.double())
    assert got.shape == bias.shape
    torch.testing.assert_close(got.double(), want.double(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("shape", [(), (4,), (2, 6, 4)], ids=str)
def test_a_ridge_of_every_shape_has_a_gradient(shape):
    lam = (torch.rand(shape) + 0.2).requires_grad_()
    do = make(2, 6, 4, 5)
    (got,) = torch.autograd.grad(lla(Q, K, V, lam, rtol=1e-6), lam, do)
    (want,) = torch.autograd.grad(lla_naive(Q, K, V, lam), lam, do.double())
    torch.testing.assert_close(got.double(), want.double(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_wide_and_rounded_once(dtype):
    q, k, v = (make(1, 90, 2, 40).to(dtype).requires_grad_() for _ in range(3))
    o = lla(q, k, v, 0.1, rtol=1e-5, max_iters=100)
    assert o.dtype == dtype
    want = lla_naive(q, k, v, 0.1)
    assert (o.double() - want).norm() / want.norm() < 4e-3
    grads = torch.autograd.grad(o.sum(), (q, k, v))
    assert all(x.dtype == dtype for x in grads)


def test_autocast_casts_the_tokens_and_leaves_the_ridge():
    q, k, v = (make(1, 20, 2, 8) for _ in range(3))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        o = lla(q, k, v, torch.full((2,), 0.1))
        mixed = lla(q.bfloat16(), k, v, 0.1)
    assert o.dtype == mixed.dtype == torch.bfloat16
    assert torch.equal(o, lla(q.bfloat16(), k.bfloat16(), v.bfloat16(), 0.1))


def test_statistics_say_how_the_solve_went():
    q, k, v = make(1, 200, 2, 40), make(1, 200, 1, 40), make(1, 200, 1, 4)
    o, stats = lla(q, k, v, 0.1, return_stats=True)
    assert torch.equal(o, lla(q, k, v, 0.1))
    assert all(x.shape == (1, 200, 2) for x in stats)
    assert not any(x.requires_grad for x in stats)
    assert stats.residual.max() <= 1e-4
    assert stats.iterations.dtype == torch.int32
    assert stats.iterations[:, 0].max() == 1  # one key: A is the ridge, q - kbar an eigenvector
    assert (stats.reach >= 0).all()
    capped = lla(q, k, v, 0.1, max_iters=2, return_stats=True)[1]
    assert capped.iterations.max() == 2
    assert capped.residual.max() > 1e-4
    score = torch.einsum("bihd,bjd->bhij", q, k[:, :, 0]) * 40**-0.5
    score.masked_fill_(torch.ones(200, 200).triu(1).bool(), -math.inf)
    torch.testing.assert_close(stats.lse, score.logsumexp(-1).transpose(1, 2))


def test_an_underflowing_or_breaking_solve_stays_finite():
    """Duplicate keys leave no covariance; a ridge below rounding leaves no curvature."""
    k = torch.full((1, 64, 1, 40), 100.0)
    q, v = make(1, 64, 1, 40) * 100, make(1, 64, 1, 4)
    for lam in (1e-12, 1e-30, 1e30):
        for queries in (64, 2):  # the iteration, and the dense solve with its way back to it
            assert lla(q[:, -queries:], k, v, lam).isfinite().all()
    k = k + 1e-3 * make(1, 64, 1, 40)
    leaves = [x.requires_grad_() for x in (q, k, v)]
    o = lla(*leaves, 1e-8)
    assert o.isfinite().all()
    assert all(x.isfinite().all() for x in torch.autograd.grad(o.sum(), leaves))


def test_the_cache_may_be_read_in_any_number_of_pieces():
    from kernels.local_linear_attention import moments

    q, k, v = (
        make(2, n, h, w, dtype=torch.float64) for n, h, w in ((3, 4, 8), (50, 2, 8), (50, 2, 5))
    )
    lengths, lam = torch.tensor([50, 31]), torch.full((2, 3, 4), 0.2, dtype=torch.float64)
    for window in (None, 12):
        want = torch.cat(
            [lla_naive(q[i : i + 1], k[i : i + 1, :n], v[i : i + 1, :n], 0.2, window=window)
             for i, n in enumerate(lengths.tolist())]
        )  # fmt: skip
        for split in (1, 7, 50, 64):
            got = moments.decode(q, k, v, lam, lengths, 8**-0.5, window, split_keys=split)
            torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-12)


def test_decode_before_the_first_key_gives_zeros():
    o = lla_decode(Q[:, :3], K, V, 1.0, cache_lens=torch.tensor([0, 1], dtype=torch.int32))
    assert o[0].abs().max() == 0
    assert o[1, :2].abs().max() == 0
    torch.testing.assert_close(o[1, 2], V[1, 0].repeat_interleave(2, 0))


def test_decode_keeps_its_digits_when_keys_lie_far_from_the_origin():
    """Raw second moments there would lose all: 30^2 against a spread of 1, squared."""
    q, k, v = make(1, 1, 2, 32), make(1, 500, 2, 32), make(1, 500, 2, 8)
    q, k, options = q + 30, k + 30, {"scale": 1 / 64}
    want = lla_naive(q, k, v, 0.1, **options)
    for got in (lla_decode(q, k, v, 0.1, **options), lla(q, k, v, 0.1, rtol=1e-6, **options)):
        assert (got.double() - want).norm() / want.norm() < 1e-3


def test_spans_are_the_same_seen_from_keys_and_from_queries():
    for options in (
        {"causal": True, "window": None, "cu_seqlens": None},
        {"causal": True, "window": 4, "cu_seqlens": torch.tensor([0, 5, 6, 12])},
        {"causal": False, "window": None, "cu_seqlens": torch.tensor([0, 7, 12])},
    ):
        at = spans(12, 12, **options, device=torch.device("cpu"))
        forward = [[a <= j < z for j in range(12)] for a, z in zip(at[0], at[1], strict=True)]
        back = [[a <= i < z for a, z in zip(at[2], at[3], strict=True)] for i in range(12)]
        assert forward == back
        assert sum(map(sum, forward)) > 12
    tall = spans(5, 3, causal=True, window=None, cu_seqlens=None, device=torch.device("cpu"))
    assert tall.end_key.tolist() == [0, 0, 1, 2, 3]


def test_operators_are_registered_as_torch_wants_them():
    q, k, v = make(1, 9, 2, 8), make(1, 9, 1, 8), make(1, 9, 1, 4)
    lam, bias = torch.full((1, 9, 2), 0.5), torch.zeros(1, 2, 9, 9)
    leaves = [x.requires_grad_() for x in (q, k, v, lam, bias)]
    at = spans(9, 9, causal=True, window=None, cu_seqlens=None, device=q.device)
    torch.library.opcheck(ops.forward, (*leaves, list(at), 0.35, 50, 1e-6, "cpu"))
    q, k, v, lam, bias = (x.detach() for x in leaves)
    o, u, kbar, lse, _, _ = ops.forward(q, k, v, lam, bias, list(at), 0.35, 50, 1e-6, "cpu")
    inputs = (torch.randn_like(o), q, k, v, lam, bias, list(at), o, u, kbar, lse)
    torch.library.opcheck(ops.backward, (*inputs, 0.35, 50, 1e-6, "cpu", True))
    torch.library.opcheck(ops.backward, (*inputs, 0.35, 50, 1e-6, "cpu", False))


def test_compiles_into_one_graph_with_its_gradient():
    compiled = torch.compile(
        lambda q, k, v, lam: lla(q * 2, k, v, lam.exp()).square().sum(),
        backend="aot_eager",
        fullgraph=True,
        dynamic=False,
    )
    leaves = [make(1, 9, 2, 8), make(1, 9, 1, 8), make(1, 9, 1, 4), make(2)]
    leaves = [x.requires_grad_() for x in leaves]
    q, k, v, lam = leaves
    want = lla(q * 2, k, v, lam.exp()).square().sum()
    got = compiled(*leaves)
    torch.testing.assert_close(got, want)
    for a, z in zip(*(torch.autograd.grad(x, leaves) for x in (got, want)), strict=True):
        torch.testing.assert_close(a, z)


@pytest.mark.parametrize("backend", ["cpu", "triton"])
def test_an_unchecked_bad_ridge_gives_nan_rows_and_no_others(backend):
    """As on a device, where checking would wait: the door turns what is not positive into NaN."""
    q, k, v = make(1, 9, 2, 8), make(1, 9, 1, 8), make(1, 9, 1, 4)
    lam = torch.ones(1, 9, 2)
    lam[:, 4, 1] = math.nan
    at = list(spans(9, 9, causal=True, window=None, cu_seqlens=None, device=q.device))
    o = ops.forward(q, k, v, lam, None, at, 0.35, 50, 1e-6, backend)[0]
    assert torch.equal(o.isnan().any(-1), lam.isnan())
    if backend == "triton":
        from kernels.local_linear_attention import triton_decode

        lengths = torch.tensor([9], dtype=torch.int32)
        o = triton_decode.decode(q[:, -5:], k, v, lam[:, -5:], lengths, 0.35, None)
        assert torch.equal(o.isnan().any(-1), lam[:, -5:].isnan())


@pytest.mark.parametrize("queries", [70, 3], ids=["iteration", "dense solve"])
def test_nothing_is_read_before_it_is_written(queries, request):
    leaves = [make(2, queries, 4, 16), make(2, 70, 2, 16), make(2, 70, 2, 5)]
    leaves = [x.requires_grad_() for x in leaves]

    def run() -> list[Tensor]:
        torch.manual_seed(1)
        o = lla(*leaves, 0.2, window=40)
        decoded = lla_decode(leaves[0][:, -2:], *leaves[1:], 0.2)
        return [o, decoded, *torch.autograd.grad(o.square().sum(), leaves)]

    clean = run()
    request.getfixturevalue("poisoned")
    assert all(torch.equal(a, z) for a, z in zip(clean, run(), strict=True))


def test_there_is_no_second_derivative_and_it_says_so():
    q = Q.clone().requires_grad_()
    (once,) = torch.autograd.grad(lla(q, K, V, 1.0).sum(), q, create_graph=True)
    with pytest.raises(RuntimeError):
        torch.autograd.grad(once.sum(), q)
