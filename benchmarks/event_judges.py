"""HDBSCAN beside the grouping that ships: ``python -m benchmarks.event_judges --data DIR``.

Both judge the same likeness (sentence vectors, words, days) of the same articles. HDBSCAN
(Campello, Moulavi and Sander 2013, as scikit-learn has it) gets its settings from a grid by mean
B-cubed F1 over the tuning problems; no held-out event is looked at. Writes ``judges.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN

from annotator.events.cluster import EVENT, grow
from annotator.events.scores import b_cubed
from annotator.events.tuning_data import Problem, problems

RESULTS = Path(__file__).parent / "results" / "events"
SELECTIONS = ("eom", "leaf")
LIKENESSES = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
FAR = 2.0


def distances(problem: Problem) -> NDArray[np.float64]:
    """One minus the likeness of every two articles [n, n]; far apart where an event cannot span."""
    sign, level = problem.signatures, EVENT
    alike = level.dense_weight * (sign.dense @ sign.dense.T).astype(np.float64)
    alike += (1 - level.dense_weight) * (sign.words @ sign.words.T).toarray()
    gap = np.abs(sign.day[:, None] - sign.day)
    known = ~np.isnan(gap)
    alike[known] -= level.gap_cost * gap[known] ** 2
    apart = np.clip(1.0 - alike, 0.0, FAR)
    apart[known & (gap > level.span_days)] = FAR
    np.fill_diagonal(apart, 0.0)
    # The two products of a pair differ in their last bit.
    even: NDArray[np.float64] = np.maximum(apart, apart.T)
    return even


def grouped(apart: NDArray[np.float64], selection: str) -> dict[str, list[int | None]]:
    """Labels by setting; what HDBSCAN calls noise is alone.

    Its own choice of clusters, and its tree cut at a likeness. (``cluster_selection_epsilon`` of
    scikit-learn 1.9 fails with numpy 2.4.)
    """
    judge = HDBSCAN(
        min_cluster_size=2, min_samples=1, metric="precomputed", copy=True,
        cluster_selection_method=selection,
    )  # fmt: skip
    found = {selection: judge.fit_predict(apart)}
    for likeness in LIKENESSES if selection == SELECTIONS[0] else ():
        cut = judge.dbscan_clustering(1.0 - likeness, min_cluster_size=2)
        found[f"cut at {likeness}"] = cut
    return {
        setting: [None if label < 0 else int(label) for label in labels]
        for setting, labels in found.items()
    }


def main() -> None:
    """Try every setting on the tuning problems and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors between runs")
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    started = time.process_time()
    tuning = [p for p in problems(args.data, args.cache) if not p.held_out]
    tried: dict[str, dict[str, float]] = {}
    ours: dict[str, float] = {}
    for problem in tuning:
        apart = distances(problem)
        for selection in SELECTIONS:
            for setting, found in grouped(apart, selection).items():
                f1 = b_cubed(problem.truth, found).f1
                tried.setdefault(setting, {})[problem.name] = f1
        label = grow(problem.signatures, np.arange(len(problem.truth)), EVENT)
        ours[problem.name] = b_cubed(problem.truth, label.tolist()).f1
        print(problem.name, f"ours {ours[problem.name]:.4f}", flush=True)
    means = {setting: mean(scores.values()) for setting, scores in tried.items()}
    best = max(means, key=lambda setting: means[setting])
    result = {
        "measure": "B-cubed F1 on tuning events",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {p: version(p) for p in ("numpy", "scikit-learn")},
        "cpu_seconds": round(time.process_time() - started),
        "average_link": {name: round(f1, 4) for name, f1 in ours.items()},
        "average_link_mean": round(mean(ours.values()), 4),
        "hdbscan_best_setting": best,
        "hdbscan_best": {name: round(f1, 4) for name, f1 in tried[best].items()},
        "hdbscan_best_mean": round(means[best], 4),
        "hdbscan_best_of_each_problem": {
            name: round(max(scores[name] for scores in tried.values()), 4) for name in ours
        },
        "hdbscan_means": {setting: round(f1, 4) for setting, f1 in means.items()},
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "judges.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
