"""The crawl as tasks of the queue; :mod:`newsroom.worker` hands over the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from newsroom import queue
from newsroom.records import Via
from newsroom.settings import Settings
from scraper import crawl
from scraper.frontpage import rounds
from scraper.outlets import registry

TIMEOUT_S = 6 * 60.0  # below the task limit; the next run goes on with what is still unseen


def register(app: Any, settings: Settings) -> None:
    """Add ``crawl.outlets`` and ``crawl.front-pages`` to a Celery app."""

    def ring(new: int) -> None:
        queue.ring(app, queue_times(settings, new))

    @app.task(name=queue.TASK_CRAWL)
    def crawl_outlets(doors: Sequence[str] = ()) -> None:
        """Crawl every outlet through some of its doors, all of them by default."""
        crawl.crawl(
            settings,
            registry.load().outlets,
            doors=[Via(door) for door in doors] or crawl.DOORS,
            timeout_s=TIMEOUT_S,
            ring=ring,
        )

    @app.task(name=queue.TASK_FRONT_PAGES)
    def front_pages() -> None:
        """Look at the front pages whose hour has come; name the hours that nobody looked at."""
        rounds.take_due(settings, registry.load().outlets, ring=ring)


def queue_times(settings: Settings, new: int) -> int:
    """Rings for so many new articles: one for each batch that a task takes."""
    return -(-new // settings.work.batch)
