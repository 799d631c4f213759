"""The application: routes, errors and headers joined, and the database opened for its life."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api import problems
from api.deps import plain
from api.front import Front
from api.metrics import Metrics
from api.routes import articles, events, health, outlets, pipeline, runs, stories, trends
from api.routes import problems as problem_codes
from newsroom import __version__
from newsroom.db import Database
from newsroom.settings import Settings

WAIT_S = 2.0  # for a connection: a reader is told "away" soon, not after a long silence
DESCRIPTION = """What the news covers, and how. Read-only.

Lists are `{"data": […], "next_cursor": …, "meta": {…}}`, walked with `cursor` until
`next_cursor` is null; errors are `application/problem+json` (RFC 9457); times are UTC. The text of
articles is not served: the rights stay with the outlets."""

TAGS = [
    {"name": "outlets", "description": "Who publishes."},
    {"name": "articles", "description": "What was published, with current labels."},
    {"name": "events", "description": "What happened, and which outlet covered it how."},
    {"name": "stories", "description": "How events develop."},
    {"name": "trends", "description": "Means and shares with n and intervals."},
    {"name": "pipeline", "description": "What was fetched, refused, and is still to do."},
    {"name": "runs", "description": "Who labelled, under which definitions."},
    {"name": "problems", "description": "What error codes mean."},
    {"name": "health", "description": "For machines."},
]


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """The API on ``database``, or on a read-only one of its own, opened while the app lives.

    Raises Misconfigured ``database-missing`` at once, ``database-unreachable`` on start.
    """
    own = database is None
    store = database or Database(
        settings.require_database(),
        read_only=True,
        statement_timeout_s=settings.api.statement_timeout_s,
        wait_s=WAIT_S,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if own:
            store.open()
        try:
            yield
        finally:
            if own:
                store.close()

    app = FastAPI(
        title="Newsroom",
        summary="An open observatory of media bias.",
        description=DESCRIPTION,
        version=__version__,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=TAGS,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.state.database = store
    app.state.metrics = Metrics()
    problems.install(app)
    v1 = APIRouter(prefix="/v1", dependencies=[Depends(plain)], responses=problems.RESPONSES)
    for part in (outlets, articles, events, stories, trends, pipeline, runs, problem_codes):
        v1.include_router(part.router)
    app.include_router(v1)
    app.include_router(health.router, responses={503: problems.RESPONSES[503]})
    problems.declare(app)
    app.add_middleware(Front, metrics=app.state.metrics)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    return app
