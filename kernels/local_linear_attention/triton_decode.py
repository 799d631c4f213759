# ruff: noqa: ANN001, ANN201, N803 (device code: typed by Triton, constants in capitals)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Decode kernels: one pass over the cache gathers moments, then a small solve on chip.

Each split of the cache is summed relative to its own first key, made central, and merged with the
others by the pairwise rule, so a common offset of the keys costs no digits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.local_linear_attention.triton_blocks import (
    INTERPRETED,
    LOG2E,
    device,
    dot,
    load_tile,
    rounded,
)
from kernels.local_linear_attention.triton_launches import (
    block_width,
    strided,
)

SPLIT_KEYS = 512  # fewer keys than this are not worth a split's state of D (D + Dv) numbers
SPLITS_MAX = 16
MERGE_ROWS = 16  # rows of the moments one merging program owns
SOLVE_RTOL = 1e-6  # of the residual; fp32 reaches no further


class Moments(NamedTuple):
    """Pointers to the partial results of every (row, split): base-2 maximum, sum of weights,
    mean key, mean value, and the central moments of keys and of values with keys, times the sum.
    """

    top: Any
    total: Any
    kbar: Any  # [BLOCK_D]
    vbar: Any  # [BLOCK_V]
    keys: Any  # [BLOCK_D, BLOCK_D]
    cross: Any  # [BLOCK_V, BLOCK_D]


@triton.jit(do_not_specialize=["queries", "keys", "window"])
def moments_kernel(
    q, k, v, cache_lens, out, scale, window, queries, keys, heads, group, splits,
    D: tl.constexpr, DV: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_V: tl.constexpr,
    BLOCK_K: tl.constexpr,
):  # fmt: skip
    """Moments of one split of the keys that one query sees."""
    program = tl.program_id(0).to(tl.int64)
    part = program % splits
    head = program // splits % heads
    row = program // splits // heads % queries
    batch = program // splits // heads // queries
    chans = tl.arange(0, BLOCK_D)
    values = tl.arange(0, BLOCK_V)
    position = tl.load(cache_lens + batch) - queries + row
    first = tl.maximum(position - window + 1, 0)
    end = tl.minimum(position + 1, keys)
    share = tl.cdiv(tl.cdiv(tl.maximum(end - first, 0), splits), BLOCK_K) * BLOCK_K
    first += part * share
    end = tl.minimum(first + share, end)

    query = tl.load(
        q[0] + batch * q[1] + row * q[2] + head * q[3] + chans * q[4], mask=chans < D, other=0.0
    ).to(tl.float32) * (scale * LOG2E)
    origin = tl.load(
        k[0] + batch * k[1] + first * k[2] + head // group * k[3] + chans * k[4],
        mask=(chans < D) & (first < end), other=0.0,
    ).to(tl.float32)  # fmt: skip
    top = -float("inf")
    total = 0.0
    key_sum = tl.zeros([BLOCK_D], tl.float32)
    value_sum = tl.zeros([BLOCK_V], tl.float32)
    key_square = tl.zeros([BLOCK_D, BLOCK_D], tl.float32)
    cross = tl.zeros([BLOCK_V, BLOCK_D], tl.float32)
    for start in range(first, end, BLOCK_K):
        cols = start + tl.arange(0, BLOCK_K)
        k_tile = load_tile(k, batch, head // group, cols, end, chans, D, True)
        v_tile = load_tile(v, batch, head // group, cols, end, values, DV, True)
        s = tl.sum(k_tile.to(tl.float32) * query[None, :], 1)
        s = tl.where(cols < end, s, -float("inf"))
        now = tl.maximum(top, tl.max(s, 0))
        fade = tl.exp2(top - now)
        # A root of the weight on either side makes the sum a Gram matrix: it stays positive
        # whatever the rounding, and all moments are those of the same, slightly moved keys.
        root = tl.exp2(0.5 * (s - now))
        left = rounded((k_tile.to(tl.float32) - origin[None, :]) * root[:, None], k_tile.dtype)
        right = rounded(v_tile.to(tl.float32) * root[:, None], k_tile.dtype)
        left = tl.where((cols < end)[:, None], left, 0.0).to(k_tile.dtype)
        total = total * fade + tl.sum(root * root, 0)
        key_sum = key_sum * fade + tl.sum(left.to(tl.float32) * root[:, None], 0)
        value_sum = value_sum * fade + tl.sum(right.to(tl.float32) * root[:, None], 0)
        key_square = dot(tl.trans(left), left, key_square * fade)
        cross = dot(tl.trans(right), left, cross * fade)
        top = now

    some = tl.where(total > 0, total, 1.0)
    slots = moments_at(out, program, BLOCK_D, BLOCK_V)
    tl.store(slots.top, top)
    tl.store(slots.total, total)
    tl.store(slots.kbar + chans, origin + key_sum / some)
    tl.store(slots.vbar + values, value_sum / some)
    key_square -= key_sum[:, None] * (key_sum / some)[None, :]
    cross -= value_sum[:, None] * (key_sum / some)[None, :]
    tl.store(slots.keys + chans[:, None] * BLOCK_D + chans[None, :], key_square)
    tl.store(slots.cross + values[:, None] * BLOCK_D + chans[None, :], cross)


@device
def moments_at(out, index, BLOCK_D: tl.constexpr, BLOCK_V: tl.constexpr):
    """Where partial result number `index` lives."""
    return Moments(
        out.top + index, out.total + index, out.kbar + index * BLOCK_D, out.vbar + index * BLOCK_V,
        out.keys + index * BLOCK_D * BLOCK_D, out.cross + index * BLOCK_V * BLOCK_D,
    )  # fmt: skip


@device
def merge(
    top, total, left, right, square, part_top, part_total, part_left, part_right, part_square
):
    """Pairwise update of sum_j w (x_j - mean x) (y_j - mean y)^T and of its means and weights."""
    now = tl.maximum(top, part_top)
    finite = tl.where(now == -float("inf"), 0.0, now)
    here = tl.exp2(top - finite)
    there = tl.exp2(part_top - finite)
    old = total * here
    new = part_total * there
    share = new / tl.where(old + new > 0, old + new, 1.0)
    across = part_left - left
    along = part_right - right
    square = square * here + part_square * there
    square += (old * share) * across[:, None] * along[None, :]
    return now, old + new, left + share * across, right + share * along, square


@triton.jit
def merge_kernel(
    parts, out, splits, blocks, BLOCK_D: tl.constexpr, BLOCK_V: tl.constexpr, ROWS: tl.constexpr
):
    """Merges some rows of the two moment matrices over all splits of one query."""
    program = tl.program_id(0).to(tl.int64)
    query = program // blocks
    block = program % blocks
    chans = tl.arange(0, BLOCK_D)
    is_value = block * ROWS >= BLOCK_D
    first = tl.where(is_value, block * ROWS - BLOCK_D, block * ROWS)
    rows = first + tl.arange(0, ROWS)
    at = rows[:, None] * BLOCK_D + chans[None, :]
    top = -float("inf")
    total = 0.0
    left = tl.zeros([ROWS], tl.float32)
    right = tl.zeros([BLOCK_D], tl.float32)
    square = tl.zeros([ROWS, BLOCK_D], tl.float32)
    for part in range(splits):
        slots = moments_at(parts, query * splits + part, BLOCK_D, BLOCK_V)
        part_left = tl.load(tl.where(is_value, slots.vbar, slots.kbar) + rows)
        part_square = tl.load(tl.where(is_value, slots.cross, slots.keys) + at)
        top, total, left, right, square = merge(
            top, total, left, right, square, tl.load(slots.top), tl.load(slots.total), part_left,
            tl.load(slots.kbar + chans), part_square,
        )  # fmt: skip
    slots = moments_at(out, query, BLOCK_D, BLOCK_V)
    tl.store(tl.where(is_value, slots.vbar, slots.kbar) + rows, left)
    tl.store(tl.where(is_value, slots.cross, slots.keys) + at, square)
    tl.store(slots.total, total, mask=block == 0)


@triton.jit(do_not_specialize=["queries"])
def solve_kernel(
    q, lam, parts, o, queries, heads, rtol, D: tl.constexpr, DV: tl.constexpr,
    BLOCK_D: tl.constexpr, BLOCK_V: tl.constexpr,
):  # fmt: skip
    """u by conjugate gradient with the covariance on chip, then vbar + C^vk u."""
    program = tl.program_id(0).to(tl.int64)
    head = program % heads
    row = program // heads % queries
    batch = program // heads // queries
    chans = tl.arange(0, BLOCK_D)
    values = tl.arange(0, BLOCK_V)
    slots = moments_at(parts, program, BLOCK_D, BLOCK_V)
    total = tl.load(slots.total)
    seen = total > 0
    inverse = tl.where(seen, 1.0 / tl.where(seen, total, 1.0), 0.0)
    kbar = tl.load(slots.kbar + chans)
    query = tl.load(
        q[0] + batch * q[1] + row * q[2] + head * q[3] + chans * q[4], mask=chans < D, other=0.0
    ).to(tl.float32)
    ridge = tl.load(lam[0] + batch * lam[1] + row * lam[2] + head * lam[3])
    square = tl.load(slots.keys + chans[:, None] * BLOCK_D + chans[None, :]) * inverse

    remainder = tl.where(seen, query - kbar, 0.0)
    direction = remainder
    u = tl.zeros([BLOCK_D], tl.float32)
    size = tl.sum(remainder * remainder, 0)
    stop = size * rtol * rtol
    done = 0
    live = size > stop
    while (done < D + 2) & live:
        image = tl.sum(square * direction[None, :], 1) + ridge * direction
        curvature = tl.sum(direction * image, 0)
        live = (curvature > 0) & (curvature < float("inf"))
        alpha = tl.where(live, size / tl.where(live, curvature, 1.0), 0.0)
        u += alpha * direction
        remainder -= alpha * image
        now = tl.sum(remainder * remainder, 0)
        direction = remainder + (now / size) * direction
        size = now
        live &= size > stop
        done += 1
    cross = tl.load(slots.cross + values[:, None] * BLOCK_D + chans[None, :])
    result = tl.load(slots.vbar + values) + tl.sum(cross * u[None, :], 1) * inverse
    at = o[0] + batch * o[1] + row * o[2] + head * o[3] + values * o[4]
    tl.store(at, rounded(tl.where(seen, result, 0.0), o[0].dtype.element_ty), mask=values < DV)


def moments(like: Tensor, count: int, block_d: int, block_v: int) -> Moments:
    """Room for `count` partial results."""
    return Moments(
        *(
            like.new_empty(count, *shape, dtype=torch.float32)
            for shape in ((), (), (block_d,), (block_v,), (block_d, block_d), (block_v, block_d))
        )
    )


def launch(block: int) -> tuple[dict[str, int], int, int]:
    """Keys a step, warps and stages: two moment matrices of this width fill the registers."""
    if INTERPRETED.value or block <= 64:
        return {"BLOCK_K": 64}, 4, 2
    return {"BLOCK_K": 32}, 8, 2


def decode(
    q: Tensor, k: Tensor, v: Tensor, lam: Tensor, cache_lens: Tensor, scale: float,
    window: int | None, splits: int | None = None,
) -> Tensor:  # fmt: skip
    """o [B, Tq, Hq, Dv] for the last Tq rows of each sequence, reading the cache once per row.

    q [B, Tq, Hq, D]; k [B, Tk, Hk, D], v [B, Tk, Hk, Dv] of which the first cache_lens[b] int32
    keys count, the queries' own included; lam [B, Tq, Hq] fp32. Row i sits at position
    cache_lens[b] - Tq + i and sees itself and the window - 1 keys before it (all, when window is
    None); rows before position 0 give zeros. The number of splits depends on Tk alone.
    """
    batch, queries, heads, dim = q.shape
    keys, key_heads, value_dim = v.shape[1:]
    if splits is None:
        splits = min(SPLITS_MAX, triton.cdiv(keys, SPLIT_KEYS))
    block_d, block_v = block_width(dim), block_width(value_dim)
    rows = batch * queries * heads
    o = q.new_empty(batch, queries, heads, value_dim)
    parts = moments(q, rows * splits, block_d, block_v)
    constants = {"D": dim, "DV": value_dim, "BLOCK_D": block_d, "BLOCK_V": block_v}
    tuned, warps, stages = launch(max(block_d, block_v))
    moments_kernel[(rows * splits,)](
        strided(q), strided(k), strided(v), cache_lens, parts, scale,
        keys if window is None else window, queries, keys, heads, heads // key_heads, splits,
        num_warps=warps, num_stages=stages, **tuned, **constants,
    )  # fmt: skip
    if splits > 1:
        merged = moments(q, rows, block_d, block_v)
        blocks = (block_d + block_v) // MERGE_ROWS
        merge_kernel[(rows * blocks,)](
            parts, merged, splits, blocks, BLOCK_D=block_d, BLOCK_V=block_v, ROWS=MERGE_ROWS
        )
        parts = merged
    solve_kernel[(rows,)](
        strided(q), strided(lam), parts, strided(o), queries, heads, SOLVE_RTOL,
        num_warps=warps, **constants,
    )  # fmt: skip
    # The solver stands still where there is nothing to solve with: a bad ridge must not pass.
    return o.masked_fill_(lam.isnan()[..., None], torch.nan)
