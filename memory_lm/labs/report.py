"""What every lab gives back: checks whose verdict is computed, tables, cost and code digest."""

from __future__ import annotations

import ast
import hashlib
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

from newsroom.errors import BadRequest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PACKAGE = "memory_lm.labs"
# What the numbers of a lab depend on that trains around the mixers, as `code` of `finish`.
MIXERS_CODE = (
    "kernels.mixers",
    "kernels.local_linear_attention.cpu",
    "kernels.local_linear_attention.interface",
    "kernels.local_linear_attention.spans",
)
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": float.__ge__,
    "<=": float.__le__,
    ">": float.__gt__,
    "<": float.__lt__,
}

Value = str | int | float | bool | None
Row = Mapping[str, Value]


def number(row: Row, key: str) -> float:
    """A cell of a table that must hold a number."""
    value = row[key]
    assert isinstance(value, int | float)
    return float(value)


def _silent(_: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSettings:
    """How to run: ``quick`` is CI's size, ``seed`` shifts all seeds, ``say`` takes progress."""

    quick: bool = False
    seed: int = 0
    say: Callable[[str], None] = _silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One number held against its target; a control is a broken set-up that must look broken."""

    name: str
    value: float
    comparison: Literal[">=", "<=", ">", "<"]
    target: float
    is_control: bool = False

    @property
    def passed(self) -> bool:
        """Computed, never given; NaN and infinity fail whatever the comparison."""
        holds = COMPARISONS[self.comparison](float(self.value), float(self.target))
        return holds and math.isfinite(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of one lab run. Build it with :func:`finish`."""

    lab: str
    quick: bool
    seeds: tuple[int, ...]
    config: Mapping[str, object]
    checks: tuple[Check, ...]
    tables: Mapping[str, Sequence[Row]]
    wall_s: float
    cpu_s: float
    versions: Mapping[str, str]
    machine: str
    code_modules: tuple[str, ...]
    code_sha256: str

    @property
    def passed(self) -> bool:
        """Every number met and every control failed as it should; a report needs checks."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    def as_json(self) -> str:
        """One JSON document; a value that is not finite is null, and its check has failed."""
        tree = asdict(self)
        tree["checks"] = [asdict(check) | {"passed": check.passed} for check in self.checks]
        tree["passed"] = self.passed
        return json.dumps(_finite(tree), indent=1, allow_nan=False) + "\n"


@dataclass(frozen=True, slots=True)
class Clock:
    """Starts when made: wall and process seconds."""

    wall: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)


def finish(
    clock: Clock,
    settings: LabSettings,
    *,
    lab: str,
    seeds: Iterable[int],
    config: Mapping[str, object],
    checks: Iterable[Check],
    tables: Mapping[str, Sequence[Row]],
    code: Iterable[str],
) -> Report:
    """Close a run. ``code`` names the modules and packages that the numbers depend on."""
    import numpy as np
    import torch

    modules = tuple(sorted({*code, f"{PACKAGE}.{lab}"}))
    return Report(
        lab=lab,
        quick=settings.quick,
        seeds=tuple(seeds),
        config=config,
        checks=tuple(checks),
        tables=tables,
        wall_s=round(time.perf_counter() - clock.wall, 1),
        cpu_s=round(time.process_time() - clock.cpu, 1),
        versions={
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
        },
        machine=f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"{torch.get_num_threads()} threads",
        code_modules=modules,
        code_sha256=code_digest(modules),
    )


def code_digest(modules: Iterable[str]) -> str:
    """SHA-256 over names and text of modules (a package stands for all its files), in order.

    A committed result is stale when this differs from its ``code_sha256``.
    """
    digest = hashlib.sha256()
    for name in sorted(modules):
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise BadRequest("lab-code-unknown", f"no module {name} to take the digest of")
        origin = Path(spec.origin)
        files = sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]
        for file in files:
            inside = file.relative_to(origin.parent).as_posix()
            digest.update(f"{name} {inside}\n".encode())
            digest.update(file.read_text("utf-8").encode())
    return digest.hexdigest()


class Lab(Protocol):
    """What a lab module offers."""

    def run(self, settings: LabSettings) -> Report:
        """Run all arms and controls."""

    def figure(self, report: Report) -> Figure:
        """Draw a report."""


def labs() -> dict[str, str]:
    """Name and first docstring line of every lab, read without importing any."""
    found = {}
    for file in sorted(Path(__file__).parent.glob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree.body):
            found[file.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def load(name: str) -> Lab:
    """The lab of this name, or BadRequest ``lab-unknown`` that names those there are."""
    if name not in labs():
        raise BadRequest(
            "lab-unknown", f"no lab {name!r}; there are: {', '.join(labs())}", field="name"
        )
    return cast("Lab", import_module(f"{PACKAGE}.{name}"))


def _finite(tree: object) -> object:
    if isinstance(tree, Mapping):
        return {key: _finite(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_finite(value) for value in tree]
    if isinstance(tree, float) and not math.isfinite(tree):
        return None
    return tree
