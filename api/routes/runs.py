"""Labelling runs, how two of them differ, and the codebooks they used."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api import lists
from api import run_schemas as schemas
from api.deps import Store, page_limit
from api.filters import Nothing
from api.label_filters import CodebookQuery, CompareQuery, RunsQuery
from api.pages import Keyset, digest
from newsroom import drift
from newsroom.errors import BadRequest, NotFound
from newsroom.store import runs as store_runs
from newsroom.store.reading import drift as sides
from newsroom.store.reading import runs

COUNTED: Final = ("articles", "refused")

router = APIRouter(tags=["runs"])

COMPARED_MAX: Final = 5_000  # articles; about a second and 100 MB


@router.get("/runs", response_model=schemas.RunPage)
def list_runs(request: Request, store: Store, query: Annotated[RunsQuery, Query()]) -> Response:
    """Labelling configurations, newest first, with what each covers."""
    limit = page_limit(request, query.limit)
    keys = Keyset(
        columns={"started_at": datetime, "run_id": str}, digest=digest("runs", query.filters())
    )
    at, last = keys.decode(query.cursor) if query.cursor else (None, None)
    with store.transaction() as conn:
        rows = runs.page(
            conn, after_at=at, after_id=last, rows=limit + 1, counted=query.shows(*COUNTED)
        )
        total = runs.count(conn) if query.count else None
    page = keys.envelope(rows, limit=limit, total=total)
    return lists.answer(request, schemas.RunPage, page, query)


@router.get("/runs/compare", response_model=schemas.Comparison)
def compare_runs(store: Store, query: Annotated[CompareQuery, Query()]) -> dict[str, Any]:
    """How the labels of run `b` differ from those of run `a`, where both labelled.

    An article that either run refused or has not reached is counted, never filled in.
    """
    with store.transaction() as conn:
        a, b = (runs.one(conn, runs.named(conn, name)["run_id"]) for name in (query.a, query.b))
        if query.panel is not None:
            store_runs.require_panel(conn, query.panel)
        outcomes = sides.outcomes(conn, a["run_id"], b["run_id"], query.panel)
        if drift.both_labelled(outcomes) > COMPARED_MAX:
            raise BadRequest(
                "too-many-articles",
                f"more than {COMPARED_MAX} articles: name a panel",
                field="panel",
            )
        pairs = sides.pairs(conn, a["run_id"], b["run_id"], query.panel)
    return {"a": a, "b": b, "panel": query.panel, **asdict(drift.report(pairs, outcomes))}


@router.get("/runs/{run_id}", response_model=schemas.Run)
def get_run(run_id: str, store: Store, _query: Annotated[Nothing, Query()]) -> dict[str, Any]:
    """One run, by its id or the digits it begins with."""
    with store.transaction() as conn:
        return runs.one(conn, runs.named(conn, run_id)["run_id"])


@router.get("/codebook", response_model=schemas.Codebook)
def get_codebook(store: Store, query: Annotated[CodebookQuery, Query()]) -> dict[str, Any]:
    """The definitions in use: those of the promoted run, or of the one asked for."""
    with store.transaction() as conn:
        run_id = runs.id_of(runs.seen(conn, **query.of_run()))
        row = runs.codebook(conn, run_id=run_id, version=query.version)
    if row is None:
        which = f"codebook {query.version[:80]}" if query.version else "codebook"
        raise NotFound(
            "no-codebook", f"no labelling run has used a {which} yet: run `newsroom annotate` first"
        )
    return row
