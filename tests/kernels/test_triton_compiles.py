"""Every Triton kernel compiles to machine code for real GPUs, ahead of time and without one.

The compiler runs in another process: in this one Triton interprets. Run as a script, this file
prints a JSON line for each configuration: `test_triton_compiles.py KERNEL,... TYPE WIDTH ARCH`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIGNATURES = {
    "forward": """q:tile k:tile v:tile lam:row bias:map first_key:*i32 end_key:*i32 o:tile u:wide
        kbar:wide scratch:*fp32 lse:row residual:row iterations:*i32 scale:fp32 rtol:fp32
        max_iters:i32 queries:i32 keys:i32 heads:i32 group:i32 tiles:i32""",
    "query": """do:tile q:tile k:tile v:tile lam:row bias:map first_key:*i32 end_key:*i32 u:wide
        kbar:wide lse:row o:tile dq:tile dlam:row dbias:map scratch:*fp32 packed:4tile levels:5row
        scale:fp32 rtol:fp32 max_iters:i32 queries:i32 keys:i32 heads:i32 group:i32 tiles:i32""",
    "key": """do:tile q:tile k:tile v:tile bias:map first_query:*i32 end_query:*i32 lse:row
        packed:4tile levels:5row dk:tile dv:tile scale:fp32 queries:i32 keys:i32 key_heads:i32
        group:i32 tiles:i32""",
    "moments": """q:tile k:tile v:tile cache_lens:*i32 out:moments scale:fp32 window:i32 queries:i32
        keys:i32 heads:i32 group:i32 splits:i32""",
    "merge": "parts:moments out:moments splits:i32 blocks:i32",
    "solve": "q:tile lam:row parts:moments o:tile queries:i32 heads:i32 rtol:fp32",
}


def compiled(kernel: str, dtype: str, width: int, arch: int) -> list[dict[str, Any]]:
    """Registers, spilled bytes and shared memory of each launch configuration of a kernel."""
    import torch
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from kernels.local_linear_attention import (
        triton_backward,
        triton_decode,
        triton_forward,
        triton_launches,
    )

    functions = {
        "forward": triton_forward.forward_kernel,
        "query": triton_backward.query_kernel,
        "key": triton_backward.key_kernel,
        "moments": triton_decode.moments_kernel,
        "merge": triton_decode.merge_kernel,
        "solve": triton_decode.solve_kernel,
    }
    of = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[dtype]
    tile = (f"*{dtype}", "i32", "i32", "i32", "constexpr")
    kinds = {
        "tile": tile, "4tile": (tile,) * 4, "wide": ("*fp32", *tile[1:]),
        "row": ("*fp32", *["i32"] * 3), "5row": (("*fp32", *["i32"] * 3),) * 5,
        "map": ("*fp32", *["i32"] * 3, "constexpr"),
        "moments": triton_decode.Moments(*["*fp32"] * 6),
    }  # fmt: skip
    block = triton_launches.block_width(width)
    constants = {
        "D": width, "DV": width, "HALF": dtype != "fp32", "BIAS": True, "BIAS_GRAD": True,
        "BLOCK_D": block, "BLOCK_V": block, "ROWS": triton_decode.MERGE_ROWS,
        "BLOCK_Q": triton_launches.adjoint_tile(width, width, of)
        if kernel == "query" else triton_launches.query_tile(width, of), "BLOCK_K": triton_launches.key_tile(of),
    }  # fmt: skip
    function = functions[kernel]
    if kernel in triton_launches.LAUNCHES:
        configs = [
            (c.kwargs, c.num_warps, c.num_stages)
            for c in function.early_config_prune(None, None, **constants)
        ]
        function = function.fn
    else:
        configs = [(triton_decode.launch(block)[0], *triton_decode.launch(block)[1:])]
    types = dict(word.split(":") for word in SIGNATURES[kernel].split())
    found = []
    for tuned, warps, stages in configs:
        signature: dict[str, Any] = {}
        fixed: dict[Any, Any] = {}
        aligned: dict[Any, Any] = {}
        for i, name in enumerate(function.arg_names):
            if name not in types:
                signature[name], fixed[i,] = "constexpr", {**constants, **tuned}[name]
                continue
            signature[name] = kinds.get(types[name], types[name])
            for path, kind in leaves((i,), signature[name]):
                if kind == "constexpr":
                    fixed[path] = 1  # the last stride
                elif kind.startswith("*") or len(path) > 1:
                    aligned[path] = [["tt.divisibility", 16]]
        built = triton.compile(
            ASTSource(function, signature, constexprs=fixed, attrs=aligned),
            target=GPUTarget("cuda", arch, 32),
            options={"num_warps": warps, "num_stages": stages},
        )
        found.append(
            {"kernel": kernel, "dtype": dtype, "width": width, "arch": arch, **tuned,
             "warps": warps, "stages": stages, "shared": built.metadata.shared,
             **usage(built.asm["ptx"], arch)}
        )  # fmt: skip
    return found


def leaves(path: tuple[int, ...], kind: Any) -> list[tuple[tuple[int, ...], str]]:
    """Every plain type of a nested one, with where it stands."""
    if isinstance(kind, tuple):
        return [leaf for i, inner in enumerate(kind) for leaf in leaves((*path, i), inner)]
    return [(path, kind)]


def usage(ptx: str, arch: int) -> dict[str, int]:
    """What the assembler says of a kernel."""
    import triton

    target = f"sm_{arch}a" if arch >= 90 else f"sm_{arch}"
    told = subprocess.run(
        [triton.knobs.nvidia.ptxas.path, "-v", f"--gpu-name={target}", "-o", os.devnull, "-"],
        input=ptx, capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    numbers = re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", told)
    registers = re.search(r"Used (\d+) registers", told)
    assert numbers
    assert registers
    return {
        "registers": int(registers[1]),
        "spill_stores": int(numbers[1]),
        "spill_loads": int(numbers[2]),
    }


def outside(cache: Path, *args: str) -> list[dict[str, Any]]:
    shell = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    shell |= {"TRITON_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, __file__, *args], env=shell, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_decode_kernels_compile_without_spilling(tmp_path):
    found = outside(tmp_path, "moments,merge,solve", "bf16", "64", "90")
    assert [f["kernel"] for f in found] == ["moments", "merge", "solve"]
    assert not [f for f in found if f["spill_stores"]]


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("arch", ["80", "90"])
@pytest.mark.parametrize("width", ["64", "128"])
@pytest.mark.parametrize("dtype", ["bf16", "fp16", "fp32"])
@pytest.mark.parametrize("kernel", list(SIGNATURES))
def test_every_kernel_compiles(kernel, dtype, width, arch, tmp_path):
    shared_max = {"80": 166_912, "90": 232_448}[arch]
    assert min(f["shared"] for f in outside(tmp_path, kernel, dtype, width, arch)) <= shared_max


if __name__ == "__main__":
    names, element, channels, machine = sys.argv[1:]
    for name in names.split(","):
        for line in compiled(name, element, int(channels), int(machine)):
            print(json.dumps(line), flush=True)
