"""Outlets."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api import lists, schemas
from api.deps import Store, page_limit
from api.pages import Keyset, digest
from api.source_filters import OutletsQuery
from newsroom.store.reading import outlets

COUNTED: Final = ("articles", "first_at", "last_at", "refusals")

router = APIRouter(tags=["outlets"])


@router.get("/outlets", response_model=schemas.OutletPage)
def list_outlets(
    request: Request, store: Store, query: Annotated[OutletsQuery, Query()]
) -> Response:
    """Outlets by id, each with what is stored of it."""
    limit = page_limit(request, query.limit)
    keys = Keyset(columns={"publisher_id": str}, digest=digest("outlets", query.filters()))
    after = str(keys.decode(query.cursor)[0]) if query.cursor else None
    with store.transaction() as conn:
        rows = outlets.page(
            conn, after=after, rows=limit + 1, q=query.q, counted=query.shows(*COUNTED)
        )
        total = outlets.count(conn, q=query.q) if query.count else None
    page = keys.envelope(rows, limit=limit, total=total)
    return lists.answer(request, schemas.OutletPage, page, query)
