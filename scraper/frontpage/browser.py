"""Chromium as a ruler: it lays out bytes that we hand it and says where everything stands.

It opens no connection. Every request of the page is held (CDP ``Fetch``): the document and the
stylesheets are answered from what the crawler fetched, everything else is refused; and no host name
resolves. JavaScript of the page is off. It runs in its own sandbox, is watched for time and memory,
and a browser that went wrong is replaced (docs/decisions/0012).
"""

from __future__ import annotations

import base64
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from newsroom.errors import Refused
from scraper.frontpage import launch

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
VIEWPORT_PX = (1440, 900)
TIMEOUT_S = 30.0
MEMORY_BYTES = 1_500_000_000  # private memory of all its processes; an empty one has 0.2 GB
MESSAGE_MAX_BYTES = 64_000_000  # a page of 10⁵ links is described in about 40 MB
LOOK_S = 0.25
STYLES = (
    "font-size", "display", "visibility", "opacity", "overflow-x", "overflow-y", "background-image",
)  # fmt: skip
FLAGS = (
    "--headless", "--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-proxy-server", "--no-first-run", "--no-pings", "--disable-gpu", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
    "--disable-dev-shm-usage", "--disable-domain-reliability", "--disable-sync",
    "--hide-scrollbars", "--mute-audio", "--disable-breakpad",
    # A page fetched by http is laid out as one: its stylesheets would be mixed content otherwise.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedMode,MediaRouter,OptimizationHints",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A page as it was fetched."""

    url: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A laid out page: the answer of ``DOMSnapshot.captureSnapshot`` as JSON, unread.

    ``wanted`` are stylesheets that the page asked for and that it was not given.
    """

    answer: bytes
    wanted: tuple[str, ...]
    engine: str


def find(setting: str) -> str | None:
    """The browser to use: the one named, or with ``auto`` one that is installed; None for off."""
    if setting == "off":
        return None
    if setting != "auto":
        return setting
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


class Browser:
    """One Chromium, started when first needed; a context manager. Not for two threads at once."""

    def __init__(self, program: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._program = program
        self._timeout_s = timeout_s
        self._running: _Running | None = None

    def lay_out(self, page: Document, sheets: Mapping[str, bytes]) -> Captured:
        """Lay a page out with these stylesheets, by address.

        Raises Refused ``browser-failed``, ``browser-timeout``, ``browser-memory`` or
        ``layout-too-large``; the next page gets a new browser then.
        """
        deadline = time.monotonic() + self._timeout_s
        try:
            if self._running is None:
                self._running = _Running(self._program)
            return self._running.lay_out(page, sheets, deadline)
        except Refused:
            self.close()
            raise
        except (OSError, ValueError, KeyError) as error:
            self.close()
            raise Refused("browser-failed", f"{type(error).__name__}: {error}"[:300]) from error

    def close(self) -> None:
        """End it, with everything it started."""
        if self._running is not None:
            self._running.end()
            self._running = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Running:
    """A browser process and the conversation with it (Chrome DevTools Protocol over pipes)."""

    def __init__(self, program: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="newsroom-browser-"))
        profile = self._folder / "profile"
        profile.mkdir()
        if os.geteuid() == 0:
            self._folder.chmod(0o711)
            account = pwd.getpwnam(launch.USER)
            os.chown(profile, account.pw_uid, account.pw_gid)
        theirs_in, self._orders = os.pipe()
        self._answers, theirs_out = os.pipe()
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                (
                    sys.executable, "-I", "-S", launch.__file__, str(theirs_in), str(theirs_out),
                    program, *FLAGS, f"--user-data-dir={profile}", "about:blank",
                ),
                pass_fds=(theirs_in, theirs_out),
                env={"HOME": str(profile), "PATH": os.defpath, "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._number = 0
        self._unread = bytearray()
        self._deadline = 0.0
        self._looked_at = 0.0
        self._engine = ""
        self._requests: _Requests | None = None

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._orders)
        os.close(self._answers)
        shutil.rmtree(self._folder, ignore_errors=True)

    def lay_out(self, page: Document, sheets: Mapping[str, bytes], deadline: float) -> Captured:
        self._deadline = deadline
        self._requests = _Requests(page, sheets)
        self._engine = self._engine or str(self._call("Browser.getVersion")["product"])
        context = self._call("Target.createBrowserContext")["browserContextId"]
        opened = self._call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self._call("Target.attachToTarget", targetId=opened["targetId"], flatten=True)
        tab = attached["sessionId"]
        width, height = VIEWPORT_PX
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Page.enable", tab)
        self._call("Emulation.setDeviceMetricsOverride", tab, **screen)
        self._call("Emulation.setScriptExecutionDisabled", tab, value=True)
        self._call("Fetch.enable", tab, patterns=[{"urlPattern": "*"}])
        self._send("Page.navigate", tab, url=page.url)
        while self._event(self._message()) != "Page.loadEventFired":
            pass
        number = self._send("DOMSnapshot.captureSnapshot", tab, computedStyles=STYLES)
        answer = self._answer(number)
        self._call("Target.disposeBrowserContext", browserContextId=context)
        wanted = tuple(self._requests.wanted)
        return Captured(answer=answer, wanted=wanted, engine=self._engine)

    def _call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._answer(self._send(method, session, **parameters)))
        if "error" in answer:
            raise Refused("browser-failed", f"{method}: {answer['error'].get('message')}"[:300])
        result: dict[str, Any] = answer["result"]
        return result

    def _send(self, method: str, session: str | None = None, **parameters: Any) -> int:
        self._number += 1
        order = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            order["sessionId"] = session
        data = memoryview(json.dumps(order).encode() + b"\0")
        while data:
            data = data[os.write(self._orders, data) :]
        return self._number

    def _answer(self, number: int) -> bytes:
        """The answer to an order as it came; what happens meanwhile is dealt with."""
        head = b'{"id":%d,' % number
        while not (message := self._message()).startswith(head):
            self._event(message)
        return message

    def _event(self, message: bytes) -> str | None:
        """Answer a request of the page; say what happened."""
        event = json.loads(message)
        if event.get("method") == "Fetch.requestPaused":
            assert self._requests is not None
            method, parameters = self._requests.answer(event["params"])
            self._send(method, event["sessionId"], **parameters)
        name: str | None = event.get("method")
        if name == "Inspector.targetCrashed":
            raise Refused("browser-failed", "the page crashed the browser's renderer")
        return name

    def _message(self) -> bytes:
        """The next message, which ends with a NUL."""
        seen = 0
        while (end := self._unread.find(0, seen)) < 0:
            seen = len(self._unread)
            if seen > MESSAGE_MAX_BYTES:
                raise Refused(
                    "layout-too-large", f"a layout of more than {MESSAGE_MAX_BYTES} bytes"
                )
            self._watch()
            if select.select([self._answers], [], [], LOOK_S)[0]:
                data = os.read(self._answers, 1 << 20)
                if not data:
                    raise Refused("browser-failed", f"the browser ended: {self._last_words()}")
                self._unread += data
        message = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return message

    def _watch(self) -> None:
        now = time.monotonic()
        if now > self._deadline:
            raise Refused("browser-timeout", "the page was not laid out in time")
        if now - self._looked_at > LOOK_S:
            self._looked_at = now
            if private_memory_bytes(self._process.pid) > MEMORY_BYTES:
                raise Refused("browser-memory", f"the browser took more than {MEMORY_BYTES} bytes")

    def _last_words(self) -> str:
        text = (self._folder / "log").read_text("utf-8", "replace").strip()
        return (text.splitlines() or ["it said nothing"])[-1][:200]


class _Requests:
    """What becomes of each request of one page: its document once, known stylesheets, no more."""

    def __init__(self, page: Document, sheets: Mapping[str, bytes]) -> None:
        self._page: Document | None = page
        self._sheets = sheets
        self.wanted: list[str] = []

    def answer(self, request: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        number, kind = request["requestId"], request["resourceType"]
        if kind == "Document" and self._page is not None:
            page, self._page = self._page, None
            return _given(number, page.content_type, page.body)
        if kind == "Stylesheet":
            url = str(request["request"]["url"])
            if url in self._sheets:
                return _given(number, "text/css", self._sheets[url])
            if url not in self.wanted:
                self.wanted.append(url)
        # Aborted, as if the reader had pressed stop: any other reason would replace the page by
        # an error page where a refresh or a frame asked.
        return "Fetch.failRequest", {"requestId": number, "errorReason": "Aborted"}


def _given(number: str, content_type: str, body: bytes) -> tuple[str, dict[str, Any]]:
    headers = {"Content-Type": content_type, "Access-Control-Allow-Origin": "*"}
    return "Fetch.fulfillRequest", {
        "requestId": number,
        "responseCode": 200,
        "responseHeaders": [{"name": k, "value": v} for k, v in headers.items()],
        "body": base64.b64encode(body).decode("ascii"),
    }


def private_memory_bytes(session: int) -> int:
    """Memory that the processes of a session share with nobody; 0 where there is no ``/proc``."""
    total_kib = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):  # a process may end while we look
            after_name = (folder / "stat").read_text("ascii", "replace").rsplit(")", 1)[1].split()
            if int(after_name[3]) == session:
                status = (folder / "status").read_text("ascii", "replace")
                total_kib += int(status.split("RssAnon:", 1)[1].split(None, 1)[0])
    return total_kib * 1024
