"""All labels of a run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import lists, schemas
from api.deps import Store, page_limit
from api.label_filters import AnnotationsQuery
from api.pages import Keyset, digest
from newsroom.store.reading import annotations as made
from newsroom.store.reading import runs

router = APIRouter(tags=["annotations"])


@router.get("/annotations", response_model=schemas.AnnotationPage)
def list_run_annotations(
    request: Request, store: Store, query: Annotated[AnnotationsQuery, Query()]
) -> Response:
    """Every label of one run with its provenance, in the order in which they were made.

    Walked to its end it is the whole run; labels made meanwhile come last.
    """
    limit = page_limit(request, query.limit)
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        keys = Keyset(
            columns={"annotation_id": int}, digest=digest("annotations", query.filters(), run)
        )
        where = wanted = query.where(runs.id_of(run))
        if query.cursor:
            side = "after_oldest" if query.sort == "annotation_id" else "after"
            where = wanted.and_after(side, after_id=keys.decode(query.cursor)[0])
        rows = made.page(conn, where, order=query.sort, rows=limit + 1)
        total = made.count(conn, wanted) if query.count else None
    page = keys.envelope(rows, limit=limit, total=total, run=run)
    return lists.answer(request, schemas.AnnotationPage, page, query)
