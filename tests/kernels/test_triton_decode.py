"""Decoding from the cache by moments, interpreted, against the last rows in float64."""

from __future__ import annotations

import pytest
import torch

from kernels.local_linear_attention.naive import lla_naive

pytestmark = pytest.mark.usefixtures("poisoned")


def rms(got, want):
    return ((got.double() - want).square().mean() / want.square().mean()).sqrt().item()


def inputs(queries, keys, dim, value_dim, dtype=torch.float32, batch=1, offset=0.0):
    gen = torch.Generator().manual_seed(keys + dim)
    q = torch.randn(batch, queries, 2, dim, generator=gen) + offset
    k = torch.randn(batch, keys, 1, dim, generator=gen) + offset
    v = torch.randn(batch, keys, 1, value_dim, generator=gen)
    lam = 1 + torch.rand(batch, queries, 2, generator=gen)
    return q.to(dtype), k.to(dtype), v.to(dtype), lam


def error(q, k, v, lam, lens, window=None, splits=None, scale=None):
    from kernels.local_linear_attention.triton_decode import decode

    at = torch.tensor(lens, dtype=torch.int32)
    o = decode(q, k, v, lam, at, scale or q.shape[-1] ** -0.5, window, splits)
    want = [
        lla_naive(
            q[b, None], k[b, None, :n], v[b, None, :n], lam[b, None], window=window, scale=scale
        )
        for b, n in enumerate(lens)
    ]
    assert o.dtype == q.dtype
    return rms(o, torch.cat(want))


@pytest.mark.parametrize("splits", [None, 2, 3, 7])
def test_any_split_count_gives_the_last_row(splits):
    assert error(*inputs(1, 200, 16, 24), [200], splits=splits) < 1e-4


def test_lengths_differ_in_a_batch_and_early_rows_are_zero():
    q, k, v, lam = inputs(2, 70, 16, 16, batch=3)
    assert error(q, k, v, lam, [70, 33, 1], splits=2) < 1e-4  # the last has a row before its start


@pytest.mark.parametrize("window", [1, 40])
def test_a_window(window):
    assert error(*inputs(2, 130, 16, 16), [130], window=window, splits=2) < 1e-4


@pytest.mark.parametrize(
    ("dtype", "limit", "dim", "value_dim"),
    [
        (torch.bfloat16, 5e-3, 64, 64),
        (torch.bfloat16, 5e-3, 128, 128),
        (torch.float16, 1e-3, 80, 40),
    ],
)
def test_half_precision_and_widths(dtype, limit, dim, value_dim):
    assert error(*inputs(1, 200, dim, value_dim, dtype), [200], splits=2) < limit


def test_keys_far_from_the_origin_cost_no_digits():
    case = inputs(1, 200, 64, 64, torch.bfloat16, offset=8.0)
    assert error(*case, [200], splits=3, scale=1 / 64) < 5e-3


def test_keys_beyond_the_length_are_not_read():
    from kernels.local_linear_attention.triton_decode import decode

    q, k, v, lam = inputs(1, 130, 16, 16)
    at = torch.tensor([70], dtype=torch.int32)
    plain = decode(q, k, v, lam, at, 0.25, None, 2)
    k[:, 70:], v[:, 70:] = torch.nan, torch.nan
    assert torch.equal(decode(q, k, v, lam, at, 0.25, None, 2), plain)
