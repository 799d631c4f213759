"""The Triton backward kernels, interpreted, against autograd through the float64 definition."""

from __future__ import annotations

import pytest
import torch

from kernels.local_linear_attention.naive import lla_naive
from kernels.local_linear_attention.spans import spans

FREE = {"causal": True, "window": None, "cu_seqlens": None}

pytestmark = pytest.mark.usefixtures("poisoned")


def rms(got, want):
    return ((got.double() - want).square().mean() / want.square().mean()).sqrt().item()


def inputs(queries, keys, dim, value_dim, heads=1, key_heads=1, dtype=torch.float32):
    gen = torch.Generator().manual_seed(queries * 1000 + keys + dim)
    q = torch.randn(1, queries, heads, dim, generator=gen)
    k = torch.randn(1, keys, key_heads, dim, generator=gen)
    v = torch.randn(1, keys, key_heads, value_dim, generator=gen)
    do = torch.randn(1, queries, heads, value_dim, generator=gen)
    lam = 4 + torch.rand(1, queries, heads, generator=gen)
    return do.to(dtype), q.to(dtype), k.to(dtype), v.to(dtype), lam


def gradients(do, q, k, v, lam, bias=None, scale=None, **mask):
    from kernels.local_linear_attention import triton_backward, triton_forward

    scale = scale or q.shape[-1] ** -0.5
    at = spans(q.shape[1], k.shape[1], device=q.device, **{**FREE, **mask})
    o, u, kbar, lse, _, _ = triton_forward.forward(q, k, v, lam, bias, at, scale, 48, 1e-5)
    return triton_backward.backward(
        do, q, k, v, lam, bias, at, u, kbar, lse, o, scale, 48, 1e-5, bias is not None
    )


def errors(do, q, k, v, lam, bias=None, scale=None, **mask):
    got = gradients(do, q, k, v, lam, bias, scale, **mask)
    leaves = [x.double().requires_grad_() for x in (q, k, v, lam)]
    leaves += [] if bias is None else [bias.double().requires_grad_()]
    o = lla_naive(*leaves[:4], scale=scale, bias=leaves[-1] if bias is not None else None,
                  **{**FREE, **mask})  # fmt: skip
    want = torch.autograd.grad(o, leaves, do.double())
    assert [x.dtype for x in got[:3]] == [q.dtype] * 3
    assert (got[4] is None) == (bias is None)
    return [rms(a, b) for a, b in zip(got, want, strict=False)]


@pytest.mark.parametrize("length", [2, 64, 65, 129])
def test_lengths(length):
    assert max(errors(*inputs(length, length, 16, 16))) < 5e-4


@pytest.mark.parametrize(
    ("dtype", "dim", "value_dim"),
    [(torch.bfloat16, 64, 64), (torch.bfloat16, 128, 16), (torch.float16, 40, 80)],
)
def test_half_precision_and_widths(dtype, dim, value_dim):
    found = errors(*inputs(60, 60, dim, value_dim, dtype=dtype))
    assert max(found) < (1e-2 if dtype == torch.bfloat16 else 2e-3)


@pytest.mark.parametrize(
    "mask",
    [
        {"window": 30},
        {"causal": False},
        {"cu_seqlens": torch.tensor([0, 1, 40, 70])},
    ],
    ids=str,
)
def test_masks_and_grouped_heads(mask):
    assert max(errors(*inputs(70, 70, 16, 24, 2, 1), **mask)) < 5e-4


def test_queries_stand_at_the_end_of_the_keys():
    assert max(errors(*inputs(5, 70, 16, 16))) < 5e-4


def test_the_bias_has_a_gradient_and_masked_keys_have_none():
    do, q, k, v, lam = inputs(20, 70, 16, 16, 2, 1)
    bias = torch.randn(1, 2, 20, 70, generator=torch.Generator().manual_seed(0))
    bias[..., 3:9] = -torch.inf
    assert max(errors(do, q, k, v, lam, bias)) < 5e-4
    *_, dbias = gradients(do, q, k, v, lam, bias)
    assert not dbias[..., 3:9].any()


def test_a_row_with_one_key_moves_with_its_value_only():
    do, q, k, v, lam = inputs(1, 1, 16, 16)
    dq, dk, dv, dlam, _ = gradients(do, q, k, v, lam)
    # The key is its own mean: what is left is the rounding of k - k.
    assert max(x.abs().max().item() for x in (dq, dk, dlam)) < 1e-5
    assert torch.allclose(dv, do)


def test_rows_that_see_nothing_have_zero_gradients():
    do, q, k, v, lam = inputs(10, 66, 16, 16)
    bias = torch.zeros(1, 1, 10, 66)
    bias[:, :, 7] = -torch.inf
    dq, dk, dv, dlam, dbias = gradients(do, q, k, v, lam, bias)
    assert not dq[:, 7].any()
    assert not dlam[:, 7].any()
    assert not dbias[:, :, 7].any()
    assert max(errors(do, q, k, v, lam, bias)) < 5e-4
    assert dk.isfinite().all()
    assert dv.isfinite().all()


def test_keys_that_nobody_sees_have_zero_gradients():
    do, q, k, v, lam = inputs(3, 70, 16, 16)
    _, dk, dv, _, _ = gradients(do, q, k, v, lam, window=4)
    assert not dk[:, :64].any()
    assert not dv[:, :64].any()
    assert dk[:, -4:].any()


def test_two_runs_agree_bit_for_bit():
    case = inputs(30, 66, 16, 16, 2, 1)
    assert all(map(torch.equal, gradients(*case)[:4], gradients(*case)[:4]))


def test_an_expanded_output_gradient():
    do, q, k, v, lam = inputs(20, 20, 16, 16)
    do = do[..., :1].expand_as(do)
    assert max(errors(do, q, k, v, lam)) < 5e-4
