"""`lla` and `lla_decode`: arguments checked at the door, then CPU or Triton by device."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypedDict, Unpack, overload

import torch
from torch import Tensor

from kernels.local_linear_attention import moments, ops
from kernels.local_linear_attention.spans import spans

Backend = Literal["cpu", "triton"]
Ridge = float | Tensor

TRITON_WIDTH_MAX = 128
HALF = (torch.bfloat16, torch.float16)
# |r| / |r0| at which a row's solve stops, and the most steps it may take to get there.
RTOL = {torch.bfloat16: 1e-3, torch.float16: 1e-3, torch.float32: 1e-4, torch.float64: 1e-11}
STEPS_MAX = {torch.bfloat16: 32, torch.float16: 32, torch.float32: 128, torch.float64: 512}


class Stats(NamedTuple):
    """How the solves went, one number for each query [B, Tq, Hq]; no gradient flows through them.

    iterations: solver steps, of the row on CPU (a block costs the most of its rows; 0 where the
    solve was direct), of its whole tile on Triton. residual: |r| / |r0| at the end. lse: log of the
    summed exponentials, -inf for a row that reads nothing. reach: (q - kbar).u >= 0, how far
    outside its keys a query looks; large values mean extrapolation, where outputs may leave the
    range of the values.
    """

    iterations: Tensor
    residual: Tensor
    lse: Tensor
    reach: Tensor


class Options(TypedDict, total=False):
    """What the overloads of `lla` share; meaning and defaults are told there."""

    scale: float | None
    causal: bool
    window: int | None
    cu_seqlens: Tensor | Sequence[int] | None
    bias: Tensor | None
    max_iters: int | None
    rtol: float | None
    backend: Backend | None


@overload
def lla(
    q: Tensor, k: Tensor, v: Tensor, lam: Ridge, *,
    return_stats: Literal[False] = ..., **options: Unpack[Options],
) -> Tensor: ...  # fmt: skip


@overload
def lla(
    q: Tensor, k: Tensor, v: Tensor, lam: Ridge, *,
    return_stats: Literal[True], **options: Unpack[Options],
) -> tuple[Tensor, Stats]: ...  # fmt: skip


def lla(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lam: Ridge,
    *,
    scale: float | None = None,
    causal: bool = True,
    window: int | None = None,
    cu_seqlens: Tensor | Sequence[int] | None = None,
    bias: Tensor | None = None,
    max_iters: int | None = None,
    rtol: float | None = None,
    return_stats: bool = False,
    backend: Backend | None = None,
) -> Tensor | tuple[Tensor, Stats]:
    """Local Linear Attention (arXiv 2510.01450): at each query, an affine fit of values on keys.

    o_i = b of argmin over (b, W) of sum_j p_ij |v_j - b - W (k_j - q_i)|^2 + lam_i |W|^2, with p
    the softmax weights. Infinite lam is softmax attention; small lam extrapolates.

    q [B, Tq, Hq, D], k [B, Tk, Hk, D], v [B, Tk, Hk, Dv] of one dtype and device; Hq a multiple of
      Hk (query head h reads key head h // (Hq / Hk)). On Triton D and Dv are at most 128.
    lam: ridge > 0 relative to weights that sum to one, in squared key units: a float, [Hq], or
      [B, Tq, Hq]. Differentiable.
    scale: of q.k, default D ** -0.5. causal: query i stands at position Tk - Tq + i (aligned
      bottom-right). window: only the newest that many keys, counting the query's own; causal only.
      Give it at least 2 D keys to have a fit to speak of.
    cu_seqlens [N+1]: cumulative lengths of sequences packed into B = 1, Tq = Tk; a list or a CPU
      tensor is checked, one on the device is trusted (checking would wait for the device).
    bias: added to the scores, broadcastable to [B, Hq, Tq, Tk], -inf hides a key; differentiable
      (its gradient takes [B, Hq, Tq, Tk] memory).
    max_iters, rtol: the solve of a row stops at |r| <= rtol |r0|. The gradient is exact to the
      same tolerance. By dtype: 1e-3 in half precision, 1e-4 in fp32, 1e-11 in fp64.
    backend: "triton" on CUDA, else "cpu"; either can be asked for.

    Returns o [B, Tq, Hq, Dv] in q's dtype, with `return_stats` also `Stats`. A query that may read
    nothing gives zeros and takes no gradient. On a device a ridge that is not positive gives NaN
    rows. No second derivatives. Under autocast q, k, v are cast, lam and bias are not.

    Raises ValueError, naming the argument, its shape and what was expected.
    """
    q, k, v = _autocast(q, k, v)
    backend = _check(q, k, v, backend)
    b, queries, heads, width = q.shape
    keys = k.shape[1]
    wide = torch.promote_types(q.dtype, torch.float32)
    ridge = _ridge(lam, (b, queries, heads), wide, q.device)
    if bias is not None:
        bias = _bias(bias, (b, heads, queries, keys), wide, q.device)
    if window is not None and (window < 1 or not causal):
        raise ValueError(f"window: {window}, causal={causal}; a window is >= 1 key and causal only")
    packs = None if cu_seqlens is None else _packs(cu_seqlens, b, queries, keys)
    scale = _scale(scale, width)
    max_iters = STEPS_MAX[q.dtype] if max_iters is None else max_iters
    rtol = RTOL[q.dtype] if rtol is None else rtol
    if max_iters < 1 or not 0 <= rtol < 1:
        raise ValueError(f"max_iters: {max_iters}, rtol: {rtol}; expected >= 1 and in [0, 1)")

    at = spans(queries, keys, causal=causal, window=window, cu_seqlens=packs, device=q.device)
    o: Tensor
    o, u, kbar, lse, residual, iterations = ops.forward(
        q, k, v, ridge, bias, list(at), scale, max_iters, rtol, backend
    )
    if not return_stats:
        return o
    with torch.no_grad():
        reach = ((q - kbar) * u).sum(-1)
    return o, Stats(iterations, residual, lse, reach)


def lla_decode(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    lam: Ridge,
    *,
    cache_lens: Tensor | None = None,
    scale: float | None = None,
    window: int | None = None,
    backend: Backend | None = None,
) -> Tensor:
    """The newest few queries against a cache, read once: moments by split, merged pairwise (S9).

    q [B, Tq, Hq, D] with few rows; k_cache [B, Tk, Hk, D], v_cache [B, Tk, Hk, Dv]; cache_lens [B]
    int32, how much of each cache is filled, this step's keys included (default: all of it). Row i
    of batch b stands at position cache_lens[b] - Tq + i; equals the same rows of a causal `lla`.
    Forward only. Errors as in `lla`; lengths on a device are trusted, like `cu_seqlens`.
    """
    backend = _check(q, k_cache, v_cache, backend)
    b, queries, heads, width = q.shape
    keys = k_cache.shape[1]
    wide = torch.promote_types(q.dtype, torch.float32)
    ridge = _ridge(lam, (b, queries, heads), wide, q.device)
    if window is not None and window < 1:
        raise ValueError(f"window: {window}; expected at least 1 key")
    if cache_lens is None:
        cache_lens = torch.full((b,), keys, dtype=torch.int32, device=q.device)
    if cache_lens.shape != (b,) or cache_lens.dtype not in {torch.int32, torch.int64}:
        raise ValueError(
            f"cache_lens: {cache_lens.dtype} {tuple(cache_lens.shape)}; expected integers [B={b}]"
        )
    if cache_lens.device.type == "cpu" and not bool(
        ((cache_lens >= 0) & (cache_lens <= keys)).all()
    ):
        raise ValueError(f"cache_lens: {cache_lens.tolist()}; expected 0 to Tk={keys}")
    lengths = cache_lens.to(device=q.device, dtype=torch.int32)
    with torch.no_grad(), torch.autocast(q.device.type, enabled=False):
        if backend == "triton":
            from kernels.local_linear_attention import triton_decode

            return triton_decode.decode(
                q, k_cache, v_cache, ridge, lengths, _scale(scale, width), window
            )
        return moments.decode(q, k_cache, v_cache, ridge, lengths, _scale(scale, width), window)


def _autocast(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    kind = q.device.type
    if torch.is_autocast_enabled(kind) and q.dtype != torch.float64:
        dtype = torch.get_autocast_dtype(kind)
        return q.to(dtype), k.to(dtype), v.to(dtype)
    return q, k, v


def _check(q: Tensor, k: Tensor, v: Tensor, backend: Backend | None) -> Backend:
    for name, x in (("q", q), ("k", k), ("v", v)):
        if x.ndim != 4 or 0 in x.shape:
            raise ValueError(
                f"{name}: shape {tuple(x.shape)}; expected four sizes >= 1, [B, T, H, D]"
            )
        if x.dtype not in RTOL:
            raise ValueError(f"{name}: {x.dtype}; expected bfloat16, float16, float32 or float64")
        if (x.dtype, x.device) != (q.dtype, q.device):
            raise ValueError(f"{name}: {x.dtype} on {x.device}; q is {q.dtype} on {q.device}")
    (b, _, heads, width), (_, keys, key_heads, _) = q.shape, k.shape
    if k.shape != (b, keys, key_heads, width) or heads % key_heads:
        raise ValueError(
            f"k: shape {tuple(k.shape)}; expected [B={b}, Tk, a divisor of Hq={heads}, D={width}]"
        )
    if v.shape[:3] != k.shape[:3]:
        raise ValueError(
            f"v: shape {tuple(v.shape)}; expected [B={b}, Tk={keys}, Hk={key_heads}, Dv]"
        )
    backend = backend or ("triton" if q.is_cuda else "cpu")
    if backend not in {"cpu", "triton"}:
        raise ValueError(f"backend: {backend!r}; expected 'cpu' or 'triton'")
    if backend == "triton":
        for name, x in (("q", q), ("v", v)):
            if x.shape[3] > TRITON_WIDTH_MAX or x.dtype == torch.float64:
                raise ValueError(
                    f"{name}: {x.dtype} {tuple(x.shape)}; Triton takes widths up to "
                    f"{TRITON_WIDTH_MAX} in bfloat16, float16 or float32: use backend='cpu'"
                )
    return backend


def _ridge(
    lam: Ridge, rows: tuple[int, int, int], dtype: torch.dtype, device: torch.device
) -> Tensor:
    if isinstance(lam, Tensor):
        if not lam.is_floating_point() or tuple(lam.shape) not in {(), rows[2:], rows}:
            raise ValueError(
                f"lam: {lam.dtype} {tuple(lam.shape)}; expected a float, [Hq={rows[2]}] or "
                f"[B, Tq, Hq]={list(rows)}"
            )
        if lam.device != device:
            raise ValueError(f"lam: on {lam.device}; q is on {device}")
        lam = lam.to(dtype)
        if device.type == "cpu" and not torch.compiler.is_compiling():
            if not bool(((lam > 0) & (lam < math.inf)).all()):
                raise ValueError(
                    "lam: has values that are not positive and finite; the ridge must be"
                )
        else:
            lam = torch.where(lam > 0, lam, torch.nan)
        return lam.expand(rows)
    if not 0 < lam < math.inf:
        raise ValueError(f"lam: {lam}; the ridge must be positive and finite")
    return torch.full((), lam, dtype=dtype, device=device).expand(rows)


def _bias(bias: Tensor, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    if not bias.is_floating_point() or bias.device != device:
        raise ValueError(f"bias: {bias.dtype} on {bias.device}; expected floats on {device}")
    try:
        return bias.to(dtype).expand(shape)
    except RuntimeError as error:
        raise ValueError(
            f"bias: shape {tuple(bias.shape)}; expected one that broadcasts to "
            f"[B, Hq, Tq, Tk]={list(shape)}"
        ) from error


def _packs(cu_seqlens: Tensor | Sequence[int], b: int, queries: int, keys: int) -> Tensor:
    if b != 1 or queries != keys:
        raise ValueError(f"cu_seqlens: B={b}, Tq={queries}, Tk={keys}; packing needs B=1 and Tq=Tk")
    packs = cu_seqlens if isinstance(cu_seqlens, Tensor) else torch.tensor(list(cu_seqlens))
    if packs.ndim != 1 or len(packs) < 2 or packs.is_floating_point():
        raise ValueError(
            f"cu_seqlens: {packs.dtype} {tuple(packs.shape)}; expected [N+1] integers, N >= 1"
        )
    if packs.device.type == "cpu" and not torch.compiler.is_compiling():
        edges = packs.tolist()
        if edges[0] != 0 or edges[-1] != keys or any(a >= z for a, z in itertools.pairwise(edges)):
            raise ValueError(f"cu_seqlens: {edges}; expected 0, rising strictly to T={keys}")
    return packs


def _scale(scale: float | None, width: int) -> float:
    if scale is None:
        return float(width**-0.5)
    if not math.isfinite(scale):
        raise ValueError(f"scale: {scale}; expected a finite number")
    return float(scale)
