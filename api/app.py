"""The application: routes, errors and headers joined, and the database opened for its life."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api import document, problems
from api.deps import plain
from api.front import Front
from api.gate import Gate, Keys
from api.limits import Limits
from api.metrics import Metrics
from api.routes import (
    articles,
    citations,
    comparisons,
    corrections,
    coverage,
    edits,
    events,
    exports,
    front_pages,
    health,
    labels,
    outlets,
    pipeline,
    quality,
    runs,
    sources,
    stories,
    trends,
)
from api.routes import problems as problem_codes
from newsroom import __version__
from newsroom.db import Database
from newsroom.settings import Settings
from newsroom.store import roles

WAIT_S = 2.0  # for a connection: a reader is told "away" soon, not after a long silence
DESCRIPTION = """What the news covers, and how.

Lists are `{"data": […], "next_cursor": …, "meta": {…}}`, walked with `cursor` until
`next_cursor` is null; errors are `application/problem+json` (RFC 9457); times are UTC. The text of
articles is not served: the rights stay with the outlets."""

TAGS = [
    {"name": "outlets", "description": "Who publishes."},
    {"name": "articles", "description": "What was published, with current labels."},
    {"name": "annotations", "description": "Every label with what made it."},
    {"name": "events", "description": "What happened, and which outlet covered it how."},
    {"name": "stories", "description": "How events develop."},
    {"name": "trends", "description": "Means and shares with n and intervals."},
    {"name": "front pages", "description": "What stood where, and for how long."},
    {"name": "sources", "description": "How well each outlet was seen on each day."},
    {"name": "pipeline", "description": "What was fetched, refused, and is still to do."},
    {"name": "runs", "description": "Who labelled, under which definitions."},
    {"name": "corrections", "description": "What people dispute, correct and decide."},
    {"name": "quality", "description": "How good the labels are, as far as anybody measured."},
    {"name": "exports", "description": "Tables to keep, cite and make again byte by byte."},
    {"name": "citations", "description": "What to write under a figure, and how to find it again."},
    {"name": "problems", "description": "What error codes mean."},
    {"name": "health", "description": "For machines."},
]


def create_app(
    settings: Settings,
    database: Database | None = None,
    *,
    clock: Callable[[], float] = time.time,
) -> FastAPI:
    """The API on ``database``, or on a read-only one of its own, opened while the app lives.

    What people write goes through a connection of its own, which can add rows and do nothing else.
    ``clock`` tells the seconds that limits and remembered keys go by.

    Raises Misconfigured ``database-missing`` at once, ``database-unreachable`` on start.
    """
    own = database is None
    store = database or Database(
        settings.require_database(),
        read_only=True,
        statement_timeout_s=settings.api.statement_timeout_s,
        wait_s=WAIT_S,
        role=roles.READER,
    )
    writer = Database(
        settings.require_database(),
        size_max=2,
        statement_timeout_s=settings.api.statement_timeout_s,
        wait_s=WAIT_S,
        role=roles.WRITER,
    )
    metrics = Metrics()
    broker = settings.redis_url
    limits = Limits(broker.get_secret_value() if broker else None, metrics.limits_away)
    gate = partial(
        Gate,
        settings=settings.api,
        keys=Keys(store, writer, clock),
        limits=limits,
        clock=clock,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            if own:
                store.open()
            writer.open()
            yield
        finally:
            await limits.close()
            writer.close()
            if own:
                store.close()

    app = FastAPI(
        title="Newsroom",
        summary="An open observatory of media bias.",
        description=DESCRIPTION,
        version=__version__,
        servers=[{"url": "/", "description": "This service."}],
        contact={"name": "Newsroom", "url": "https://newsroom.example"},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=TAGS,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.state.database = store
    app.state.writer = writer
    app.state.metrics = metrics
    problems.install(app)
    v1 = APIRouter(prefix="/v1", dependencies=[Depends(plain)], responses=problems.RESPONSES)
    for part in (
        outlets,
        articles,
        labels,
        events,
        coverage,  # before the stories, whose ids would take its path
        stories,
        trends,
        comparisons,
        front_pages,
        sources,
        pipeline,
        runs,
        quality,
        corrections,
        edits,
        exports,
        citations,
        problem_codes,
    ):
        v1.include_router(part.router)
    app.include_router(v1)
    app.include_router(health.router, responses={503: problems.RESPONSES[503]})
    problems.declare(app)
    document.complete(app)
    app.add_middleware(Front, metrics=metrics, gate=gate)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    return app
