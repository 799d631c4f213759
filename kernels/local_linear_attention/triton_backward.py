# ruff: noqa: ANN001, ANN201, ARG001, N803 (device code: typed by Triton, constants in capitals)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Backward kernels: the closed-form adjoint of the solve, never a derivative through its steps.

Per query tile: h, y = A^-1 h, then dq, dlam and dbias. Per key tile: dk and dv, summed over the
group's heads in a fixed order, so two runs agree bit for bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.local_linear_attention.spans import Spans
from kernels.local_linear_attention.triton_blocks import (
    LOG2E,
    bias_tile,
    device,
    dot,
    joined,
    load_tile,
    pivot,
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
    walks,
)
from kernels.local_linear_attention.triton_launches import (
    adjoint_tile,
    block_width,
    key_tile,
    launches,
    solver_scratch,
    strided,
)


class Halves(NamedTuple):
    """A row vector as `split` left it, and its product with the mean key."""

    high: Any
    low: Any
    unit: Any
    shift: Any


@device
def centred(x, k_tile):
    """c_ij.x_i for the tile's keys."""
    return project(x.high, x.low, tl.trans(k_tile)) * x.unit[:, None] - x.shift[:, None]


@device
def halves(x, kbar, dtype: tl.constexpr):
    """x split for the tensor cores, with the product of its rounded self and kbar."""
    high, low, unit = split(x, dtype)
    return Halves(high, low, unit, tl.sum(joined(high, low) * kbar, 1) * unit)


@device
def adjoint_sweep(
    h, weight_sum, spread, problem, v, do_tile, middle, walk, top, D: tl.constexpr,
    DV: tl.constexpr, BLOCK_K: tl.constexpr, MASKED: tl.constexpr, BIAS: tl.constexpr,
):  # fmt: skip
    """Sums of p (gamma - middle) k, of its rounded weights, and of the weights as they are."""
    chans = tl.arange(0, h.shape[1])
    values = tl.arange(0, do_tile.shape[1])
    for t in range(walk.count):
        cols = start_of(walk, t, BLOCK_K) + tl.arange(0, BLOCK_K)
        k = load_tile(
            problem.k, problem.batch, problem.key_head, cols, problem.keys, chans, D, MASKED
        )
        vals = load_tile(v, problem.batch, problem.key_head, cols, problem.keys, values, DV, MASKED)
        p = tl.exp2(scores(problem, k, cols, MASKED, BIAS) - top[:, None])
        weight = p * (dot(do_tile, tl.trans(vals)) - middle[:, None])
        half = rounded(weight, k.dtype)
        h = dot(half, k, h)
        weight_sum += tl.sum(half.to(tl.float32), 1)
        spread += tl.sum(weight, 1)
    return h, weight_sum, spread


@device
def query_sweep(
    dq, ds_sum, problem, v, do_tile, dbias, gbar, lift, walk, top, u, minus_y, D: tl.constexpr,
    DV: tl.constexpr, BLOCK_K: tl.constexpr, MASKED: tl.constexpr, BIAS: tl.constexpr,
    BIAS_GRAD: tl.constexpr,
):  # fmt: skip
    """Sum of ds_ij k_j and of the rounded ds_ij, whose exact sum is zero.

    ds = p ((1 + a) (gamma - gbar - b) - lam u.y), which is p (G - Gbar) with fewer terms.
    """
    chans = tl.arange(0, dq.shape[1])
    values = tl.arange(0, do_tile.shape[1])
    for t in range(walk.count):
        cols = start_of(walk, t, BLOCK_K) + tl.arange(0, BLOCK_K)
        k = load_tile(
            problem.k, problem.batch, problem.key_head, cols, problem.keys, chans, D, MASKED
        )
        vals = load_tile(v, problem.batch, problem.key_head, cols, problem.keys, values, DV, MASKED)
        p = tl.exp2(scores(problem, k, cols, MASKED, BIAS) - top[:, None])
        p_slope = p * (1.0 + centred(u, k))
        excess = centred(minus_y, k) - gbar[:, None]
        excess = dot(do_tile, tl.trans(vals), excess)
        ds = p_slope * excess - p * lift[:, None]
        if BIAS_GRAD:
            inside = (problem.rows < problem.queries)[:, None] & (cols < problem.keys)[None, :]
            at = bias_tile(dbias, problem.batch, problem.head, problem.rows, cols)
            tl.store(at, ds, mask=inside)
        half = rounded(ds, k.dtype)
        dq = dot(half, k, dq)
        ds_sum += tl.sum(half.to(tl.float32), 1)
    return dq, ds_sum


@triton.autotune(**launches("query", "BLOCK_K"))
@triton.jit(do_not_specialize=["queries", "keys", "tiles", "max_iters"])
def query_kernel(
    do, q, k, v, lam, bias, first_key, end_key, u, kbar, lse, o, dq, dlam, dbias, scratch,
    packed, levels, scale, rtol, max_iters, queries, keys, heads, group, tiles, D: tl.constexpr,
    DV: tl.constexpr, HALF: tl.constexpr, BIAS: tl.constexpr, BIAS_GRAD: tl.constexpr,
    BLOCK_Q: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_V: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """dq, dlam and dbias of one query tile, and what the key tiles need to know about it."""
    program = tl.program_id(0).to(tl.int64)
    _, problem, interior, edges = query_program(
        program, q, k, bias, first_key, end_key, scale, queries, keys, heads, group, tiles,
        D, BLOCK_Q, BLOCK_D, BLOCK_K,
    )  # fmt: skip
    q_tile, batch, head, rows = problem.q, problem.batch, problem.head, problem.rows
    chans = tl.arange(0, BLOCK_D)
    values = tl.arange(0, BLOCK_V)
    mask = tile_mask(rows, queries, chans, D)
    inside = rows < queries
    top = pivot(tl.load(vector_at(lse, batch, head, rows), mask=inside, other=-float("inf")))
    slots = slots_of(scratch, program, tl.num_programs(0).to(tl.int64), BLOCK_Q, BLOCK_D)
    at = slot(BLOCK_Q, BLOCK_D)
    mean = load_tile(kbar, batch, head, rows, queries, chans, D, True)
    tl.store(slots.kbar + at, mean)
    do_tile = load_tile(do, batch, head, rows, queries, values, DV, True)
    o_tile = load_tile(o, batch, head, rows, queries, values, DV, True)
    # Any constant may stand for gbar while the keys are centred; d.o is near it.
    middle = tl.sum(do_tile.to(tl.float32) * o_tile.to(tl.float32), 1)

    h = tl.zeros([BLOCK_Q, BLOCK_D], tl.float32)
    weight_sum = tl.zeros([BLOCK_Q], tl.float32)
    spread = tl.zeros([BLOCK_Q], tl.float32)
    h, weight_sum, spread = adjoint_sweep(
        h,
        weight_sum,
        spread,
        problem,
        v,
        do_tile,
        middle,
        interior,
        top,
        D,
        DV,
        BLOCK_K,
        False,
        BIAS,
    )
    h, weight_sum, spread = adjoint_sweep(
        h, weight_sum, spread, problem, v, do_tile, middle, edges, top, D, DV, BLOCK_K, True, BIAS
    )
    tl.debug_barrier()
    h -= weight_sum[:, None] * tl.load(slots.kbar + at)
    gbar = middle + spread

    ridge = tl.load(vector_at(lam, batch, head, rows), mask=inside, other=1.0)
    solve(h, problem, interior, edges, top, ridge, slots, max_iters, rtol, D, BLOCK_K, BIAS)

    mean = tl.load(slots.kbar + at)
    u_tile = load_tile(u, batch, head, rows, queries, chans, D, True)
    y_tile = tl.load(slots.x + at)
    slope = tl.sum(u_tile * y_tile, 1)
    lift = ridge * slope
    tl.store(vector_at(dlam, batch, head, rows), -slope, mask=inside)
    u_half = halves(u_tile, mean, q_tile.dtype)
    minus_y = halves(-y_tile, mean, q_tile.dtype)
    tl.store(tile_at(packed[2], batch, head, rows, chans), minus_y.high, mask=mask)
    if q_tile.dtype != tl.float32:
        tl.store(tile_at(packed[0], batch, head, rows, chans), u_half.high, mask=mask)
        tl.store(tile_at(packed[1], batch, head, rows, chans), u_half.low, mask=mask)
        tl.store(tile_at(packed[3], batch, head, rows, chans), minus_y.low, mask=mask)
    tl.store(vector_at(levels[0], batch, head, rows), 1.0 - u_half.shift, mask=inside)
    tl.store(vector_at(levels[1], batch, head, rows), -minus_y.shift - gbar, mask=inside)
    tl.store(vector_at(levels[2], batch, head, rows), lift, mask=inside)
    if q_tile.dtype == tl.float16:
        tl.store(vector_at(levels[3], batch, head, rows), u_half.unit, mask=inside)
        tl.store(vector_at(levels[4], batch, head, rows), minus_y.unit, mask=inside)

    acc = tl.zeros([BLOCK_Q, BLOCK_D], tl.float32)
    ds_sum = tl.zeros([BLOCK_Q], tl.float32)
    acc, ds_sum = query_sweep(
        acc, ds_sum, problem, v, do_tile, dbias, gbar, lift, interior, top, u_half, minus_y,
        D, DV, BLOCK_K, False, BIAS, BIAS_GRAD,
    )  # fmt: skip
    acc, ds_sum = query_sweep(
        acc, ds_sum, problem, v, do_tile, dbias, gbar, lift, edges, top, u_half, minus_y,
        D, DV, BLOCK_K, True, BIAS, BIAS_GRAD,
    )  # fmt: skip
    # What rounding left of the zero sum must not be multiplied by the keys' common offset.
    result = scale * (acc - ds_sum[:, None] * tl.load(slots.kbar + at)) + tl.load(slots.x + at)
    tl.store(tile_at(dq, batch, head, rows, chans), rounded(result, q_tile.dtype), mask=mask)


@device
def key_sweep(
    dk, dv, q, do, bias, lse, packed, levels, k_tile, v_tile, cols, first_query, end_query, batch,
    head, queries, keys, scale, walk, D: tl.constexpr, DV: tl.constexpr, BLOCK_Q: tl.constexpr,
    MASKED: tl.constexpr, BIAS: tl.constexpr,
):  # fmt: skip
    """Adds one head's queries to dk and dv; every tile is [keys, queries]."""
    chans = tl.arange(0, dk.shape[1])
    values = tl.arange(0, dv.shape[1])
    for t in range(walk.count):
        rows = start_of(walk, t, BLOCK_Q) + tl.arange(0, BLOCK_Q)
        inside = rows < queries
        q_tile = load_tile(q, batch, head, rows, queries, chans, D, MASKED)
        do_tile = load_tile(do, batch, head, rows, queries, values, DV, MASKED)
        u_high = load_tile(packed[0], batch, head, rows, queries, chans, D, MASKED)
        minus_y = load_tile(packed[2], batch, head, rows, queries, chans, D, MASKED)
        s = dot(k_tile, tl.trans(q_tile)) * (scale * LOG2E)
        if BIAS:
            at = tl.trans(bias_tile(bias, batch, head, rows, cols))
            both = inside[None, :] & (cols < keys)[:, None]
            s += tl.load(at, mask=both, other=0.0) * LOG2E
        if MASKED:
            seen = (rows[None, :] >= first_query[:, None]) & (rows[None, :] < end_query[:, None])
            s = tl.where(seen, s, -float("inf"))
        natural = tl.load(vector_at(lse, batch, head, rows), mask=inside, other=-float("inf"))
        p = tl.exp2(s - pivot(natural)[None, :])

        p_slope = dot(k_tile, tl.trans(u_high))
        excess = dot(k_tile, tl.trans(minus_y))
        if k_tile.dtype != tl.float32:
            u_low = load_tile(packed[1], batch, head, rows, queries, chans, D, MASKED)
            p_slope = dot(k_tile, tl.trans(u_low), p_slope)
            y_low = load_tile(packed[3], batch, head, rows, queries, chans, D, MASKED)
            excess = dot(k_tile, tl.trans(y_low), excess)
        u_part, y_part = p, p
        if k_tile.dtype == tl.float16:
            u_unit = tl.load(vector_at(levels[3], batch, head, rows), mask=inside, other=0.0)
            y_unit = tl.load(vector_at(levels[4], batch, head, rows), mask=inside, other=0.0)
            p_slope *= u_unit[None, :]
            excess *= y_unit[None, :]
            u_part, y_part = p * u_unit[None, :], p * y_unit[None, :]
        one = tl.load(vector_at(levels[0], batch, head, rows), mask=inside, other=0.0)
        p_slope += one[None, :]
        y_part *= p_slope
        p_slope *= p
        dv = dot(rounded(p_slope, do_tile.dtype), do_tile, dv)
        dk = dot(rounded(y_part, k_tile.dtype), minus_y, dk)
        offset = tl.load(vector_at(levels[1], batch, head, rows), mask=inside, other=0.0)
        excess = dot(v_tile, tl.trans(do_tile), excess + offset[None, :])
        dk = dot(rounded(u_part * excess, k_tile.dtype), u_high, dk)
        lift = tl.load(vector_at(levels[2], batch, head, rows), mask=inside, other=0.0)
        ds = p_slope * excess - p * lift[None, :]
        dk = dot(rounded(ds * scale, k_tile.dtype), q_tile, dk)
    return dk, dv


@triton.autotune(**launches("key", "BLOCK_Q"))
@triton.jit(do_not_specialize=["queries", "keys", "tiles"])
def key_kernel(
    do, q, k, v, bias, first_query, end_query, lse, packed, levels, dk, dv, scale, queries, keys,
    key_heads, group, tiles, D: tl.constexpr, DV: tl.constexpr, HALF: tl.constexpr,
    BIAS: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_V: tl.constexpr, BLOCK_K: tl.constexpr,
    BLOCK_Q: tl.constexpr,
):  # fmt: skip
    """dk and dv of one key tile of one key head, over all heads of its group."""
    program = tl.program_id(0).to(tl.int64)
    tile = program % tiles
    batch = program // tiles // key_heads
    key_head = program // tiles % key_heads
    cols = (tile * BLOCK_K + tl.arange(0, BLOCK_K)).to(tl.int32)
    chans = tl.arange(0, BLOCK_D)
    values = tl.arange(0, BLOCK_V)
    inside = cols < keys
    last = tl.minimum((tile + 1) * BLOCK_K, keys) - 1
    interior, edges = walks(
        tl.load(first_query + tile * BLOCK_K), tl.load(first_query + last),
        tl.load(end_query + tile * BLOCK_K), tl.load(end_query + last), BLOCK_Q,
    )  # fmt: skip
    first = tl.load(first_query + cols, mask=inside, other=0)
    end = tl.load(end_query + cols, mask=inside, other=0)
    k_tile = load_tile(k, batch, key_head, cols, keys, chans, D, True)
    v_tile = load_tile(v, batch, key_head, cols, keys, values, DV, True)
    dk_sum = tl.zeros([BLOCK_K, BLOCK_D], tl.float32)
    dv_sum = tl.zeros([BLOCK_K, BLOCK_V], tl.float32)
    for member in range(group):
        head = key_head * group + member
        dk_sum, dv_sum = key_sweep(
            dk_sum, dv_sum, q, do, bias, lse, packed, levels, k_tile, v_tile, cols, first, end,
            batch, head, queries, keys, scale, interior, D, DV, BLOCK_Q, False, BIAS,
        )  # fmt: skip
        dk_sum, dv_sum = key_sweep(
            dk_sum, dv_sum, q, do, bias, lse, packed, levels, k_tile, v_tile, cols, first, end,
            batch, head, queries, keys, scale, edges, D, DV, BLOCK_Q, True, BIAS,
        )  # fmt: skip
    dk_at = tile_at(dk, batch, key_head, cols, chans)
    dv_at = tile_at(dv, batch, key_head, cols, values)
    tl.store(dk_at, rounded(dk_sum, k_tile.dtype), mask=tile_mask(cols, keys, chans, D))
    tl.store(dv_at, rounded(dv_sum, v_tile.dtype), mask=tile_mask(cols, keys, values, DV))


def backward(
    do: Tensor, q: Tensor, k: Tensor, v: Tensor, lam: Tensor, bias: Tensor | None, spans: Spans,
    u: Tensor, kbar: Tensor, lse: Tensor, o: Tensor, scale: float, max_iters: int, rtol: float,
    bias_grad: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor | None]:  # fmt: skip
    """dq, dk, dv (shapes and dtype of q, k, v), dlam [B, Tq, Hq] fp32, dbias or None.

    do like o; u, kbar, lse, o as `forward` returned them; dbias [B, Hq, Tq, Tk] fp32 is the
    gradient of the scores, made when bias_grad. max_iters and rtol are the adjoint solve's.
    """
    batch, queries, heads, dim = q.shape
    keys, key_heads, value_dim = v.shape[1:]
    group, half = heads // key_heads, q.dtype != torch.float32
    dq, dk, dv = (torch.empty_like(x, memory_format=torch.contiguous_format) for x in (q, k, v))
    dlam = q.new_empty(q.shape[:3], dtype=torch.float32)
    # Tiles outside every interval are never visited: their gradient is this zero.
    dbias = None
    if bias_grad:
        dbias = q.new_zeros(batch, heads, queries, keys, dtype=torch.float32)
    y = torch.empty_like(dq)
    packed = (
        [torch.empty_like(dq), torch.empty_like(dq), y, torch.empty_like(dq)]
        if half
        else [u, u, y, y]
    )
    levels = q.new_empty(5, *q.shape[:3], dtype=torch.float32).unbind()
    constants: dict[str, Any] = {
        "D": dim, "DV": value_dim, "HALF": half, "BIAS": bias is not None,
        "BLOCK_D": block_width(dim), "BLOCK_V": block_width(value_dim),
    }  # fmt: skip
    bias_view = strided(lse if bias is None else bias)
    packed_views, level_views = tuple(map(strided, packed)), tuple(map(strided, levels))
    block_q = adjoint_tile(dim, value_dim, q.dtype)
    tiles = triton.cdiv(queries, block_q)
    programs = batch * heads * tiles
    scratch = solver_scratch(q, programs, block_q)
    query_kernel[(programs,)](
        strided(do), strided(q), strided(k), strided(v), strided(lam), bias_view, spans.first_key,
        spans.end_key, strided(u), strided(kbar), strided(lse), strided(o), strided(dq),
        strided(dlam), strided(lse if dbias is None else dbias), scratch,
        packed_views, level_views, scale, rtol, max_iters, queries, keys, heads, group, tiles,
        BIAS_GRAD=bias_grad, BLOCK_Q=block_q, **constants,
    )  # fmt: skip
    block_k = key_tile(q.dtype)
    tiles = triton.cdiv(keys, block_k)
    key_kernel[(batch * key_heads * tiles,)](
        strided(do), strided(q), strided(k), strided(v), bias_view, spans.first_query,
        spans.end_query, strided(lse), packed_views, level_views, strided(dk), strided(dv), scale,
        queries, keys, key_heads, group, tiles, BLOCK_K=block_k, **constants,
    )  # fmt: skip
    return dq, dk, dv, dlam, dbias
