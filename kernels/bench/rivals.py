"""What Local Linear Attention is measured against. All take q, k, v [B, T, H, D], causal."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

PUBLISHED_STEPS = 32  # the published kernel always runs this many
BLOCK_QUERIES = 128

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]


def sdpa(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """torch's softmax attention, whatever its fastest path is on this device."""
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    return scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)


def materialised(q: Tensor, k: Tensor, v: Tensor, lam: float) -> Tensor:
    """The definition in batched plain torch, nothing looped and nothing saved: [T, T, D] tensors.

    One batched product builds every covariance, one batched Cholesky solves them.
    """
    (tokens, width), dtype = q.shape[1::2], q.dtype
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    hidden = torch.ones(tokens, tokens, dtype=torch.bool, device=q.device).triu_(1)
    p = (q @ k.mT * width**-0.5).masked_fill_(hidden, -torch.inf).softmax(-1)
    kbar = p @ k
    centred = k[:, :, None] - kbar[:, :, :, None]
    root = centred * p.sqrt()[..., None]
    a = root.mT @ root
    a.diagonal(dim1=-2, dim2=-1).add_(lam)
    u = torch.cholesky_solve((q - kbar)[..., None], torch.linalg.cholesky(a))
    o: Tensor = (p * (1 + (centred @ u)[..., 0])) @ v
    return o.transpose(1, 2).to(dtype)


def published(q: Tensor, k: Tensor, v: Tensor, lam: float, steps: int = PUBLISHED_STEPS) -> Tensor:
    """The published algorithm's cost and form, blockwise: query-centred, fixed steps, no exit.

    Scores and exponentials are computed again in each step, as its kernel does; products with
    k - q go through X K^T - rowsum(X q), its "relmm". Own code from the paper's formulas.
    """
    (b, tokens, heads), out = q.shape[:3], torch.empty_like(v)
    for at in range(b * heads):
        i, h = divmod(at, heads)
        for i0 in range(0, tokens, BLOCK_QUERIES):
            i1 = min(i0 + BLOCK_QUERIES, tokens)
            out[i, i0:i1, h] = _published_block(
                q[i, i0:i1, h], k[i, :i1, h], v[i, :i1, h], lam, steps
            )
    return out


def _published_block(q: Tensor, k: Tensor, v: Tensor, lam: float, steps: int) -> Tensor:
    rows, keys = len(q), len(k)
    hidden = torch.ones(rows, rows, dtype=torch.bool, device=q.device).triu_(1)

    def weights(top: Tensor | None) -> tuple[Tensor, Tensor]:
        score = q @ k.mT * q.shape[1] ** -0.5
        score[:, keys - rows :].masked_fill_(hidden, -torch.inf)
        top = score.amax(1, keepdim=True) if top is None else top
        return score.sub_(top).exp_(), top

    def relmm(x: Tensor) -> Tensor:
        return (x @ k.mT).sub_((x * q).sum(1, keepdim=True))

    w, top = weights(None)
    omega = w.sum(1, keepdim=True)
    mu = w @ k - omega * q
    rho, r = torch.zeros_like(q), mu.clone()
    d, rr = r.clone(), (r * r).sum(1, keepdim=True)
    for _ in range(steps):
        weighted = weights(top)[0].mul_(relmm(d))
        product = weighted @ k - weighted.sum(1, keepdim=True) * q + lam * omega * d
        alpha = torch.nan_to_num(rr / (d * product).sum(1, keepdim=True))
        rho, r = rho + alpha * d, r - alpha * product
        after = (r * r).sum(1, keepdim=True)
        d, rr = r + torch.nan_to_num(after / rr) * d, after
    w = weights(top)[0]
    return (w * (1 - relmm(rho))) @ v / (omega - (mu * rho).sum(1, keepdim=True))


def parallax() -> Attention | None:
    """fla's parameterised relative (a learned direction instead of a solve), where it can run."""
    if find_spec("fla") is None or not torch.cuda.is_available():
        return None
    from importlib import import_module

    op = import_module("fla.ops.parallax").parallel_parallax

    def run(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return op(q, q, k, v)  # type: ignore[no-any-return]

    return run
