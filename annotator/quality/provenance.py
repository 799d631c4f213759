"""What a measurement rests on, so that a committed result can be told stale."""

from __future__ import annotations

import ast
import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from annotator.quality import fixtures

HERE = Path(__file__).parent
PACKAGES = ("numpy", "scikit-learn")


def code_digest(*names: str) -> str:
    """Short hash of files of this folder: of a module what it does, not how it is laid out."""
    found = hashlib.sha256()
    for name in names:
        text = (HERE / name).read_text(encoding="utf-8")
        found.update(f"{name}\0".encode())
        found.update((ast.dump(ast.parse(text)) if name.endswith(".py") else text).encode())
    return found.hexdigest()[:12]


def about() -> dict[str, Any]:
    """Fixtures, machine and versions."""
    return {
        "fixtures_digest": fixtures.digest(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
    }
