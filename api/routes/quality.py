"""How good the labels are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import run_schemas
from api.filters import Nothing
from newsroom.measured import measured

router = APIRouter(tags=["quality"])


@router.get("/quality", response_model=run_schemas.Quality)
def get_quality(_query: Annotated[Nothing, Query()]) -> dict[str, Any]:
    """What was measured of the labels that ship, each number with its interval and what it is of.

    It is part of the software and not of the stored data: see `codebook` and `runs` for which
    version made a label, and `runs/compare` for how two of them differ.
    """
    found = measured()
    return {
        "data": found["measures"],
        "confusions": found["confusions"],
        "next_cursor": None,
        "meta": {"not_measured": found["not_measured"]},
    }
