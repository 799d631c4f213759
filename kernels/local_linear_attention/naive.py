"""Local Linear Attention as it is defined: everything materialised, the yardstick for the rest."""

from __future__ import annotations

import torch
from torch import Tensor

from kernels.local_linear_attention.spans import spans, visible


def lla_naive(
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
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """O(Tq Tk D) memory and O(Tq (Tk D^2 + D^3)) work, differentiable by autograd, in `dtype`.

    For each query: softmax weights p over the keys it may read, their mean kbar and covariance C,
    the slope's direction u = (C + lam I)^-1 (q - kbar), and o = sum_j p_j (1 + (k_j - kbar).u) v_j:
    the value at q of the weighted affine ridge fit from keys to values (arXiv 2510.01450, here in
    the mean-centred form). Shapes and arguments as in `lla`; no argument is checked.
    """
    (_, queries, heads, width), keys = q.shape, k.shape[1]
    q, k, v = (x.to(dtype).transpose(1, 2) for x in (q, k, v))  # [B, H, T, D]
    k, v = (x.repeat_interleave(heads // x.shape[1], 1) for x in (k, v))
    lam = torch.as_tensor(lam, dtype=dtype, device=q.device)
    lam = lam.expand(q.shape[0], queries, heads).transpose(1, 2)[..., None]

    score = q @ k.mT * (width**-0.5 if scale is None else scale)
    if bias is not None:
        score = score + bias.to(dtype)
    allowed = visible(
        spans(queries, keys, causal=causal, window=window, cu_seqlens=cu_seqlens, device=q.device)
    ) & (score > -torch.inf)
    reads = allowed.any(-1, keepdim=True)  # a row that reads nothing gives zeros
    p = torch.where(allowed, score, torch.where(reads, -torch.inf, 0.0)).softmax(-1) * reads

    kbar = p @ k
    c = k[:, :, None] - kbar[:, :, :, None]  # [B, H, Tq, Tk, D]
    covariance = (p[..., None] * c).mT @ c
    a = covariance + lam[..., None] * torch.eye(width, dtype=dtype, device=q.device)
    u = torch.linalg.solve(a, q - kbar)
    o: Tensor = (p * (1 + (c @ u[..., None])[..., 0])) @ v
    return o.transpose(1, 2)
