"""How the Triton kernels are launched: padded widths, tiles, scratch, and what to tune."""

from __future__ import annotations

from typing import Any

import torch
import triton

from kernels.local_linear_attention.triton_blocks import INTERPRETED


def block_width(width: int) -> int:
    """Padded channels: a power of two the tensor cores can take."""
    return max(16, 1 << (width - 1).bit_length())


def query_tile(dim: int, dtype: torch.dtype) -> int:
    """Rows of one query tile; it fixes the shape of `iterations`, so it is not autotuned."""
    if INTERPRETED.value:
        return 64
    if dtype == torch.float32:
        return 64 if block_width(dim) <= 64 else 32
    return 128


def adjoint_tile(dim: int, value_dim: int, dtype: torch.dtype) -> int:
    """Rows of one query tile of the backward pass, which holds two more tiles than the forward."""
    wide = max(block_width(dim), block_width(value_dim)) > 64
    return min(query_tile(dim, dtype), 64) if wide else query_tile(dim, dtype)


def key_tile(dtype: torch.dtype) -> int:
    """Rows of one key tile of the backward pass: two accumulators of this height must fit."""
    return 64 if INTERPRETED.value or dtype != torch.float32 else 32


def solver_scratch(q: torch.Tensor, programs: int, block_q: int) -> torch.Tensor:
    """Room for the solver's vectors of every query tile: 16 bytes a query, head and channel."""
    return q.new_empty(4, programs, block_q, block_width(q.shape[-1]), dtype=torch.float32)


def strided(x: torch.Tensor) -> tuple[Any, ...]:
    """A tensor as a kernel argument: pointer and strides."""
    return (x, *x.stride())


# (rows streamed at a time, warps, pipeline stages) worth trying, by kernel and by what is wide.
# Chosen by what the assembler says for sm_80 and sm_90, not by timing: in half precision each list
# has an entry whose streaming loops hardly touch the stack (spills stay between the sweeps).
LAUNCHES: dict[str, dict[str, tuple[tuple[int, int, int], ...]]] = {
    "forward": {
        "half, narrow": ((64, 8, 2), (64, 8, 3), (32, 8, 2)),
        "half, wide": ((64, 8, 2), (32, 8, 2), (32, 8, 1)),
        "float": ((32, 8, 1), (32, 4, 1)),
    },
    "query": {
        "half, narrow": ((64, 8, 2), (32, 8, 2)),
        "half, wide": ((32, 8, 2), (32, 8, 1)),
        "float": ((32, 8, 1), (32, 4, 1)),
    },
    "key": {
        "half, narrow": ((64, 4, 2), (32, 4, 2), (64, 8, 2)),
        "half, wide": ((32, 8, 2), (32, 4, 2), (32, 8, 1)),
        "float": ((32, 8, 1), (32, 4, 1)),
    },
}


def launches(kernel: str, streamed: str) -> dict[str, Any]:
    """Arguments of `triton.autotune`, tuned once for each width and kind of input, not length.

    The interpreter, which has nothing to time, gets exactly one configuration.
    """

    def config(rows: int, warps: int, stages: int) -> triton.Config:
        return triton.Config({streamed: rows}, num_warps=warps, num_stages=stages)

    def suited(_: Any, __: Any, **meta: Any) -> list[triton.Config]:
        wide = max(block_width(meta["D"]), block_width(meta["DV"])) > 64
        kind = ("half, wide" if wide else "half, narrow") if meta["HALF"] else "float"
        return [config(*launch) for launch in LAUNCHES[kernel][kind]]

    if INTERPRETED.value:
        return {"configs": [config(64, 4, 1)], "key": []}
    every = {launch for kind in LAUNCHES[kernel].values() for launch in kind}
    return {
        "configs": [config(*launch) for launch in sorted(every)],
        "key": ["D", "DV", "HALF"],
        "prune_configs_by": {"early_config_prune": suited},
    }
