"""Exports that were asked for over the API, made by a worker of their own queue.

:mod:`newsroom.worker` hands over the app.
"""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import structlog

from api.exports import asked, folder
from newsroom import log, queue
from newsroom.db import Database
from newsroom.errors import Conflict, Later, NewsroomError
from newsroom.settings import Settings
from newsroom.store import jobs
from newsroom.store.exporting import snapshots
from newsroom.store.jobs import Job

logger = structlog.get_logger()
# A message is only a doorbell: one that is delivered again meanwhile finds the job taken.
LIMIT_S: Final = 12 * 3600
TELL_EVERY_S: Final = 5.0
# Of a worker that was killed.
LEFT_OVER: Final = timedelta(hours=24)


def register(app: Any, settings: Settings) -> None:
    """Add ``exports.make`` to a Celery app."""

    @lru_cache
    def opened(pid: int) -> Database:
        del pid  # once a process: connections do not survive a fork
        log.configure(settings)
        return Database(settings.require_database(), size_max=2).open()

    @app.task(name=queue.TASK_EXPORT, soft_time_limit=LIMIT_S, time_limit=LIMIT_S + 60)
    def make_exports() -> None:
        """Make what is due, and drop what was kept long enough."""
        try:
            database = opened(os.getpid())
        except NewsroomError as error:  # the job stays due; the next ring tries again
            logger.warning("not-ready", code=error.code, message=error.message)
            return
        drop(database, settings, datetime.now(UTC))
        while run_due(database, settings):
            pass


def run_due(database: Database, settings: Settings) -> bool:
    """Make the export that is due longest; False where none is."""
    lease_s = settings.work.lease_s
    with database.transaction() as conn:
        job = jobs.lease(conn, [snapshots.JOB], lease_s=lease_s)
    if job is None:
        return False
    try:
        _make(database, settings, job)
    except Later as error:
        with database.transaction() as conn:
            jobs.retry(
                conn,
                job,
                error.code,
                error.message,
                delay_s=error.delay_s,
                attempts_max=settings.work.attempts_max,
            )
    except NewsroomError as error:
        logger.info("export-refused", job_id=job.job_id, code=error.code)
        with database.transaction() as conn:
            jobs.fail(conn, job, error.code, error.message)
    return True


def _make(database: Database, settings: Settings, job: Job) -> None:
    target = settings.exports_dir / job.job_id
    shutil.rmtree(target, ignore_errors=True)  # of an attempt whose answer was lost
    plan = asked.plan(database, asked.understood(dict(job.args)))
    said = time.monotonic()

    def told(_table: str, share: float) -> None:
        nonlocal said
        if time.monotonic() - said < TELL_EVERY_S:
            return
        said = time.monotonic()
        with database.transaction() as conn:
            if not jobs.progress(conn, job, share, lease_s=settings.work.lease_s):
                raise Conflict("lease-lost", "somebody else makes this export by now")

    made = folder.make(database, plan, target, told)
    files = [
        {"name": f.name, "size_bytes": f.size_bytes, "sha256": f.sha256, "rows": f.rows}
        for f in made.files
    ]
    result = {"snapshot_id": made.snapshot_id, "spec": plan.spec, "files": files}
    with database.transaction() as conn:
        jobs.finish(conn, job, result)


def drop(database: Database, settings: Settings, now: datetime) -> list[Path]:
    """Remove what was kept long enough, or holds what may have been taken down since."""
    with database.transaction() as conn:
        withdrawn = snapshots.last_takedown(conn)
    expired = now - timedelta(hours=settings.exports.kept_h)
    gone = []
    for path in settings.exports_dir.glob("*"):
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        unfinished = path.name.startswith(".")
        old = made < now - LEFT_OVER if unfinished else made < expired
        if old or (not unfinished and withdrawn is not None and made < withdrawn):
            shutil.rmtree(path, ignore_errors=True)
            gone.append(path)
    return gone
