"""The pipeline: what came in, what was refused, what is due."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import lists, service_schemas
from api.deps import Store, page_limit
from api.filters import Seen
from api.pages import Keyset, digest
from api.source_filters import RefusalsQuery
from newsroom.store.reading import pipeline, runs

router = APIRouter(tags=["pipeline"])


@router.get("/pipeline", response_model=service_schemas.Pipeline)
def get_pipeline(store: Store, query: Annotated[Seen, Query()]) -> dict[str, Any]:
    """Counts of everything, from pages to stories."""
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        return pipeline.totals(conn, runs.id_of(run)) | {
            "run": run,
            "duplicates": pipeline.duplicates(conn),
            "refusals": pipeline.refusals_by_code(conn),
            "work": pipeline.work(conn),
            "jobs": pipeline.jobs(conn),
            "crawl": pipeline.crawl(conn),
        }


@router.get("/refusals", response_model=service_schemas.RefusalPage)
def list_refusals(
    request: Request, store: Store, query: Annotated[RefusalsQuery, Query()]
) -> Response:
    """Pages and lines that are no articles, newest first, each with its reason."""
    limit = page_limit(request, query.limit)
    keys = Keyset(
        columns={"seen_at": datetime, "refusal_id": str},
        digest=digest("refusals", query.filters()),
    )
    where = wanted = query.where()
    if query.cursor:
        at, last = keys.decode(query.cursor)
        where = wanted.and_after("after", after_at=at, after_id=last)
    with store.transaction() as conn:
        rows = pipeline.refused(conn, where, rows=limit + 1)
        total = pipeline.count_refused(conn, wanted) if query.count else None
    page = keys.envelope(rows, limit=limit, total=total)
    return lists.answer(request, service_schemas.RefusalPage, page, query)
