from __future__ import annotations

import math

import pytest
import torch

from kernels.mixers import MIXERS, delta, linear, softmax

B, T, HQ, HK, D, DV = 2, 9, 4, 2, 5, 3
LAM = 0.7


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def qkv():
    g = torch.Generator().manual_seed(1)

    def draw(heads, width):
        return torch.randn(B, T, heads, width, generator=g, dtype=torch.float64)

    return draw(HQ, D), draw(HK, D), draw(HK, DV)


def may_read(i, j, *, queries, keys, causal, window, edges):
    at = i + keys - queries
    if causal and j > at:
        return False
    if window is not None and j <= at - window:
        return False
    return edges is None or sum(e <= at for e in edges) == sum(e <= j for e in edges)


def weighted_loop(q, k, v, weigh, *, causal=True, window=None, edges=None, bias=None):
    """Rows one by one: sum_j w_j v_j / sum_j w_j over what the row may read, zero if nothing."""
    o = torch.zeros(*q.shape[:3], v.shape[-1], dtype=torch.float64)
    for b in range(q.shape[0]):
        for i in range(q.shape[1]):
            for h in range(q.shape[2]):
                g = h // (q.shape[2] // k.shape[2])
                total = 0.0
                for j in range(k.shape[1]):
                    if may_read(
                        i,
                        j,
                        queries=q.shape[1],
                        keys=k.shape[1],
                        causal=causal,
                        window=window,
                        edges=edges,
                    ):
                        w = weigh(q[b, i, h], k[b, j, g])
                        w = w * math.exp(bias[b, h, i, j]) if bias is not None else w
                        o[b, i, h] += w * v[b, j, g]
                        total += w
                if total:
                    o[b, i, h] /= total
    return o


def softmax_weight(q, k):
    return math.exp(q @ k / math.sqrt(len(q)))


def linear_weight(q, k):
    phi = torch.nn.functional.elu
    return float((phi(q) + 1) @ (phi(k) + 1))


def delta_loop(q, k, v, lam, *, causal=True, edges=None, weights=None):
    o = torch.zeros(*q.shape[:3], v.shape[-1], dtype=torch.float64)
    for b in range(q.shape[0]):
        for h in range(q.shape[2]):
            g = h // (q.shape[2] // k.shape[2])
            state = torch.zeros(v.shape[-1], k.shape[-1], dtype=torch.float64)
            states = []
            for j in range(k.shape[1]):
                if edges is not None and j in edges:
                    state = torch.zeros_like(state)
                key, w = k[b, j, g], 1.0 if weights is None else weights[b, h, 0, j]
                step = w / (lam[h] + w * key @ key)
                state = state + step * torch.outer(v[b, j, g] - state @ key, key)
                states.append(state)
            for i in range(q.shape[1]):
                at = i + k.shape[1] - q.shape[1] if causal else k.shape[1] - 1
                if at >= 0:
                    o[b, i, h] = states[at] @ q[b, i, h]
    return o


@pytest.mark.parametrize(("mixer", "weight"), [(softmax, softmax_weight), (linear, linear_weight)])
@pytest.mark.parametrize(
    "reads",
    [
        {},
        {"causal": False},
        {"window": 3},
        {"edges": (0, 4, 9)},
        {"window": 2, "edges": (0, 1, 4, 9)},
    ],
)
def test_weighted_mixers_match_their_loop(qkv, mixer, weight, reads):
    asked = {key: value for key, value in reads.items() if key != "edges"}
    if "edges" in reads:
        asked["cu_seqlens"] = torch.tensor(reads["edges"])
    got = mixer(*qkv, LAM, **asked)
    torch.testing.assert_close(got, weighted_loop(*qkv, weight, **reads))


@pytest.mark.parametrize(("mixer", "weight"), [(softmax, softmax_weight), (linear, linear_weight)])
@pytest.mark.parametrize("shift", [0.0, 800.0])
def test_bias_is_a_log_weight_and_hides_keys(qkv, mixer, weight, shift):
    bias = torch.randn(B, HQ, T, T, dtype=torch.float64)
    bias[0, 1, 5, :4] = -torch.inf
    bias[1, 2, 7, :] = -torch.inf
    # A constant added to a row changes nothing, however large.
    got = mixer(*qkv, LAM, bias=bias + shift)
    torch.testing.assert_close(got, weighted_loop(*qkv, weight, bias=bias))
    assert got[1, 7, 2].abs().max() == 0


def test_short_queries_are_aligned_to_the_end(qkv):
    q, k, v = qkv
    for name, mixer in MIXERS.items():
        torch.testing.assert_close(
            mixer(q[:, -4:], k, v, LAM), mixer(q, k, v, LAM)[:, -4:], msg=name
        )


def test_rows_before_the_first_key_are_zero(qkv):
    q, k, v = qkv
    for name, mixer in MIXERS.items():
        got = mixer(q, k[:, :4], v[:, :4], LAM)
        assert torch.isfinite(got).all(), name
        assert got[:, :5].abs().max() == 0, name
        assert got[:, 5:].abs().min() > 0, name


@pytest.mark.parametrize("causal", [True, False])
def test_delta_matches_its_loop(qkv, causal):
    lam = torch.tensor([0.1, 0.7, 1.0, 30.0], dtype=torch.float64)
    torch.testing.assert_close(
        delta(*qkv, lam, causal=causal), delta_loop(*qkv, lam, causal=causal)
    )


def test_delta_packs_and_weighs_writes(qkv):
    lam = [LAM] * HQ
    got = delta(*qkv, LAM, cu_seqlens=torch.tensor([0, 4, 9]))
    torch.testing.assert_close(got, delta_loop(*qkv, lam, edges=(0, 4, 9)))
    bias = torch.randn(B, HQ, 1, T, dtype=torch.float64)
    bias[..., 3] = -torch.inf
    got = delta(*qkv, LAM, bias=bias)
    torch.testing.assert_close(got, delta_loop(*qkv, lam, weights=bias.exp()))


def test_delta_recalls_what_it_was_last_told():
    key = torch.nn.functional.one_hot(torch.tensor([0, 1, 0]), 2).double()[None, :, None]
    value = torch.tensor([5.0, 7.0, 9.0], dtype=torch.float64)[None, :, None, None]
    got = delta(key, key, value, 1e-12)
    torch.testing.assert_close(got.flatten(), torch.tensor([5.0, 7.0, 9.0], dtype=torch.float64))


def test_delta_refuses_what_a_write_cannot_know(qkv):
    with pytest.raises(ValueError, match="window"):
        delta(*qkv, LAM, window=3)
    with pytest.raises(ValueError, match="keys only"):
        delta(*qkv, LAM, bias=torch.zeros(T, T))
    with pytest.raises(ValueError, match="float or"):
        delta(*qkv, torch.ones(B, T, HQ))


@pytest.mark.parametrize("name", ["softmax", "linear", "delta"])
def test_heads_that_do_not_group_are_refused(qkv, name):
    q, k, v = qkv
    with pytest.raises(ValueError, match="multiple of Hk"):
        MIXERS[name](q[:, :, :3], k, v, LAM)


@pytest.mark.parametrize("name", ["softmax", "linear", "delta"])
def test_the_future_changes_nothing(qkv, name):
    q, k, v = qkv
    before = MIXERS[name](q, k, v, LAM)[:, :6]
    k2, v2 = k.clone(), v.clone()
    k2[:, 6:], v2[:, 6:] = 3.0, -50.0
    assert torch.equal(MIXERS[name](q, k2, v2, LAM)[:, :6], before)


@pytest.mark.parametrize("name", list(MIXERS))
def test_packed_is_separate(qkv, name):
    q, k, v = (x[:1] for x in qkv)
    packed = MIXERS[name](q, k, v, LAM, cu_seqlens=torch.tensor([0, 2, 9], dtype=torch.int32))
    parts = [MIXERS[name](q[:, a:b], k[:, a:b], v[:, a:b], LAM) for a, b in ((0, 2), (2, 9))]
    torch.testing.assert_close(packed, torch.cat(parts, 1))


@pytest.mark.parametrize("name", list(MIXERS))
def test_gradients_are_finite_and_reach_every_input(qkv, name):
    leaves = [x.clone().requires_grad_() for x in qkv]
    bias = torch.zeros(B, HQ, 1, T, dtype=torch.float64)
    bias[0, :, :, 0] = -torch.inf  # the first row of the first sequence reads nothing
    bias.requires_grad_()
    MIXERS[name](*leaves, LAM, bias=bias).square().sum().backward()
    for x in (*leaves, bias):
        assert x.grad is not None
        assert torch.isfinite(x.grad).all()
        assert x.grad.abs().max() > 0


@pytest.mark.parametrize("name", ["softmax", "linear", "delta"])
def test_gradients_are_right(qkv, name):
    q, k, v = (x[:1, :5, :1].clone().requires_grad_() for x in qkv)
    bias = torch.randn(1, 1, 1, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda *x: MIXERS[name](*x[:3], LAM, bias=x[3]), (q, k, v, bias)
    )
