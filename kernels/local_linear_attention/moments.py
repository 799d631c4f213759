"""Decode in one pass over the cache: weighted moments of each split, merged pairwise (S9).

A query needs only the total weight, means and centred second moments of keys and values. They
merge exactly like a running log-sum-exp, with the pairwise rule of Chan, Golub and LeVeque (1983)
for the centred parts, so the cache can be read in any number of pieces, in any place.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

SPLIT_KEYS = 2048


class Moments(NamedTuple):
    """Of M queries' weighted keys and values; leading dimensions [N, M] throughout.

    top [.., 1] largest score, weight [.., 1] sum of exp(score - top), kbar [.., D], vbar [.., Dv],
    kk [.., D, D] and vk [.., Dv, D] weighted sums of centred products.
    """

    top: Tensor
    weight: Tensor
    kbar: Tensor
    vbar: Tensor
    kk: Tensor
    vk: Tensor


def gather(score: Tensor, k: Tensor, v: Tensor) -> Moments:
    """Moments of one split: score [N, M, S] with -inf where hidden, k [N, S, D], v [N, S, Dv]."""
    top = score.amax(-1, keepdim=True)
    top = top.masked_fill(top == -torch.inf, 0)
    w = (score - top).exp()
    weight = w.sum(-1, keepdim=True)
    share = w / weight.masked_fill(weight == 0, 1)
    kbar, vbar = share @ k, share @ v
    centred = k[:, None] - kbar[:, :, None]  # [N, M, S, D]: sums of these cannot cancel
    weighted = (centred * w[..., None]).mT
    return Moments(top, weight, kbar, vbar, weighted @ centred, (weighted @ v[:, None]).mT)


def merge(a: Moments, b: Moments) -> Moments:
    """The moments of both splits together; a split of weight zero changes nothing."""
    top = torch.maximum(
        a.top.masked_fill(a.weight == 0, -torch.inf), b.top.masked_fill(b.weight == 0, -torch.inf)
    )
    top = top.masked_fill(top == -torch.inf, 0)
    to_a = (a.top - top).exp().masked_fill(a.weight == 0, 0)
    to_b = (b.top - top).exp().masked_fill(b.weight == 0, 0)
    wa, wb = a.weight * to_a, b.weight * to_b
    weight = wa + wb
    part = wb / weight.masked_fill(weight == 0, 1)
    dk, dv = b.kbar - a.kbar, b.vbar - a.vbar
    cross = (wa * part)[..., None]
    return Moments(
        top,
        weight,
        a.kbar + dk * part,
        a.vbar + dv * part,
        a.kk * to_a[..., None]
        + b.kk * to_b[..., None]
        + cross * dk[..., :, None] * dk[..., None, :],
        a.vk * to_a[..., None]
        + b.vk * to_b[..., None]
        + cross * dv[..., :, None] * dk[..., None, :],
    )


def read(m: Moments, q: Tensor, lam: Tensor) -> Tensor:
    """The fit at q [N, M, D], ridge lam [N, M]: vbar + C_vk (C_kk + lam I)^-1 (q - kbar)."""
    weight = m.weight.masked_fill(m.weight == 0, 1)[..., None]
    a = m.kk / weight
    a.diagonal(dim1=-2, dim2=-1).add_(lam[..., None])
    factor = torch.linalg.cholesky_ex(a).L
    u = torch.cholesky_solve((q - m.kbar)[..., None], factor)
    return (m.vbar + (m.vk / weight @ u)[..., 0]) * (m.weight > 0)


def decode(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lam: Tensor,
    cache_lens: Tensor,
    scale: float,
    window: int | None,
    split_keys: int = SPLIT_KEYS,
) -> Tensor:
    """Shapes as in `lla_decode`; lam [B, Tq, Hq]. Returns [B, Tq, Hq, Dv] in q's dtype."""
    (b, tq, hq), hk = q.shape[:3], k.shape[2]
    dtype = torch.promote_types(q.dtype, torch.float32)
    group = hq // hk

    def by_head(t: Tensor) -> Tensor:  # [B, Tq, Hq, X] -> [B * Hk, G * Tq, X]
        t = t.view(b, tq, hk, group, -1).permute(0, 2, 3, 1, 4)
        return t.reshape(b * hk, group * tq, -1).to(dtype)

    query, ridge = by_head(q.contiguous()), by_head(lam.contiguous()[..., None])[..., 0]
    position = cache_lens[:, None] - tq + torch.arange(tq, device=q.device)  # [B, Tq]
    position = position[:, None, None].expand(b, hk, group, tq).reshape(b * hk, group * tq, 1)
    found: Moments | None = None
    for start in range(0, k.shape[1], split_keys):
        piece = slice(start, start + split_keys)
        keys, values = (t[:, piece].transpose(1, 2).flatten(0, 1).to(dtype) for t in (k, v))
        key = torch.arange(start, start + keys.shape[1], device=q.device)
        hidden = key > position
        if window is not None:
            hidden |= key <= position - window
        score = (query * scale @ keys.mT).masked_fill_(hidden, -torch.inf)
        new = gather(score, keys, values)
        found = new if found is None else merge(found, new)
    assert found is not None
    o = read(found, query, ridge).view(b, hk, group, tq, -1).permute(0, 3, 1, 2, 4)
    return o.reshape(b, tq, hq, -1).to(q.dtype)
