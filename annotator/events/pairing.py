"""Things of one event or story put together by what a small model says of each pair of them.

The model is a logistic regression over a handful of features; its numbers are shipped in
``state.json``, written by ``python -m benchmarks.event_state --tune``. Groups are those of average
linkage, so that one wrong pair does not chain two groups together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FILE = "state.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairModel:
    """P(two belong together) from features, and the mean probability at which groups join.

    ``near``: from which mean probability on something that is of another group is near this one;
    ``alone``: below which everything else must stay for a group to be alone with what it says.
    """

    features: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float
    least: float
    near: float = 1.0
    alone: float = 1.0

    def probabilities(self, rows: Floats) -> Floats:
        """Features [..., f] to probabilities [...]."""
        found: Floats = 1.0 / (1.0 + np.exp(-(rows @ np.array(self.weights) + self.bias)))
        return found


def groups(chances: Floats, least: float) -> list[list[int]]:
    """Average linkage over a symmetric matrix [n, n]; groups by their first member."""
    n = len(chances)
    if n < 2:
        return [[i] for i in range(n)]
    apart = 1.0 - chances
    np.fill_diagonal(apart, 0.0)
    # Rounded, so that the order of a sum cannot decide between near equals.
    tree = linkage(squareform(np.round(apart, 9), checks=False), method="average")
    labels = fcluster(tree, t=1.0 - least, criterion="distance")
    found: dict[int, list[int]] = {}
    for i, label in enumerate(labels):
        found.setdefault(int(label), []).append(i)
    return sorted(found.values())


@cache
def shipped(name: str, features: Sequence[str]) -> PairModel:
    """The shipped model of that name. Misconfigured where it reads other features."""
    held = json.loads(resources.files("annotator.events").joinpath(FILE).read_text("utf-8"))[name]
    if tuple(held["features"]) != tuple(features):
        raise Misconfigured(
            "state-model-stale",
            f"{FILE} holds a model of {name} for other features: run "
            "python -m benchmarks.event_state --tune",
        )
    return PairModel(
        features=tuple(held["features"]),
        weights=tuple(held["weights"]),
        bias=held["bias"],
        least=held["least"],
        near=held["near"],
        alone=held["alone"],
    )
