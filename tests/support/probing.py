"""Asks addresses in another process, with the crawler's real settings and middlewares.

A process is kept for the next question, because its imports cost more than what it is asked: each
run has its own crawler, so that it knows of the run before what the database knows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newsroom.settings import Settings
from scraper.job import Job, decode, encode
from scraper.outlets.registry import Outlet

CODE = "import probing; probing.child()"
_idle: list[subprocess.Popen[str]] = []


class Probe:
    """A run that has begun; ``answers()`` waits for it.

    An answer is ``{"status": …, "bytes": …, "url": …}`` or ``{"error": code, "message": …}`` by the
    address asked. ``shared`` says whether the run knows the database, ``meta`` is that of every
    request, ``values`` replace Scrapy settings.
    """

    def __init__(
        self,
        settings: Settings,
        outlets: Sequence[Outlet],
        urls: Sequence[str],
        *,
        demo_address: tuple[str, int] | None = None,
        shared: bool = True,
        meta: Mapping[str, Any] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        job = Job(
            settings=settings, outlets=tuple(outlets), demo_address=demo_address, revisit=False,
            limit=None, doors=(), timeout_s=None,
        )  # fmt: skip
        asked = {"urls": list(urls), "shared": shared, "meta": meta or {}, "values": values or {}}
        self._process = _idle.pop() if _idle else _start()
        assert self._process.stdin is not None
        self._process.stdin.write(encode(job) + "\n" + json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def answers(self) -> dict[str, dict[str, Any]]:
        assert self._process.stdout is not None
        answers: dict[str, dict[str, Any]] = json.loads(self._process.stdout.readline())
        _idle.append(self._process)
        return answers


def ask(*args: Any, **kwargs: Any) -> dict[str, dict[str, Any]]:
    """The answers of one run."""
    return Probe(*args, **kwargs).answers()


def _start() -> subprocess.Popen[str]:
    """It ends when its standard input closes: with us."""
    return subprocess.Popen(
        [sys.executable, "-c", CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )


def child() -> None:
    """The other side: read a question, ask, print the answers; until there is no more."""
    import asyncio

    from scrapy.utils.reactor import install_reactor

    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    running: Any = reactor

    async def serve() -> None:
        resolver = running.nameResolver
        while line := await asyncio.to_thread(sys.stdin.readline):
            running.installNameResolver(resolver)
            answers = await _run(decode(line), json.loads(sys.stdin.readline()))
            print(json.dumps(answers), flush=True)
        running.stop()

    running.callWhenRunning(lambda: asyncio.ensure_future(serve()))
    running.run()


async def _run(job: Job, asked: dict[str, Any]) -> dict[str, dict[str, Any]]:
    from contextlib import ExitStack

    from scrapy import Spider
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.http import Request
    from twisted.internet import reactor

    from newsroom.db import Database
    from scraper import settings as scrapy_settings
    from scraper.manners.guard import GuardedResolver
    from scraper.manners.hosts import SharedHosts

    answers: dict[str, dict[str, Any]] = {}

    class Asking(Spider):
        name = "asking"

        async def start(self):  # type: ignore[no-untyped-def]
            for url in asked["urls"]:
                answers[url] = {}
                meta = {**asked["meta"], "asked": url}
                yield Request(
                    url, callback=self.answered, errback=self.failed, dont_filter=True, meta=meta
                )

        def answered(self, response):  # type: ignore[no-untyped-def]
            status, body = response.status, len(response.body)
            answers[response.meta["asked"]] = {"status": status, "bytes": body, "url": response.url}

        def failed(self, failure):  # type: ignore[no-untyped-def]
            error = failure.value
            code = getattr(error, "code", type(error).__name__)
            answers[failure.request.meta["asked"]] = {"error": code, "message": str(error)}

    demo = job.demo_hosts()
    GuardedResolver(reactor, demo).install_on_reactor()
    with ExitStack() as opened:
        hosts = None
        if asked["shared"]:
            db = opened.enter_context(Database(job.settings.require_database(), size_max=4))
            hosts = SharedHosts(db)
        values = scrapy_settings.build(job.settings, job.outlets, demo, hosts=hosts)
        await AsyncCrawlerRunner(values | asked["values"]).crawl(Asking)
    return answers
