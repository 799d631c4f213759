# ruff: noqa: ANN001, ANN201, ARG001, N803 (device code: typed by Triton, constants in capitals)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Forward kernel: three passes over the keys for each query tile (means, solve, read)."""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.local_linear_attention.spans import Spans
from kernels.local_linear_attention.triton_blocks import (
    LN2,
    device,
    dot,
    joined,
    load_tile,
    project,
    query_program,
    rounded,
    scores,
    slot,
    slots_of,
    solve,
    split,
    start_of,
    tile_at,
    tile_mask,
    vector_at,
)
from kernels.local_linear_attention.triton_launches import (
    block_width,
    launches,
    query_tile,
    solver_scratch,
    strided,
)


@device
def mean_sweep(
    top, total, mean, problem, walk, D: tl.constexpr, BLOCK_K: tl.constexpr,
    MASKED: tl.constexpr, BIAS: tl.constexpr,
):  # fmt: skip
    """Online softmax: running maximum, sum of weights and sum of weighted keys."""
    chans = tl.arange(0, mean.shape[1])
    for t in range(walk.count):
        cols = start_of(walk, t, BLOCK_K) + tl.arange(0, BLOCK_K)
        k = load_tile(
            problem.k, problem.batch, problem.key_head, cols, problem.keys, chans, D, MASKED
        )
        s = scores(problem, k, cols, MASKED, BIAS)
        now = tl.maximum(top, tl.max(s, 1))
        finite = tl.where(now == -float("inf"), 0.0, now)
        p = tl.exp2(s - finite[:, None])
        fade = tl.exp2(top - finite)
        high = rounded(p, k.dtype)
        total = total * fade + tl.sum(p, 1)
        mean = dot(high, k, mean * fade[:, None])
        if k.dtype != tl.float32:
            # A mean key off by the weights' rounding would shift a whole row of c.u.
            mean = dot(rounded(p - high.to(tl.float32), k.dtype), k, mean)
        top = now
    return top, total, mean


@device
def value_sweep(
    acc, problem, v, walk, top, high, low, unit, shift, D: tl.constexpr, DV: tl.constexpr,
    BLOCK_K: tl.constexpr, MASKED: tl.constexpr, BIAS: tl.constexpr,
):  # fmt: skip
    """acc + sum_j p_ij (1 + c_ij.u_i) v_j over the walk."""
    chans = tl.arange(0, high.shape[1])
    values = tl.arange(0, acc.shape[1])
    for t in range(walk.count):
        cols = start_of(walk, t, BLOCK_K) + tl.arange(0, BLOCK_K)
        k = load_tile(
            problem.k, problem.batch, problem.key_head, cols, problem.keys, chans, D, MASKED
        )
        p = tl.exp2(scores(problem, k, cols, MASKED, BIAS) - top[:, None])
        slope = project(high, low, tl.trans(k)) * unit[:, None] - shift[:, None]
        weight = p * (1.0 + slope)
        vals = load_tile(v, problem.batch, problem.key_head, cols, problem.keys, values, DV, MASKED)
        acc = dot(rounded(weight, vals.dtype), vals, acc)
    return acc


@triton.autotune(**launches("forward", "BLOCK_K"))
@triton.jit(do_not_specialize=["queries", "keys", "tiles", "max_iters"])
def forward_kernel(
    q, k, v, lam, bias, first_key, end_key, o, u, kbar, scratch, lse, residual, iterations,
    scale, rtol, max_iters, queries, keys, heads, group, tiles, D: tl.constexpr, DV: tl.constexpr,
    HALF: tl.constexpr, BIAS: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_D: tl.constexpr,
    BLOCK_V: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """One query tile of one head."""
    program = tl.program_id(0).to(tl.int64)
    tile, problem, interior, edges = query_program(
        program, q, k, bias, first_key, end_key, scale, queries, keys, heads, group, tiles,
        D, BLOCK_Q, BLOCK_D, BLOCK_K,
    )  # fmt: skip
    q_tile, batch, head, rows = problem.q, problem.batch, problem.head, problem.rows
    chans = tl.arange(0, BLOCK_D)
    values = tl.arange(0, BLOCK_V)
    mask = tile_mask(rows, queries, chans, D)
    inside = rows < queries

    top = tl.full([BLOCK_Q], -float("inf"), tl.float32)
    total = tl.zeros([BLOCK_Q], tl.float32)
    mean = tl.zeros([BLOCK_Q, BLOCK_D], tl.float32)
    top, total, mean = mean_sweep(top, total, mean, problem, interior, D, BLOCK_K, False, BIAS)
    top, total, mean = mean_sweep(top, total, mean, problem, edges, D, BLOCK_K, True, BIAS)
    seen = inside & (total > 0)
    mean = tl.where(seen[:, None], mean / tl.where(seen, total, 1.0)[:, None], 0.0)
    # +inf makes every weight of a row that sees nothing exactly zero.
    top = tl.where(seen, top + tl.log2(tl.where(seen, total, 1.0)), float("inf"))
    natural = tl.where(seen, top * LN2, -float("inf"))
    tl.store(vector_at(lse, batch, head, rows), natural, mask=inside)
    tl.store(tile_at(kbar, batch, head, rows, chans), mean, mask=mask)
    slots = slots_of(scratch, program, tl.num_programs(0).to(tl.int64), BLOCK_Q, BLOCK_D)
    tl.store(slots.kbar + slot(BLOCK_Q, BLOCK_D), mean)

    ridge = tl.load(vector_at(lam, batch, head, rows), mask=inside, other=1.0)
    rhs = tl.where(seen[:, None], q_tile.to(tl.float32) - mean, 0.0)
    left, done = solve(
        rhs, problem, interior, edges, top, ridge, slots, max_iters, rtol, D, BLOCK_K, BIAS
    )
    tl.store(vector_at(residual, batch, head, rows), left, mask=inside)
    tl.store(iterations + (batch * heads + head) * tiles + tile, done)

    x = tl.load(slots.x + slot(BLOCK_Q, BLOCK_D))
    tl.store(tile_at(u, batch, head, rows, chans), x, mask=mask)
    high, low, unit = split(x, q_tile.dtype)
    mean = tl.load(slots.kbar + slot(BLOCK_Q, BLOCK_D))
    shift = tl.sum(mean * joined(high, low), 1) * unit
    acc = tl.zeros([BLOCK_Q, BLOCK_V], tl.float32)
    acc = value_sweep(
        acc, problem, v, interior, top, high, low, unit, shift, D, DV, BLOCK_K, False, BIAS
    )
    acc = value_sweep(
        acc, problem, v, edges, top, high, low, unit, shift, D, DV, BLOCK_K, True, BIAS
    )
    o_at = tile_at(o, batch, head, rows, values)
    tl.store(o_at, rounded(acc, q_tile.dtype), mask=tile_mask(rows, queries, values, DV))


def forward(
    q: Tensor, k: Tensor, v: Tensor, lam: Tensor, bias: Tensor | None, spans: Spans,
    scale: float, max_iters: int, rtol: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """Local linear attention on the device of q: o, u, kbar, lse, residual, iterations.

    q [B, Tq, Hq, D], k [B, Tk, Hk, D], v [B, Tk, Hk, Dv], any strides, one dtype (bf16, fp16 or
    fp32); lam [B, Tq, Hq] fp32; bias None or [B, Hq, Tq, Tk] fp32, -inf masks. o like q with Dv
    channels; u, kbar [B, Tq, Hq, D] fp32; lse (natural) and relative residual [B, Tq, Hq] fp32;
    iterations [B, Hq, ceil(Tq / query_tile)] int32.
    """
    batch, queries, heads, dim = q.shape
    keys, key_heads, value_dim = v.shape[1:]
    block_q = query_tile(dim, q.dtype)
    tiles = triton.cdiv(queries, block_q)
    o = q.new_empty(batch, queries, heads, value_dim)
    u, kbar = (q.new_empty(q.shape, dtype=torch.float32) for _ in range(2))
    programs = batch * heads * tiles
    scratch = solver_scratch(q, programs, block_q)
    lse, residual = (q.new_empty(q.shape[:3], dtype=torch.float32) for _ in range(2))
    iterations = q.new_empty(batch, heads, tiles, dtype=torch.int32)
    constants: dict[str, Any] = {
        "D": dim, "DV": value_dim, "HALF": q.dtype != torch.float32, "BIAS": bias is not None,
        "BLOCK_Q": block_q, "BLOCK_D": block_width(dim), "BLOCK_V": block_width(value_dim),
    }  # fmt: skip
    forward_kernel[(programs,)](
        strided(q), strided(k), strided(v), strided(lam), strided(lse if bias is None else bias),
        spans.first_key, spans.end_key, strided(o), strided(u), strided(kbar), scratch,
        strided(lse), strided(residual), iterations, scale, rtol, max_iters, queries, keys, heads,
        heads // key_heads, tiles, **constants,
    )  # fmt: skip
    return o, u, kbar, lse, residual, iterations
