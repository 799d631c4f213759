"""Measure the shipped heads on rated outlets: `python -m annotator.sentences.measure --data DIR`.

The two tuning outlets were looked at while choosing; the two others are for telling, not choosing.
Writes both into metrics.json, the model card, and with `--results DIR` the benchmark's files.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annotator.heads import evaluate
from annotator.heads.data import lean_rows
from annotator.sentences import card, data
from annotator.sentences.labeller import SentenceLabeller
from annotator.sentences.labels import LABELS
from annotator.sentences.model import WEIGHTS_PATH, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annotator.sentences.labels import SentenceLabels

    Floats = NDArray[np.floating]
    Ints = NDArray[np.int64]

METRICS_PATH = WEIGHTS_PATH.with_name("metrics.json")
CARD_PATH = WEIGHTS_PATH.with_name("MODEL_CARD.md")
TUNED_ON = ("huffpost", "wsj")
REPORTED = ("cnn", "usatoday")
SEED = 0
TIMED_ARTICLES = 40
PACKAGES = ("numpy", "scikit-learn", "torch", "safetensors", "vaderSentiment")


def main() -> None:
    """Label the rated outlets, time the labeller, write metrics, card and benchmark files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--results", type=Path, help="folder for heads.json and heads.png")
    args = parser.parse_args()
    measures = json.loads(METRICS_PATH.read_text(encoding="utf-8"))
    labeller = SentenceLabeller()
    measures["weights"] = load().digest
    measures["tuned_on"] = outlets(labeller, args.data, TUNED_ON)
    measures["reported"] = outlets(labeller, args.data, REPORTED)
    measures["speed"] = speed(labeller, args.data)
    METRICS_PATH.write_text(json.dumps(measures, indent=1) + "\n", encoding="utf-8")
    CARD_PATH.write_text(card.page(measures), encoding="utf-8")
    if args.results:
        args.results.mkdir(parents=True, exist_ok=True)
        machine = {
            "processor": platform.machine(), "cores": os.cpu_count(),
            "python": platform.python_version(), "on": datetime.now(UTC).date().isoformat(),
            **{name: version(name) for name in PACKAGES},
        }  # fmt: skip
        whole = json.dumps({**measures, "machine": machine}, indent=1)
        (args.results / "heads.json").write_text(whole + "\n", encoding="utf-8")
        card.draw(measures, args.results / "heads.png")


def outlets(labeller: SentenceLabeller, folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Quality on the rated sentences of some outlets, in their articles and each one alone."""
    rows = data.judged(folder, names)
    articles = [list(found) for _, found in groupby(rows, key=lambda row: row["article_id"])]
    texts = [[row["sentence_text"] for row in article] for article in articles]
    whole = [one for article in labeller.label(texts) for one in article]
    alone = [one for article in labeller.label([[x] for y in texts for x in y]) for one in article]
    groups = np.array([row["article_id"] for row in rows])
    found: dict[str, Any] = {"outlets": list(names)}
    for name, labels in LABELS.items():
        truth = np.array([labels.index(row[name]) for row in rows])
        found[name] = scored(name, truth, _matrix(name, whole), groups)
        by_itself = _matrix(name, alone).argmax(axis=1)
        table = evaluate.confusion(truth, by_itself, len(labels))
        found[name]["alone"] = {
            "accuracy": round(float((by_itself == truth).mean()), 4),
            "macro_f1": round(evaluate.macro_f1(table), 4),
        }
    return found


def scored(
    name: str, truth: Ints, probabilities: Floats, articles: NDArray[np.str_]
) -> dict[str, Any]:
    """Accuracy and macro-F1 with intervals over sentences and over articles, the constant
    predictor's, F1 by class, calibration error and confusion.
    """
    labels = LABELS[name]
    guess = probabilities.argmax(axis=1)
    table = evaluate.confusion(truth, guess, len(labels))
    common = Counter(truth.tolist()).most_common(1)[0][0]
    constant = evaluate.confusion(truth, np.full(len(truth), common), len(labels))

    def accuracy(rows: Ints) -> float:
        return float((truth[rows] == guess[rows]).mean())

    def f1(rows: Ints) -> float:
        return evaluate.macro_f1(evaluate.confusion(truth[rows], guess[rows], len(labels)))

    every = np.arange(len(truth))
    each = np.array([str(i) for i in every])
    intervals = {
        f"{what}_95_over_{unit}": [round(x, 4) for x in evaluate.interval(groups, of, SEED)]
        for what, of in (("accuracy", accuracy), ("macro_f1", f1))
        for unit, groups in (("sentences", each), ("articles", articles))
    }
    hits, both = np.diag(table), table.sum(axis=0) + table.sum(axis=1)
    return {
        "sentences": len(truth),
        "articles": len(set(articles.tolist())),
        "accuracy": round(accuracy(every), 4),
        "macro_f1": round(f1(every), 4),
        **intervals,
        "constant": {
            "label": labels[common],
            "accuracy": round(float((truth == common).mean()), 4),
            "macro_f1": round(evaluate.macro_f1(constant), 4),
        },
        "f1_by_label": {
            label: round(float(2 * hits[i] / both[i]), 4) if both[i] else None
            for i, label in enumerate(labels)
        },
        "ece": round(evaluate.calibration_error(probabilities, truth), 4),
        "labels": list(labels),
        "confusion_true_by_predicted": table.tolist(),
    }


def speed(labeller: SentenceLabeller, folder: Path) -> dict[str, float]:
    """Sentences a CPU-second on articles of the training set, the encoder warm."""
    wanted = [row for row in lean_rows(folder)[:TIMED_ARTICLES] if row["text"]]
    articles = [data.split(row["text"]) for row in wanted]
    labeller.label(articles[:2])
    cpu, wall = time.process_time(), time.monotonic()
    count = sum(map(len, labeller.label(articles)))
    spent, waited = time.process_time() - cpu, time.monotonic() - wall
    return {
        "sentences": count,
        "sentences_per_cpu_s": round(count / spent, 1),
        "sentences_per_wall_s": round(count / waited, 1),
    }


def _matrix(name: str, found: Sequence[SentenceLabels]) -> Floats:
    return np.array(
        [[getattr(one, name).distribution[label] for label in LABELS[name]] for one in found]
    )


if __name__ == "__main__":
    main()
