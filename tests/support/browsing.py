"""A reader's browser on a dashboard that runs here, and what it saw that it should not have."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from dashboard.app import mount
from dashboard.client import Client

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
PATIENCE_MS = 60_000

MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"),
        reason="no Chromium on this machine",
    ),
]


@dataclass
class Seen:
    """What the pages of one browser did that they should not have done."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@contextmanager
def serving() -> Iterator[Callable[[FastAPI], str]]:
    """Puts the dashboard on an API, and both on a port; answers with the address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(api: FastAPI) -> str:
        mount(api, Client.in_process(api))
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(api, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


def opened(chromium: Any, address: str, **context: Any) -> tuple[Any, Seen]:
    """A tab in a profile of its own, and what it will have seen."""
    page = chromium.new_context(**context).new_page()
    page.set_default_timeout(PATIENCE_MS)
    seen = Seen()
    page.on(
        "request",
        lambda r: (
            None if r.url.startswith((address, "data:", "blob:")) else seen.foreign.append(r.url)
        ),
    )
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: seen.errors.append(str(e)))

    def dialog(found: Any) -> None:
        seen.dialogs.append(found.message)
        found.dismiss()

    page.on("dialog", dialog)
    return page, seen


def settled(page: Any) -> None:
    """Wait until nothing on the page waits."""
    page.wait_for_selector("#body > *")
    page.wait_for_selector(".waiting", state="detached")
