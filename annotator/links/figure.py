"""Precision against recall, and promised against found shares, for pairs of held-out events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from annotator.links.measure import likeness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from annotator.links.replay import Replay
    from memory_lm.link import LinkHead

BINS = 10
COLOUR = {"pointer": "#3b5b92", "cosine": "#c44e52"}


def draw(
    heads: Mapping[str, tuple[LinkHead, Mapping[str, list[Replay]]]], kinds: Sequence[str]
) -> Figure:
    """Two rows (curve, reliability) with one column a kind."""
    figure = Figure(figsize=(4.2 * len(kinds), 7.2), layout="constrained")
    axes = figure.subplots(2, len(kinds), squeeze=False)
    for column, kind in enumerate(kinds):
        above, below = axes[:, column]
        below.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
        for name, (head, told) in heads.items():
            chances, same = likeness(told[kind], head)
            precision, recall, _ = precision_recall_curve(same, chances)
            above.plot(recall, precision, color=COLOUR[name], label=name)
            bin_of = np.minimum((chances * BINS).astype(int), BINS - 1)
            used = np.unique(bin_of)
            below.plot(
                [chances[bin_of == b].mean() for b in used],
                [same[bin_of == b].mean() for b in used],
                marker="o", color=COLOUR[name], label=name,
            )  # fmt: skip
        above.set(title=kind, xlabel="recall", ylabel="precision")
        below.set(xlabel="P(same event)", ylabel="share of one event")
        above.legend(loc="lower left")
    return figure
