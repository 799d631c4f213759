"""Cost of a call: processor or device time, peak memory, and the machine it was taken on."""

from __future__ import annotations

import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

MIN_SAMPLES = 3


def cost_ms(call: Callable[[], object], device: str, budget_s: float) -> float:
    """Milliseconds of one call: the least process time on CPU, the median device time on CUDA.

    Process time counts all threads and leaves out what other programs take; its least value over
    the budget is what the work itself costs. Warms up once.
    """
    call()
    if device == "cpu":
        best, begun, samples = float("inf"), time.perf_counter(), 0
        while samples < MIN_SAMPLES or time.perf_counter() - begun < budget_s:
            start = time.process_time_ns()
            call()
            best = min(best, (time.process_time_ns() - start) / 1e6)
            samples += 1
        return best
    torch.cuda.synchronize()
    begun, times = time.perf_counter(), list[float]()
    while len(times) < MIN_SAMPLES or time.perf_counter() - begun < budget_s:
        begin, end = (torch.Event(device, enable_timing=True) for _ in range(2))
        begin.record()
        call()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return statistics.median(times)


def peak_mib(call: Callable[[], object], device: str) -> float:
    """Peak memory that a call needs above what was held before it, in MiB.

    On CPU: the process's peak resident set (Linux), so run it in a fresh process
    (`in_fresh_process`), whose allocator holds no old memory; on CUDA: the allocator's own count.
    """
    if device == "cpu":
        before = _status_kib("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # forget the peak so far
        call()
        return (_status_kib("VmHWM") - before) / 1024
    torch.cuda.synchronize()
    held = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    call()
    torch.cuda.synchronize()
    return (torch.cuda.max_memory_allocated() - held) / 2**20


def in_fresh_process(job: Callable[[int, int], float], first: int, second: int) -> float:
    """`job(first, second)` in a new interpreter of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(job, (first, second))


def _status_kib(name: str) -> int:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/self/status has no {name}: memory is measured on Linux only")


def machine(device: str) -> dict[str, str | int]:
    """Device name and versions, for the result file."""
    about: dict[str, str | int] = {
        "device": torch.cuda.get_device_name() if device == "cuda" else _processor(),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        "torch": torch.__version__.partition("+")[0],
    }
    for package in ("triton", "fla-core"):
        try:
            about[package] = version(package)
        except PackageNotFoundError:
            about[package] = "not installed"
    return about


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text("utf-8").splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
