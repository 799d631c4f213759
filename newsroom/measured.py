"""How good the labels that ship are, as measured: numbers with intervals, and what has none.

The file beside is made by ``python -m annotator.quality.published`` from the committed metrics of
the models, and a test holds the two together.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("measured.json")


@cache
def measured() -> dict[str, Any]:
    """``measures``, one row a number, and ``not_measured``, in words."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found
