"""Is it up, is it ready, what is it: asked by machines."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api import problems, service_schemas
from api.deps import Store
from newsroom import __version__, migrate
from newsroom.errors import Later
from newsroom.store.reading import health

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=service_schemas.Health)
async def get_health() -> dict[str, str]:
    """The process answers; touches nothing else."""
    return {"status": "ok"}


@router.get("/readyz", response_model=service_schemas.Ready)
def get_ready(request: Request, store: Store) -> dict[str, Any] | JSONResponse:
    """The database answers and its schema is the one this code needs; else 503 naming the part."""
    try:
        with store.transaction() as conn:
            applied = health.migrations(conn)
    except Later as error:
        return problems.unready(request, "database", error.message)
    missing = sorted({file.version for file in migrate.files()} - applied)
    if missing:
        return problems.unready(
            request, "migrations", f"not applied: {', '.join(missing)}; run `newsroom migrate`"
        )
    return {"status": "ok", "parts": {"database": "ok", "migrations": "ok"}}


@router.get("/version", response_model=service_schemas.Version)
async def get_version() -> dict[str, str]:
    """What is running."""
    return {"name": "newsroom", "version": __version__, "api": "v1"}


@router.get("/metrics", response_class=Response)
async def get_metrics(request: Request) -> Response:
    """Requests and seconds by route, in Prometheus' text format."""
    return Response(
        request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )
