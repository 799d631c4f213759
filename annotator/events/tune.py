"""Chooses the event level and measures it: ``python -m annotator.events.tune --data DIR``.

One parameter after another is set to the value with the best mean B-cubed F1 over the tuning
problems, starting from the shipped values; the winner, the shipped values and two plain baselines
are then scored on events never seen in tuning. Writes ``tuning.json`` and ``tuning.png``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from dataclasses import asdict, replace
from itertools import compress
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from annotator.encoder import version
from annotator.events.cluster import EVENT, STORY, grow
from annotator.events.linkage import Level
from annotator.events.scores import b_cubed, kept_alone, pairwise
from annotator.events.signature import Signatures, word_rows
from annotator.events.tuning_data import problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annotator.events.tuning_data import Problem

DOCUMENTS = "documents, undated"
CHOICES: dict[str, tuple[float, ...]] = {
    "cohesion_ratio": (0.0, 0.8, 0.9, 1.0),
    "cohesion_prior": (0.25, 0.35, 0.5, 1.0),
    "dense_weight": (0.2, 0.35, 0.5),
    "crowd_step": (0.0, 0.06, 0.08, 0.1, 0.12),
    "gap_cost": (0.0, 0.01, 0.02, 0.03, 0.05),
    "span_days": (2.0, 3.0, 4.0),
    "threshold": (0.27, 0.29, 0.31, 0.33, 0.35),
    "attach": (0.0, 0.015, 0.03, 0.045, 0.06),
}
# Average linkage with one similarity and one threshold, as the data folder's baselines.
PLAIN = replace(EVENT, crowd_step=0.0, gap_cost=0.0, cohesion_ratio=0.0, attach=0.0)
BASELINES = {"sentence vectors only": 1.0, "words only": 0.0}
BASELINE_THRESHOLDS = tuple(float(t) for t in np.arange(0.15, 0.8, 0.05).round(2))


def main() -> None:
    """Tune, measure, write the result and its figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/events"))
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors between runs")
    args = parser.parse_args()
    every = problems(args.data, args.cache)
    tuning = [p for p in every if not p.held_out]
    unseen = [p for p in every if p.held_out]
    long = [p for p in every if p.name == DOCUMENTS]
    level, curves = search(EVENT, tuning)
    plain = {name: _best_plain(weight, tuning) for name, weight in BASELINES.items()}
    result = {
        "measure": "B-cubed and pairwise, events never seen in tuning",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "encoder": version(),
        "chosen": asdict(level),
        "shipped": asdict(EVENT),
        "tuning_curves": curves,
        "tuning": _report(level, tuning),
        "held_out": _report(level, unseen),
        "held_out_shipped": _report(EVENT, unseen),
        "baselines": {
            name: {"threshold": base.threshold, "held_out": _report(base, unseen)}
            for name, base in plain.items()
        },
        "cohesion_prior_on_topic_folds": _folds(long),
        "story_level_on_ecb_topics": _topics(long),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "tuning.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    _figure(curves, level).savefig(args.out / "tuning.png", dpi=110)
    print(json.dumps({"chosen": result["chosen"], "held_out": result["held_out"]}, indent=1))


def search(level: Level, tuning: Sequence[Problem]) -> tuple[Level, dict[str, dict[str, float]]]:
    """The level after one pass over ``CHOICES``, and the mean F1 of every value tried."""
    curves: dict[str, dict[str, float]] = {}
    for name, values in CHOICES.items():
        tried = {value: _mean_f1(_with(level, name, value), tuning) for value in values}
        best = max(tried, key=lambda value: (tried[value], -value))
        level = _with(level, name, best)
        print(f"{name} = {best}: mean B-cubed F1 {tried[best]:.4f}", flush=True)
        curves[name] = {str(value): round(f1, 4) for value, f1 in tried.items()}
    return level, curves


def _with(level: Level, name: str, value: float) -> Level:
    return Level(**{**asdict(level), name: value})


def _mean_f1(level: Level, problems_: Sequence[Problem]) -> float:
    return mean(b_cubed(p.truth, _grouped(p, level)).f1 for p in problems_)


def _grouped(problem: Problem, level: Level) -> list[int]:
    return [int(g) for g in grow(problem.signatures, np.arange(len(problem.truth)), level)]


def _best_plain(dense_weight: float, tuning: Sequence[Problem]) -> Level:
    levels = [replace(PLAIN, dense_weight=dense_weight, threshold=t) for t in BASELINE_THRESHOLDS]
    return max(levels, key=lambda level: _mean_f1(level, tuning))


def _report(level: Level, problems_: Sequence[Problem]) -> dict[str, dict[str, float]]:
    report = {}
    for problem in problems_:
        found = _grouped(problem, level)
        score = b_cubed(problem.truth, found)
        report[problem.name] = {
            "articles": len(problem.truth),
            "events": len(set(problem.truth)),
            "precision": round(score.precision, 4),
            "recall": round(score.recall, 4),
            "f1": round(score.f1, 4),
            "pairwise_f1": round(pairwise(problem.truth, found).f1, 4),
            "singletons_kept": round(kept_alone(problem.truth, found), 4),
        }
    return report


def _folds(documents: Sequence[Problem]) -> dict[str, dict[str, float]]:
    """Mean and worst F1 over folds of about ten ECB+ topics, three random partitions."""
    topics = sorted({_topic(event) for problem in documents for event in problem.truth})
    parts: list[Problem] = []
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(topics)
        folds = np.array_split(shuffled, max(1, len(topics) // 10))
        parts += [_joined(documents, set(fold.tolist())) for fold in folds]
    scores = {}
    for prior in CHOICES["cohesion_prior"]:
        level = _with(EVENT, "cohesion_prior", prior)
        f1 = [b_cubed(p.truth, _grouped(p, level)).f1 for p in parts]
        scores[str(prior)] = {"mean": round(mean(f1), 4), "worst": round(min(f1), 4)}
    return scores


def _topics(documents: Sequence[Problem]) -> dict[str, float]:
    """Story level against ECB+ topics: a weak stand-in, for look-alike events are no real story."""
    scores = {}
    for problem in documents:
        events = grow(problem.signatures, np.arange(len(problem.truth)), EVENT)
        found = [int(g) for g in grow(problem.signatures, events, STORY)]
        truth = [_topic(event) for event in problem.truth]
        part = "held out" if problem.held_out else "tuning"
        scores[part] = round(b_cubed(truth, found).f1, 4)
    return scores


def _joined(documents: Sequence[Problem], topics: set[str]) -> Problem:
    rows = [np.array([_topic(event) in topics for event in p.truth]) for p in documents]
    truth = [event for p in documents for event in p.truth if _topic(event) in topics]
    leads = [
        lead for p, kept in zip(documents, rows, strict=True) for lead in compress(p.leads, kept)
    ]
    dense = [p.signatures.dense[kept] for p, kept in zip(documents, rows, strict=True)]
    signatures = Signatures(
        dense=np.concatenate(dense), words=word_rows(leads), day=np.full(len(truth), np.nan)
    )
    return replace(documents[0], signatures=signatures, truth=truth)


def _topic(event: str) -> str:
    return event.partition("_")[0]


def _figure(curves: dict[str, dict[str, float]], level: Level) -> Figure:
    figure = Figure(figsize=(12, 3.2), layout="constrained")
    axes = figure.subplots(1, len(curves), sharey=True)
    for axis, (name, tried) in zip(axes, curves.items(), strict=True):
        values = [float(value) for value in tried]
        axis.plot(values, list(tried.values()), marker="o", color="#3b5b92")
        axis.axvline(getattr(level, name), color="#c44e52", linestyle=":")
        axis.set_xlabel(name)
    axes[0].set_ylabel("mean B-cubed F1, tuning events")
    figure.suptitle("Event level: one parameter at a time (dotted: chosen)")
    return figure


if __name__ == "__main__":
    main()
