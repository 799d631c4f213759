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
from annotator.heads.features import Vocabulary, dense, join, ngrams, softmax, terms_to_bytes, unit
from annotator.heads.model import WEIGHTS_PATH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]
    Ints = NDArray[np.int64]
    Strings = NDArray[np.str_]

METRICS_PATH = WEIGHTS_PATH.with_name("metrics.json")
FOLDS = 5
VOCABULARY_SIZE = 16_000
# At 40 held-out lean is best by a hair; below, more words of topics with few articles are kept.
VOCABULARY_MIN_OUTLETS = 25
# Thirty-two classes of baselines would double the time of training for numbers nobody compares.
PLAIN = ("lean", "news_type")
# Sections of one outlet's web site are weaker evidence of a topic than an editor's tag.
SECTION_WEIGHT = 0.3
RIDGE_ALPHA = 1.0
NGRAM_SCALE = 0.5
POLARITY = {"negative": -1.3, "neutral": 0.0, "positive": 1.3}
POLARITY_WEIGHT = 0.1
# Between C = 0.3 and 3 held-out lean scores differ by less than 0.005; nothing else was searched.
RECIPES = {
    "lean": fit.Recipe(dense_c=1.0, sparse_c=1.0, outlet_power=0.3, class_power=1.0),
    "topic": fit.Recipe(dense_c=3.0, sparse_c=10.0, outlet_power=0.0, class_power=0.5),
    "news_type": fit.Recipe(dense_c=3.0, sparse_c=3.0, outlet_power=0.3, class_power=1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One classification problem: aligned rows of features, labels and groups."""

    name: str
    names: tuple[str, ...]
    problem: fit.Problem
    dense: Floats
    sparse: csr_matrix
    raw: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Held-out probabilities of a task, and the linear model for all of its rows."""

    probabilities: Floats
    mix: fit.Mix
    tensors: dict[str, NDArray[np.float16]]


def main() -> None:
    """Read the data folder, train every head, write weights and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--cache", type=Path, help="folder to keep article vectors in")
    args = parser.parse_args()
    vocabulary, tasks = build_tasks(args.data, args.cache)
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
    tone_tensors, measures["tone"] = train_tone(args.data, args.cache, vocabulary)
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


def build_tasks(folder: Path, cache: Path | None) -> tuple[Vocabulary, list[Task]]:
    """Rows, features and splits of the three classification heads."""
    everything = data.lean_rows(folder)
    kinds = {
        row["ID"]: row["article_type"] for row in data.table(folder, "article_type_url_silver")
    }
    lean = data.thinned(everything, lambda row: row["domain"], data.LEAN_PER_OUTLET)
    typed = data.thinned(
        everything,
        lambda row: f"{row['domain']} {kinds[row['ID']]}" if row["ID"] in kinds else None,
        data.TYPE_PER_OUTLET,
    )
    sections = data.table(folder, "topic_huffpost")
    crosswalk = training_crosswalk()
    sections = [row for row in sections if crosswalk.huffpost_sections[row["category"]]]
    for row in sections:
        row.update(title=row["headline"], text=row["short_description"] or "", domain="huffpost")
    texts = {id(row): _masked(row) for row in (*lean, *typed, *sections)}
    vocabulary = Vocabulary.build(
        [ngrams(texts[id(row)]) for row in lean],
        [row["domain"] for row in lean],
        size=VOCABULARY_SIZE,
        min_outlets=VOCABULARY_MIN_OUTLETS,
    )
    tagged = [row for row in lean if crosswalk.allsides_tags[row["topic"]]]

    def task(name: str, rows: list[dict[str, str]], labels: list[str], folds: list[int]) -> Task:
        names = load_codebook().questions[name].label_ids
        vectors, _ = data.parts([(row["title"] or "", row["text"]) for row in rows], cache)
        own_section = np.array(["headline" in row for row in rows])
        problem = fit.Problem(
            labels=np.array([names.index(label) for label in labels]),
            groups=np.array([row["domain"] for row in rows]),
            folds=np.array(folds),
            trust=np.where(own_section, SECTION_WEIGHT, 1.0),
            classes=len(names),
        )
        return Task(
            name=name,
            names=names,
            problem=problem,
            dense=dense(vectors),
            sparse=fit.matrix(vocabulary, [texts[id(row)] for row in rows]),
            raw=[join(row["title"] or "", row["text"]) for row in rows],
        )

    folds = [int(row["fold"]) for row in lean]
    topics = [crosswalk.allsides_tags[row["topic"]] for row in tagged]
    topics += [crosswalk.huffpost_sections[row["category"]] for row in sections]
    topic_folds = [int(row["fold"]) for row in tagged] + [i % FOLDS for i in range(len(sections))]
    # The silver labels say news; the codebook calls that a news report.
    types = ["opinion" if kinds[row["ID"]] == "opinion" else "news report" for row in typed]
    return vocabulary, [
        task("lean", lean, [row["lean"] for row in lean], folds),
        task("news_type", typed, types, [int(row["fold"]) for row in typed]),
        task("topic", [*tagged, *sections], topics, topic_folds),
    ]


def train(task: Task) -> Outcome:
    """Held-out logits of both parts, the mix fitted on them, and the model of all rows.

    The mix of each fold is fitted on the other folds alone, so that the probabilities measured are
    those of outlets that had no say in anything.
    """
    recipe, problem, labels = RECIPES[task.name], task.problem, task.problem.labels
    zd = fit.held_out(task.dense, problem, recipe, recipe.dense_c)
    zs = fit.held_out(task.sparse, problem, recipe, recipe.sparse_c)
    probabilities = np.zeros((len(labels), problem.classes))
    for fold in range(FOLDS):
        test = problem.folds == fold
        w = problem.weights(recipe, ~test)
        mix = fit.calibrate(zd[~test], zs[~test], labels[~test], w)
        probabilities[test] = fit.mixed(mix, zd[test], zs[test])
    w = problem.weights(recipe, np.ones(len(labels), dtype=bool))
    mix = fit.calibrate(zd, zs, labels, w)
    wd, bd = fit.linear(task.dense, labels, w, recipe.dense_c, problem.classes)
    ws, bs = fit.linear(task.sparse, labels, w, recipe.sparse_c, problem.classes)
    tensors = {
        f"{task.name}.dense": (mix.dense * wd).astype(np.float16),
        f"{task.name}.sparse": (mix.sparse * ws).astype(np.float16),
        f"{task.name}.bias": (mix.dense * bd + mix.sparse * bs).astype(np.float16),
    }
    return Outcome(probabilities=probabilities, mix=mix, tensors=tensors)


def measure(task: Task, outcome: Outcome) -> dict[str, object]:
    """Held-out quality of a head beside two plain baselines on the same rows and folds."""
    problem, count, truth = task.problem, task.problem.classes, task.problem.labels
    ours = outcome.probabilities.argmax(axis=1)
    predictions = {"ours": ours}
    if task.name in PLAIN:
        predictions.update(_plain(task))
    # HuffPost sections train the topic head, but quality is told on articles of other outlets.
    judged = problem.trust == 1.0
    report: dict[str, object] = {
        name: evaluate.scored(
            truth[judged], guess[judged], problem.groups[judged], count, data.SEED
        )
        for name, guess in predictions.items()
    }
    if task.name == "lean":
        report["macro_f1_by_fold"] = {
            name: [
                round(evaluate.macro_f1(evaluate.confusion(truth[f], guess[f], count)), 4)
                for f in (problem.folds == k for k in range(FOLDS))
            ]
            for name, guess in predictions.items()
        }
    if task.name == "topic":
        report.update(_coarser(task, predictions, judged))
    report["ece"] = round(
        evaluate.calibration_error(outcome.probabilities[judged], truth[judged]), 4
    )
    report["labels"] = list(task.names)
    report["confusion_true_by_predicted"] = evaluate.confusion(
        truth[judged], ours[judged], count
    ).tolist()
    report["mix"] = {"dense": outcome.mix.dense, "sparse": outcome.mix.sparse}
    return report


def _plain(task: Task) -> dict[str, Ints]:
    """Two baselines: TF-IDF of the text as printed, and vectors alone; no weights, no mix."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=5, max_features=30_000, sublinear_tf=True)
    tfidf = words.fit_transform(task.raw)
    return {
        name: fit.held_out(x, task.problem, fit.UNWEIGHTED, 1.0).argmax(axis=1)
        for name, x in {"tfidf_unmasked": tfidf, "minilm": task.dense}.items()
    }


def _coarser(
    task: Task, predictions: dict[str, Ints], judged: NDArray[np.bool_]
) -> dict[str, object]:
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
        truth = column[task.problem.labels[judged]]
        for name, guess in predictions.items():
            report[f"{reading}_{name}"] = evaluate.scored(
                truth, column[guess[judged]], task.problem.groups[judged], len(groups), data.SEED
            )
        report[f"{reading}_confusion_true_by_predicted"] = {
            "labels": groups,
            "counts": evaluate.confusion(
                truth, column[predictions["ours"][judged]], len(groups)
            ).tolist(),
        }
    return report


def train_tone(
    folder: Path, cache: Path | None, vocabulary: Vocabulary
) -> tuple[dict[str, NDArray[np.generic]], dict[str, object]]:
    """Ridge regression of rated valence on vectors and n-grams, documents held out in turn.

    Sentences rated for a target (NewsMTSC) join every training part with a small weight and an
    offset of their own, since a mean rating and a class are on different scales.
    """
    rows, aside = data.table(folder, "tone_nyt_editorials"), data.table(folder, "tone_newsmtsc")
    texts = [row["text"] for row in rows] + [row["sentence"] for row in aside]
    parts, _ = data.parts([("", text) for text in texts], cache)
    grams = fit.matrix(vocabulary, [masking.mask(text) for text in texts]).astype(np.float64)
    count = len(rows)
    offset = np.where(np.arange(len(texts)) < count, 0.0, 1.0)[:, None]
    blocks = (csr_matrix(unit(parts.sum(axis=1))), NGRAM_SCALE * grams, csr_matrix(offset))
    x: csr_matrix = csr_matrix(hstack([csr_matrix(block) for block in blocks]))
    values = [float(row["valence"]) for row in rows]
    y = np.array(values + [POLARITY[row["polarity"]] for row in aside])
    trust = np.where(offset[:, 0] == 0, 1.0, POLARITY_WEIGHT)
    documents = np.array([row["doc"] for row in rows])
    names = load_codebook().questions["tone"].label_ids
    truth = np.array([names.index(row["tone3"]) for row in rows])
    order = {name: i % FOLDS for i, name in enumerate(sorted(set(documents.tolist())))}
    folds = np.array([order[name] for name in documents.tolist()])

    def ridge(keep: NDArray[np.bool_]) -> Ridge:
        model = Ridge(alpha=RIDGE_ALPHA, solver="sparse_cg", tol=1e-5)
        return model.fit(x[keep], y[keep], sample_weight=trust[keep])

    guess = np.zeros(count)
    for fold in range(FOLDS):
        test = folds == fold
        keep = np.concatenate((~test, np.ones(len(aside), dtype=bool)))
        guess[test] = ridge(keep).predict(x[:count][test])
    model = ridge(np.ones(len(texts), dtype=bool))
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


def _masked(row: dict[str, str]) -> str:
    return join(masking.mask(row["title"] or ""), masking.mask(row["text"]))


if __name__ == "__main__":
    main()
