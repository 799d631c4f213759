"""What the verbs of this folder share: settings, the doorbell, and a bar of progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from newsroom import settings as settings_module
from newsroom.settings import Settings


def current() -> Settings:
    """Settings, pointed at the embedded services where some are running for this home."""
    from newsroom import stack

    return stack.attach(settings_module.load())


def cores() -> int:
    """Processes that can run side by side."""
    return os.cpu_count() or 1


def ring(settings: Settings) -> Callable[[int], object] | None:
    """Ring the queue where there is one; without it the sweeper finds the work later."""
    if settings.broker_url is None and settings.redis_url is None:
        return None
    from newsroom import queue
    from scraper.tasks import queue_times

    celery = queue.make_app(settings)
    return lambda new: queue.ring(celery, queue_times(settings, new))


@contextmanager
def bar(name: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr with count, rate and time; silent where that is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with _progress(columns) as progress:
        task = progress.add_task(name, total=total, rate="")

        def advance(n: int) -> None:
            progress.advance(task, n)
            speed = progress.tasks[0].speed
            progress.update(task, rate=f"{speed:.0f}/s" if speed else "")

        yield advance


@contextmanager
def byte_bar() -> Iterator[Callable[[str, int, int | None, int], None]]:
    """A bar over the bytes of one file after another, with rate and time left.

    It is told ``(file, bytes done, bytes in all, pages stored)``; a new file starts it anew.
    """
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as SpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        SpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[pages]} pages"),
    )
    with _progress(columns) as progress:
        shown: dict[str, Any] = {}

        def tell(name: str, done: int, total: int | None, pages: int) -> None:
            if name not in shown:
                for task in shown.values():
                    progress.remove_task(task)
                shown.clear()
                shown[name] = progress.add_task(name, total=total, completed=done, pages=pages)
            progress.update(shown[name], completed=done, total=total, pages=pages)

        yield tell


def _progress(columns: tuple[Any, ...]) -> Any:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal)
