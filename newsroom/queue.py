"""The Celery app and its doorbell. A message says only that a stage has work; Postgres says what.

A ring that is lost costs one sweep, a ring too many finds nothing and leaves: so no message is
ever worth saving, and no task carries data.
"""

from __future__ import annotations

from collections.abc import Sequence

from celery import Celery
from celery.exceptions import OperationalError as CeleryOperationalError
from kombu.exceptions import OperationalError

from newsroom.settings import Settings

SOFT_LIMIT_S = 8 * 60
HARD_LIMIT_S = 9 * 60
VISIBILITY_TIMEOUT_S = 15 * 60  # must exceed the longest task, or it starts twice
TASK_LABEL = "annotate.label"
TASK_REMEMBER = "memory.remember"
TASK_SWEEP = "work.sweep"
TASK_GROUP = "events.group"
TASK_EDIT = "events.edit"
TASK_EXPORT = "exports.make"
TASK_SUMS = "trends.sums"
TASK_CRAWL = "crawl.outlets"
TASK_FRONT_PAGES = "crawl.front-pages"
QUEUE_LABEL = "label"
QUEUE_MEMORY = "memory"
QUEUE_HOUSEKEEPING = "housekeeping"
QUEUE_CRAWL = "crawl"
QUEUE_EXPORT = "export"


def make_app(settings: Settings) -> Celery:
    """A Celery app on the configured broker; JSON only, late acks, no results."""
    app = Celery("newsroom", broker=settings.require_broker())
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,  # safe: attempts are counted in Postgres
        task_soft_time_limit=SOFT_LIMIT_S,
        task_time_limit=HARD_LIMIT_S,
        worker_prefetch_multiplier=1,
        worker_soft_shutdown_timeout=60,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,  # our log writes to stderr itself
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            # kombu sweeps only every interval × throttle = 100 s unless told otherwise
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
        },
        task_routes={
            TASK_LABEL: {"queue": QUEUE_LABEL},
            TASK_REMEMBER: {"queue": QUEUE_MEMORY},
            TASK_SWEEP: {"queue": QUEUE_HOUSEKEEPING},
            TASK_GROUP: {"queue": QUEUE_LABEL},
            TASK_EDIT: {"queue": QUEUE_HOUSEKEEPING},
            TASK_EXPORT: {"queue": QUEUE_EXPORT},
            TASK_SUMS: {"queue": QUEUE_HOUSEKEEPING},
            TASK_CRAWL: {"queue": QUEUE_CRAWL},
            TASK_FRONT_PAGES: {"queue": QUEUE_CRAWL},
        },
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0.2},
        timezone="UTC",
    )
    return app


def ring(app: Celery, times: int = 1, tasks: Sequence[str] = (TASK_LABEL, TASK_REMEMBER)) -> bool:
    """Say that there is work due. False where the broker is away: the sweeper rings again."""
    try:
        for _ in range(times):
            for task in tasks:
                app.send_task(task)
    except (OperationalError, CeleryOperationalError, ConnectionError, TimeoutError):
        return False
    return True


def length(app: Celery, queue: str) -> int:
    """Messages waiting in a queue."""
    with app.connection_for_read() as connection:
        return int(connection.default_channel.client.llen(queue))
