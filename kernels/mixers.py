"""The mixers that Local Linear Attention is compared with, behind one signature.

q [B, Tq, Hq, D], k [B, Tk, Hk, D], v [B, Tk, Hk, Dv]; Hq is a multiple of Hk; the causal order is
aligned bottom-right; `cu_seqlens` [N+1] cuts one batch row into packed sequences; `bias`
broadcasts to [B, Hq, Tq, Tk] and -inf in it hides a key. A row that may read nothing gives zeros.
Quadratic masked forms: these are baselines to compare with, not fast kernels.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import elu, scaled_dot_product_attention

from kernels.local_linear_attention import lla
from kernels.local_linear_attention.spans import spans, visible


class Mixer(Protocol):
    """What every mixer takes and gives: o [B, Tq, Hq, Dv]."""

    def __call__(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        lam: float | Tensor,
        *,
        scale: float | None = None,
        causal: bool = True,
        window: int | None = None,
        cu_seqlens: Tensor | None = None,
        bias: Tensor | None = None,
    ) -> Tensor:
        """Mix the values that each query may read."""


def softmax(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lam: float | Tensor,  # noqa: ARG001
    *,
    scale: float | None = None,
    causal: bool = True,
    window: int | None = None,
    cu_seqlens: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """Torch's scaled dot-product attention: the limit of `lla` for a large ridge.

    `lam` is ignored. `scale` is 1/sqrt(D) unless given.
    """
    q, k, v = _heads_first(q, k, v)
    unmasked = bias is None and window is None and cu_seqlens is None
    if unmasked and (not causal or q.shape[-2] == k.shape[-2]):
        o = scaled_dot_product_attention(q, k, v, is_causal=causal, scale=scale)
        return o.transpose(1, 2)
    allowed = _allowed(q, k, causal=causal, window=window, cu_seqlens=cu_seqlens)
    if bias is not None:
        allowed = allowed & (bias > -torch.inf)
    reads = allowed.any(-1, keepdim=True)
    # A row that reads nothing would be 0/0: it reads everything here and is zeroed after.
    mask = allowed | ~reads
    if bias is not None:
        mask = torch.where(mask & (bias > -torch.inf), bias, 0.0).masked_fill(~mask, -torch.inf)
        mask = mask.to(q.dtype)
    o = scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale)
    return (o * reads).transpose(1, 2)


def linear(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lam: float | Tensor,  # noqa: ARG001
    *,
    scale: float | None = None,
    causal: bool = True,
    window: int | None = None,
    cu_seqlens: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """Normalised linear attention with features elu(x) + 1 (Katharopoulos et al. 2020).

    `lam` is ignored; `scale`, 1 unless given, multiplies q before the features; exp(`bias`)
    multiplies the weight, as it does in softmax attention.
    """
    q, k, v = _heads_first(q, k, v)
    weight = (elu(q * (1.0 if scale is None else scale)) + 1) @ (elu(k) + 1).mT
    allowed = _allowed(q, k, causal=causal, window=window, cu_seqlens=cu_seqlens)
    if bias is not None:
        shown = torch.where(allowed, bias, -torch.inf)
        top = shown.detach().amax(-1, keepdim=True)  # cancels, and keeps exp from overflowing
        weight = weight * (shown - top.nan_to_num(neginf=0.0)).exp()
    weight = weight * allowed
    total = weight.sum(-1, keepdim=True)
    o = (weight / torch.where(total > 0, total, 1.0)) @ v
    return o.transpose(1, 2)


def delta(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lam: float | Tensor,
    *,
    scale: float | None = None,
    causal: bool = True,
    window: int | None = None,
    cu_seqlens: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """The delta rule in its proximal form, S += (v - S k) k^T / (lam + |k|^2), read as S q.

    Each write solves min lam |S - S_old|^2 + |v - S k|^2, so `lam` (float or [Hq]) is a ridge
    here too (DeltaNet: Yang et al. 2024; the proximal step: Longhorn, Liu et al. 2024). All writes
    together are one unit triangular solve, without a loop over time. `scale`, 1 unless given,
    multiplies the read. exp(`bias`) weighs a write's error, so -inf skips it; not causal, every
    query reads the final state. Raises ValueError for a window (a state cannot take back one old
    write), for a bias that varies with the query and for a ridge for each query (a write is done
    once, before anyone reads).
    """
    if window is not None:
        raise ValueError("delta has no window: one old write cannot be taken out of its state")
    if bias is not None and bias.ndim > 1 and bias.shape[-2] != 1:
        raise ValueError(
            f"delta takes a bias for keys only, [B, Hq, 1, Tk], got {tuple(bias.shape)}: "
            "a write is done before any query reads"
        )
    ridge = torch.as_tensor(lam)
    if ridge.ndim > 1:
        raise ValueError(
            f"delta takes lam as a float or [Hq], got {tuple(ridge.shape)}: "
            "a write is done before any query reads"
        )
    given = q.dtype
    work = torch.promote_types(given, torch.float32)  # no triangular solve in half precision
    q, k, v = (x.to(work) for x in _heads_first(q, k, v))
    ridge = ridge.to(device=q.device, dtype=work)[..., None, None]
    weight = torch.ones((), dtype=work, device=q.device) if bias is None else bias.to(work).exp()
    # beta [B, Hq, 1, Tk]: how far each write moves the state along its key.
    beta = weight / (ridge + weight * k.square().sum(-1)[..., None, :])
    before = _allowed(k, k, causal=True, window=None, cu_seqlens=cu_seqlens).tril(-1)
    # Row t says: error_t + sum_{s<t} beta_s (k_s . k_t) error_s = v_t.
    error: Tensor = torch.linalg.solve_triangular(
        (k @ k.mT) * beta * before, v, upper=False, unitriangular=True
    )
    seen = _allowed(q, k, causal=causal, window=None, cu_seqlens=cu_seqlens)
    o: Tensor = ((q @ k.mT) * beta * seen) @ error
    return (o * (1.0 if scale is None else scale)).to(given).transpose(1, 2)


MIXERS: dict[str, Mixer] = {"softmax": softmax, "linear": linear, "delta": delta, "lla": lla}


def _heads_first(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """[B, Hq, T, D] each; a key head is repeated for its group of query heads."""
    group, rest = divmod(q.shape[2], k.shape[2])
    if rest or v.shape[:3] != k.shape[:3] or q.shape[-1] != k.shape[-1]:
        raise ValueError(
            "expected q [B, Tq, Hq, D], k [B, Tk, Hk, D], v [B, Tk, Hk, Dv] with Hq a multiple of "
            f"Hk, got {tuple(q.shape)}, {tuple(k.shape)}, {tuple(v.shape)}"
        )
    k, v = (x.repeat_interleave(group, 2) for x in (k, v))
    return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)


def _allowed(
    q: Tensor, k: Tensor, *, causal: bool, window: int | None, cu_seqlens: Tensor | None
) -> Tensor:
    return visible(
        spans(
            q.shape[-2],
            k.shape[-2],
            causal=causal,
            window=window,
            cu_seqlens=cu_seqlens,
            device=q.device,
        )
    )
