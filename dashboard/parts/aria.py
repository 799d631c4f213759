"""Names and states for screen readers."""

from __future__ import annotations

from typing import Any


def aria(**names: str) -> dict[str, Any]:
    """``aria(label="Sections")`` → the property ``aria-label``."""
    return {f"aria-{name}": value for name, value in names.items()}
