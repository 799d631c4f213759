"""Front pages: what stood where, at every look."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import lists, source_schemas
from api.deps import Store, page_limit
from api.filters import Nothing
from api.pages import Keyset, digest
from api.source_filters import FrontPagesNowQuery, FrontPagesQuery
from newsroom.errors import NotFound
from newsroom.store.reading import front_pages

router = APIRouter(tags=["front pages"])


@router.get("/frontpages", response_model=source_schemas.FrontPagePage)
def list_front_pages(
    request: Request, store: Store, query: Annotated[FrontPagesQuery, Query()]
) -> Response:
    """Looks at front pages, also those that failed and those that should have been."""
    limit = page_limit(request, query.limit)
    keys = Keyset(
        columns={"taken_at": datetime, "snapshot_id": str},
        digest=digest("frontpages", query.filters()),
    )
    where = wanted = query.where()
    if query.cursor:
        at, last = keys.decode(query.cursor)
        side = "after" if query.sort == "-taken_at" else "after_oldest"
        where = wanted.and_after(side, after_at=at, after_id=last)
    with store.transaction() as conn:
        rows = front_pages.listed(conn, where, order=query.sort, rows=limit + 1)
        total = front_pages.count(conn, wanted) if query.count else None
    page = keys.envelope(rows, limit=limit, total=total)
    return lists.answer(request, source_schemas.FrontPagePage, page, query)


@router.get("/frontpages/latest", response_model=source_schemas.FrontPagesNow)
def list_latest_front_pages(
    store: Store, query: Annotated[FrontPagesNowQuery, Query()]
) -> dict[str, Any]:
    """What the front pages lead with now: of each outlet the newest look that came."""
    with store.transaction() as conn:
        rows = front_pages.latest(conn, query.publisher or None, top=query.top, rows=query.limit)
    for row in rows:
        row["leads"] = [lead | {"box": _box(lead)} for lead in row["leads"]]
    return {"data": rows, "next_cursor": None, "meta": {"limit": query.limit}}


@router.get("/frontpages/{snapshot_id}", response_model=source_schemas.FrontPage)
def get_front_page(
    snapshot_id: str, store: Store, _query: Annotated[Nothing, Query()]
) -> dict[str, Any]:
    """One look with the articles on the page, their ranks and places, in its last reading."""
    with store.transaction() as conn:
        row = front_pages.one(conn, snapshot_id)
        if row is None:
            raise NotFound("not-found", f"no front page {snapshot_id[:80]}")
        layout = row["layout"]
        links = [] if layout is None else front_pages.links(conn, snapshot_id, layout)
    return row | {"placements": [link | {"box": _box(link)} for link in links]}


def _box(link: dict[str, Any]) -> dict[str, float] | None:
    box = {name: link[name] for name in ("x", "y", "width", "height")}
    return None if None in box.values() else box
