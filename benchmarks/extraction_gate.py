"""The quality gate of extraction: our own pages, held to floors that are in a file.

Run: ``python -m benchmarks.extraction_gate`` (exit code 3 where a floor is missed), with
``--update`` to lift floors, and ``--allow-regression REASON`` to lower one. The pattern is
trafilatura's evaluation gate: floors, number of pages and digest of the pages stand together.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks import extraction_pages
from benchmarks.extraction_pages import Case
from newsroom.errors import BadRequest, Misconfigured, NewsroomError, Refused
from newsroom.text import words
from scraper.extraction.extract import EXTRACTOR

FLOORS = Path(__file__).parents[1] / "tests" / "floors" / "extraction.json"
PAGES_MIN = 40
# The pages and their parsers are the same everywhere; only rounding may differ.
MARGIN = 0.002
QUALITY_MISSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was measured, what is asked, and the measures and pages that fell short."""

    measured: dict[str, float]
    floors: dict[str, float]
    missed: tuple[str, ...]
    wrong: dict[str, list[str]]


def measure(cases: list[Case]) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Measures by name, and what is wrong on each page that is not read as expected.

    ``pages`` is the share of pages read wholly as expected, by group too; ``token_f1``, ``title``,
    ``refusal`` are means over the pages that expect such a thing.
    """
    scores: dict[str, list[float]] = defaultdict(list)
    wrong: dict[str, list[str]] = {}
    for case in cases:
        found = extraction_pages.outcome(case)
        lines = extraction_pages.wrong(case, found)
        if lines:
            wrong[case.name] = lines
        scores["pages"].append(float(not lines))
        scores[f"pages_{case.name.split('/', 1)[0]}"].append(float(not lines))
        if "code" in case.expected:
            scores["refusal"].append(float(not lines))
            continue
        article = None if isinstance(found, Refused) else found
        if "text" in case.expected:
            text = article.text if article else ""
            scores["token_f1"].append(_token_f1(case.expected["text"], text))
        if "title" in case.expected:
            scores["title"].append(float(bool(article and article.title == case.expected["title"])))
    return {name: round(fmean(values), 4) for name, values in sorted(scores.items())}, wrong


def judge(path: Path = FLOORS, cases: list[Case] | None = None) -> Verdict:
    """Measure and compare.

    Misconfigured ``floors-missing`` without a file, ``floors-stale`` where the pages are no longer
    those that the floors were measured on.
    """
    cases = cases or extraction_pages.cases()
    kept = _read(path)
    digest = extraction_pages.digest(cases)
    if (kept["pages_digest"], kept["pages"]) != (digest, len(cases)):
        raise Misconfigured(
            "floors-stale",
            f"{path.name} was measured on {kept['pages']} pages {kept['pages_digest']}, here are "
            f"{len(cases)} pages {digest}: look at what changed, then --update",
        )
    measured, wrong = measure(cases)
    floors = {name: float(one["floor"]) for name, one in kept["measures"].items()}
    missed = tuple(name for name, floor in floors.items() if measured.get(name, -1.0) < floor)
    return Verdict(measured=measured, floors=floors, missed=missed, wrong=wrong)


def update(
    path: Path = FLOORS, cases: list[Case] | None = None, *, reason: str | None = None
) -> Verdict:
    """Measure and write. A floor never falls without a ``reason``, which is kept in the file.

    BadRequest ``floor-would-fall`` names what fell, ``too-few-pages`` a set below 40.
    """
    cases = cases or extraction_pages.cases()
    if len(cases) < PAGES_MIN:
        raise BadRequest("too-few-pages", f"{len(cases)} pages, at least {PAGES_MIN} are asked")
    kept = _read(path) if path.exists() else {"measures": {}, "lowered": []}
    old = {name: float(one["floor"]) for name, one in kept["measures"].items()}
    measured, wrong = measure(cases)
    earned = {name: round(value - MARGIN, 4) for name, value in measured.items()}
    falls = [
        {"measure": name, "from": floor, "to": earned.get(name)}
        for name, floor in old.items()
        if measured.get(name, -1.0) < floor
    ]
    if falls and not reason:
        what = ", ".join(f"{x['measure']} {x['from']} → {x['to']}" for x in falls)
        raise BadRequest("floor-would-fall", f"{what}: only with --allow-regression REASON")
    fallen = {str(x["measure"]) for x in falls}
    floors = {n: v if n in fallen else max(v, old.get(n, -1.0)) for n, v in earned.items()}
    groups = Counter(case.name.split("/", 1)[0] for case in cases)
    written = {
        "extractor": EXTRACTOR,
        "pages": len(cases),
        "pages_by_group": dict(sorted(groups.items())),
        "pages_digest": extraction_pages.digest(cases),
        "measures": {n: {"measured": measured[n], "floor": floors[n]} for n in sorted(floors)},
        "lowered": [*kept["lowered"], *({**fall, "reason": reason} for fall in falls)],
    }
    path.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return Verdict(measured=measured, floors=floors, missed=(), wrong=wrong)


def main() -> None:
    """Hold the extractor to its floors, or lift them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="Measure and lift the floors.")
    parser.add_argument("--allow-regression", metavar="REASON", help="Let floors fall; kept.")
    options = parser.parse_args()
    try:
        verdict = update(reason=options.allow_regression) if options.update else judge()
    except NewsroomError as error:
        print(f"extraction gate: {error.message} [{error.code}]", file=sys.stderr)
        raise SystemExit(4 if isinstance(error, Misconfigured) else 2) from error
    for name, value in verdict.measured.items():
        floor = verdict.floors.get(name)
        print(f"{name:16} {value:.4f}  floor {floor}{'  MISSED' if name in verdict.missed else ''}")
    for name, lines in verdict.wrong.items():
        print(f"{name}: {'; '.join(lines)}")
    if verdict.missed:
        raise SystemExit(QUALITY_MISSED)


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured("floors-missing", f"{path}: {error.strerror}") from error
    return found


def _token_f1(expected: str, found: str) -> float:
    a, b = Counter(words(expected)), Counter(words(found))
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0


if __name__ == "__main__":
    main()
