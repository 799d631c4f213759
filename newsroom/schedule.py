"""What runs when, as a table for Celery beat. One beat process; every job is idempotent."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

from newsroom import queue
from newsroom.settings import Settings


def table(settings: Settings) -> dict[str, dict[str, Any]]:
    """Beat entries by name, in UTC.

    Which front pages are due is a matter of each outlet's own clock: the job asks every ten
    minutes and mostly finds nothing to do.
    """
    return {
        "front-pages": {
            "task": queue.TASK_FRONT_PAGES,
            "schedule": crontab(minute="*/10"),
            "options": {"expires": 600},
        },
        "feeds": {
            "task": queue.TASK_CRAWL,
            "schedule": crontab(minute="*/15"),
            "kwargs": {"doors": ["feed", "sitemap"]},
            "options": {"expires": 900},
        },
        "revisits": {
            "task": queue.TASK_CRAWL,
            "schedule": crontab(minute="5-59/15"),
            "kwargs": {"doors": ["revisit"]},
            "options": {"expires": 900},
        },
        "sweeper": {
            "task": queue.TASK_SWEEP,
            "schedule": settings.work.sweep_s,
            "options": {"expires": settings.work.sweep_s},
        },
        "exports": {
            "task": queue.TASK_EXPORT,
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "trend-sums": {
            "task": queue.TASK_SUMS,
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "nightly-grouping": {
            "task": queue.TASK_GROUP,
            "schedule": crontab(minute=30, hour=6),
            "options": {"expires": 6 * 3600},
        },
    }
