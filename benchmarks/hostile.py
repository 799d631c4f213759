"""Pages made to hurt the parser, at full size, through the real child: 30 s and 1 GB (S6).

Run: ``python -m benchmarks.hostile``. Every page must end as an article or as a refusal with a
code; the caller must live.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from newsroom.errors import Refused
from scraper.extraction.extract import EXTRACTOR
from scraper.extraction.extract_child import MEMORY_BYTES
from scraper.extraction.extractors import TIMEOUT_S, Extractors
from scraper.extraction.reading import Page

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "extraction"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
URL = "https://quay.test/harbour/council-meets"


def main() -> None:
    """Ask the child each page and write what became of it."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    import hostile_pages

    outcomes: dict[str, dict[str, object]] = {}
    with Extractors(1) as extractors:
        for name, made in hostile_pages.pages(1.0).items():
            html = made()
            started = time.monotonic()
            found = extractors.submit(Page(html=html, url=URL, now=NOW)).result()
            seconds = time.monotonic() - started
            refused = isinstance(found, Refused)
            outcomes[name] = {
                "page_bytes": len(html),
                "outcome": found.code if isinstance(found, Refused) else "article",
                "message": found.message if isinstance(found, Refused) else f"{found.words} words",
                "wall_s": round(seconds, 2),
            }
            nul = not refused and "\x00" in f"{found.title}{found.text}{found.bylines}"
            outcomes[name]["nul"] = nul
            print(f"{name:30} {len(html):9} {seconds:6.1f} s  {outcomes[name]['outcome']}")
    report = {
        "extractor": EXTRACTOR,
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {p: version(p) for p in ("trafilatura", "lxml")},
        "limits": {"child_s": TIMEOUT_S, "child_bytes": MEMORY_BYTES},
        "pages": len(outcomes),
        "crashes_of_the_caller": 0,  # this line is written by the caller
        "outcomes": dict(Counter(str(one["outcome"]) for one in outcomes.values())),
        "nul_came_through": sum(bool(one["nul"]) for one in outcomes.values()),
        "slowest_wall_s": max(float(str(one["wall_s"])) for one in outcomes.values()),
        "child_peak_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
        "by_page": outcomes,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "hostile.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print({k: report[k] for k in ("pages", "outcomes", "slowest_wall_s", "nul_came_through")})


if __name__ == "__main__":
    main()
