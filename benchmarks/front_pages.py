"""How well front pages are read: our own pages, whose order was written down before they were.

Run: ``python -m benchmarks.front_pages``. Score of a page: length of the longest common subsequence
of the first 20 addresses found and the 20 of the truth, over 20; a headline counts where its words
are those of the truth. The weights of prominence were fixed before; whatever was changed while
looking at results was looked at on the pages marked ``tuning``, the others are what counts.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsroom.records import Publisher
from newsroom.urls import canonical
from scraper.frontpage import browser as browsers
from scraper.frontpage import measuring, page
from scraper.frontpage.browser import Browser
from scraper.frontpage.links import Entry
from scraper.frontpage.page import LAYOUT, Front
from scraper.outlets.registry import Outlet

PAGES = Path(__file__).parent.parent / "tests" / "scraper" / "pages" / "front"
RESULTS = Path(__file__).parent / "results" / "front_pages"
TOP = 20
TARGET = 0.90
TIMED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """One page of ours and what it shows."""

    name: str
    half: str
    front: Front
    sheets: dict[str, bytes]
    urls: list[str]
    headlines: list[str]


def gold() -> list[Gold]:
    truth = json.loads((PAGES / "truth.json").read_text())
    return [_gold(name, said) for name, said in truth.items()]


def _gold(name: str, said: dict[str, Any]) -> Gold:
    host = said["host"]
    publisher = Publisher(
        publisher_id=name, name=name, domain=host, country="US", language="en", timezone="UTC"
    )
    url = f"https://{host}/"
    folder = PAGES / name
    return Gold(
        name=name,
        half=said["half"],
        front=Front(
            body=(folder / "index.html").read_bytes(),
            url=url,
            content_type="text/html",
            outlet=Outlet(publisher=publisher, front_page=url, aliases=tuple(said["aliases"])),
        ),
        sheets={
            f"{url}{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*.css")
        },
        urls=[canonical(f"https://{host}{story['path']}") for story in said["top"]],
        headlines=[story["headline"] for story in said["top"]],
    )


def read(one: Gold, browser: Browser | None) -> list[Entry]:
    """The entries of a page, by rank."""
    if browser is None:
        return list(page.read(one.front).entries)
    captured = browser.lay_out(measuring.document(one.front), one.sheets)
    return list(page.read(replace(one.front, captured=captured.answer)).entries)


def in_order(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Longest common subsequence of the first 20 and the truth, as a share of the truth."""
    lengths = [[0] * (len(wanted) + 1)]
    for url in found[:TOP]:
        row = [0]
        for place, other in enumerate(wanted):
            match = lengths[-1][place] + 1 if url == other else 0
            row.append(max(match, row[-1], lengths[-1][place + 1]))
        lengths.append(row)
    return lengths[-1][-1] / len(wanted)


def scored(one: Gold, entries: Sequence[Entry]) -> dict[str, float]:
    """Order, addresses and headlines of the top 20, each as a share of the truth."""
    ranked = [entry for entry in entries if entry.rank is not None]
    found = [entry.canonical_url for entry in ranked]
    words = dict(zip(one.urls, one.headlines, strict=True))
    right = sum(words.get(entry.canonical_url) == entry.headline for entry in ranked)
    return {
        "in_order": round(in_order(found, one.urls), 3),
        "found": round(len(set(found[:TOP]) & set(one.urls)) / len(one.urls), 3),
        "headlines": round(right / len(one.urls), 3),
        "lead": float(found[:1] == one.urls[:1]),
    }


def measure(browser: Browser | None) -> dict[str, dict[str, float]]:
    """Scores by page, of the method that there is a browser for."""
    return {one.name: scored(one, read(one, browser)) for one in gold()}


def mean(scores: dict[str, dict[str, float]], half: str | None = None) -> dict[str, float]:
    """Means over pages, of one half or of all."""
    names = [one.name for one in gold() if half in {None, one.half}]
    keys = next(iter(scores.values()))
    return {key: round(sum(scores[n][key] for n in names) / len(names), 3) for key in keys}


def data_digest() -> str:
    """Digest of all pages and their truth."""
    digest = sha256()
    for path in sorted(p for p in PAGES.rglob("*") if p.suffix in {".html", ".css", ".json"}):
        digest.update(f"{path.relative_to(PAGES)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _times(browser: Browser) -> Iterator[float]:
    for one in gold():
        for _ in range(TIMED):
            started = time.perf_counter()
            read(one, browser)
            yield time.perf_counter() - started


def main() -> None:
    program = browsers.find("auto")
    if program is None:
        raise SystemExit("no Chromium found: nothing to compare with")
    with Browser(program) as browser:
        measured = {"rendered": measure(browser), "heuristic": measure(None)}
        engine = browser.lay_out(measuring.document(gold()[0].front), {}).engine
        seconds = sorted(_times(browser))
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "target": {"rendered in_order, held-out pages": TARGET},
        "layout": LAYOUT,
        "engine": engine,
        "data_digest": data_digest(),
        "machine": {"platform": platform.platform(), "python": platform.python_version()},
        "seconds_per_page": {
            "median": round(seconds[len(seconds) // 2], 3),
            "p90": round(seconds[int(0.9 * len(seconds))], 3),
        },
        "methods": {
            method: {
                "pages": scores,
                "mean": {"all": mean(scores)}
                | {half: mean(scores, half) for half in ("held-out", "tuning")},
            }
            for method, scores in measured.items()
        },
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "own-pages.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
