"""Line edits of outlet files: what a check against the live site found, and how others rated them.

Everything else of a file, comments and order too, stays as its author wrote it.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from newsroom.errors import Refused
from scraper.outlets import registry
from scraper.outlets.reference_lean import ReferenceLean
from scraper.outlets.registry import Outlet

UNCHECKED = "# Written from memory: no address here has been checked against the live site yet.\n"
_VERIFIED = re.compile(r"^verified = (?:true|false)\n(?:verified_on = .*\n)?", re.MULTILINE)
_LEAN = re.compile(r"\n*^\[reference_lean\]\n(?:(?!\[).*(?:\n|\Z))*", re.MULTILINE)


def path(outlet: Outlet) -> Path:
    """Where the file of a shipped outlet is."""
    return registry.FOLDER / f"{outlet.publisher.publisher_id}.toml"


def verified_lines(day: date) -> str:
    """What a file says once somebody has checked its addresses."""
    return f"verified = true\nverified_on = {day.isoformat()}\n"


def verified(text: str, day: date) -> str:
    """A file whose addresses were checked on a day. Refused ``outlet-file`` without such a line."""
    lines = len(_VERIFIED.findall(text))
    if lines != 1:
        raise Refused("outlet-file", f"has {lines} lines `verified = …` where one is expected")
    return _VERIFIED.sub(verified_lines(day), text.removeprefix(UNCHECKED))


def rated(text: str, lean: ReferenceLean | None) -> str:
    """A file with this as its ``[reference_lean]``, at the end; None takes the table out."""
    kept = _LEAN.sub("\n", text).rstrip()
    if lean is None:
        return kept + "\n"
    lines = (
        f"{key} = {_toml(value)}" for key, value in lean.model_dump(exclude_defaults=True).items()
    )
    return "\n".join([kept, "", "[reference_lean]", *lines, ""])


def _toml(value: str | int | date) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return f'"{value}"' if isinstance(value, str) else str(value)
