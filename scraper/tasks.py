"""The crawl as a task of the queue; :mod:`newsroom.worker` hands over the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from newsroom import queue
from newsroom.records import Via
from newsroom.settings import Settings
from scraper import crawl, registry

TIMEOUT_S = 6 * 60.0  # below the task limit; the next run goes on with what is still unseen


def register(app: Any, settings: Settings) -> None:
    """Add ``crawl.outlets`` to a Celery app."""

    @app.task(name=queue.TASK_CRAWL)
    def crawl_outlets(doors: Sequence[str] = ()) -> None:
        """Crawl every outlet through some of its doors, all of them by default."""
        crawl.crawl(
            settings,
            registry.load().outlets,
            doors=[Via(door) for door in doors] or crawl.DOORS,
            timeout_s=TIMEOUT_S,
            ring=lambda new: queue.ring(app, queue_times(settings, new)),
        )


def queue_times(settings: Settings, new: int) -> int:
    """Rings for so many new articles: one for each batch that a task takes."""
    return -(-new // settings.work.batch)
