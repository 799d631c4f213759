"""Edits that were asked for over the API: taken as jobs, made, and answered for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import structlog
from celery import Celery

from annotator.events import edits, undoing
from annotator.events.edit_writing import Done
from newsroom import log, queue
from newsroom.db import Conn, Database
from newsroom.errors import Later, NewsroomError
from newsroom.settings import Settings, Work
from newsroom.store import jobs

logger = structlog.get_logger()


def edit(conn: Conn, asked: Mapping[str, Any]) -> Done:
    """Make one edit. Raises what making it by hand raises."""
    event_id, by, reason = asked["event_id"], asked["by"], asked["reason"]
    seen = asked["seen"]
    expected = None if seen is None else {event_id: seen}
    match asked["action"]:
        case "rename":
            return edits.rename(
                conn, event_id, asked["title"], by=by, reason=reason, expected=expected
            )
        case "split":
            parts = [*asked.get("events", ()), *asked["articles"]]
            return edits.split(conn, event_id, parts, by=by, reason=reason, expected=expected)
        case "merge":
            ids = [event_id, *asked.get("stories", asked.get("events", ()))]
            return edits.merge(conn, ids, by=by, reason=reason, expected=expected)
        case _:
            return undoing.undo(conn, asked["entry_id"], by=by, reason=reason)


def run_due(db: Database, work: Work) -> bool:
    """Make the edit that is due longest; False where none is.

    The edit and its answer are one transaction: cut between, it is made again or not at all.
    """
    with db.transaction() as conn:
        job = jobs.lease(conn, [jobs.EVENT_EDIT], lease_s=work.lease_s)
    if job is None:
        return False
    try:
        with db.transaction() as conn:
            done = edit(conn, job.args)
            if not jobs.finish(conn, job, asdict(done)):
                conn.rollback()
    except Later as error:
        with db.transaction() as conn:
            jobs.retry(
                conn,
                job,
                error.code,
                error.message,
                delay_s=error.delay_s,
                attempts_max=work.attempts_max,
            )
    except NewsroomError as error:
        logger.info("edit-refused", job_id=job.job_id, code=error.code)
        with db.transaction() as conn:
            jobs.fail(conn, job, error.code, error.message)
    return True


def sweep(app: Celery, conn: Conn) -> bool:
    """For the sweeper: ring while edits are due, for a ring that was lost."""
    return jobs.due(conn).get(jobs.EVENT_EDIT, 0) > 0 and queue.ring(app, tasks=(queue.TASK_EDIT,))


def register(app: Celery, settings: Settings) -> None:
    """Add our task to a worker's app."""

    @lru_cache
    def opened(pid: int) -> Database:
        del pid  # once a process: connections do not survive a fork
        log.configure(settings)
        return Database(settings.require_database(), size_max=1).open()

    @app.task(name=queue.TASK_EDIT)  # type: ignore[untyped-decorator]  # Celery has no types
    def make_edits() -> None:
        try:
            database = opened(os.getpid())
        except NewsroomError as error:  # the job stays due; the next ring tries again
            logger.warning("not-ready", code=error.code, message=error.message)
            return
        while run_due(database, settings.work):
            pass
