"""The Celery task of long documents: a ring without content; the tables say what is due."""

from __future__ import annotations

import os
from functools import lru_cache

import structlog
from celery import Celery

from annotator.longdoc import runner
from newsroom import log, queue
from newsroom.db import Conn, Database
from newsroom.errors import NewsroomError
from newsroom.settings import Settings
from newsroom.store import longdoc

logger = structlog.get_logger()
TASK_READ = "longdoc.read"


def ring(app: Celery, times: int = 1) -> bool:
    """Say that chunks are due; False where the broker is away."""
    app.conf.task_routes = {**app.conf.task_routes, TASK_READ: {"queue": queue.QUEUE_LABEL}}
    return queue.ring(app, times, tasks=(TASK_READ,))


def sweep(app: Celery, conn: Conn) -> bool:
    """For the sweeper: ring while any document is being read, for what a lost worker left."""
    return longdoc.open_runs(conn) > 0 and ring(app)


def register(app: Celery, settings: Settings) -> None:
    """Add our task to a worker's app."""

    @lru_cache
    def opened(pid: int) -> Database:
        del pid  # once a process: connections do not survive a fork
        log.configure(settings)
        return Database(settings.require_database(), size_max=1).open()

    @app.task(name=TASK_READ)  # type: ignore[untyped-decorator]  # Celery has no types
    def read() -> None:
        try:
            database = opened(os.getpid())
        except NewsroomError as error:  # the work stays due; the next ring tries again
            logger.warning("not-ready", code=error.code, message=error.message)
            return
        taken = runner.read_due(database, settings.work)
        if runner.put_together(database) is not None or taken:
            ring(app)  # there may be more; an empty hand ends the chain
