"""The annotator's door to the side network: what it says of articles, with what they recall."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from annotator import encoder, masking
from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memory_lm.batches import Neighbours
    from memory_lm.event_state import StateRule
    from memory_lm.labels import Labels
    from memory_lm.spans import Chunks

Outputs = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The shipped side network. ``recalling`` are the queries that read memory."""

    labels: Labels

    @property
    def digest(self) -> str:
        """Identifies the weights."""
        return self.labels.digest

    @property
    def recalling(self) -> frozenset[str]:
        """Queries whose gate is open."""
        return frozenset(self.labels.terms.queries)

    def outputs(
        self,
        articles: Sequence[Chunks],
        near: Neighbours | None = None,
        rule: StateRule | None = None,
    ) -> Outputs:
        """Outputs of each query, [n, outputs]: logits, before those of tone the valence."""
        from memory_lm.batches import Corpus, predict
        from memory_lm.spans import PARTS

        spans = [one.spans[one.present] for one in articles]
        first = np.cumsum([0, *map(len, spans)])
        width = encoder.DIMENSIONS
        flat = np.concatenate([*spans, np.zeros((0, PARTS, width), np.float16)])
        corpus = Corpus(spans=flat, first=first)
        terms = replace(self.labels.terms, state=rule)
        return predict(self.labels.network, corpus, np.arange(len(articles)), near, terms)


def side() -> Side:
    """The network that ships; Misconfigured where it was made for another encoder or masking."""
    version = encoder.chunks_version()
    from memory_lm import labels

    found = labels.load(version)
    if found.masking != masking.digest():
        raise Misconfigured(
            "side-other-masking",
            f"the side network was trained with masking {found.masking}, here is "
            f"{masking.digest()}: train it again",
        )
    return Side(labels=found)
