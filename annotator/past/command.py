"""`newsroom memory ablate`: the effects around the ablation."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from annotator.heads import data
from annotator.heads.rows import build as build_rows
from annotator.past import report
from annotator.past.ablate import FULL, ablate
from annotator.past.build import corpora
from memory_lm.labs.report import code_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODE = (
    "annotator.past.ablate", "annotator.past.arms", "annotator.past.corpus",
    "annotator.past.paired", "annotator.past.replay", "memory_lm.batches",
    "memory_lm.event_state", "memory_lm.reader", "memory_lm.recall", "memory_lm.side",
    "memory_lm.train",
)  # fmt: skip


def run(
    folder: Path, cache: Path | None, output: Path, page: Path, done: Callable[[int, int], object]
) -> dict[str, Any]:
    """Measure, and write ``ablation.json``, its figure and the page."""
    found = corpora(build_rows(folder), cache)
    result = {
        "data": data.digest(folder),
        "code_sha256": code_digest(CODE),
        "code_modules": CODE,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version(), "torch": version("torch")},
        **ablate(found, FULL, done),
    }
    output.mkdir(parents=True, exist_ok=True)
    (output / "ablation.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    report.figure(result).savefig(output / "ablation.png", dpi=110)
    page.write_text(report.page(result), "utf-8")
    return result
