"""Tone: rated valence from a ridge regression, the side network and a rated lexicon.

The ridge regression reads vectors and n-grams.
Documents are held out in turn. Sentences rated for a target (NewsMTSC) join every training part
with a small weight and an offset of their own, since a mean rating and a class are on different
scales.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LinearRegression, Ridge

from annotator import encoder
from annotator.codebook.loader import load as load_codebook
from annotator.heads import data, evaluate, fit
from annotator.heads.features import softmax, unit
from annotator.heads.lexicon import MEASURES, feelings
from annotator.heads.rows import FOLDS, SENTENCE_GROUP

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from annotator.heads.features import Vocabulary
    from annotator.heads.rows import Row

    Floats = NDArray[np.floating]
    Ints = NDArray[np.int64]

RIDGE_ALPHA = 1.0
NGRAM_SCALE = 0.5
POLARITY_STEP = 1.3
# How firmly the three classes follow the valence: hardly held back.
CLASS_C = 10.0


def train(
    rows: Sequence[Row], side: Floats, cache: Path | None, vocabulary: Vocabulary
) -> tuple[dict[str, NDArray[np.generic]], dict[str, object]]:
    """Weights and measures; ``side`` [n] is the held-out valence of the side network, by row."""
    rated = np.array([row.valence is not None for row in rows])
    passages = [row for row in rows if row.valence is not None]
    sentences = [row for row in rows if row.group == SENTENCE_GROUP]
    y = np.array([row.valence for row in passages], np.float64)
    folds = np.array([row.fold for row in passages])
    ridge, last = _ridge(passages, sentences, y, folds, cache, vocabulary)
    words = feelings([row.masked for row in passages])
    columns = np.column_stack((ridge, side[rated], words))
    guess = np.zeros(len(y))
    for fold in range(FOLDS):
        test = folds == fold
        guess[test] = LinearRegression().fit(columns[~test], y[~test]).predict(columns[test])
    both = LinearRegression().fit(columns, y)
    of_ridge, of_side, *of_words = both.coef_.tolist()
    whole = both.predict(columns)
    truth = np.array([row.labels["tone"] for row in passages])
    names = load_codebook().questions["tone"].label_ids
    ones = np.ones(len(y))
    slope, intercept = fit.linear(whole[:, None], truth, ones, CLASS_C, len(names))
    width = encoder.DIMENSIONS
    tensors: dict[str, NDArray[np.generic]] = {
        "tone.dense": (of_ridge * last.coef_[:width]).astype(np.float16),
        "tone.sparse": (of_ridge * NGRAM_SCALE * last.coef_[width:-1]).astype(np.float16),
        "tone.bias": np.array([of_ridge * last.intercept_ + both.intercept_], np.float32),
        "tone.side": np.array([of_side], np.float32),
        "tone.feelings": np.array(of_words, np.float32),
        "tone.slope": slope[0].astype(np.float32),
        "tone.intercept": intercept.astype(np.float32),
    }
    report = _measured(passages, truth, y, {
        "": guess, "ridge_": ridge, "side_": side[rated], "lexicon_": words[:, 0],
    })  # fmt: skip
    mix = {"ridge": of_ridge, "side": of_side, **dict(zip(MEASURES, of_words, strict=True))}
    report["mix"] = {name: round(value, 4) for name, value in mix.items()}
    return tensors, report


def _ridge(
    passages: Sequence[Row], sentences: Sequence[Row], y: Floats, folds: Ints,
    cache: Path | None, vocabulary: Vocabulary,
) -> tuple[Floats, Ridge]:  # fmt: skip
    """Held-out valence of each passage, and the model of all of them."""
    chosen, count = [*passages, *sentences], len(passages)
    parts = data.parts([("", row.text) for row in chosen], cache)
    grams = fit.matrix(vocabulary, [row.words for row in chosen]).astype(np.float64)
    offset = (np.arange(len(chosen)) >= count).astype(np.float64)[:, None]
    blocks = (csr_matrix(unit(parts.sum(axis=1))), NGRAM_SCALE * grams, csr_matrix(offset))
    x: csr_matrix = csr_matrix(hstack([csr_matrix(block) for block in blocks]))
    middle = load_codebook().questions["tone"].label_ids.index("neutral")
    steps = [POLARITY_STEP * (row.labels["tone"] - middle) for row in sentences]
    targets = np.concatenate((y, steps))
    trust = np.array([row.weight for row in chosen])

    def trained(keep: NDArray[np.bool_]) -> Ridge:
        model = Ridge(alpha=RIDGE_ALPHA, solver="sparse_cg", tol=1e-5)
        return model.fit(x[keep], targets[keep], sample_weight=trust[keep])

    guess = np.zeros(count)
    others = np.ones(len(sentences), dtype=bool)
    for fold in range(FOLDS):
        test = folds == fold
        guess[test] = trained(np.concatenate((~test, others))).predict(x[:count][test])
    return guess, trained(np.ones(len(chosen), dtype=bool))


def _measured(
    passages: Sequence[Row], truth: Ints, y: Floats, guesses: dict[str, Floats]
) -> dict[str, object]:
    documents = np.array([row.group for row in passages])
    folds = np.array([row.fold for row in passages])
    names = load_codebook().questions["tone"].label_ids
    problem = fit.Problem(
        labels=truth, groups=documents, folds=folds, trust=np.ones(len(y)), classes=len(names)
    )
    logits = fit.held_out(guesses[""][:, None], problem, fit.UNWEIGHTED, CLASS_C)
    report: dict[str, object] = {}
    for name, guess in guesses.items():

        def pearson(at: Ints, guess: Floats = guess) -> float:
            return float(np.corrcoef(y[at], guess[at])[0, 1])

        report[f"{name}pearson"] = round(pearson(np.arange(len(y))), 4)
        report[f"{name}pearson_95"] = [
            round(v, 4) for v in evaluate.interval(documents, pearson, data.SEED)
        ]
    classes = logits.argmax(axis=1)
    return report | {
        "tone3": evaluate.scored(truth, classes, documents, len(names), data.SEED),
        "ece": round(evaluate.calibration_error(softmax(logits), truth), 4),
        "labels": list(names),
        "confusion_true_by_predicted": evaluate.confusion(truth, classes, len(names)).tolist(),
    }
