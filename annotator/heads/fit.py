"""Fit and calibrate one classification head on groups of outlets held out in turn.

Dense part: logistic regression on MiniLM vectors. Sparse part: linear support vectors on n-grams
(Joachims 1998), one class against the rest, whose margins stand for logits. The two are joined by
a * dense + b * sparse, fitted to their out-of-fold logits (stacking, Wolpert 1992; temperature
scaling, Guo et al. 2017), and the product is folded into one linear model.
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

# A weak pull of both trusts toward START, and a floor that keeps a part from being switched off.
PENALTY = 1e-3
START = 0.3
LEAST_TRUST = 0.02
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How far each of the two parts is trusted; together they are also the temperature.

    There is no offset for each class: fitted on some outlets it would only say how common the
    classes are among them.
    """

    dense: float
    sparse: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Choices of one head: regularisation of both parts, tempering of outlet and class sizes."""

    dense_c: float
    sparse_c: float
    outlet_power: float
    class_power: float


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


# Every row alike.
UNWEIGHTED = Recipe(dense_c=1.0, sparse_c=1.0, outlet_power=0.0, class_power=0.0)


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


def calibrate(dense: Floats, sparse: Floats, labels: Ints, row_weights: Floats) -> Mix:
    """The mix with the least weighted log loss on held-out logits of both parts."""
    share = row_weights / row_weights.sum()
    rows = np.arange(len(labels))

    def loss(trust: Floats) -> float:
        p = softmax(trust[0] * dense + trust[1] * sparse)
        pull = PENALTY * np.sum((trust - START) ** 2)
        return float(pull - (share * np.log(p[rows, labels] + 1e-12)).sum())

    bounds = [(LEAST_TRUST, None)] * 2
    best = minimize(loss, [START, START], method="L-BFGS-B", bounds=bounds).x
    return Mix(dense=float(best[0]), sparse=float(best[1]))


def mixed(mix: Mix, dense: Floats, sparse: Floats) -> Floats:
    """Calibrated probabilities [n, k]."""
    return softmax(mix.dense * dense + mix.sparse * sparse)
