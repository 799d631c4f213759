"""Room on the disk: whoever must not write half a page asks here first."""

from __future__ import annotations

import shutil
from pathlib import Path


def free_bytes(folder: Path) -> int:
    """Bytes that a file in this folder could still take; the folder need not exist yet."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def shortage(folder: Path, floor_bytes: int) -> str | None:
    """Why nothing may be written there; None where there is room."""
    free = free_bytes(folder)
    if free >= floor_bytes:
        return None
    return (
        f"only {free / 1e9:.2f} GB free in {folder}, the floor is {floor_bytes / 1e9:.2f} GB "
        "(NEWSROOM_CRAWL__DISK_FREE_MIN_BYTES): nothing would be archived safely"
    )
