"""How likely an outlet is to carry nothing of an event: counts with coefficients of its own.

Articles are taken for negative binomial, so that nothing comes with probability
(1 + rate / SHAPE) ** -SHAPE: the rate is log-linear, and varies more from event to event than a
Poisson count would. An outlet's coefficients are drawn around those of all outlets (mean and spread
by coefficient), so that a young outlet is judged by the others' habits and an old one by its own.
Fitted to carried or not by EM with Laplace's approximation of each outlet's posterior (Breslow and
Clayton 1993, JASA 88:9). What is predicted averages over that posterior: what is not known of an
outlet makes its absence less surprising, never more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Of 1, 2, 4 and 10 the one with the best predictions on made-up corpora (not those reported): 1,
# which is the logistic curve, expects too many absences from great events, 10 too few.
SHAPE = 2.0
ROUNDS, NEWTON_STEPS = 12, 2
STEP_MAX = 2.0  # a longer step of Newton's method is overshooting
LOG_RATE_MAX = 30.0
MEAN_SD = 3.0  # of the common coefficients: weak, so that separated data has an answer
SPREAD_OBSERVATIONS, SPREAD_SD = 1.0, 0.3  # what the spread of a coefficient is held to be first
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Posterior of each outlet's coefficients: ``mean`` [O, P], ``covariance`` [O, P, P]."""

    mean: Floats
    covariance: Floats


def fit(design: Floats, present: Bools, weight: Floats) -> Fitted:
    """Fit to what outlets carried.

    ``design`` [O, E, P] describes event E as outlet O met it, ``present`` [O, E] says whether it
    carried it, ``weight`` [O, E] how much that counts: 0 where nobody knows.
    """
    outlets, _, terms = design.shape
    turned = np.ascontiguousarray(np.swapaxes(design, 1, 2))
    mean, spread = np.zeros(terms), np.full(terms, SPREAD_SD**2)
    own = np.zeros((outlets, terms))
    covariance: Floats = np.zeros((outlets, terms, terms))
    for _ in range(ROUNDS):
        # The common mean is itself estimated from as many outlets as there are.
        precision = 1 / (spread * (1 + 1 / outlets))
        for _ in range(NEWTON_STEPS):
            nothing, slope = _nothing(_along(design, own))
            pull = weight * slope / np.maximum(nothing * (1 - nothing), 1e-12)
            toward = _along(turned, pull * (present - 1 + nothing))
            bend = np.matmul(turned * (pull * slope)[:, None], design) + np.diag(precision)
            step = np.linalg.solve(bend, (toward - precision * (own - mean))[..., None])[..., 0]
            size = np.abs(step).max(axis=1, keepdims=True)
            own += step * np.minimum(1, STEP_MAX / np.maximum(size, STEP_MAX))
        covariance = np.linalg.inv(bend)
        mean = (own / spread).sum(axis=0) / (outlets / spread + 1 / MEAN_SD**2)
        variance = np.diagonal(covariance, axis1=1, axis2=2)
        scatter = ((own - mean) ** 2 + variance).sum(axis=0)
        spread = (scatter + SPREAD_OBSERVATIONS * SPREAD_SD**2) / (outlets + SPREAD_OBSERVATIONS)
    return Fitted(mean=own, covariance=covariance)


def absent(fitted: Fitted, design: Floats) -> Floats:
    """Probability [O, E] that an outlet carries nothing of an event."""
    middle = _along(design, fitted.mean)
    sd = np.sqrt(np.einsum("oep,oep->oe", np.matmul(design, fitted.covariance), design))
    draws, _ = _nothing(middle[..., None] + sd[..., None] * NODES)
    chances: Floats = draws @ (NODE_WEIGHTS / NODE_WEIGHTS.sum())
    return chances


def _along(matrices: Floats, vectors: Floats) -> Floats:
    """Each outlet's matrix times its vector."""
    product: Floats = np.matmul(matrices, vectors[..., None])[..., 0]
    return product


def _nothing(log_rate: Floats) -> tuple[Floats, Floats]:
    """Probability of no article, and by how much it falls as the log rate rises."""
    rate = np.exp(np.clip(log_rate, -LOG_RATE_MAX, LOG_RATE_MAX))
    base = 1 + rate / SHAPE
    nothing: Floats = np.exp(-SHAPE * np.log(base))
    return nothing, rate * nothing / base
