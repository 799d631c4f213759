"""Fit and calibrate one classification head on groups of outlets held out in turn.

Three parts give logits: the side network, logistic regression on vectors of title and opening, and
linear support vectors on n-grams (Joachims 1998), one class against the rest, whose margins stand
for logits. They are joined by one weight each, fitted to their out-of-fold logits (stacking,
Wolpert 1992; temperature scaling, Guo et al. 2017).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from annotator.heads.features import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annotator.heads.features import Vocabulary

    Floats = NDArray[np.floating]
    Ints = NDArray[np.int64]

# A weak pull of all trusts toward START, and a floor that keeps a part from being switched off.
PENALTY = 1e-3
START = 0.3
LEAST_TRUST = 0.02
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How far each part is trusted; together they are also the temperature.

    There is no offset for each class: fitted on some outlets it would only say how common the
    classes are among them.
    """

    side: float
    vectors: float
    ngrams: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Logits [n, k] of the three parts."""

    side: Floats
    vectors: Floats
    ngrams: Floats

    def some(self, rows: NDArray[np.bool_]) -> Parts:
        """Those of some rows."""
        return Parts(side=self.side[rows], vectors=self.vectors[rows], ngrams=self.ngrams[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Choices of one head: regularisation, tempering of outlet and class sizes.

    Without ``vectors_c`` the vectors have no say.
    """

    vectors_c: float | None
    ngrams_c: float
    outlet_power: float
    class_power: float


# Every row alike.
UNWEIGHTED = Recipe(vectors_c=1.0, ngrams_c=1.0, outlet_power=0.0, class_power=0.0)
# Held-out lean of the n-grams alone was looked at for C = 0.02, 0.1 and 0.3 (0.41, 0.44, 0.45),
# news type for 0.1 and 0.5 (0.80 both), topic for one value.
RECIPES = {
    # With vectors held-out lean was lower (0.444 against 0.452): they know outlets by their style.
    "lean": Recipe(vectors_c=None, ngrams_c=0.3, outlet_power=0.3, class_power=1.0),
    "topic": Recipe(vectors_c=3.0, ngrams_c=0.5, outlet_power=0.0, class_power=0.5),
    "news_type": Recipe(vectors_c=3.0, ngrams_c=0.2, outlet_power=0.3, class_power=1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Labels [n] with the outlet, the fold and the trust in the label of each row."""

    labels: Ints
    groups: NDArray[np.str_]
    folds: Ints
    trust: Floats
    classes: int

    def some(self, rows: NDArray[np.bool_]) -> Problem:
        """The same problem with some of its rows."""
        return Problem(
            labels=self.labels[rows], groups=self.groups[rows], folds=self.folds[rows],
            trust=self.trust[rows], classes=self.classes,
        )  # fmt: skip

    def weights(self, recipe: Recipe, rows: NDArray[np.bool_]) -> Floats:
        """Balanced weights of some rows times the trust in their labels."""
        return weights(self.labels[rows], self.groups[rows], recipe) * self.trust[rows]


def weights(labels: Ints, groups: NDArray[np.str_], recipe: Recipe) -> Floats:
    """One weight for each row, mean 1: large outlets within a class, and large classes, count less.

    A power of 0 counts every row alike, a power of 1 every outlet (or class) alike.
    """
    cells = Counter(zip(groups.tolist(), labels.tolist(), strict=True))
    row = np.array(
        [
            cells[cell] ** -recipe.outlet_power
            for cell in zip(groups.tolist(), labels.tolist(), strict=True)
        ]
    )
    for label in np.unique(labels):
        mine = labels == label
        row[mine] *= mine.sum() ** (1 - recipe.class_power) / row[mine].sum()
    result: Floats = row * len(row) / row.sum()
    return result


def matrix(vocabulary: Vocabulary, texts: Sequence[str]) -> csr_matrix:
    """The n-gram rows of masked texts as one sparse matrix [n, V]."""
    rows = [vocabulary.row(text) for text in texts]
    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([columns for columns, _ in rows])
    values = np.concatenate([values for _, values in rows])
    return csr_matrix((values, columns, ends), shape=(len(rows), len(vocabulary.terms)))


def linear(
    features: Floats | csr_matrix, labels: Ints, row_weights: Floats, c: float, classes: int
) -> tuple[Floats, Floats]:
    """Coefficients [d, k] and bias [k] of the part's own model; unseen classes get -10."""
    # In single precision the solver can stop at its first step.
    if isinstance(features, csr_matrix):
        model = LinearSVC(C=c, random_state=SEED)
    else:
        model = LogisticRegression(C=c, max_iter=100, tol=1e-5)
    model.fit(features.astype(np.float64), labels, sample_weight=row_weights)
    coefficients = np.zeros((features.shape[1], classes), dtype=np.float32)
    bias = np.full(classes, -10.0, dtype=np.float32)
    if len(model.classes_) == 2:
        coefficients[:, model.classes_[1]] = model.coef_[0]
        bias[model.classes_] = (0.0, model.intercept_[0])
    else:
        coefficients[:, model.classes_] = model.coef_.T
        bias[model.classes_] = model.intercept_
    return coefficients, bias


def held_out(
    features: Floats | csr_matrix,
    problem: Problem,
    recipe: Recipe,
    c: float,
) -> Floats:
    """Logits [n, k] of each row from the model that saw no outlet of its fold.

    Weights are balanced within each training part: balanced over all rows, a class that is common
    among the outlets held out would be rare, and so unlikely, in what is left.
    """
    logits = np.zeros((len(problem.labels), problem.classes))
    for fold in np.unique(problem.folds):
        test = problem.folds == fold
        coefficients, bias = linear(
            features[~test],
            problem.labels[~test],
            problem.weights(recipe, ~test),
            c,
            problem.classes,
        )
        logits[test] = features[test] @ coefficients + bias
    return logits


def calibrate(parts: Parts, labels: Ints, row_weights: Floats) -> Mix:
    """The mix with the least weighted log loss on held-out logits of the parts."""
    share = row_weights / row_weights.sum()
    rows = np.arange(len(labels))
    stacked = np.stack((parts.side, parts.vectors, parts.ngrams))

    def loss(trust: Floats) -> float:
        p = softmax(np.tensordot(trust, stacked, 1))
        pull = PENALTY * np.sum((trust - START) ** 2)
        return float(pull - (share * np.log(p[rows, labels] + 1e-12)).sum())

    start, bounds = [START] * len(stacked), [(LEAST_TRUST, None)] * len(stacked)
    side, vectors, ngrams = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x.tolist()
    return Mix(side=side, vectors=vectors, ngrams=ngrams)


def mixed(mix: Mix, parts: Parts) -> Floats:
    """Calibrated probabilities [n, k]."""
    return softmax(mix.side * parts.side + mix.vectors * parts.vectors + mix.ngrams * parts.ngrams)
