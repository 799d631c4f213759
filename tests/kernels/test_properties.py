"""What Local Linear Attention must satisfy (P1 to P17), on every backend, against float64."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from kernels.local_linear_attention import lla, lla_decode, lla_naive


class Backend(NamedTuple):
    name: str
    dtype: torch.dtype
    tol: float
    rtol: float
    """Of the solver: tight, so that what is compared is the formula."""

    def lla(self, q: Tensor, k: Tensor, v: Tensor, lam: float | Tensor, **options) -> Tensor:
        return lla(q, k, v, lam, backend=self.name, rtol=self.rtol, **options)


@pytest.fixture(
    params=[
        Backend("cpu", torch.float64, 1e-9, 1e-13),
        Backend("cpu", torch.float32, 1e-4, 1e-6),
        Backend("triton", torch.float32, 1e-4, 1e-6),
    ],
    ids=lambda b: f"{b.name}-{str(b.dtype)[-7:]}",
)
def on(request) -> Backend:
    return request.param


def error(got: Tensor, want: Tensor) -> float:
    """Relative root mean square, as in fla's tests."""
    got, want = got.detach().double(), want.detach().double()
    return float((got - want).norm() / want.norm().clamp_min(1e-6))


def inputs(on: Backend, tokens=40, heads=2, key_heads=1, width=8, values=6, batch=1, seed=0):
    make = torch.Generator().manual_seed(seed)

    def randn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=make, dtype=torch.float64).to(on.dtype)

    q = randn(batch, tokens, heads, width)
    k, v = randn(batch, tokens, key_heads, width), randn(batch, tokens, key_heads, values)
    lam = (0.1 + torch.rand(batch, tokens, heads, generator=make, dtype=torch.float64)).to(on.dtype)
    return q, k, v, lam


def by_head(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = (x.double().transpose(1, 2) for x in (q, k, v))
    group = q.shape[1] // k.shape[1]
    return q, k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)


def query_centred(q: Tensor, k: Tensor, v: Tensor, lam: Tensor) -> Tensor:
    """The paper's own form: regress on k - q, divide by omega - mu.rho."""
    q, k, v = by_head(q, k, v)
    tokens, width = q.shape[2:]
    score = q @ k.mT * width**-0.5
    score = score.masked_fill(torch.ones(tokens, tokens).triu(1).bool(), -math.inf)
    w = (score - score.amax(-1, keepdim=True)).exp()
    z = k[:, :, None] - q[:, :, :, None]
    omega, mu = w.sum(-1), torch.einsum("bhij,bhijd->bhid", w, z)
    ridge = (lam.double().transpose(1, 2) * omega)[..., None, None] * torch.eye(width)
    rho = torch.linalg.solve(torch.einsum("bhij,bhijd,bhije->bhide", w, z, z) + ridge, mu)
    top = (w * (1 - torch.einsum("bhijd,bhid->bhij", z, rho))) @ v
    return (top / (omega - (mu * rho).sum(-1))[..., None]).transpose(1, 2)


def least_squares(q: Tensor, k: Tensor, v: Tensor, lam: Tensor) -> Tensor:
    """Row by row, augmented least squares by QR: no normal equations at all."""
    q, k, v = by_head(q, k, v)
    (b, h, tokens, width), lam = q.shape, lam.double().transpose(1, 2)
    o = torch.empty(b, h, tokens, v.shape[-1], dtype=torch.float64)
    for at in torch.cartesian_prod(*(torch.arange(n) for n in (b, h, tokens))):
        x, y, i = at.tolist()
        keys, values = k[x, y, : i + 1], v[x, y, : i + 1]
        root = (keys @ q[x, y, i] * width**-0.5).softmax(0).sqrt()[:, None]
        design = torch.cat([torch.ones(i + 1, 1), keys - q[x, y, i]], 1) * root
        root_lam = lam[x, y, i].sqrt() * torch.eye(width, dtype=torch.float64)
        penalty = torch.cat([torch.zeros(width, 1), root_lam], 1)
        rows = torch.cat([design, penalty])
        wanted = torch.cat([values * root, torch.zeros(width, v.shape[-1])])
        o[x, y, i] = torch.linalg.lstsq(rows, wanted).solution[0]
    return o.transpose(1, 2)


def test_p1_three_independent_formulas_agree(on):
    q, k, v, lam = inputs(on, tokens=24)
    o = on.lla(q, k, v, lam)
    assert error(o, query_centred(q, k, v, lam)) < on.tol
    assert error(o, least_squares(q, k, v, lam)) < on.tol
    assert error(o, lla_naive(q, k, v, lam)) < on.tol


def test_p2_affine_values_miss_by_the_ridge_alone(on):
    """o = B q + b - lam B u, with u read off by using the keys themselves as values."""
    q, k, _, lam = inputs(on, key_heads=2)
    b, offset = torch.randn(8, 6, dtype=on.dtype), torch.randn(6, dtype=on.dtype)
    short = q - on.lla(q, k, k, lam)  # lam u
    assert error(on.lla(q, k, k @ b + offset, lam), q @ b + offset - short @ b) < on.tol


def test_p3_affine_values_are_recovered_as_the_ridge_vanishes(on):
    q, k, _, _ = inputs(on, key_heads=2)
    b = torch.randn(8, 6, dtype=on.dtype)
    lam = 1e-9 if on.dtype == torch.float64 else 1e-5
    got = on.lla(q, k, k @ b + 3, lam, max_iters=200)[:, 16:]
    assert error(got, (q @ b + 3)[:, 16:]) < (1e-5 if on.dtype == torch.float64 else 2e-3)


def test_p4_an_infinite_ridge_is_softmax_attention(on):
    q, k, v, _ = inputs(on)
    want = scaled_dot_product_attention(*by_head(q, k, v), is_causal=True).transpose(1, 2)
    assert error(on.lla(q, k, v, 1e12), want) < on.tol


def test_p5_without_scores_the_last_row_is_ordinary_least_squares(on):
    q, k, v, _ = inputs(on, heads=1)
    lam = 1e-11 if on.dtype == torch.float64 else 1e-6
    got = on.lla(q, k, v, lam, scale=0.0, max_iters=200)[0, -1, 0]
    design = torch.cat([torch.ones(40, 1), k[0, :, 0]], 1).double()
    line = torch.linalg.lstsq(design, v[0, :, 0].double()).solution
    want = torch.cat([torch.ones(1), q[0, -1, 0]]).double() @ line
    assert error(got, want) < (1e-7 if on.dtype == torch.float64 else 1e-3)


def test_p6_the_first_row_is_its_value_and_its_query_does_not_matter(on):
    q, k, v, lam = (x.requires_grad_() for x in inputs(on, key_heads=2))
    o = on.lla(q, k, v, lam)
    assert error(o[:, 0], v[:, 0]) < on.tol
    dq, dlam = torch.autograd.grad(o, (q, lam), torch.randn_like(o))
    assert dq[:, 0].abs().max() < on.tol
    assert dlam[:, 0].abs().max() < on.tol


def test_p7_the_future_changes_no_bit_of_the_past(on):
    q, k, v, lam = inputs(on)
    before = on.lla(q, k, v, lam)[:, :25]
    k2, v2 = k.clone(), v.clone()
    k2[:, 25:], v2[:, 25:] = 7, -7
    assert torch.equal(on.lla(q, k2, v2, lam)[:, :25], before)


def test_p8_order_and_duplicates_of_a_cache_do_not_matter(on):
    q, k, v, lam = inputs(on)
    free = on.lla(q, k, v, lam, causal=False)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(1))
    assert error(on.lla(q, k[:, order], v[:, order], lam, causal=False), free) < on.tol
    twice = (torch.cat([x, x], 1) for x in (k, v))
    assert error(on.lla(q, *twice, lam, causal=False), free) < on.tol


def test_p9_rotations_and_units_do_not_matter(on):
    q, k, v, lam = inputs(on)
    o = on.lla(q, k, v, lam)
    turn = torch.linalg.qr(torch.randn(8, 8, dtype=torch.float64))[0].to(on.dtype)
    assert error(on.lla(q @ turn, k @ turn, v, lam), o) < on.tol
    assert error(on.lla(3 * q, 3 * k, v, 9 * lam, scale=8**-0.5 / 9), o) < on.tol


def test_p10_linear_in_the_values_and_constants_pass_through(on):
    q, k, v, lam = inputs(on)
    o = on.lla(q, k, v, lam)
    other = torch.randn_like(v)
    assert error(on.lla(q, k, v + 3, lam), o + 3) < on.tol
    assert error(on.lla(q, k, 2 * v - other, lam), 2 * o - on.lla(q, k, other, lam)) < on.tol


def test_p11_packed_is_separate(on):
    q, k, v, lam = inputs(on)
    cuts = [0, 13, 14, 40]
    parts = [on.lla(*(x[:, a:z] for x in (q, k, v, lam))) for a, z in itertools.pairwise(cuts)]
    assert error(on.lla(q, k, v, lam, cu_seqlens=cuts), torch.cat(parts, 1)) < on.tol


def test_p11_a_wide_window_is_none_and_a_narrow_one_is_a_short_cache(on):
    q, k, v, lam = inputs(on)
    assert torch.equal(on.lla(q, k, v, lam, window=40), on.lla(q, k, v, lam))
    last = on.lla(q[:, -1:], k[:, -7:], v[:, -7:], lam[:, -1:])
    assert error(on.lla(q, k, v, lam, window=7)[:, -1:], last) < on.tol


def test_p11_the_last_rows_alone_and_decoded_are_the_same_rows(on):
    q, k, v, lam = inputs(on, batch=2)
    o = on.lla(q, k, v, lam)
    for rows in (1, 3):
        tail = (q[:, -rows:], k, v, lam[:, -rows:])
        assert error(on.lla(*tail), o[:, -rows:]) < on.tol
        assert error(lla_decode(*tail, backend=on.name), o[:, -rows:]) < on.tol


@pytest.mark.parametrize(
    ("tokens", "options"),
    [
        (9, {}),
        (9, {"window": 4}),
        (9, {"cu_seqlens": [0, 4, 9]}),
        (9, {"causal": False}),
        (4, {"causal": False}),  # few enough for the dense solve
    ],
    ids=str,
)
def test_p12_gradient_is_the_gradient_of_the_forward(tokens, options):
    """By finite differences, grouped heads, per-query ridge, bias with a hidden key."""
    on = Backend("cpu", torch.float64, 1e-9, 1e-14)
    q, k, v, lam = inputs(on, tokens=tokens, heads=4, key_heads=2, width=3, values=2)
    bias = torch.randn(1, 4, 1, tokens, dtype=on.dtype)
    bias[..., 2] = -math.inf
    leaves = [x.requires_grad_() for x in (q, k, v, lam)]
    assert torch.autograd.gradcheck(
        lambda *x: on.lla(*x, bias=bias, **options), leaves, atol=1e-7, rtol=1e-5
    )


@pytest.mark.parametrize(
    ("queries", "tokens", "width"), [(40, 40, 8), (70, 70, 40), (3, 60, 16)], ids=str
)
def test_p12_gradients_match_autograd_of_the_definition(on, queries, tokens, width):
    """Both solvers: the last shape is few queries, which the CPU solves densely."""
    q, k, v, lam = inputs(on, tokens=tokens, heads=2, key_heads=1, width=width)
    bias = torch.randn(1, 2, queries, tokens, dtype=on.dtype)
    leaves = [x.detach().requires_grad_() for x in (q[:, -queries:], k, v, lam[:, -queries:], bias)]
    do = torch.randn(1, queries, 2, 6, dtype=on.dtype)
    options = {"window": 30}
    got = torch.autograd.grad(on.lla(*leaves[:4], bias=leaves[4], **options), leaves, do)
    naive = lla_naive(*leaves[:4], bias=leaves[4], **options)
    want = torch.autograd.grad(naive, leaves, do.double())
    for name, a, z in zip(["q", "k", "v", "lam", "bias"], got, want, strict=True):
        assert error(a, z) < 5 * on.tol, name


def test_p13_sums_that_gradients_must_obey(on):
    q, k, v, lam = (x.requires_grad_() for x in inputs(on, tokens=40, key_heads=2, width=16))
    scale = torch.tensor(0.25, dtype=on.dtype, requires_grad=True)  # through q: sigma q.k
    o = on.lla(q * scale / 0.25, k, v, lam, scale=0.25)
    do = torch.randn_like(o)
    dq, dk, dv, dlam = torch.autograd.grad(on.lla(q, k, v, lam, scale=0.25), (q, k, v, lam), do)
    assert error(dv.sum((0, 1)), do.sum((0, 1))) < 5 * on.tol
    turn = torch.einsum("bihd,bihe->de", q, dq) + torch.einsum("bihd,bihe->de", k, dk)
    assert error(turn, turn.mT) < 5 * on.tol
    # Growing all lengths by (1 + e) is scale * (1 + 2 e) and ridge * (1 - 2 e), to first order.
    step = 1e-5 if on.dtype == torch.float64 else 1e-2

    def loss(factor: float) -> Tensor:
        return (on.lla(q, k, v, lam, scale=0.25 * factor) * do).sum()

    dscale = (loss(1 + step) - loss(1 - step)) / (2 * step)  # times scale
    grown = (q * dq).sum() + (k * dk).sum()
    left = (grown - 2 * dscale + 2 * (lam * dlam).sum()).detach()
    assert left.abs() < 0.01 * (grown.detach().abs() + 1)


@pytest.mark.parametrize("tokens", [1, 2, 63, 64, 65, 100, 127, 129, 200])
def test_p14_every_length(on, tokens):
    q, k, v, lam = (x.requires_grad_() for x in inputs(on, tokens=tokens, heads=1, width=16))
    o = on.lla(q, k, v, lam)
    assert error(o, lla_naive(q, k, v, lam)) < on.tol
    if on.name == "triton" and tokens not in {1, 65, 129}:
        return  # the interpreter is slow; these are the shapes on both sides of a tile
    do = torch.randn_like(o)
    got = torch.autograd.grad(o, (q, k, v, lam), do)
    want = torch.autograd.grad(lla_naive(q, k, v, lam), (q, k, v, lam), do.double())
    if tokens == 1:
        assert error(got[2], want[2]) < on.tol
        assert all(float(x.abs().max()) < on.tol for x in (got[0], got[1], got[3]))
        return
    for a, z in zip(got, want, strict=True):
        assert error(a, z) < 10 * on.tol


@pytest.mark.parametrize("width", [1, 16, 40, 64, 80, 96, 128])
def test_p14_every_width(on, width):
    q, k, v, lam = inputs(on, tokens=50, heads=1, width=width, values=width // 2 + 3)
    assert error(on.lla(q, k, v, lam), lla_naive(q, k, v, lam)) < on.tol


def test_p16_more_steps_never_hurt_and_stopping_early_costs_its_tolerance():
    on = Backend("cpu", torch.float64, 1e-9, 0.0)
    q, k, v, _ = inputs(on, tokens=200, heads=1, width=40)
    want = lla_naive(q, k, v, 0.1)
    errors = [error(on.lla(q, k, v, 0.1, max_iters=m), want) for m in (1, 2, 4, 8, 16, 32, 64)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.1
    o, stats = lla(q, k, v, 0.1, rtol=1e-5, return_stats=True)
    assert error(o, want) < 1e-5
    assert 8 < float(stats.iterations.double().mean()) < 64
    assert float(stats.residual.max()) <= 1e-5
    coarse = lla(q, k, v, 0.1, rtol=1e-2, return_stats=True)[1]
    assert coarse.iterations.sum() < stats.iterations.sum()


def test_p17_two_runs_are_the_same_bits(on):
    q, k, v, lam = (x.requires_grad_() for x in inputs(on, tokens=70))
    do = torch.randn(1, 70, 2, 6, dtype=on.dtype)
    runs = [torch.autograd.grad(on.lla(q, k, v, lam), (q, k, v, lam), do) for _ in range(2)]
    assert all(torch.equal(a, z) for a, z in zip(*runs, strict=True))
