"""Source health: what each outlet's days were to us, and where silence means nothing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api import lists, source_schemas
from api.deps import Store, page_limit
from api.pages import Keyset, digest
from api.source_filters import GapsQuery, SourcesQuery
from newsroom.errors import BadRequest
from newsroom.store.reading import outlets, source_health

router = APIRouter(tags=["sources"])

DAYS_MAX: Final = 20_000  # outlet-days of one answer: 50 outlets for a year; about a second


@router.get("/sources", response_model=source_schemas.SourcePage)
def list_source_days(
    request: Request, store: Store, query: Annotated[SourcesQuery, Query()]
) -> Response:
    """Days of outlets as we saw them, newest first: how much came, and what that is worth."""
    limit = page_limit(request, query.limit)
    keys = Keyset(
        columns={"day": date, "publisher_id": str}, digest=digest("sources", query.filters())
    )
    after: Any = keys.decode(query.cursor) if query.cursor else None
    asked: dict[str, Any] = {
        "first": query.day_from,
        "last": query.day_to,
        "verdict": query.verdict,
    }
    with store.transaction() as conn:
        named = query.publisher or None
        rows = source_health.days(conn, named, **asked, after=after, rows=limit + 1)
        total = source_health.count(conn, named, **asked) if query.count else None
    page = keys.envelope(rows, limit=limit, total=total)
    return lists.answer(request, source_schemas.SourcePage, page, query)


@router.get("/sources/gaps", response_model=source_schemas.GapList)
def list_gaps(store: Store, query: Annotated[GapsQuery, Query()]) -> dict[str, Any]:
    """Days on which a missing article must not be read as absence, by outlet.

    We did not look, or not to the end; the outlet refused us; or what came falls short of what it
    always brings. Days are those of the outlet's time zone.
    """
    with store.transaction() as conn:
        known = outlets.ids(conn)
        named = [one for one in known if not query.publisher or one in query.publisher]
        days = len(named) * ((query.day_to - query.day_from).days + 1)
        if days > DAYS_MAX:
            raise BadRequest(
                "too-many-days",
                f"{days} outlet-days, more than {DAYS_MAX}: name outlets, or fewer days",
                field="day_from",
            )
        rows = source_health.gaps(conn, named, query.day_from, query.day_to)
    return {
        "data": rows,
        "next_cursor": None,
        "meta": {
            "outlets": len(named),
            "days": days,
            "days_in_gaps": sum(row["days"] for row in rows),
        },
    }
