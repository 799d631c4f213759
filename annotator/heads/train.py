"""Train, calibrate and measure the heads: `python -m annotator.heads.train --data DIR`.

Seeded; writes weights.safetensors and metrics.json beside this file. Encoding about 12,000
articles takes most of the time (half an hour on two cores); `--cache DIR` keeps the vectors.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save_file
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from annotator import encoder, masking
from annotator.codebook.loader import load as load_codebook
from annotator.codebook.loader import training_crosswalk
from annotator.heads import data, evaluate, fit
from annotator.heads.features import Vocabulary, dense, ngrams, softmax, terms_to_bytes, unit
from annotator.heads.model import WEIGHTS_PATH
from annotator.heads.rows import FOLDS, SENTENCE_GROUP, Row
from annotator.heads.rows import build as build_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]
    Ints = NDArray[np.int64]
    Strings = NDArray[np.str_]

METRICS_PATH = WEIGHTS_PATH.with_name("metrics.json")
VOCABULARY_SIZE = 24_000
# At 40 held-out lean is best by a hair; below, more words of topics with few articles are kept.
VOCABULARY_MIN_OUTLETS = 25
# Thirty-two classes of baselines would double the time of training for numbers nobody compares.
PLAIN = ("lean", "news_type")
RIDGE_ALPHA = 1.0
NGRAM_SCALE = 0.5
POLARITY_STEP = 1.3
# Held-out lean of the n-grams alone was looked at for C = 0.02, 0.1 and 0.3 (0.41, 0.44, 0.45),
# news type for 0.1 and 0.5 (0.80 both), topic for one value.
RECIPES = {
    "lean": fit.Recipe(dense_c=1.0, sparse_c=0.3, outlet_power=0.3, class_power=1.0),
    "topic": fit.Recipe(dense_c=3.0, sparse_c=0.5, outlet_power=0.0, class_power=0.5),
    "news_type": fit.Recipe(dense_c=3.0, sparse_c=0.2, outlet_power=0.3, class_power=1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One classification problem: aligned rows of n-grams, labels and groups.

    ``encoded`` says which rows have vectors, ``dense`` holds them; ``judged`` which rows quality
    is told on: articles, with vectors, of outlets held out.
    """

    name: str
    names: tuple[str, ...]
    problem: fit.Problem
    encoded: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    dense: Floats
    sparse: csr_matrix
    raw: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Held-out probabilities and logits of judged rows, and the linear model of all rows."""

    probabilities: Floats
    parts: dict[str, Floats]
    mix: fit.Mix
    tensors: dict[str, NDArray[np.float16]]


def main() -> None:
    """Read the data folder, train every head, write weights and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--cache", type=Path, help="folder to keep article vectors in")
    args = parser.parse_args()
    rows = build_rows(args.data)
    vocabulary, tasks = build_tasks(rows, args.cache)
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
    tone_tensors, measures["tone"] = train_tone(rows, args.cache, vocabulary)
    tensors.update(tone_tensors)
    labels = {task.name: list(task.names) for task in tasks}
    labels["tone"] = list(load_codebook().questions["tone"].label_ids)
    about = {
        "labels": json.dumps(labels),
        "encoder": encoder.version(),
        "masking": masking.digest(),
        "codebook": load_codebook().digest,
        "data": data.digest(args.data),
    }
    save_file(tensors, WEIGHTS_PATH, metadata=about)
    about.pop("labels")
    METRICS_PATH.write_text(json.dumps({"made_from": about, **measures}, indent=1) + "\n")


def build_tasks(rows: list[Row], cache: Path | None) -> tuple[Vocabulary, list[Task]]:
    """Features and splits of the three classification heads."""
    articles = [row for row in rows if "lean" in row.labels]
    vocabulary = Vocabulary.build(
        [ngrams(row.words) for row in articles],
        [row.group for row in articles],
        size=VOCABULARY_SIZE,
        min_outlets=VOCABULARY_MIN_OUTLETS,
    )

    def task(name: str) -> Task:
        chosen = [row for row in rows if name in row.labels]
        encoded = np.array([row.encoded for row in chosen])
        names = load_codebook().questions[name].label_ids
        vectors, _ = data.parts([(row.title, row.text) for row in chosen if row.encoded], cache)
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
            encoded=encoded,
            judged=encoded & (problem.trust == 1.0),
            dense=dense(vectors),
            sparse=fit.matrix(vocabulary, [row.words for row in chosen]),
            raw=[row.words for row in chosen],
        )

    return vocabulary, [task(name) for name in RECIPES]


def train(task: Task) -> Outcome:
    """Held-out logits of both parts, the mix fitted on them, and the model of all rows.

    The mix of each fold is fitted on the other folds alone, so that the probabilities measured are
    those of outlets that had no say in anything.
    """
    recipe, encoded = RECIPES[task.name], task.encoded
    problem = task.problem.some(encoded)
    zd = fit.held_out(task.dense, problem, recipe, recipe.dense_c)
    zs = fit.held_out(task.sparse, task.problem, recipe, recipe.sparse_c)[encoded]
    probabilities = np.zeros((len(problem.labels), problem.classes))
    for fold in range(FOLDS):
        test = problem.folds == fold
        w = problem.weights(recipe, ~test)
        mix = fit.calibrate(zd[~test], zs[~test], problem.labels[~test], w)
        probabilities[test] = fit.mixed(mix, zd[test], zs[test])
    w = problem.weights(recipe, np.ones(len(problem.labels), dtype=bool))
    mix = fit.calibrate(zd, zs, problem.labels, w)
    wd, bd = fit.linear(task.dense, problem.labels, w, recipe.dense_c, problem.classes)
    every = task.problem.weights(recipe, np.ones(len(encoded), dtype=bool))
    ws, bs = fit.linear(task.sparse, task.problem.labels, every, recipe.sparse_c, problem.classes)
    tensors = {
        f"{task.name}.dense": (mix.dense * wd).astype(np.float16),
        f"{task.name}.sparse": (mix.sparse * ws).astype(np.float16),
        f"{task.name}.bias": (mix.dense * bd + mix.sparse * bs).astype(np.float16),
    }
    return Outcome(
        probabilities=probabilities[task.judged[encoded]],
        parts={"vectors": zd[task.judged[encoded]], "ngrams": zs[task.judged[encoded]]},
        mix=mix,
        tensors=tensors,
    )


def measure(task: Task, outcome: Outcome) -> dict[str, object]:
    """Held-out quality of a head, of its two parts and of a plain baseline, on the same rows."""
    problem, count = task.problem.some(task.judged), task.problem.classes
    truth, groups = problem.labels, problem.groups
    ours = outcome.probabilities.argmax(axis=1)
    predictions = {"ours": ours} | {
        name: logits.argmax(axis=1) for name, logits in outcome.parts.items()
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
    report["mix"] = {"dense": outcome.mix.dense, "sparse": outcome.mix.sparse}
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


def train_tone(
    rows: list[Row], cache: Path | None, vocabulary: Vocabulary
) -> tuple[dict[str, NDArray[np.generic]], dict[str, object]]:
    """Ridge regression of rated valence on vectors and n-grams, documents held out in turn.

    Sentences rated for a target (NewsMTSC) join every training part with a small weight and an
    offset of their own, since a mean rating and a class are on different scales.
    """
    passages = [row for row in rows if row.valence is not None]
    sentences = [row for row in rows if row.group == SENTENCE_GROUP]
    chosen, count = [*passages, *sentences], len(passages)
    parts, _ = data.parts([("", row.text) for row in chosen], cache)
    grams = fit.matrix(vocabulary, [row.words for row in chosen]).astype(np.float64)
    offset = (np.arange(len(chosen)) >= count).astype(np.float64)[:, None]
    blocks = (csr_matrix(unit(parts.sum(axis=1))), NGRAM_SCALE * grams, csr_matrix(offset))
    x: csr_matrix = csr_matrix(hstack([csr_matrix(block) for block in blocks]))
    names = load_codebook().questions["tone"].label_ids
    middle = names.index("neutral")
    y = np.array(
        [row.valence for row in passages]
        + [POLARITY_STEP * (row.labels["tone"] - middle) for row in sentences]
    )
    trust = np.array([row.weight for row in chosen])
    documents = np.array([row.group for row in passages])
    truth = np.array([row.labels["tone"] for row in passages])
    folds = np.array([row.fold for row in passages])

    def ridge(keep: NDArray[np.bool_]) -> Ridge:
        model = Ridge(alpha=RIDGE_ALPHA, solver="sparse_cg", tol=1e-5)
        return model.fit(x[keep], y[keep], sample_weight=trust[keep])

    guess = np.zeros(count)
    for fold in range(FOLDS):
        test = folds == fold
        keep = np.concatenate((~test, np.ones(len(sentences), dtype=bool)))
        guess[test] = ridge(keep).predict(x[:count][test])
    model = ridge(np.ones(len(chosen), dtype=bool))
    ones = np.ones(count)
    problem = fit.Problem(
        labels=truth, groups=documents, folds=folds, trust=ones, classes=len(names)
    )
    logits = fit.held_out(guess[:, None], problem, fit.UNWEIGHTED, 10.0)
    slope, intercept = fit.linear(guess[:, None], truth, ones, 10.0, len(names))

    def pearson(at: Ints) -> float:
        return float(np.corrcoef(y[at], guess[at])[0, 1])

    report: dict[str, object] = {
        "pearson": round(pearson(np.arange(count)), 4),
        "pearson_95": [round(v, 4) for v in evaluate.interval(documents, pearson, data.SEED)],
        "tone3": evaluate.scored(truth, logits.argmax(axis=1), documents, len(names), data.SEED),
        "ece": round(evaluate.calibration_error(softmax(logits), truth), 4),
        "labels": list(names),
        "confusion_true_by_predicted": evaluate.confusion(
            truth, logits.argmax(axis=1), len(names)
        ).tolist(),
    }
    width = encoder.DIMENSIONS
    tensors: dict[str, NDArray[np.generic]] = {
        "tone.dense": model.coef_[:width].astype(np.float16),
        "tone.sparse": (NGRAM_SCALE * model.coef_[width:-1]).astype(np.float16),
        "tone.bias": np.array([model.intercept_], dtype=np.float32),
        "tone.slope": slope[0].astype(np.float32),
        "tone.intercept": intercept.astype(np.float32),
    }
    return tensors, report


if __name__ == "__main__":
    main()
