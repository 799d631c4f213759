"""What runs when, as a table for Celery beat. One beat process; every job is idempotent."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

from newsroom import queue
from newsroom.settings import Settings


def table(settings: Settings) -> dict[str, dict[str, Any]]:
    """Beat entries by name, in UTC.

    Front pages at 06, 10, 14, 18 and 22 h US Eastern (UTC−5), the Media Bias Detector's times.
    """
    return {
        "front-pages": {
            "task": queue.TASK_CRAWL,
            "schedule": crontab(minute=0, hour="3,11,15,19,23"),
            "kwargs": {"doors": ["front-page"]},
            "options": {"expires": 3600},
        },
        "feeds": {
            "task": queue.TASK_CRAWL,
            "schedule": crontab(minute="*/15"),
            "kwargs": {"doors": ["feed", "sitemap"]},
            "options": {"expires": 900},
        },
        "sweeper": {
            "task": queue.TASK_SWEEP,
            "schedule": settings.work.sweep_s,
            "options": {"expires": settings.work.sweep_s},
        },
        "nightly-grouping": {
            "task": queue.TASK_GROUP,
            "schedule": crontab(minute=30, hour=6),
            "options": {"expires": 6 * 3600},
        },
    }
