"""Outlets."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api import schemas
from api.deps import Store, page_limit
from api.filters import OutletsQuery
from api.pages import Keyset, digest
from newsroom.store.reading import outlets

router = APIRouter(tags=["outlets"])


@router.get("/outlets", response_model=schemas.OutletPage)
def list_outlets(
    request: Request, store: Store, query: Annotated[OutletsQuery, Query()]
) -> dict[str, Any]:
    """Outlets by id, each with what is stored of it."""
    limit = page_limit(request, query.limit)
    keys = Keyset(columns={"publisher_id": str}, digest=digest("outlets", query.filters()))
    after = str(keys.decode(query.cursor)[0]) if query.cursor else None
    with store.transaction() as conn:
        rows = outlets.page(conn, after=after, rows=limit + 1)
        total = outlets.count(conn) if query.count else None
    return keys.envelope(rows, limit=limit, total=total)
