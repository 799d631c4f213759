"""What each error code means: where the ``type`` of a problem leads."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import service_schemas
from api.filters import Nothing
from api.problems import MEANINGS
from newsroom.errors import NotFound

router = APIRouter(tags=["problems"])


@router.get("/problems/{code}", response_model=service_schemas.ProblemCode)
def get_problem(code: str, _query: Annotated[Nothing, Query()]) -> dict[str, Any]:
    """The meaning of an error code."""
    if code not in MEANINGS:
        raise NotFound("not-found", f"no problem code {code[:80]}")
    status, meaning = MEANINGS[code]
    return {"code": code, "status": status, "meaning": meaning}
