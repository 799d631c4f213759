"""The Celery tasks of the annotator: a message is a doorbell, the work table says what to do."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import structlog
from celery import Celery

from annotator import grouping, recalling, remember, runner
from annotator.coverage import judging
from annotator.events import requested, state, titling
from annotator.labellers import choose
from annotator.longdoc import tasks as longdoc
from newsroom import log, queue
from newsroom.db import Database
from newsroom.errors import NewsroomError
from newsroom.records import WorkStage
from newsroom.settings import Settings
from newsroom.store import jobs, trend_sums, work

logger = structlog.get_logger()
DOORBELLS = {
    WorkStage.LABEL: (queue.TASK_LABEL, queue.QUEUE_LABEL),
    WorkStage.REMEMBER: (queue.TASK_REMEMBER, queue.QUEUE_MEMORY),
}


def register(app: Celery, settings: Settings) -> None:
    """Add our tasks to a worker's app."""
    longdoc.register(app, settings)
    requested.register(app, settings)
    rule = choose.state_rule(settings)

    @lru_cache
    def ready(pid: int) -> tuple[Database, runner.Bench]:
        # Once a process: neither connections nor a model's threads survive a fork.
        del pid
        log.configure(settings)
        return Database(settings.require_database(), size_max=2).open(), choose.bench(settings)

    @app.task(name=queue.TASK_LABEL)
    def label() -> None:
        try:
            database, bench = ready(os.getpid())
        except NewsroomError as error:  # the work stays due; the next ring tries again
            logger.warning("not-ready", code=error.code, message=error.message)
            return
        if runner.label_due(
            database, bench, settings.work,
            lambda read: recalling.past(database, mind(os.getpid()), read, rule),
        ):  # fmt: skip
            # There may be more; an empty hand ends the chain.
            queue.ring(app, tasks=(queue.TASK_LABEL,))

    @lru_cache
    def opened(pid: int) -> Database:
        del pid
        log.configure(settings)
        return Database(settings.require_database(), size_max=2).open()

    @lru_cache
    def mind(pid: int) -> remember.Memory:
        del pid
        return remember.memory()

    @app.task(name=queue.TASK_REMEMBER)
    def remember_task() -> None:
        try:
            database = opened(os.getpid())
            with database.transaction() as conn:
                if not work.due(conn).get(WorkStage.REMEMBER):
                    return  # a ring too many must not load torch and a window of vectors
            memory = mind(os.getpid())
        except NewsroomError as error:
            logger.warning("not-ready", code=error.code, message=error.message)
            return
        linker = remember.linker(memory, settings.events)
        if remember.remember_due(database, memory, settings.work, linker):
            queue.ring(app, tasks=(queue.TASK_REMEMBER,))

    @app.task(name=queue.TASK_SWEEP)
    def sweep() -> None:
        with Database(settings.require_database(), size_max=1) as database:
            with database.transaction() as conn:
                work.sweep(conn, attempts_max=settings.work.attempts_max)
            with database.transaction() as conn:
                due = work.due(conn)
                longdoc.sweep(app, conn)
                jobs.sweep(conn, attempts_max=settings.work.attempts_max)
                requested.sweep(app, conn)
        for stage, (task, name) in DOORBELLS.items():
            wanted = -(-due.get(stage, 0) // settings.work.batch)
            missing = min(wanted, settings.work.rung_max) - queue.length(app, name)
            queue.ring(app, max(0, missing), tasks=(task,))

    @app.task(name=queue.TASK_SUMS)
    def sums() -> None:
        with Database(settings.require_database(), size_max=1) as database:
            trend_sums.refresh(database)

    @app.task(name=queue.TASK_GROUP)
    def group() -> None:
        database, _ = ready(os.getpid())
        since = datetime.now(UTC) - timedelta(days=settings.events.window_days)
        grouping.regroup(database, since)
        judging.judge_stored(database, now=datetime.now(UTC))
        state.refresh_changed(database, since)
        if settings.labels.labeller == "vllm":
            titling.refresh_titles(database, settings.llm, since)
