"""Run Celery, worker or beat. Tasks come from each package by entry point."""

from __future__ import annotations

import os
from importlib.metadata import entry_points

from celery import Celery

from newsroom import log, queue, schedule
from newsroom.settings import Settings

GROUP = "newsroom.tasks"


def app(settings: Settings) -> Celery:
    """A Celery app with the tasks of every installed package and the schedule."""
    celery = queue.make_app(settings)
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        entry.load()(celery, settings)
    celery.conf.beat_schedule = schedule.table(settings)
    celery.conf.beat_schedule_filename = str(settings.home / "beat-schedule")
    return celery


def work(settings: Settings, queues: list[str], *, processes: int, beat: bool) -> None:
    """Take work until told to stop (SIGTERM finishes the running task first)."""
    log.configure(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    arguments = [
        "worker",
        f"--concurrency={processes}",
        f"--queues={','.join(queues)}",
        "--loglevel=WARNING",
        "--without-gossip",
        "--without-mingle",
        f"--hostname=newsroom-{os.getpid()}@%h",  # several workers may share a host
    ]
    app(settings).worker_main([*arguments, "--beat"] if beat else arguments)


def beat(settings: Settings) -> None:
    """Run the schedule: exactly one of these in a cluster."""
    log.configure(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    app(settings).Beat(loglevel="WARNING").run()
