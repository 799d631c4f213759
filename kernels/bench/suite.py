"""The measurements themselves: which shapes, which rivals, which targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from kernels.bench import rivals
from kernels.bench.measure import cost_ms, in_fresh_process, machine, peak_mib
from kernels.local_linear_attention import lla, lla_decode
from kernels.local_linear_attention.cpu import BLOCK_COLUMNS
from kernels.mixers import softmax

MATERIALISED_FLOATS_MAX = 2**28  # [T, T, D] above 1 GiB is left out, and the row says so
BLOCK_ROWS = {"cpu": BLOCK_COLUMNS, "cuda": 64}
MEMORY_STEPS = 4  # memory does not depend on the steps; few keep the long runs short
Row = dict[str, str | int | float | None]


class Case(NamedTuple):
    """One shape: head width, tokens, heads, ridge; standard normal q, k, v, causal."""

    width: int
    tokens: int
    heads: int
    lam: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A number the project set itself; `met` is computed."""

    name: str
    value: float
    comparison: str
    target: float

    @property
    def met(self) -> bool:
        """Whether the value is on the right side of the target."""
        return self.value >= self.target if self.comparison == ">=" else self.value <= self.target


CPU = (
    Case(64, 1024, 1, 1.0),
    Case(64, 1024, 1, 0.1),
    Case(64, 2048, 1, 1.0),
    Case(64, 2048, 1, 0.1),
    Case(64, 4096, 1, 1.0),
    Case(128, 1024, 1, 1.0),
    Case(128, 1024, 1, 0.1),
)
CPU_QUICK = (Case(64, 512, 1, 1.0),)
CUDA = tuple(
    Case(width, tokens, heads, 1.0)
    for width in (64, 128)
    for tokens, heads in ((4096, 16), (16384, 16), (65536, 4))
)
CUDA_QUICK = (Case(64, 1024, 2, 1.0), Case(128, 1024, 2, 1.0))
READS = ((32, 5, 1.0), (32, 5, 0.1), (1, 5, 1.0), (32, 37, 1.0))  # articles, queries, ridge
READ_KEYS, READ_HEADS, READ_WIDTH = 128, 4, 32
DECODE = ((128, 16384), (128, 65536))  # width, cache; 8 heads, one query


def measure(
    device: str, *, quick: bool, budget_s: float, say: Callable[[str], None]
) -> dict[str, object]:
    """Everything for one device, as the JSON document that is written."""
    torch.manual_seed(0)
    rows = []
    for case in (
        (CPU_QUICK if quick else CPU) if device == "cpu" else (CUDA_QUICK if quick else CUDA)
    ):
        say(f"D={case.width} T={case.tokens} ridge {case.lam:g}")
        rows.append(_case(case, device, budget_s))
    say("memory reads")
    reads = [_read(*shape, device, budget_s) for shape in (READS[:1] if quick else READS)]
    say("memory")
    memory = list(_memory(device, quick=quick))
    decode = []
    if device == "cuda":
        say("decode")
        decode = [_decode(width, cache, budget_s) for width, cache in DECODE]
    targets = list(_targets(device, rows, memory, decode))
    return {
        "machine": machine(device),
        "rows": rows,
        "reads": reads,
        "memory": memory,
        "decode": decode,
        "targets": [asdict(t) | {"met": t.met} for t in targets],
    }


def _inputs(case: Case, device: str) -> list[Tensor]:
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    shape = (1, case.tokens, case.heads, case.width)
    return [torch.randn(shape, device=device).to(dtype) for _ in range(3)]


def _case(case: Case, device: str, budget_s: float) -> Row:
    q, k, v = _inputs(case, device)
    o, stats = lla(q, k, v, case.lam, return_stats=True)
    row: Row = {
        "D": case.width,
        "T": case.tokens,
        "H": case.heads,
        "ridge": case.lam,
        "steps": _tile_steps(stats.iterations, BLOCK_ROWS[device]),
        "error": _error(o, q, k, v, case.lam),
        "lla_ms": cost_ms(lambda: lla(q, k, v, case.lam), device, budget_s),
        "sdpa_ms": cost_ms(lambda: rivals.sdpa(q, k, v), device, budget_s),
        "fixed_32_ms": cost_ms(
            lambda: lla(q, k, v, case.lam, max_iters=rivals.PUBLISHED_STEPS, rtol=0.0),
            device,
            budget_s,
        ),
        "published_ms": None,
        "materialised_ms": None,
        "parallax_ms": None,
    }
    if device == "cpu":
        row["published_ms"] = cost_ms(lambda: rivals.published(q, k, v, case.lam), device, budget_s)
    if case.tokens**2 * case.width * case.heads <= MATERIALISED_FLOATS_MAX:
        row["materialised_ms"] = cost_ms(
            lambda: rivals.materialised(q.float(), k.float(), v.float(), case.lam), device, budget_s
        )
    if (parallax := rivals.parallax()) is not None:
        row["parallax_ms"] = cost_ms(lambda: parallax(q, k, v), device, budget_s)
    row |= _both_ways(case, q, k, v, device, budget_s)
    return row | _rates(row, device)


def _tile_steps(iterations: Tensor, rows: int) -> float:
    """Mean over tiles of the steps that a tile's slowest row took."""
    by_row = iterations.transpose(1, 2).flatten(0, 1)  # [B * H, T]
    return float(torch.stack([t.amax(1) for t in torch.split(by_row, rows, 1)]).double().mean())


def _error(o: Tensor, q: Tensor, k: Tensor, v: Tensor, lam: float) -> float:
    """Relative error of one head's last 1,024 rows against float64 on the same rounded inputs."""
    tail = q.shape[1] - min(q.shape[1], 1024)
    last, keys, values = (x[:, :, :1].double().cpu() for x in (q[:, tail:], k, v))
    want = lla(last, keys, values, lam, backend="cpu")
    return float((o[:, tail:, :1].double().cpu() - want).norm() / want.norm())


def _both_ways(
    case: Case, q: Tensor, k: Tensor, v: Tensor, device: str, budget_s: float
) -> dict[str, float]:
    leaves = q, k, v = q.clone(), k.clone(), v.clone()
    for x in leaves:
        x.requires_grad_()

    def backward(o: Tensor) -> Callable[[], object]:
        return lambda: torch.autograd.grad(o, leaves, do, retain_graph=True)

    ours, theirs = lla(q, k, v, case.lam), rivals.sdpa(q, k, v)
    do = torch.randn_like(ours)
    return {
        "lla_backward_ms": cost_ms(backward(ours), device, budget_s),
        "sdpa_backward_ms": cost_ms(backward(theirs), device, budget_s),
    }


def _rates(row: Row, device: str) -> dict[str, float | None]:
    """Arithmetic rates by the cost model of the README, and the ratios the targets speak of."""

    def number(name: str) -> float | None:
        found = row[name]
        return None if found is None else float(found)

    product = float(row["T"] or 0) ** 2 * float(row["D"] or 0) * float(row["H"] or 0)  # causal FLOP
    per_step = 2 if device == "cpu" else 3  # the CPU keeps the weights, Triton computes them again
    lla_ms, sdpa_ms = number("lla_ms") or 0.0, number("sdpa_ms") or 0.0
    flop = product * ((4 if device == "cpu" else 5) + per_step * (number("steps") or 0.0))
    total = lla_ms + (number("lla_backward_ms") or 0.0)
    slower = {
        f"{name}_over_lla": None if (ms := number(f"{name}_ms")) is None else ms / lla_ms
        for name in ("materialised", "published", "fixed_32")
    }
    return slower | {
        "lla_gflop_s": flop / lla_ms / 1e6,
        "sdpa_gflop_s": 2 * product / sdpa_ms / 1e6,
        "lla_over_sdpa": lla_ms / sdpa_ms,
        "both_ways_over_sdpa": total / (sdpa_ms + (number("sdpa_backward_ms") or 0.0)),
        "backward_over_forward": (number("lla_backward_ms") or 0.0) / lla_ms,
    }


def _read(articles: int, queries: int, lam: float, device: str, budget_s: float) -> Row:
    """The memory model's read: a few label queries over retrieved spans, biased, not causal."""
    dtype = torch.float32 if device == "cpu" else torch.bfloat16

    def normal(tokens: int) -> Tensor:
        shape = (articles, tokens, READ_HEADS, READ_WIDTH)
        return torch.randn(shape, device=device).to(dtype)

    q, k, v = normal(queries), normal(READ_KEYS), normal(READ_KEYS)
    bias = torch.randn(articles, READ_HEADS, 1, READ_KEYS, device=device)
    ours = cost_ms(lambda: lla(q, k, v, lam, bias=bias, causal=False), device, budget_s)
    theirs = cost_ms(lambda: softmax(q, k, v, lam, bias=bias, causal=False), device, budget_s)
    return {
        "articles": articles, "queries": queries, "keys": READ_KEYS, "H": READ_HEADS,
        "D": READ_WIDTH, "ridge": lam, "lla_ms": ours, "softmax_ms": theirs,
        "lla_over_softmax": ours / theirs,
    }  # fmt: skip


def _memory(device: str, *, quick: bool) -> Iterator[Row]:
    """Peak of forward and backward by length: linear means a fourfold length takes fourfold."""
    for tokens in (1024, 4096) if quick else (4096, 16384):
        if device == "cpu":
            mib = in_fresh_process(_cpu_peak_mib, tokens, 64)
        else:
            mib = peak_mib(lambda n=tokens: _forward_backward(n, 64, "cuda"), "cuda")  # type: ignore[misc]
        yield {"T": tokens, "D": 64, "H": 1, "peak_mib": mib}


def _cpu_peak_mib(tokens: int, width: int) -> float:
    _forward_backward(256, width, "cpu")  # libraries and threads are not what is measured
    return peak_mib(lambda: _forward_backward(tokens, width, "cpu"), "cpu")


def _forward_backward(tokens: int, width: int, device: str) -> None:
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    q, k, v = (
        torch.randn(1, tokens, 1, width, device=device, dtype=dtype, requires_grad=True)
        for _ in range(3)
    )
    torch.autograd.grad(lla(q, k, v, 1.0, max_iters=MEMORY_STEPS).sum(), (q, k, v))


def _decode(width: int, cache: int, budget_s: float) -> Row:
    q = torch.randn(1, 1, 8, width, device="cuda", dtype=torch.bfloat16)
    k, v = (torch.randn(1, cache, 8, width, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    ours = cost_ms(lambda: lla_decode(q, k, v, 1.0), "cuda", budget_s)
    # One query reads every key: no mask, torch's own split decode.
    one, all_k, all_v = (x.transpose(1, 2) for x in (q, k, v))
    theirs = cost_ms(lambda: scaled_dot_product_attention(one, all_k, all_v), "cuda", budget_s)
    return {
        "D": width,
        "cache": cache,
        "lla_ms": ours,
        "sdpa_ms": theirs,
        "lla_over_sdpa": ours / theirs,
        "floor_ms": 2 * cache * 8 * width * 2 / 3.35e9,  # bytes at an H100's 3.35 TB/s
    }


def _targets(
    device: str, rows: list[Row], memory: list[Row], decode: list[Row]
) -> Iterator[Target]:
    def worst(key: str, pick: Callable[[Row], bool], least: bool) -> float | None:
        found = [float(r[key] or 0.0) for r in rows if pick(r) and r[key] is not None]
        return None if not found else min(found) if least else max(found)

    growth = float(memory[1]["peak_mib"] or 0) / max(1e-9, float(memory[0]["peak_mib"] or 0))
    yield Target(name="memory at 4x the length", value=growth, comparison="<=", target=4.2)
    wanted: tuple[tuple[str, str, int | None, float | None, str, float], ...]
    if device == "cpu":
        wanted = (
            ("materialised over LLA, D 64, ridge 1", "materialised_over_lla", 64, 1.0, ">=", 15.0),
            (
                "materialised over LLA, D 64, ridge 0.1",
                "materialised_over_lla",
                64,
                0.1,
                ">=",
                10.0,
            ),
            ("LLA over SDPA, ridge 1", "lla_over_sdpa", 64, 1.0, "<=", 10.0),
            ("backward over forward", "backward_over_forward", None, None, "<=", 3.0),
            ("fp32 relative error", "error", None, None, "<=", 1e-4),
        )
    else:
        wanted = (
            ("LLA over SDPA, both ways, ridge 1", "both_ways_over_sdpa", None, 1.0, "<=", 12.0),
            ("bf16 relative error, ridge 1", "error", None, 1.0, "<=", 5e-3),
        )
        share = min(float(r["lla_gflop_s"] or 0) / float(r["sdpa_gflop_s"] or 1) for r in rows)
        yield Target(name="FLOP/s of SDPA's", value=share, comparison=">=", target=0.85)
        for r in decode:
            ratio = float(r["lla_over_sdpa"] or 0)
            yield Target(
                name=f"decode over SDPA, cache {r['cache']}",
                value=ratio,
                comparison="<=",
                target=1.4,
            )
    for name, key, width, lam, comparison, target in wanted:
        value = worst(
            key,
            lambda r, w=width, x=lam: w in {None, r["D"]} and x in {None, r["ridge"]},  # type: ignore[misc]
            comparison == ">=",
        )
        if value is not None:
            yield Target(name=name, value=value, comparison=comparison, target=target)
