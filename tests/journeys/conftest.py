"""One demo, treated badly: killed in mid-crawl, its worker killed in mid-labelling, then looked at.

``demo`` gives the finished, still served demo; the tests of this folder share it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from psycopg.rows import dict_row

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600.0
# What a look or a judgement says of itself: that it was made, when, and what was there then.
LOOKS = frozenset(
    {
        "front_pages", "front_page_sheets", "front_page_layouts", "front_page_links",
        "outlet_crawls", "source_health", "hosts", "robots", "validators", "sightings", "revisits",
        "coverage_runs", "coverage_verdicts", "source_health_history",
    }
)  # fmt: skip
# Counted anew from the others every minute, whenever that minute falls.
SUMS = frozenset({"trend_sums", "trend_cells", "trend_spans", "trend_marks"})
# The first test of the session waits for the whole demo, killed twice on purpose.
TEST_S = 900


@dataclass
class Demo:
    """A demo's folder and, while it runs, its process, address and printed summary."""

    home: Path
    summary: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    killed_with_pages: int = 0
    killed_with_open_work: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {k: v for k, v in os.environ.items() if not k.endswith("_URL")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "newsroom", "demo", "--home", str(self.home), *arguments],
            cwd=ROOT, env=environment | {"NO_COLOR": "1"}, text=True,
            stdout=subprocess.PIPE, stderr=(self.home / "stderr.log").open("a"),
            # A runner started in the background of a shell ignores Ctrl-C and hands that down.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )  # fmt: skip
        return self.process

    def query(self, sql: str) -> list[dict[str, Any]]:
        url = json.loads((self.home / "stack.json").read_text())["database_url"]
        with psycopg.connect(url, row_factory=dict_row) as conn:
            return conn.execute(sql).fetchall()

    def count(self, sql: str) -> int:
        """A count, or 0 while the services are not up yet."""
        try:
            return int(self.query(sql)[0]["n"])
        except (OSError, psycopg.Error, ValueError):
            return 0

    def state(self) -> dict[str, set[str]]:
        """Every row of every table but those of ``LOOKS`` and ``SUMS``, to compare before and after."""
        tables = [
            r["tablename"]
            for r in self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            if r["tablename"] not in LOOKS | SUMS
        ]
        return {
            t: {r["row"] for r in self.query(f"SELECT t::text AS row FROM {t} t")}
            for t in sorted(tables)
        }

    def read_summary(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                self.summary = json.loads(line)
                self.address = self.summary["address"]
                return
        pytest.fail(
            f"the demo ended without a summary: {(self.home / 'stderr.log').read_text()[-3000:]}"
        )

    def end(self) -> int:
        """Ctrl-C, and the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def until(condition: Callable[[], bool], what: str) -> None:
    """Poll a real process; the only way to know is to look."""
    event, deadline = threading.Event(), time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE_S:.0f} s for {what}")
        event.wait(0.05)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """More time than other tests have: a slow machine is no failure, a stall is found earlier."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(TEST_S))


def workers(parent: int) -> list[psutil.Process]:
    """The Celery worker and its pool children below a demo."""
    found = []
    for process in psutil.Process(parent).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a short-lived sibling may end while we look
            if "worker" in process.cmdline():
                found.append(process)
    return found


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    home = Path(tempfile.mkdtemp(prefix="newsroom-demo-"))
    home.chmod(0o711)
    demo = Demo(home=home)

    first = demo.start()
    until(lambda: demo.count("SELECT count(*) AS n FROM pages") >= 20, "20 pages")
    demo.killed_with_pages = demo.count("SELECT count(*) AS n FROM pages")
    first.send_signal(signal.SIGKILL)
    first.wait()

    second = demo.start()
    until(
        lambda: demo.count("SELECT count(*) AS n FROM work WHERE state = 'done'") >= 20, "20 done"
    )
    demo.killed_with_open_work = demo.count("SELECT count(*) AS n FROM work WHERE state <> 'done'")
    for process in workers(second.pid):
        process.kill()
    demo.read_summary()
    yield demo
    if demo.process is not None and demo.process.poll() is None:
        demo.end()
    shutil.rmtree(home)
