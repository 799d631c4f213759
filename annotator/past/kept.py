"""Arrays kept in a folder between runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def keep(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write named arrays to ``path`` (.npz), its folder made where there is none.

    Renamed when whole: what a killed run left under the other name is written over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **arrays)
    unfinished.rename(path)
