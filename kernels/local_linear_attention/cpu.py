"""Local Linear Attention in plain torch: by blocks, exact gradient, memory linear in length.

One block is M query columns (the group's heads times a run of rows) against the S keys they may
read, for as many key heads at once as fit the cache. Queries are *columns* here ([D, M], [S, M]):
both products of a solver step are then plain row-major ones and per-query sums run over rows.

The softmax weights of a block are kept through the solve, so a step is two products and no
exponential. Each block measures keys from their mean as its first row sees it, which changes
nothing but rounding. A row's result depends, bit for bit, on no later key and on no other row:
rows that are done stand still while the rest go on. Mathematics: README.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from kernels.local_linear_attention.spans import Spans

BLOCK_COLUMNS = 192  # fewer steps pay a call's overhead; more would waste causal work
BLOCK_FLOATS = 1 << 17  # [S, M] weights of one block: 512 KB in fp32, a core's second-level cache
DIRECT_COLUMNS = 8  # up to here a dense solve beats products that have so few columns (README)
DIRECT_KEYS = 256
DIRECT_WIDTH = 64
DIRECT_FLOATS = 1 << 20  # [M, S, D] centred keys of one dense block


class _Block(NamedTuple):
    groups: slice  # of the N = B * Hk key heads
    rows: slice  # of the Tq queries
    keys: slice  # of the Tk keys: all that any of the rows may read
    origin: slice  # the keys whose mean the others are measured from
    edges: tuple[tuple[int, int], ...]  # runs of keys that some of the rows may not read


class _Problem(NamedTuple):
    """Inputs by key head, in the dtype that is computed in."""

    q: Tensor  # [N, D, G, Tq]
    k: Tensor  # [N, Tk, D]
    vt: Tensor  # [N, Dv, Tk]
    lam: Tensor  # [N, 1, G, Tq]
    bias: Tensor | None  # [B, Hk, G, Tq, Tk]
    spans: Spans

    @property
    def direct(self) -> bool:
        _, width, group, rows = self.q.shape
        few = group * rows <= DIRECT_COLUMNS
        return few and self.k.shape[1] <= DIRECT_KEYS and width <= DIRECT_WIDTH


class _NormalEquations(NamedTuple):
    """A z = t for each query column, A = cov_p(k) + lam I, as its products need it."""

    p: Tensor  # [n, S, M] softmax weights
    keys: Tensor  # [n, S, D]
    keys_t: Tensor  # [n, D, S]
    mean: Tensor  # [n, D, M] sum p k
    lam: Tensor  # [n, 1, M]


class Forward(NamedTuple):
    """What the forward pass returns; all but o in the dtype that it computed in."""

    o: Tensor  # [B, Tq, Hq, Dv]
    u: Tensor  # [B, Tq, Hq, D]
    kbar: Tensor  # [B, Tq, Hq, D]
    lse: Tensor  # [B, Tq, Hq], natural logarithm; -inf for a row that reads nothing
    residual: Tensor  # [B, Tq, Hq], |r| / |r0| at the end of the solve
    iterations: Tensor  # [B, Tq, Hq] int32, steps until that row stopped; 0 where solved densely


def forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lam: Tensor,
    bias: Tensor | None,
    spans: Spans,
    scale: float,
    max_iters: int,
    rtol: float,
) -> Forward:
    """Shapes as in `lla`; lam [B, Tq, Hq] and bias [B, Hq, Tq, Tk] may be expanded views."""
    x = _problem(q, k, v, lam, bias, spans)
    n, _, group, tq = x.q.shape
    o, u = x.q.new_zeros(n, v.shape[3], group, tq), torch.zeros_like(x.q)
    kbar, lse = torch.zeros_like(x.q), x.q.new_full((n, 1, group, tq), -torch.inf)
    residual, steps = x.q.new_zeros(n, 1, group, tq), x.q.new_zeros(n, 1, group, tq)
    for at in _blocks(x):
        here = (at.groups, slice(None), slice(None), at.rows)
        keys, keys_t, centre = _keys(x, at)
        shape = (len(keys), -1, group, at.rows.stop - at.rows.start)
        query = x.q[here].flatten(2)
        score = _scores(x, at, keys, query, scale)
        top = score.amax(1, keepdim=True)
        top.masked_fill_(top == -torch.inf, 0)
        p = score.sub_(top).exp_()
        total = p.sum(1, keepdim=True)
        reads = total > 0
        p.div_(total.masked_fill(~reads, 1))
        mean = torch.bmm(keys_t, p)
        target = (query - centre).sub_(mean).mul_(reads)
        a = _NormalEquations(p, keys, keys_t, mean, x.lam[here].flatten(2))
        slope, rest, taken = _solve(a, target, x.direct, max_iters, rtol)
        weight = torch.bmm(keys, slope).sub_(_dot(mean, slope) - 1).mul_(p)
        o[here] = torch.bmm(x.vt[at.groups, :, at.keys], weight).view(shape)
        u[here] = slope.view(shape)
        kbar[here] = (mean + centre).mul_(reads).view(shape)
        lse[here] = (total.log() + top + _dot(query, centre) * scale).view(shape)
        residual[here] = rest.view(shape)
        steps[here] = taken.view(shape)
    batch = q.shape[0]
    return Forward(
        o=_by_token(o, batch).to(q.dtype),
        u=_by_token(u, batch),
        kbar=_by_token(kbar, batch),
        lse=_by_token(lse, batch)[..., 0],
        residual=_by_token(residual, batch)[..., 0],
        iterations=_by_token(steps, batch)[..., 0].to(torch.int32),
    )


def backward(
    do: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lam: Tensor,
    bias: Tensor | None,
    spans: Spans,
    u: Tensor,
    kbar: Tensor,
    lse: Tensor,
    scale: float,
    max_iters: int,
    rtol: float,
    *,
    bias_grad: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor | None]:
    """Gradients of q, k, v [B, T, H, D], lam [B, Tq, Hq] and bias [B, Hq, Tq, Tk] or None (S8).

    The solver is never differentiated: a second solve with the same matrix gives y = A^-1 h. Exact
    for a converged u; a truncated solve leaves an error of the size of its residual.
    """
    x = _problem(q, k, v, lam, bias, spans)
    n, _, group, tq = x.q.shape
    heads = k.shape[2]
    do_c, u_c, kbar_c = (_by_column(t, heads).to(x.q.dtype) for t in (do, u, kbar))
    lse_c = _by_column(lse[..., None], heads).to(x.q.dtype)
    lse_c = lse_c.masked_fill(lse_c == -torch.inf, torch.inf)  # weights of an empty row: zero
    dq, dlam = torch.zeros_like(x.q), x.q.new_zeros(n, 1, group, tq)
    dk, dv = torch.zeros_like(x.k), x.k.new_zeros(n, k.shape[1], v.shape[3])
    dbias = None
    if bias_grad and x.bias is not None:
        dbias = x.q.new_zeros(x.bias.shape)
    for at in _blocks(x):
        here = (at.groups, slice(None), slice(None), at.rows)
        keys, keys_t, centre = _keys(x, at)
        shape = (len(keys), -1, group, at.rows.stop - at.rows.start)
        query, d, slope, lam_here = (t[here].flatten(2) for t in (x.q, do_c, u_c, x.lam))
        mean = kbar_c[here].flatten(2) - centre
        p = _scores(x, at, keys, query, scale)
        p.sub_(lse_c[here].flatten(2) - _dot(query, centre) * scale).exp_()

        gamma = torch.bmm(x.vt[at.groups, :, at.keys].mT, d)
        p_gamma = p * gamma
        gbar = p_gamma.sum(1, keepdim=True)
        h = torch.bmm(keys_t, p_gamma).sub_(gbar * mean)
        a = _NormalEquations(p, keys, keys_t, mean, lam_here)
        y, _, _ = _solve(a, h, x.direct, max_iters, rtol)

        e = gamma.baddbmm_(keys, y, alpha=-1).sub_(gbar - _dot(mean, y))  # gamma - gbar - b
        slope_y = _dot(slope, y)
        p_a = torch.bmm(keys, slope).sub_(_dot(mean, slope) - 1).mul_(p)  # p (1 + a)
        ds = (p_a * e).addcmul_(p, lam_here * slope_y, value=-1)
        p_e = e.mul_(p)

        dq[here] = torch.bmm(keys_t, ds).mul_(scale).add_(y).view(shape)
        dlam[here] = slope_y.neg_().view(shape)
        dk_here, dv_here = dk[at.groups, at.keys], dv[at.groups, at.keys]
        dk_here.baddbmm_(ds, query.mT, alpha=scale)
        dk_here.baddbmm_(p_e, slope.mT).baddbmm_(p_a, y.mT, alpha=-1)
        dv_here.baddbmm_(p_a, d.mT)
        if dbias is not None:
            pick = _heads_of(at, x)
            dbias[(*pick, slice(None), at.rows, at.keys)] = torch.unflatten(ds.mT, 1, shape[2:])
    batch = q.shape[0]
    return (
        _by_token(dq, batch).to(q.dtype),
        _by_token(dk.mT[:, :, None], batch).to(k.dtype),
        _by_token(dv.mT[:, :, None], batch).to(v.dtype),
        _by_token(dlam, batch)[..., 0].to(lam.dtype),
        None if dbias is None or bias is None else dbias.flatten(1, 2).to(bias.dtype),
    )


def _problem(
    q: Tensor, k: Tensor, v: Tensor, lam: Tensor, bias: Tensor | None, spans: Spans
) -> _Problem:
    dtype = torch.promote_types(q.dtype, torch.float32)
    heads = k.shape[2]
    return _Problem(
        q=_by_column(q, heads).to(dtype),
        k=k.transpose(1, 2).flatten(0, 1).to(dtype),
        vt=v.permute(0, 2, 3, 1).flatten(0, 1).to(dtype).contiguous(),
        lam=_by_column(lam[..., None], heads).to(dtype),
        bias=None if bias is None else torch.unflatten(bias, 1, (heads, -1)),
        spans=spans,
    )


def _by_column(t: Tensor, key_heads: int) -> Tensor:
    """[B, T, Hq, D] to [B * Hk, D, G, T]."""
    b, tokens, heads, width = t.shape
    t = t.reshape(b, tokens, key_heads, heads // key_heads, width)
    return t.permute(0, 2, 4, 3, 1).reshape(b * key_heads, width, heads // key_heads, tokens)


def _by_token(t: Tensor, batch: int) -> Tensor:
    """[B * Hk, D, G, T] back to [B, T, Hq, D]."""
    n, width, group, tokens = t.shape
    t = t.view(batch, n // batch, width, group, tokens).permute(0, 4, 1, 3, 2)
    return t.reshape(batch, tokens, -1, width).contiguous()


def _blocks(x: _Problem) -> Iterator[_Block]:
    n, width, group, tq = x.q.shape
    first, end = x.spans.first_key.tolist(), x.spans.end_key.tolist()
    rows = max(1, BLOCK_COLUMNS // group)
    for i0 in range(0, tq, rows):
        i1 = min(i0 + rows, tq)
        j0, j1 = first[i0], end[i1 - 1]
        if j1 <= j0:
            continue
        edges = tuple(
            (lo - j0, hi - j0)
            for lo, hi in ((j0, min(first[i1 - 1], j1)), (max(end[i0], j0), j1))
            if hi > lo
        )
        columns = group * (i1 - i0) * (j1 - j0)
        at_once = DIRECT_FLOATS // (columns * width) if x.direct else BLOCK_FLOATS // columns
        step = max(1, at_once)
        origin = slice(j0, max(end[i0], j0 + 1))
        for g0 in range(0, n, step):
            groups = slice(g0, min(g0 + step, n))
            yield _Block(groups, slice(i0, i1), slice(j0, j1), origin, edges)


def _heads_of(at: _Block, x: _Problem) -> tuple[Tensor, Tensor]:
    """Batch and key head of each group of the block: indexes the first two dimensions of a bias."""
    assert x.bias is not None
    flat = torch.arange(at.groups.start, at.groups.stop)
    return flat // x.bias.shape[1], flat % x.bias.shape[1]


def _keys(x: _Problem, at: _Block) -> tuple[Tensor, Tensor, Tensor]:
    """The block's keys about their origin, [n, S, D] and [n, D, S], and that origin [n, D, 1]."""
    origin = x.k[at.groups, at.origin].mean(1, keepdim=True)
    keys = x.k[at.groups, at.keys] - origin
    return keys, keys.mT.contiguous(), origin.mT


def _scores(x: _Problem, at: _Block, keys: Tensor, query: Tensor, scale: float) -> Tensor:
    """[n, S, M] scores of one block relative to the centred keys, -inf where not to be read."""
    score = torch.bmm(keys, query * scale)
    by_row = score.view(len(score), score.shape[1], -1, at.rows.stop - at.rows.start)
    if x.bias is not None:
        part = x.bias[(*_heads_of(at, x), slice(None), at.rows, at.keys)]
        by_row.add_(part.permute(0, 3, 1, 2))
    first, end = x.spans.first_key[at.rows], x.spans.end_key[at.rows]
    for lo, hi in at.edges:
        key = torch.arange(at.keys.start + lo, at.keys.start + hi)[:, None]
        by_row[:, lo:hi].masked_fill_(((key < first) | (key >= end))[:, None], -torch.inf)
    return score


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(1, keepdim=True)


def _solve(
    a: _NormalEquations, target: Tensor, direct: bool, max_iters: int, rtol: float
) -> tuple[Tensor, Tensor, Tensor]:
    """z [n, D, M] with A z = target by column; residual and steps [n, 1, M]."""
    if direct and (factor := _factor(a)) is not None:
        z = torch.cholesky_solve(target.mT[..., None], factor)[..., 0].mT
        return z, torch.zeros_like(a.lam), torch.zeros_like(a.lam)
    return _conjugate_gradient(a, target, max_iters, rtol)


def _factor(a: _NormalEquations) -> Tensor | None:
    """Cholesky factors [n, M, D, D] of A, None where rounding left one of them indefinite.

    sum p c k^T is sum p c c^T, because sum p c = 0: so one product with the shared keys builds the
    covariances of all queries.
    """
    n, keys_read, columns = a.p.shape
    width = a.keys.shape[2]
    weighted = torch.empty(n, columns, width, keys_read, dtype=a.p.dtype)
    torch.sub(a.keys_t[:, None], a.mean.mT[..., None], out=weighted)
    weighted.mul_(a.p.mT.contiguous()[:, :, None])
    dense = torch.bmm(weighted.view(n, -1, keys_read), a.keys).view(n, columns, width, width)
    dense.diagonal(dim1=-2, dim2=-1).add_(a.lam.mT)
    factor, failed = torch.linalg.cholesky_ex(dense)
    return None if bool(failed.any()) else factor


def _conjugate_gradient(
    a: _NormalEquations, target: Tensor, max_iters: int, rtol: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Hestenes and Stiefel (1952), one independent system for each column.

    A row stops when |r| <= rtol |r0|, or when rounding leaves its matrix no positive curvature; the
    block ends when all its rows have.
    """
    p, keys, keys_t, mean, lam = a
    z, r, d = torch.zeros_like(target), target, target.clone()
    rr = _dot(r, r)
    start, stop = rr, rr * rtol**2
    zero = rr.new_zeros(())  # a Python 0 would be made into a tensor again in every step
    history = [torch.zeros_like(rr, dtype=torch.bool)]
    weighted, product = torch.empty_like(p), torch.empty_like(target)
    active = rr > stop
    for _ in range(max_iters):
        if not active.any():
            break
        torch.bmm(keys, d, out=weighted)
        torch.bmm(keys_t, weighted.mul_(p), out=product)
        product.addcmul_(mean, _dot(mean, d), value=-1).addcmul_(lam, d)
        curvature = _dot(d, product)
        active = active & (curvature > zero)
        history.append(active)
        alpha = torch.where(active, rr / curvature, zero)
        z.addcmul_(alpha, d)
        r.addcmul_(alpha, product, value=-1)
        after = _dot(r, r)
        d = torch.addcmul(r, torch.where(active, after / rr, zero), d)
        rr = after
        active = active & (rr > stop)
    steps = torch.stack(history).sum(0)
    return z, torch.where(start > 0, rr / start, 0).sqrt_(), steps.to(z.dtype)
