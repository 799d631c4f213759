"""Extraction in children: a hostile page can cost a child its life, never the caller's.

Each slot is one thread that owns one process; the process has a memory limit, the thread a watch.
A child that is too slow or dies is replaced, and its page is refused ``parser-limit``.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self, TypeVar, cast

from newsroom.errors import Misconfigured, Refused
from scraper.extraction.extract import Extracted
from scraper.extraction.extract_child import READY
from scraper.extraction.reading import Listing, Page
from scraper.frontpage.page import Front, Layout
from scraper.listings.discover import Found

TIMEOUT_S = 30.0
START_TIMEOUT_S = 60.0  # importing the models takes 1 s alone, more beside busy neighbours
Outcome = Extracted | Refused
Tag = TypeVar("Tag")


class Extractors:
    """``processes`` children that extract pages; a context manager.

    ``submit`` gives a future, ``stream`` keeps the order of its input at bounded memory. Raises
    Misconfigured ``extractor-broken`` where a child cannot even start.
    """

    def __init__(self, processes: int = 1, *, timeout_s: float = TIMEOUT_S) -> None:
        self.processes = processes
        self._timeout_s = timeout_s
        self._own = threading.local()
        self._children: list[_Child] = []
        self._pool = ThreadPoolExecutor(processes, thread_name_prefix="extract")

    def submit(self, page: Page) -> Future[Outcome]:
        """Extract when a child is free."""
        return cast("Future[Outcome]", self._pool.submit(self._run, page))

    def discover(self, listing: Listing) -> Future[Found | Refused]:
        """Read addresses off a listing when a child is free."""
        return cast("Future[Found | Refused]", self._pool.submit(self._run, listing))

    def front_page(self, front: Front) -> Future[Layout | Refused]:
        """Read the places off a front page when a child is free."""
        return cast("Future[Layout | Refused]", self._pool.submit(self._run, front))

    def stream(self, pages: Iterable[tuple[Tag, Page | Refused]]) -> Iterator[tuple[Tag, Outcome]]:
        """Extract page after page, each with its tag; what is refused already passes through."""
        waiting: deque[tuple[Tag, Future[Outcome]]] = deque()
        for tag, page in pages:
            if isinstance(page, Refused):
                future: Future[Outcome] = Future()
                future.set_result(page)
            else:
                future = self.submit(page)
            waiting.append((tag, future))
            if len(waiting) >= 4 * self.processes:
                first, done = waiting.popleft()
                yield first, done.result()
        while waiting:
            first, done = waiting.popleft()
            yield first, done.result()

    def close(self) -> None:
        """Wait for what runs, then end the children."""
        self._pool.shutdown(cancel_futures=True)
        for child in self._children:
            child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _run(self, page: Page | Listing | Front) -> Outcome | Found | Layout:
        child: _Child | None = getattr(self._own, "child", None)
        if child is None:
            child = self._own.child = _Child()
            self._children.append(child)
        try:
            child.pipe.send(page)
            if child.pipe.poll(self._timeout_s):
                answer: Extracted | Found | Layout | tuple[str, str] = child.pipe.recv()
                return Refused(*answer) if isinstance(answer, tuple) else answer
            reason = f"took longer than {self._timeout_s:g} s"
        except (EOFError, BrokenPipeError, ConnectionResetError):
            reason = "the parser ran out of its limits"
        child.end()
        self._children.remove(child)
        self._own.child = None
        return Refused("parser-limit", reason)


class _Child:
    """One extracting process and the pipe to it."""

    def __init__(self) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        # Not multiprocessing's own start: that would import the caller's main module again.
        self.process = subprocess.Popen(
            (sys.executable, "-m", "scraper.extraction.extract_child", str(theirs.fileno())),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        try:
            started = self.pipe.poll(START_TIMEOUT_S) and self.pipe.recv() == READY
        except (EOFError, ConnectionResetError):
            started = False
        if not started:
            self.end()
            raise Misconfigured("extractor-broken", "the extracting process does not start")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.pipe.close()
