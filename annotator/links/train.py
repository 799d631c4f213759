"""Trains the event pointer and the pair relations: ``python -m annotator.links.train --data DIR``.

Temperature and threshold come from three folds of topics or events; a third of the events is
measured once. Writes ``memory_lm/{link,relations}.safetensors``, ``links.json`` and its figure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np

from annotator import encoder, masking
from annotator.events.scores import b_cubed
from annotator.links import data, measure
from annotator.links.figure import draw
from annotator.links.relate import relations
from annotator.links.replay import REAL, Replay, decide, replay
from memory_lm import relations as shipped
from memory_lm.labs.report import code_digest
from memory_lm.link import LinkHead
from memory_lm.pair_fit import Sample, calibrated, fit

if TYPE_CHECKING:
    from memory_lm.link import Rarity

SEED = 0
CODE = (
    "annotator.links", "annotator.masking", "memory_lm.backbone", "memory_lm.bank",
    "memory_lm.labs.interference_events", "memory_lm.link", "memory_lm.pair_fit",
    "memory_lm.relations", "memory_lm.spans", "memory_lm.supersede",
)  # fmt: skip
THRESHOLDS = tuple(float(t) for t in np.arange(0.2, 0.9, 0.05).round(2))
COSINE = [0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way of telling a set; ``seeds`` orders of it are trained on and measured."""

    name: str
    of: str
    dates: int | str | None
    seeds: int


KINDS = (
    Kind(name="ECB+, undated", of="ecbplus", dates=None, seeds=3),
    Kind(name="ECB+, 1 event a day", of="ecbplus", dates=1, seeds=1),
    Kind(name="ECB+, 4 events a day", of="ecbplus", dates=4, seeds=1),
    Kind(name="roundups, undated", of="roundups", dates=None, seeds=1),
    Kind(name="roundups, 10 events a day", of="roundups", dates=10, seeds=1),
    Kind(name="roundups, 50 events a day", of="roundups", dates=50, seeds=1),
    Kind(name="roundups, real dates", of="roundups", dates=REAL, seeds=1),
)
Told = dict[str, list[Replay]]


def main() -> None:
    """Train, measure, write weights, result and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--cache", type=Path, help="folder that keeps encoded articles")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/memory"))
    args = parser.parse_args()
    sets = {name: data.articles(args.data, name, args.cache) for name in data.SETS}
    started = time.process_time()
    rarity = data.rarity(args.data)

    def part(fold: int) -> Told:
        kept = {n: [a for a in articles if a.fold == fold] for n, articles in sets.items()}
        print(f"replays of fold {fold}", flush=True)
        return told(kept, rarity)

    folds, held = [part(fold) for fold in range(data.FOLDS)], part(-1)
    head, tuning = trained(folds, rarity, list)
    cosine, _ = trained(folds, rarity, _cosine)
    unseen = {n: [a for a in articles if a.fold < 0] for n, articles in sets.items()}
    vectors = measure.article_vectors([a for articles in unseen.values() for a in articles])
    relation_head, relation_measures = relations(unseen["ecbplus"], encoder.embed, seed=SEED)
    about = {
        "vectors": data.vectors_version(), "masking": masking.digest(), "seed": str(SEED),
        "data_sha256": digest(args.data), "code_sha256": code_digest(CODE),
    }  # fmt: skip
    shipped.save_link(head, about)
    shipped.save(relation_head, about)
    result = {
        "measure": "events never seen in training or tuning (a third, by hash)",
        **about,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "cpu_seconds_after_encoding": round(time.process_time() - started, 1),
        "code_modules": CODE,
        "threshold": head.threshold,
        "temperature": round(head.pair.temperature, 4),
        "tuning_curve": tuning,
        "held_out": {name: measure.scored(runs, head) for name, runs in held.items()},
        "held_out_cosine": {
            name: measure.scored(_cosine(runs), cosine) for name, runs in held.items()
        },
        "held_out_first_grouping_undated": {
            name: measure.first_grouping(articles, vectors) for name, articles in unseen.items()
        },
        "first_grouping_was_tuned_on": "9 of the 14 held-out ECB+ topics; no held-out roundup",
        "relations": relation_measures,
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "links.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    heads = {"pointer": (head, held), "cosine": (cosine, {n: _cosine(r) for n, r in held.items()})}
    draw(heads, ("ECB+, undated", "roundups, undated")).savefig(args.out / "links.png", dpi=110)
    print(json.dumps(result, indent=1))


def told(sets: dict[str, list[data.Article]], rarity: Rarity) -> Told:
    """Every kind of replay of some articles."""
    return {
        kind.name: [
            replay(sets[kind.of], rarity, seed=SEED + seed, dates=kind.dates)
            for seed in range(kind.seeds)
        ]
        for kind in KINDS
    }


def trained(
    folds: Sequence[Told], rarity: Rarity, view: Callable[[list[Replay]], list[Replay]]
) -> tuple[LinkHead, dict[str, float]]:
    """The head for all folds, tempered and given its threshold on folds it was not fitted to.

    ``view`` chooses the features. Also the mean B-cubed F1 over kinds of every threshold.
    """
    seen = [{name: view(runs) for name, runs in fold.items()} for fold in folds]
    curve: dict[float, list[float]] = {threshold: [] for threshold in THRESHOLDS}
    temperatures = []
    for out in seen:
        rest = _pairs([fold for fold in seen if fold is not out])
        pair = calibrated(fit(rest, seed=SEED), _pairs([out]))
        temperatures.append(pair.temperature)
        for threshold in THRESHOLDS:
            head = LinkHead(pair=pair, rarity=rarity, threshold=threshold)
            curve[threshold].append(mean(_f1(runs, head) for runs in out.values()))
    best = max(curve, key=lambda threshold: mean(curve[threshold]))
    temperature = float(np.exp(np.mean(np.log(temperatures))))
    pair = replace(fit(_pairs(seen), seed=SEED), temperature=temperature)
    head = LinkHead(pair=pair, rarity=rarity, threshold=best)
    return head, {str(threshold): round(mean(f1), 4) for threshold, f1 in curve.items()}


def _f1(runs: Sequence[Replay], head: LinkHead) -> float:
    return mean(b_cubed(r.event.tolist(), decide(r, head).event.tolist()).f1 for r in runs)


def _pairs(folds: Sequence[Told]) -> Sample:
    """All pairs; every kind of every fold weighs the same."""
    parts = []
    for fold in folds:
        for runs in fold.values():
            found = [run.pairs() for run in runs]
            parts += [
                replace(pairs, weight=pairs.weight / np.float32(len(found))) for pairs in found
            ]
    return Sample.joined(parts)


def _cosine(runs: list[Replay]) -> list[Replay]:
    """The same replays, of which only the cosine of the nearest parts is seen."""
    return [
        replace(run, asked=tuple(replace(a, rows=a.rows[:, COSINE]) for a in run.asked))
        for run in runs
    ]


def digest(folder: Path) -> str:
    """SHA-256 over the files that were read."""
    found = sha256()
    names = (*data.FILES.values(), "lean_allsides_articles.part0", "lean_allsides_articles.part1")
    for name in names:
        found.update((folder / "train" / f"{name}.parquet").read_bytes())
    return found.hexdigest()


if __name__ == "__main__":
    main()
