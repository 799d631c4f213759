"""Train and tune the sentence heads: `python -m annotator.sentences.train --data DIR --cache DIR`.

Seeded; writes weights.safetensors and metrics.json beside this file. Encoding 22,000 sentences
takes most of the time and is kept in the cache. What is held out here are the rated articles; the
outlets of measure.py have no part in it but those two that the choices below were tuned on.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold

from annotator import encoder, masking
from annotator.heads.features import softmax
from annotator.sentences import data, measure, model, parties
from annotator.sentences.focus import swapped
from annotator.sentences.labels import FOCI, LABELS
from annotator.sentences.model import WEIGHTS_PATH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annotator.sentences.data import Rated

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

FOLDS = 8
# Inverse regularisation, by own held-out articles and the tuning outlets (0.01 to 3 were tried).
PULL = {"type": 0.1, "tone": 0.1, "focus": 1.0}
WEAK_PULL = 1.0
RIDGE_ALPHA = 1.0
# Added to the logits of the tones: our rater called more sentences negative, and fewer positive,
# than the raters of the tuning outlets did. Half of the difference of log shares, about.
TONE_SHIFT = (-0.5, 0.0, 0.25)
SWAPPED_FOCI = [FOCI.index(name) for name in ("republican", "democrat", "both", "neither")]


def main() -> None:
    """Read the data folder, train every head, write weights and what was measured on the way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--cache", type=Path, help="folder to keep encoded sentences in")
    args = parser.parse_args()
    started, cpu = time.monotonic(), time.process_time()
    rated = data.rated(args.data)
    tensors = weak_heads(args.data, args.cache)
    matrices, vectors = columns(rated, tensors, args.cache)
    truths = {"type": rated.types, "tone": rated.tones, "focus": rated.foci}
    own: dict[str, object] = {}
    for name, truth in truths.items():
        held_out = out_of_fold(name, matrices[name], vectors, truth, rated.groups)
        real = ~rated.written
        own[name] = measure.scored(name, truth[real], held_out[real], rated.groups[real])
        tensors |= trained(name, matrices[name], vectors, truth)
    about = {
        "encoder": encoder.version(), "masking": masking.digest(), "lists": parties.digest(),
        "data": data.digest(args.data),
    }  # fmt: skip
    save_file(tensors, WEIGHTS_PATH, metadata=about)
    spent = {
        "wall_s": round(time.monotonic() - started), "cpu_s": round(time.process_time() - cpu)
    }  # fmt: skip
    counted = {
        "rated": int((~rated.written).sum()),
        "rated_articles": len(set(rated.groups[~rated.written].tolist())),
        "written": int(rated.written.sum()),
    }
    report = {"made_from": about, "sentences": counted, "training": spent, "own": own}
    measure.METRICS_PATH.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def weak_heads(folder: Path, cache: Path | None) -> dict[str, Floats]:
    """Linear heads on the vectors of the large sets: weights [d, 5] and bias [5]."""
    texts, opinion, _ = data.pages(folder)
    of_page = LogisticRegression(C=WEAK_PULL, max_iter=300)
    of_page.fit(data.vectors(texts, cache), opinion)
    texts, rating = data.valences(folder)
    of_valence = Ridge(alpha=RIDGE_ALPHA).fit(data.vectors(texts, cache), rating)
    texts, polarity = data.polarities(folder)
    of_target = LogisticRegression(C=WEAK_PULL, max_iter=300)
    of_target.fit(data.vectors(texts, cache), polarity)
    weights = np.vstack((of_page.coef_, of_valence.coef_[None], of_target.coef_)).T
    bias = np.concatenate((of_page.intercept_, [of_valence.intercept_], of_target.intercept_))
    return {
        "weak.weights": np.ascontiguousarray(weights, dtype=np.float32),
        "weak.bias": bias.astype(np.float32),
    }


def columns(
    rated: Rated, tensors: dict[str, Floats], cache: Path | None
) -> tuple[dict[str, Floats], Floats]:
    """Columns by head and vectors [n, d] of the labelled sentences, context from whole articles."""
    every = data.vectors([sentence for one in rated.masked for sentence in one], cache)
    weak, opinion, vectors = [], [], []
    start = 0
    for read, pick in zip(rated.reads, rated.pick, strict=True):
        mine = every[start : start + len(read.masked)]
        start += len(read.masked)
        outputs = model.weak(mine, tensors["weak.weights"], tensors["weak.bias"])
        weak.append(outputs[list(pick)])
        opinion.append(np.full(len(pick), outputs[:, 0].mean(), dtype=np.float32))
        vectors.append(mine[list(pick)])
    outputs, article = np.concatenate(weak), np.concatenate(opinion)
    matrices = {name: model.columns(name, rated.columns(name), outputs, article) for name in LABELS}
    return matrices, np.concatenate(vectors)


def trained(name: str, columns: Floats, vectors: Floats, truth: Ints) -> dict[str, Floats]:
    """The tensors of one head. Focus is trained on every sentence with the parties exchanged too,
    so that it treats them alike.
    """
    if name == "focus":
        columns = np.concatenate((columns, swapped(columns)))
        truth = np.concatenate((truth, np.array(SWAPPED_FOCI)[truth]))
    mean, scale = columns.mean(axis=0), columns.std(axis=0) + 1e-6
    standard = model.standardised(columns, mean, scale)
    fitted = LogisticRegression(C=PULL[name], max_iter=2000)
    fitted.fit(model.inputs(name, standard, vectors).astype(np.float64), truth)
    if fitted.classes_.tolist() != list(range(len(LABELS[name]))):
        raise ValueError(f"training data of {name} lacks a class")
    bias = fitted.intercept_ + (np.array(TONE_SHIFT) if name == "tone" else 0.0)
    return {
        f"{name}.mean": mean.astype(np.float32),
        f"{name}.scale": scale.astype(np.float32),
        f"{name}.weights": np.ascontiguousarray(fitted.coef_.T, dtype=np.float32),
        f"{name}.bias": bias.astype(np.float32),
    }


def out_of_fold(
    name: str, columns: Floats, vectors: Floats, truth: Ints, groups: NDArray[np.str_]
) -> NDArray[np.floating]:
    """Probabilities of each sentence from heads that saw no sentence of its article."""
    found = np.zeros((len(truth), len(LABELS[name])))
    for seen, held in GroupKFold(FOLDS).split(columns, truth, groups):
        head = trained(name, columns[seen], vectors[seen], truth[seen])
        standard = model.standardised(columns[held], head[f"{name}.mean"], head[f"{name}.scale"])
        inputs = model.inputs(name, standard, vectors[held])
        found[held] = softmax(inputs @ head[f"{name}.weights"] + head[f"{name}.bias"])
    return found


if __name__ == "__main__":
    main()
