"""What a run of the harness leaves: checks with computed verdicts, tables, and what made them."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

Value = str | int | float | bool | None
Table = Sequence[Mapping[str, Value]]

# What the numbers depend on.
CODE = (
    "annotator.longdoc.bus",
    "annotator.longdoc.document",
    "annotator.longdoc.messages",
    "annotator.longdoc.reading",
    "annotator.longdoc.speakers",
    "annotator.longdoc.state",
    "annotator.longdoc.transcript",
    "annotator.longdoc.trees",
    "annotator.longdoc.bench.monoids",
    "annotator.longdoc.bench.problems",
    "annotator.longdoc.bench.protocols",
    "annotator.longdoc.bench.run",
    "annotator.longdoc.bench.sim",
    "annotator.longdoc.bench.stats",
    "annotator.longdoc.bench.suite",
    "annotator.longdoc.bench.team",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One number held against its target; a control is a broken set-up that must look broken."""

    name: str
    value: float
    comparison: Literal[">=", "<="]
    target: float
    is_control: bool = False

    @property
    def passed(self) -> bool:
        """Computed, never given; what is not finite fails."""
        if not math.isfinite(self.value):
            return False
        return self.value >= self.target if self.comparison == ">=" else self.value <= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run. ``settings`` says how it was made, backend and its errors included."""

    bench: str
    quick: bool
    settings: Mapping[str, object]
    checks: tuple[Check, ...]
    tables: Mapping[str, Table]
    wall_s: float
    code: tuple[str, ...] = CODE

    @property
    def passed(self) -> bool:
        """Every number met and every control failed as it should; a report needs checks."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    def as_dict(self) -> dict[str, object]:
        """For JSON; a value that is not finite is null, and its check has failed."""
        checks = [asdict(c) | {"value": _finite(c.value), "passed": c.passed} for c in self.checks]
        return {
            "bench": self.bench,
            "quick": self.quick,
            "passed": self.passed,
            "checks": checks,
            "settings": dict(self.settings),
            "wall_s": round(self.wall_s, 1),
            "python": platform.python_version(),
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
            "code_modules": list(self.code),
            "code_sha256": code_digest(self.code),
            "tables": {name: list(rows) for name, rows in self.tables.items()},
        }

    def as_json(self) -> str:
        """One document."""
        return json.dumps(self.as_dict(), indent=1, allow_nan=False) + "\n"


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def code_digest(modules: Iterable[str]) -> str:
    """SHA-256 over names and text of modules: a committed result is stale when it differs."""
    digest = hashlib.sha256()
    for name in sorted(modules):
        spec = find_spec(name)
        assert spec is not None, name
        assert spec.origin is not None, name
        digest.update(f"{name}\n".encode() + Path(spec.origin).read_bytes())
    return digest.hexdigest()
