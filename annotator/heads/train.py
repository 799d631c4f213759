"""Train, calibrate and measure the labeller: `python -m annotator.heads.train --data DIR`.

Seeded; writes weights.safetensors and metrics.json beside this file and the side network's weights
to `memory_lm/side.safetensors`. Encoding takes most of the time (an hour on two cores) and is kept
in `--cache DIR`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save_file
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from annotator import encoder, masking
from annotator.codebook.loader import load as load_codebook
from annotator.codebook.loader import training_crosswalk
from annotator.heads import data, evaluate, fit, tone
from annotator.heads.features import Vocabulary, dense, ngrams, terms_to_bytes
from annotator.heads.model import WEIGHTS_PATH
from annotator.heads.rows import FOLDS
from annotator.heads.rows import build as build_rows
from annotator.past import build, networks
from memory_lm import labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annotator.heads.rows import Row

    Floats = NDArray[np.floating]
    Ints = NDArray[np.int64]

METRICS_PATH = WEIGHTS_PATH.with_name("metrics.json")
VOCABULARY_SIZE = 24_000
# At 40 held-out lean is best by a hair; below, more words of topics with few articles are kept.
VOCABULARY_MIN_OUTLETS = 25
# Thirty-two classes of baselines would double the time of training for numbers nobody compares.
PLAIN = ("lean", "news_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One classification problem: aligned rows of n-grams, labels and groups.

    ``whole`` says which rows have vectors [w, 2d] (the others were read by their words alone).

    ``judged`` says which rows quality is told on: articles read whole, of outlets held out.
    ``side`` [n, k] are the side network's logits on outlets held out.
    """

    name: str
    names: tuple[str, ...]
    problem: fit.Problem
    whole: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    vectors: Floats
    side: Floats
    sparse: csr_matrix
    raw: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Held-out probabilities and logits of judged rows, and the model of all rows."""

    probabilities: Floats
    parts: fit.Parts
    mix: fit.Mix
    tensors: dict[str, NDArray[np.generic]]


def main() -> None:
    """Read the data folder, train the network and every head, write weights and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--cache", type=Path, help="folder to keep encoded articles in")
    args = parser.parse_args()
    rows = build_rows(args.data)
    corpora = build.corpora(rows, args.cache)
    started, cpu = time.monotonic(), time.process_time()
    side = networks.read(corpora)
    made_from = {
        "masking": masking.digest(),
        "codebook": load_codebook().digest,
        "data": data.digest(args.data),
    }
    vectors = encoder.chunks_version()
    labels.save(side.network, {**made_from, "vectors": vectors}, list(networks.GATES))
    vocabulary, tasks = build_tasks(rows, side, args.cache)
    tensors: dict[str, NDArray[np.generic]] = {
        "vocabulary": terms_to_bytes(vocabulary.terms),
        "idf": vocabulary.idf.astype(np.float16),
    }
    measures: dict[str, object] = {}
    for task in tasks:
        outcome = train(task)
        tensors.update(outcome.tensors)
        measures[task.name] = measure(task, outcome)
        print(task.name, json.dumps(measures[task.name])[:600], flush=True)
    valence = side.outputs["tone"][:, 0]
    tone_tensors, measures["tone"] = tone.train(rows, valence, args.cache, vocabulary)
    tensors.update(tone_tensors)
    named = {task.name: list(task.names) for task in tasks}
    named["tone"] = list(load_codebook().questions["tone"].label_ids)
    about = {
        **made_from, "encoder": encoder.version(), "side": labels.load(vectors).digest,
    }  # fmt: skip
    save_file(tensors, WEIGHTS_PATH, metadata={**about, "labels": json.dumps(named)})
    spent = {
        "wall_s": round(time.monotonic() - started),
        "cpu_s": round(time.process_time() - cpu + side.cpu_s),
        "of_networks_cpu_s": round(side.cpu_s),
    }
    report = {"made_from": about, "gates_open": list(networks.GATES), "training": spent, **measures}
    METRICS_PATH.write_text(json.dumps(report, indent=1) + "\n")


def build_tasks(
    rows: list[Row], side: networks.Read, cache: Path | None
) -> tuple[Vocabulary, list[Task]]:
    """Features and splits of the three classification heads."""
    articles = [row for row in rows if row.is_article]
    vocabulary = Vocabulary.build(
        [ngrams(row.words) for row in articles],
        [row.group for row in articles],
        size=VOCABULARY_SIZE,
        min_outlets=VOCABULARY_MIN_OUTLETS,
    )

    def task(name: str) -> Task:
        known = np.array([name in row.labels for row in rows])
        chosen = [row for row in rows if name in row.labels]
        names = load_codebook().questions[name].label_ids
        whole = np.array([row.whole for row in chosen])
        vectors = data.parts([(row.title, row.text) for row in chosen if row.whole], cache)
        problem = fit.Problem(
            labels=np.array([row.labels[name] for row in chosen]),
            groups=np.array([row.group for row in chosen]),
            folds=np.array([row.fold for row in chosen]),
            trust=np.array([row.weight for row in chosen]),
            classes=len(names),
        )
        return Task(
            name=name,
            names=names,
            problem=problem,
            whole=whole,
            judged=whole & np.array([row.is_article for row in chosen]),
            vectors=dense(vectors),
            side=side.outputs[name][known],
            sparse=fit.matrix(vocabulary, [row.words for row in chosen]),
            raw=[row.words for row in chosen],
        )

    return vocabulary, [task(name) for name in fit.RECIPES]


def train(task: Task) -> Outcome:
    """Held-out logits of the parts, the mix fitted on them, and the linear models of all rows.

    The mix of each fold is fitted on the judged rows of the other folds, so that the probabilities
    measured are those of outlets that had no say in anything.
    """
    recipe, judged, whole = fit.RECIPES[task.name], task.judged, task.whole
    problem, seen = task.problem.some(judged), task.problem.some(whole)
    parts = fit.Parts(
        side=task.side[judged],
        vectors=_vectors_held_out(task, seen, recipe)[judged[whole]],
        ngrams=fit.held_out(task.sparse, task.problem, recipe, recipe.ngrams_c)[judged],
    )
    probabilities = np.zeros((len(problem.labels), problem.classes))
    for fold in range(FOLDS):
        test = problem.folds == fold
        w = problem.weights(recipe, ~test)
        mix = fit.calibrate(parts.some(~test), problem.labels[~test], w)
        probabilities[test] = fit.mixed(mix, parts.some(test))

    def linear(features: Floats | csr_matrix, some: fit.Problem, c: float) -> tuple[Floats, Floats]:
        w = some.weights(recipe, np.ones(len(some.labels), dtype=bool))
        return fit.linear(features, some.labels, w, c, some.classes)

    w = problem.weights(recipe, np.ones(len(problem.labels), dtype=bool))
    mix = fit.calibrate(parts, problem.labels, w)
    wv: Floats = np.zeros((task.vectors.shape[1], seen.classes))
    bv: Floats = np.zeros(seen.classes)
    if recipe.vectors_c is not None:
        wv, bv = linear(task.vectors, seen, recipe.vectors_c)
    wn, bn = linear(task.sparse, task.problem, recipe.ngrams_c)
    return Outcome(
        probabilities=probabilities,
        parts=parts,
        mix=mix,
        tensors={
            f"{task.name}.dense": (mix.vectors * wv).astype(np.float16),
            f"{task.name}.sparse": (mix.ngrams * wn).astype(np.float16),
            f"{task.name}.bias": (mix.vectors * bv + mix.ngrams * bn).astype(np.float16),
            f"{task.name}.side": np.array([mix.side], np.float32),
        },
    )


def _vectors_held_out(task: Task, seen: fit.Problem, recipe: fit.Recipe) -> Floats:
    if recipe.vectors_c is None:
        return np.zeros((len(seen.labels), seen.classes))
    return fit.held_out(task.vectors, seen, recipe, recipe.vectors_c)


def measure(task: Task, outcome: Outcome) -> dict[str, object]:
    """Held-out quality of a head, of its two parts and of a plain baseline, on the same rows."""
    problem, count = task.problem.some(task.judged), task.problem.classes
    truth, groups = problem.labels, problem.groups
    ours = outcome.probabilities.argmax(axis=1)
    predictions = {"ours": ours} | {
        name: logits.argmax(axis=1)
        for name, logits in asdict(outcome.parts).items()
        if logits.any()
    }
    if task.name in PLAIN:
        predictions["tfidf"] = _plain(task)
    report: dict[str, object] = {
        name: evaluate.scored(truth, guess, groups, count, data.SEED)
        for name, guess in predictions.items()
    }
    if "tfidf" in predictions:
        report["ours_minus_tfidf_95"] = evaluate.difference(
            truth, ours, predictions["tfidf"], groups, count, data.SEED
        )
        report["macro_f1_by_fold"] = {
            name: [
                round(evaluate.macro_f1(evaluate.confusion(truth[f], guess[f], count)), 4)
                for f in (problem.folds == k for k in range(FOLDS))
            ]
            for name, guess in predictions.items()
        }
    if task.name == "topic":
        report.update(_coarser(task, predictions, problem))
    report["ece"] = round(evaluate.calibration_error(outcome.probabilities, truth), 4)
    report["labels"] = list(task.names)
    report["confusion_true_by_predicted"] = evaluate.confusion(truth, ours, count).tolist()
    report["mix"] = asdict(outcome.mix)
    return report


def _plain(task: Task) -> Ints:
    """The baseline: TF-IDF of the masked text, every row alike, trained on every row as ours is."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=5, max_features=30_000, sublinear_tf=True)
    tfidf = csr_matrix(words.fit_transform(task.raw))
    logits = fit.held_out(tfidf, task.problem, fit.UNWEIGHTED, 1.0)
    guess: Ints = logits[task.judged].argmax(axis=1)
    return guess


def _coarser(task: Task, predictions: dict[str, Ints], problem: fit.Problem) -> dict[str, object]:
    """The topic head read as the twelve coarse groups, and as the six categories."""
    codebook, crosswalk = load_codebook(), training_crosswalk()
    readings = {
        "coarse": [crosswalk.topic_to_coarse[name] for name in task.names],
        "category": [codebook.category_of(name) for name in task.names],
    }
    report: dict[str, object] = {}
    for reading, of_topic in readings.items():
        groups = sorted(set(of_topic))
        column = np.array([groups.index(group) for group in of_topic])
        truth = column[problem.labels]
        for name, guess in predictions.items():
            report[f"{reading}_{name}"] = evaluate.scored(
                truth, column[guess], problem.groups, len(groups), data.SEED
            )
        report[f"{reading}_confusion_true_by_predicted"] = {
            "labels": groups,
            "counts": evaluate.confusion(truth, column[predictions["ours"]], len(groups)).tolist(),
        }
    return report


if __name__ == "__main__":
    main()
