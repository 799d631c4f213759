"""Coverage of many stories at once, and the absences that are claimed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import coverage_schemas
from api.deps import Store
from api.event_filters import StoryCoverageQuery
from api.filters import Nothing
from newsroom.absences import BLINDSPOT, said
from newsroom.store import coverage
from newsroom.store.reading import story_coverage

router = APIRouter()


@router.get(
    "/stories/coverage", response_model=coverage_schemas.StoryCoverageList, tags=["stories"]
)
def list_story_coverage(
    store: Store, query: Annotated[StoryCoverageQuery, Query()]
) -> dict[str, Any]:
    """The largest stories with who covered them and who did not, most articles first."""
    with store.transaction() as conn:
        rows = story_coverage.largest(
            conn, query.where(), publisher_ids=query.publisher or None, rows=query.limit
        )
    return {"data": rows, "next_cursor": None, "meta": {"limit": query.limit}}


@router.get("/blindspots", response_model=coverage_schemas.BlindspotList, tags=["events"])
def list_blindspots(store: Store, _query: Annotated[Nothing, Query()]) -> dict[str, Any]:
    """Absences of the last judgement that are surprising; and what became of all the others.

    Each says "not covered in what we crawled". Most absences are not claimed, because nobody could
    tell them from chance or from a gap in our own crawl: `meta.judgement.outcomes` counts why.
    """
    with store.transaction() as conn:
        run = coverage.last_run(conn)
        if run is None:
            return {"data": [], "next_cursor": None, "meta": {"judgement": None}}
        rows = coverage.blindspots(conn, run["coverage_run_id"])
        outcomes = coverage.outcomes(conn, run["coverage_run_id"])
    return {
        "data": [dict(row) | {"said": said(row | {"verdict": BLINDSPOT})} for row in rows],
        "next_cursor": None,
        "meta": {"judgement": dict(run) | {"outcomes": outcomes}},
    }
