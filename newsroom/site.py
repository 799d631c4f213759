"""A whole site on one machine: embedded services, one worker with its schedule, one served port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2

from newsroom import migrate, process, stack
from newsroom import settings as settings_module
from newsroom.commands import stop_on_signals
from newsroom.db import Database
from newsroom.errors import Misconfigured
from newsroom.settings import Settings
from newsroom.store import work

READY_S = 60.0
WATCH_S = 0.2


class Children:
    """The child processes of a site: kept alive, stopped together."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._commands: dict[str, list[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def log(self, name: str) -> Path:
        """Where a child's output goes."""
        return self._settings.home / f"{name}.log"

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Run ``newsroom ARGUMENTS`` with these settings."""
        self._commands[name] = list(arguments)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NEWSROOM_")}
        # One thread a process: the processes are the parallelism.
        environment |= {"OMP_NUM_THREADS": "1"} | settings_module.environ(self._settings)
        child = process.start(
            [sys.executable, "-m", "newsroom", *arguments], log=self.log(name), env=environment
        )
        self._running[name] = child
        return child

    def revive(self) -> list[str]:
        """Start again whatever died; the names."""
        dead = [name for name, child in self._running.items() if child.poll() is not None]
        for name in dead:
            self.start(name, *self._commands[name])
        return dead

    def stop(self) -> None:
        """Stop all, newest first."""
        for child in reversed(self._running.values()):
            process.stop(child, signal.SIGTERM)
        self._running.clear()


@contextmanager
def running(settings: Settings, *, processes: int) -> Iterator[tuple[Settings, Children]]:
    """Services, worker and server of a site; everything started is stopped at the end."""
    stop_on_signals()
    embedded = not (settings.database_url and settings.redis_url)
    with ExitStack() as cleanup:
        if embedded:
            services = cleanup.enter_context(stack.running(settings.home))
            settings = services.into(settings)
        migrate.upgrade(settings.require_database())
        if embedded:
            # The services are ours and were down, so whoever held a lease is gone.
            _end_leases(settings)
        children = Children(settings)
        cleanup.callback(children.stop)
        children.start("worker", "worker", "--processes", str(processes), "--beat")
        children.start("serve", "serve", "--port", str(settings.port))
        _until_ready(settings, children)
        yield settings, children


def revive(settings: Settings, children: Children) -> None:
    """Start again what died; a dead worker's leases end at once, since it was the only one."""
    if "worker" in children.revive():
        _end_leases(settings)


def address(settings: Settings) -> str:
    """The one address of the site."""
    return f"http://127.0.0.1:{settings.port}/"


def up(settings: Settings, *, processes: int) -> None:
    """Run a site until told to stop."""
    with running(settings, processes=processes) as (ready, children):
        print(f"Newsroom is at {address(ready)}  (Ctrl-C stops everything)", flush=True)
        watch(ready, children)


def watch(settings: Settings, children: Children) -> None:
    """Keep the children alive until Ctrl-C or SIGTERM."""
    try:
        while True:
            time.sleep(WATCH_S)
            revive(settings, children)
    except KeyboardInterrupt:
        print("stopping", file=sys.stderr)


def _end_leases(settings: Settings) -> None:
    with Database(settings.require_database(), size_max=1) as db, db.transaction() as conn:
        work.end_leases(conn)


def _until_ready(settings: Settings, children: Children) -> None:
    deadline = time.monotonic() + READY_S
    with httpx2.Client(timeout=5) as client:
        while time.monotonic() < deadline:
            try:
                if client.get(f"{address(settings)}readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            line = process.tail(children.log("serve"), 1)
            if "[port-in-use]" in line:
                raise Misconfigured("port-in-use", line.removeprefix("newsroom: "))
            time.sleep(WATCH_S)
    raise Misconfigured(
        "serve-slow", f"the server is not ready: {process.tail(children.log('serve'))}"
    )
