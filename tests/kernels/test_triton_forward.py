"""The Triton forward kernel, interpreted, against float64 on the same rounded inputs."""

from __future__ import annotations

import pytest
import torch

from kernels.local_linear_attention.naive import lla_naive
from kernels.local_linear_attention.spans import Spans, spans

TOLERANCE = {torch.float32: 1e-4, torch.float16: 1e-3, torch.bfloat16: 5e-3}
FREE = {"causal": True, "window": None, "cu_seqlens": None}

pytestmark = pytest.mark.usefixtures("poisoned")


def rms(got, want):
    return ((got.double() - want).square().mean() / want.square().mean()).sqrt().item()


def inputs(queries, keys, dim, value_dim, heads=1, key_heads=1, dtype=torch.float32, offset=0.0):
    gen = torch.Generator().manual_seed(queries * 1000 + keys + dim)
    q = torch.randn(1, queries, heads, dim, generator=gen) + offset
    k = torch.randn(1, keys, key_heads, dim, generator=gen) + offset
    v = torch.randn(1, keys, key_heads, value_dim, generator=gen)
    lam = 4 + torch.rand(1, queries, heads, generator=gen)
    return q.to(dtype), k.to(dtype), v.to(dtype), lam


def forward(q, k, v, lam, bias=None, scale=None, max_iters=48, rtol=1e-5, **mask):
    from kernels.local_linear_attention import triton_forward

    at = spans(q.shape[1], k.shape[1], device=q.device, **{**FREE, **mask})
    return triton_forward.forward(
        q, k, v, lam, bias, at, scale or q.shape[-1] ** -0.5, max_iters, rtol
    )


def error(q, k, v, lam, bias=None, scale=None, **mask):
    o = forward(q, k, v, lam, bias, scale, **mask)[0]
    assert o.dtype == q.dtype
    return rms(o, lla_naive(q, k, v, lam, bias=bias, scale=scale, **{**FREE, **mask}))


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 100, 127, 129, 200])
def test_every_length(length):
    assert error(*inputs(length, length, 16, 16)) < 1e-4


@pytest.mark.parametrize(
    ("dtype", "dim", "value_dim"),
    [(torch.bfloat16, d, w) for d, w in ((64, 64), (40, 80), (96, 16), (128, 128))]
    + [(torch.float16, 80, 40)],
)
def test_half_precision_and_widths(dtype, dim, value_dim):
    assert error(*inputs(66, 66, dim, value_dim, dtype=dtype)) < TOLERANCE[dtype]


@pytest.mark.parametrize(
    "mask",
    [
        {"window": 30},
        {"causal": False},
        {"cu_seqlens": torch.tensor([0, 1, 40, 70])},
        {"cu_seqlens": torch.tensor([0, 66, 70]), "window": 20},
    ],
    ids=str,
)
def test_masks_and_grouped_heads(mask):
    assert error(*inputs(70, 70, 16, 24, 2, 1), **mask) < 1e-4


def test_queries_stand_at_the_end_of_the_keys():
    q, k, v, lam = inputs(5, 130, 16, 16)
    assert error(q, k, v, lam) < 1e-4


def test_a_bias_adds_to_the_scores_and_masks():
    q, k, v, lam = inputs(20, 70, 16, 16, 2, 1)
    bias = torch.randn(1, 1, 20, 70, generator=torch.Generator().manual_seed(0))
    bias[..., 3:9] = -torch.inf
    assert error(q, k, v, lam, bias.expand(1, 2, 20, 70)) < 1e-4


def test_keys_far_from_the_origin_cost_no_digits():
    q, k, v, lam = inputs(100, 100, 64, 64, dtype=torch.bfloat16, offset=8.0)
    assert error(q, k, v, torch.ones_like(lam), scale=1 / 64) < 5e-3


def test_a_small_ridge_on_unit_keys_in_bf16():
    q, k, v, lam = inputs(100, 100, 32, 32)
    q, k = (torch.nn.functional.normalize(x, dim=-1).bfloat16() for x in (q, k))
    assert error(q, k, v.bfloat16(), 0.01 + 0 * lam, scale=8.0) < 5e-3


def test_rows_that_see_nothing_are_zero():
    q, k, v, lam = inputs(10, 66, 16, 16)
    at = spans(10, 66, device=q.device, **FREE)
    at = Spans(at.first_key, torch.where(torch.arange(10) < 4, 0, at.end_key), *at[2:])
    bias = torch.zeros(1, 1, 10, 66)
    bias[:, :, 7] = -torch.inf
    from kernels.local_linear_attention import triton_forward

    o, u, kbar, lse, residual, _ = triton_forward.forward(q, k, v, lam, bias, at, 0.25, 32, 1e-5)
    blind = torch.tensor([0, 1, 2, 3, 7])
    assert not o[:, blind].any()
    assert not u[:, blind].any()
    assert not kbar[:, blind].any()
    assert not residual[:, blind].any()
    assert torch.isneginf(lse[:, blind]).all()
    seen = torch.tensor([4, 5, 6, 8, 9])
    assert rms(o[:, seen], lla_naive(q, k, v, lam)[:, seen]) < 1e-4


def test_what_is_returned_beside_the_output():
    q, k, v, lam = inputs(70, 70, 16, 16)
    _, u, kbar, lse, residual, iterations = forward(q, k, v, lam)
    s = (0.25 * q[0, :, 0].double() @ k[0, :, 0].double().T).masked_fill(
        ~torch.ones(70, 70, dtype=torch.bool).tril(), -torch.inf
    )
    p = s.softmax(-1)
    c = k[0, None, :, 0].double() - (p @ k[0, :, 0].double())[:, None]
    rest = (q - kbar)[0, :, 0].double()
    image = torch.einsum("ij,ijd,ije,ie->id", p, c, c, u[0, :, 0].double())
    image += lam[0] * u[0, :, 0].double()
    assert rms(lse[0, :, 0], s.logsumexp(-1)) < 1e-6
    assert rms(kbar[0, :, 0], p @ k[0, :, 0].double()) < 1e-6
    assert rms(image, rest) < 1e-4
    assert 0 < residual.max() <= 1e-5
    assert iterations.shape == (1, 1, 2)
    assert (iterations > 0).all()
    assert (iterations <= 17).all()  # D + 1 steps suffice in exact arithmetic


def test_the_iteration_cap_holds_and_is_reported():
    *_, residual, iterations = forward(*inputs(66, 66, 16, 16), max_iters=2)
    assert (iterations == 2).all()
    assert residual.max() > 1e-5


def test_views_with_any_strides_give_the_same_bits():
    q, k, v, lam = inputs(66, 66, 16, 16, 2, 2)
    plain = forward(q, k, v, lam[:, :1, :1].expand(1, 66, 2).contiguous())
    turned = [x.permute(3, 2, 0, 1).contiguous().permute(2, 3, 1, 0) for x in (q, k, v)]
    strided = forward(*turned, lam[:, :1, :1].expand(1, 66, 2))
    assert all(map(torch.equal, plain, strided))
