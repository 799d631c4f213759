"""Labelling runs, and the codebooks they used."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api import schemas
from api.deps import Store, page_limit
from api.filters import CodebookQuery, RunsQuery
from api.pages import Keyset, digest
from newsroom.errors import NotFound
from newsroom.store.reading import runs

router = APIRouter(tags=["runs"])


@router.get("/runs", response_model=schemas.RunPage)
def list_runs(
    request: Request, store: Store, query: Annotated[RunsQuery, Query()]
) -> dict[str, Any]:
    """Labelling configurations, newest first."""
    limit = page_limit(request, query.limit)
    keys = Keyset(
        columns={"started_at": datetime, "run_id": str}, digest=digest("runs", query.filters())
    )
    at, last = keys.decode(query.cursor) if query.cursor else (None, None)
    with store.transaction() as conn:
        rows = runs.page(conn, after_at=at, after_id=last, rows=limit + 1)
        total = runs.count(conn) if query.count else None
    return keys.envelope(rows, limit=limit, total=total)


@router.get("/codebook", response_model=schemas.Codebook)
def get_codebook(store: Store, query: Annotated[CodebookQuery, Query()]) -> dict[str, Any]:
    """The definitions in use: those of the newest labelling run."""
    with store.transaction() as conn:
        row = runs.codebook(conn, query.version)
    if row is None:
        which = f"codebook {query.version[:80]}" if query.version else "codebook"
        raise NotFound(
            "no-codebook", f"no labelling run has used a {which} yet: run `newsroom annotate` first"
        )
    return row
