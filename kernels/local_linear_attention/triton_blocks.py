# ruff: noqa: ANN001, ANN201, N803 (device code: typed by Triton, constants in capitals)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, misc"
"""Device functions shared by the Triton kernels: tiles, masks, dots, halves and the solver."""

from __future__ import annotations

from typing import Any, NamedTuple

import triton
import triton.language as tl

INTERPRETED = tl.constexpr(triton.knobs.runtime.interpret)
LOG2E = tl.constexpr(1.4426950408889634)
# Relative residual below which the solver's products with the matrix drop their low halves.
COARSE = tl.constexpr(0.25)
LN2 = tl.constexpr(0.6931471805599453)


class Slots(NamedTuple):
    """Where a query tile keeps the solver's vectors."""

    kbar: Any
    x: Any
    remainder: Any
    direction: Any


def device(function: Any) -> Any:
    """A function kernels call; plain Python in the interpreter, whose own nested calls are slow."""
    return function if INTERPRETED.value else triton.jit(function)


class Problem(NamedTuple):
    """What one query tile needs to compute its scores against any key tile again."""

    q: Any  # [BLOCK_Q, BLOCK_D], the tile itself
    k: Any  # pointer and strides
    bias: Any
    batch: Any
    head: Any
    key_head: Any
    rows: Any  # [BLOCK_Q]
    first_key: Any  # [BLOCK_Q]
    end_key: Any
    queries: Any
    keys: Any
    scale: Any  # times log2(e): scores are powers of two


class Walk(NamedTuple):
    """Tile starts `origin + step * t`, jumping ahead by `jump` from step `jump_at` on."""

    count: Any
    origin: Any
    jump_at: Any
    jump: Any


@device
def dot(a, b, acc=None):
    """a @ b (+ acc) in fp32; the interpreter cannot multiply bf16, so it gets rounded fp32."""
    if INTERPRETED:
        return tl.dot(a.to(tl.float32), b.to(tl.float32), acc, input_precision="ieee")
    elif a.dtype == tl.float32:  # noqa: RET505 (Triton needs the branch to stay constexpr)
        return tl.dot(a, b, acc, input_precision="ieee")
    else:
        return tl.dot(a, b, acc)


@device
def rounded(x, dtype: tl.constexpr):
    """fp32 to dtype, to nearest even; the interpreter's own cast to bf16 truncates."""
    if INTERPRETED and dtype == tl.bfloat16:
        bits = x.to(tl.uint32, bitcast=True)
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
        return bits.to(tl.float32, bitcast=True).to(dtype)
    else:  # noqa: RET505
        return x.to(dtype)


@device
def split(x, dtype: tl.constexpr):
    """Rows of x as unit * (high + low); the unit keeps fp16 halves from overflowing, else it is 1.

    Whatever is multiplied with x afterwards must use `joined`, or the rounding error of one
    side leaks into every weight.
    """
    unit = tl.full([x.shape[0]], 1.0, tl.float32)
    if dtype == tl.float32:
        return x, x, unit
    else:  # noqa: RET505
        if dtype == tl.float16:
            unit = tl.max(tl.abs(x), 1)
            unit = tl.where(unit > 0, unit, 1.0)
            x /= unit[:, None]
        high = rounded(x, dtype)
        return high, rounded(x - high.to(tl.float32), dtype), unit


@device
def joined(high, low):
    """high + low in fp32."""
    if high.dtype == tl.float32:
        return high
    else:  # noqa: RET505
        return high.to(tl.float32) + low.to(tl.float32)


@device
def project(high, low, b):
    """(high + low) @ b."""
    acc = dot(high, b)
    if high.dtype != tl.float32:
        acc = dot(low, b, acc)
    return acc


@device
def tile_at(x, batch, head, rows, cols):
    """Pointers to a [rows, cols] tile of x = (pointer, strides of batch, time, head, channel)."""
    base = x[0] + batch * x[1] + head * x[3]
    return base + rows[:, None].to(tl.int64) * x[2] + cols[None, :].to(tl.int64) * x[4]


@device
def vector_at(x, batch, head, rows):
    """Pointers to one value a row of x = (pointer, strides of batch, time, head)."""
    return x[0] + batch * x[1] + head * x[3] + rows.to(tl.int64) * x[2]


@device
def bias_tile(x, batch, head, rows, cols):
    """Pointers to a [queries, keys] tile of x = (pointer, strides of batch, head, query, key)."""
    base = x[0] + batch * x[1] + head * x[2]
    return base + rows[:, None].to(tl.int64) * x[3] + cols[None, :].to(tl.int64) * x[4]


@device
def tile_mask(rows, limit, cols, WIDTH: tl.constexpr):
    """Inside the tensor: rows below limit, channels below WIDTH."""
    if cols.shape[0] == WIDTH:
        return (rows < limit)[:, None]
    else:  # noqa: RET505
        return (rows < limit)[:, None] & (cols < WIDTH)[None, :]


@device
def load_tile(x, batch, head, rows, limit, cols, WIDTH: tl.constexpr, ROWS: tl.constexpr):
    """Tile of x with zeros outside; ROWS says whether rows can lie outside at all."""
    at = tile_at(x, batch, head, rows, cols)
    if ROWS:
        return tl.load(at, mask=tile_mask(rows, limit, cols, WIDTH), other=0.0)
    elif cols.shape[0] == WIDTH:  # noqa: RET505
        return tl.load(at)
    else:
        return tl.load(at, mask=(cols < WIDTH)[None, :], other=0.0)


@device
def walks(first_low, first_high, end_low, end_high, STEP: tl.constexpr):
    """Interior and edge tiles of a tile of rows whose intervals run from `first_*` to `end_*`.

    Interior tiles lie inside every row's interval and need no mask; the edges are the rest.
    """
    origin = first_low // STEP * STEP
    inner = tl.cdiv(first_high, STEP) * STEP
    outer = end_low // STEP * STEP
    total = tl.maximum(tl.cdiv(end_high, STEP) - origin // STEP, 0)
    count = tl.minimum(tl.maximum((outer - inner) // STEP, 0), total)
    left = tl.where(count > 0, (inner - origin) // STEP, total)
    return Walk(count, inner, count, 0), Walk(total - count, origin, left, count * STEP)


@device
def start_of(walk, t, STEP: tl.constexpr):
    """First index of the walk's tile t."""
    return walk.origin + t * STEP + tl.where(t >= walk.jump_at, walk.jump, 0)


@device
def scores(problem, k_tile, cols, MASKED: tl.constexpr, BIAS: tl.constexpr):
    """Base-2 scores [BLOCK_Q, BLOCK_K] of the tile, -inf where a query may not look."""
    s = dot(problem.q, tl.trans(k_tile)) * problem.scale
    inside = (problem.rows < problem.queries)[:, None] & (cols < problem.keys)[None, :]
    if BIAS:
        at = bias_tile(problem.bias, problem.batch, problem.head, problem.rows, cols)
        s += tl.load(at, mask=inside, other=0.0) * LOG2E
    if MASKED:
        seen = cols[None, :] >= problem.first_key[:, None]
        seen &= cols[None, :] < problem.end_key[:, None]
        s = tl.where(seen, s, -float("inf"))
    return s


@device
def pivot(lse):
    """Base-2 exponent that normalises a row; +inf where the row sees nothing, so weights are 0."""
    return tl.where(lse == -float("inf"), float("inf"), lse * LOG2E)


@device
def query_program(
    program, q, k, bias, first_key, end_key, scale, queries, keys, heads, group, tiles,
    D: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_D: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """One query tile of one head, its problem, and its interior and edge walks over the keys.

    The latest tiles, which see most keys, start first.
    """
    tile = tiles - 1 - program % tiles
    batch = program // tiles // heads
    head = program // tiles % heads
    rows = (tile * BLOCK_Q + tl.arange(0, BLOCK_Q)).to(tl.int32)
    inside = rows < queries
    last = tl.minimum((tile + 1) * BLOCK_Q, queries) - 1
    interior, edges = walks(
        tl.load(first_key + tile * BLOCK_Q), tl.load(first_key + last),
        tl.load(end_key + tile * BLOCK_Q), tl.load(end_key + last), BLOCK_K,
    )  # fmt: skip
    problem = Problem(
        load_tile(q, batch, head, rows, queries, tl.arange(0, BLOCK_D), D, True),
        k, bias, batch, head, head // group, rows,
        tl.load(first_key + rows, mask=inside, other=0),
        tl.load(end_key + rows, mask=inside, other=0),
        queries, keys, scale * LOG2E,
    )  # fmt: skip
    return tile, problem, interior, edges


@device
def slot(BLOCK_Q: tl.constexpr, BLOCK_D: tl.constexpr):
    """Offsets inside one tile of scratch memory."""
    return tl.arange(0, BLOCK_Q)[:, None] * BLOCK_D + tl.arange(0, BLOCK_D)[None, :]


@device
def slots_of(scratch, program, programs, BLOCK_Q: tl.constexpr, BLOCK_D: tl.constexpr):
    """The program's tiles in scratch [4, programs, BLOCK_Q, BLOCK_D]."""
    plane = programs * BLOCK_Q * BLOCK_D
    base = scratch + program * BLOCK_Q * BLOCK_D
    return Slots(base, base + plane, base + 2 * plane, base + 3 * plane)


@device
def covariance_sweep(
    acc, problem, walk, top, high, low, shift, D: tl.constexpr, BLOCK_K: tl.constexpr,
    MASKED: tl.constexpr, BIAS: tl.constexpr, EXACT: tl.constexpr,
):  # fmt: skip
    """acc + sum_j p_ij (x_i.k_j - shift_i) k_j over the walk: centred on one side only."""
    chans = tl.arange(0, high.shape[1])
    for t in range(walk.count):
        cols = start_of(walk, t, BLOCK_K) + tl.arange(0, BLOCK_K)
        k = load_tile(
            problem.k, problem.batch, problem.key_head, cols, problem.keys, chans, D, MASKED
        )
        p = tl.exp2(scores(problem, k, cols, MASKED, BIAS) - top[:, None])
        slope = project(high, low, tl.trans(k)) if EXACT else dot(high, tl.trans(k))
        weight = p * (slope - shift[:, None])
        half = rounded(weight, k.dtype)
        acc = dot(half, k, acc)
        if EXACT and k.dtype != tl.float32:
            acc = dot(rounded(weight - half.to(tl.float32), k.dtype), k, acc)
    return acc


@device
def iterate(
    square, live, done, target, stop, problem, interior, edges, top, lam, slots, max_iters,
    D: tl.constexpr, BLOCK_K: tl.constexpr, BIAS: tl.constexpr, EXACT: tl.constexpr,
):  # fmt: skip
    """Conjugate gradient until no live row is above target; rows at stop no longer move."""
    while (done < max_iters) & (tl.max((live & (square > target)).to(tl.int32), 0) > 0):
        # The barrier orders the last stores before other threads' loads of the same rows.
        tl.debug_barrier()
        at = slot(problem.q.shape[0], problem.q.shape[1])
        high, low, unit = split(tl.load(slots.direction + at), problem.q.dtype)
        direction = joined(high, low) if EXACT else high.to(tl.float32)
        shift = tl.sum(tl.load(slots.kbar + at) * direction, 1)
        tl.store(slots.direction + at, direction)
        image = tl.zeros_like(direction)
        image = covariance_sweep(
            image, problem, interior, top, high, low, shift, D, BLOCK_K, False, BIAS, EXACT
        )
        image = covariance_sweep(
            image, problem, edges, top, high, low, shift, D, BLOCK_K, True, BIAS, EXACT
        )
        direction = tl.load(slots.direction + at)
        image += lam[:, None] * direction
        curvature = tl.sum(direction * image, 1) * unit * unit
        # Rounding can make the tile's matrix indefinite: such a row keeps its last x.
        live &= (curvature > 0) & (curvature < float("inf"))
        alpha = tl.where(live, square / tl.where(live, curvature, 1.0), 0.0) * unit
        tl.store(slots.x + at, tl.load(slots.x + at) + alpha[:, None] * direction)
        r = tl.load(slots.remainder + at) - alpha[:, None] * image
        tl.store(slots.remainder + at, r)
        now = tl.sum(r * r, 1)
        beta = tl.where(live, now / tl.where(live, square, 1.0), 0.0) * unit
        tl.store(slots.direction + at, r + beta[:, None] * direction)
        square = tl.where(live, now, square)
        live &= square > stop
        done += 1
    return square, live, done


@device
def solve(
    rhs, problem, interior, edges, top, lam, slots, max_iters, rtol, D: tl.constexpr,
    BLOCK_K: tl.constexpr, BIAS: tl.constexpr,
):  # fmt: skip
    """Solves (C_i + lam_i I) x_i = rhs_i for every row, leaving x in its slot; slots.kbar is read.

    The vectors live in global memory: they are touched once a sweep over the keys, and the
    registers they would hold are worth more to the sweep's tiles. Their slots have constant
    strides, so that their addresses need no registers either.
    An error in one product with the matrix is scaled by the step it is used for, so products may
    get coarser as the residual falls (inexact Krylov methods, Simoncini and Szyld 2003): both
    operands in two halves at first (5 GEMMs), then in one (3). fp32 has nothing to split.
    Returns the relative residual of every row and the number of iterations of the tile.
    """
    at = slot(rhs.shape[0], rhs.shape[1])
    tl.store(slots.x + at, tl.zeros_like(rhs))
    tl.store(slots.remainder + at, rhs)
    tl.store(slots.direction + at, rhs)
    start = tl.sum(rhs * rhs, 1)
    square = start
    stop = start * rtol * rtol
    live = square > stop
    done = tl.sum(tl.zeros_like(live.to(tl.int32)), 0)
    if problem.q.dtype != tl.float32:
        square, live, done = iterate(
            square, live, done, start * COARSE * COARSE, stop, problem, interior, edges, top, lam,
            slots, max_iters, D, BLOCK_K, BIAS, True,
        )  # fmt: skip
    square, live, done = iterate(
        square, live, done, stop, stop, problem, interior, edges, top, lam, slots,
        max_iters, D, BLOCK_K, BIAS, False,
    )  # fmt: skip
    tl.debug_barrier()
    return tl.sqrt(square / tl.where(start > 0, start, 1.0)), done
