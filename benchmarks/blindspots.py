"""False claims and power on made-up coverage: ``python -m benchmarks.blindspots``.

annotator/coverage/made_up.py says how coverage comes about; it is not what the detector assumes. A
claim is true where articles that would have been were left out and none remained. Beside ours, on
the same corpora: "absent is a blindspot"; the same step-up for one who knows the true probability
of every absence; and, on every tenth, our detector when nobody tells it of gaps. Three in ten are
made once more with nothing planted. The shape of the null model, the order of the step-up and its
level were chosen on corpora of other seeds; so was how much made-up outlets write, which was raised
until there was anything to find. About ten minutes on two cores.

Writes ``benchmarks/results/blindspots/blindspots.json`` and ``blindspots.png``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from annotator.coverage.blindspots import Rules
from annotator.coverage.made_up import world
from annotator.coverage.measure import CHANCES, RATES, SHARES, Score, Trial, trial, untold
from newsroom.intervals import of_mean, of_share

RESULTS = Path(__file__).parent / "results" / "blindspots"
CORPORA, FIRST_SEED = 1_000, 1_000_000
PROMISED = 0.10
DETECTORS = ("ours", "naive", "all_knowing")


def planted(seed: int) -> Trial:
    """One corpus with planted absences."""
    return trial(world(seed, planted=True), Rules())


def unplanted(seed: int) -> Trial:
    """The same corpus with none."""
    return trial(world(seed, planted=False), Rules())


def told_of_no_gaps(seed: int) -> Score:
    """The corpus with planted absences, its gaps unknown."""
    return untold(world(seed, planted=True), Rules())


def rates(scores: Sequence[Score]) -> dict[str, Any]:
    """False discovery rate with its interval, and the sums of the scores of one detector."""
    false = np.array([score.false_share for score in scores])
    low, high = of_mean(float(false.mean()), float(false.std(ddof=1)), len(false))
    there, found = (sum(getattr(s, name) for s in scores) for name in ("planted", "found"))
    return {
        "corpora": len(scores),
        "false_discovery_rate": round(float(false.mean()), 4),
        "interval_95": [round(low or 0.0, 4), round(high or 0.0, 4)],
        "corpora_with_claims": sum(score.claims > 0 for score in scores),
        "claims": sum(score.claims for score in scores),
        "false": sum(score.false for score in scores),
        "in_gap": sum(score.in_gap for score in scores),
        "planted": there,
        "found": found,
        "power": round(found / there, 4) if there else None,
    }


def power(trials: Sequence[Trial], name: str, bins: Sequence[float]) -> list[dict[str, Any]]:
    """Power over the planted absences that could be judged, by bin."""
    rows = []
    for number, (low, high) in enumerate(pairwise(bins)):
        found, there = (sum(getattr(t, name)[number][i] for t in trials) for i in (0, 1))
        share = found / max(there, 1)
        rows.append(
            {
                "from": low,
                "to": None if high == np.inf else min(high, 1.0) if name == "by_share" else high,
                "planted": there,
                "found": found,
                "power": round(share, 4) if there else None,
                "interval_95": [None if x is None else round(x, 4) for x in of_share(share, there)],
            }
        )
    return rows


def calibration(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Expected and seen absences where nothing was planted, by the probability given."""
    rows = []
    for number, (low, high) in enumerate(pairwise(CHANCES)):
        pairs, expected, seen = (sum(t.calibration[number][i] for t in trials) for i in range(3))
        rows.append(
            {
                "from": low,
                "to": min(high, 1.0),
                "pairs": pairs,
                "expected": round(expected / max(pairs, 1), 5),
                "seen": round(seen / max(pairs, 1), 5),
            }
        )
    return rows


def draw(result: dict[str, Any]) -> Figure:
    """Power by articles to expect and by spread, and calibration."""
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for axes, name, title in (
        (left, "power_by_articles_expected", "articles to expect"),
        (middle, "power_by_share_of_others", "share of other outlets that carried it"),
    ):
        rows = result[name]
        labels = [f"{r['from']:g}–{'' if r['to'] is None else format(r['to'], 'g')}" for r in rows]
        heights = [r["power"] or 0 for r in rows]
        spans = [r["interval_95"] for r in rows]
        errors = [
            [max(h - (s[0] or 0), 0) for h, s in zip(heights, spans, strict=True)],
            [max((s[1] or 0) - h, 0) for h, s in zip(heights, spans, strict=True)],
        ]
        axes.bar(labels, heights, yerr=errors, color="#4477aa")
        axes.set(title=f"power by {title}", ylim=(0, 1))
    rows = [r for r in result["calibration"] if r["pairs"]]
    right.loglog([r["expected"] for r in rows], [max(r["seen"], 1e-4) for r in rows], "o-")
    right.plot([1e-3, 1], [1e-3, 1], color="grey", linewidth=0.8)
    right.set(title="absences where nothing was planted", xlabel="expected", ylabel="seen")
    ours = result["planted"]["ours"]
    figure.suptitle(
        f"{result['corpora']} corpora: false discovery {ours['false_discovery_rate']:.3f} "
        f"(promised ≤ {PROMISED}), {ours['in_gap']} claims in gaps"
    )
    return figure


def main() -> None:
    """Run all corpora in this process and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=int, default=CORPORA)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.corpora)
    started = time.perf_counter()
    with ProcessPoolExecutor(arguments.processes) as pool:
        found = list(pool.map(planted, seeds, chunksize=4))
        nothing = list(pool.map(unplanted, seeds[: arguments.corpora * 3 // 10], chunksize=4))
        unaware = list(pool.map(told_of_no_gaps, seeds[::10], chunksize=4))
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "corpora": len(seeds),
        "first_seed": FIRST_SEED,
        "wall_s": round(time.perf_counter() - started, 1),
        "promised": {"false_discovery_rate": PROMISED, "claims_in_a_gap": 0},
        "rules": asdict(Rules()),
        "planted": {name: rates([getattr(t, name) for t in found]) for name in DETECTORS}
        | {"told_of_no_gaps": rates(unaware)},
        "none_planted": {name: rates([getattr(t, name) for t in nothing]) for name in DETECTORS},
        "power_by_share_of_others": power(found, "by_share", SHARES),
        "power_by_articles_expected": power(found, "by_rate", RATES),
        "calibration": calibration(nothing),
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "blindspots.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    draw(result).savefig(arguments.output / "blindspots.png", dpi=120)
    print(json.dumps(result["planted"]["ours"]), json.dumps(result["none_planted"]["ours"]))


if __name__ == "__main__":
    main()
