"""How long a reader waits: ``python -m benchmarks.dashboard --homes FOLDER``.

On a corpus of benchmarks/made_up_corpus.py, kept in ``--homes`` from run to run, and one process of
``newsroom serve``:

- first view: from asking for a page in a browser that knows nothing yet to its last panel,
  ``--views`` times a page (headless Chromium on the same machine, no cache);
- callbacks: every request that a page makes of the server, sent again ``--times`` times one after
  the other: milliseconds until the answer is there, and its bytes before compression.

Targets of ``dashboard.json``: first view 1.5 s, callbacks 300 ms at p95, 300 KB each.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any, Final

import httpx2
from playwright.sync_api import sync_playwright

from benchmarks.api_scale import corpus, serving, told

RESULTS: Final = Path(__file__).parent / "results" / "dashboard"
TARGETS: Final = {"first_view_s": 1.5, "callback_p95_ms": 300, "callback_bytes": 300_000}
PAGES: Final = {
    "today": "/",
    "coverage": "/coverage",
    "framing": "/framing",
    "events": "/events",
    "compare": "/compare",
    "articles": "/articles",
    "outlets": "/outlets",
    "pipeline": "/pipeline",
    "methods": "/methods",
}
LINKED: Final = (("event", "/events", "/events/"), ("article", "/articles", "/articles/"))
PATIENCE_MS: Final = 60_000
CALLBACK: Final = "/_dash-update-component"


def viewed(chromium: Any, address: str) -> tuple[float, list[str], Any]:
    """Seconds to the last panel, the callbacks asked for, and the page."""
    page = chromium.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.post_data) if CALLBACK in r.url else None)
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("#body > *")
    page.wait_for_selector(".waiting", state="detached")
    return time.perf_counter() - began, asked, page


def replayed(base: str, bodies: list[str], times: int) -> dict[str, Any]:
    """What each of these callbacks takes, one after the other, and the largest answer."""
    slowest: dict[str, dict[str, float]] = {}
    every: list[float] = []
    largest = 0
    with httpx2.Client(base_url=base, timeout=60) as http:
        for body in dict.fromkeys(bodies):
            ms = []
            for n in range(times + 1):
                began = time.perf_counter()
                answer = http.post(
                    CALLBACK, content=body, headers={"content-type": "application/json"}
                )
                if n:  # the first warms up
                    ms.append(1000 * (time.perf_counter() - began))
            largest = max(largest, len(answer.content))
            slowest[str(json.loads(body)["output"])[:80]] = told(ms) | {
                "bytes": len(answer.content)
            }
            every += ms
    worst = dict(sorted(slowest.items(), key=lambda pair: -pair[1]["p95_ms"])[:3])
    return told(every) | {"bytes_max": largest, "slowest": worst}


def measure(base: str, views: int, times: int) -> dict[str, Any]:
    """Every page: first view and callbacks."""
    found: dict[str, Any] = {}
    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        places = dict(PAGES)
        for name, start, to in LINKED:
            _, _, page = viewed(chromium, base + start)
            link = page.locator(f"main a[href^='{to}']").first
            places[name] = str(link.get_attribute("href"))
        for name, path in places.items():
            seconds, bodies = [], []
            for _ in range(views):
                took, bodies, page = viewed(chromium, base + path)
                page.context.close()
                seconds.append(took)
            found[name] = {
                "first_view_s": round(statistics.median(seconds), 2),
                "callbacks": replayed(base, bodies, times),
            }
            print(name, json.dumps(found[name]), file=sys.stderr)
        chromium.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--homes", type=Path, help="folder of the corpora, kept")
    where.add_argument("--address", help="a dashboard that is served already: prints only")
    parser.add_argument("--views", type=int, default=3)
    parser.add_argument("--times", type=int, default=20)
    asked = parser.parse_args()
    if asked.address:
        print(json.dumps(measure(asked.address.rstrip("/"), asked.views, asked.times), indent=1))
        return
    with (
        corpus(asked.homes, asked.articles) as (services, _),
        serving(services, asked.homes / f"corpus-{asked.articles}") as addresses,
    ):
        pages = measure(addresses[0], asked.views, asked.times)
    made = {
        "articles": asked.articles,
        "targets": TARGETS,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "pages": pages,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "dashboard.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
