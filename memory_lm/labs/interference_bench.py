"""What the parts of the interference lab share: sizes, the sentence vectors, the pair head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory_lm.backbone import Backbone
from memory_lm.labs import interference_streams as streams
from memory_lm.labs.interference_bank import Vectors
from memory_lm.labs.report import Check, LabSettings, Row
from memory_lm.supersede import PairHead

Part = tuple[dict[str, list[Row]], list[Check]]  # tables by name, and what is held to a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of a run, in the numbers of PI-LLM's five tests and two of ours."""

    updates: tuple[int, ...]
    control_updates: tuple[int, ...]
    control_sessions: int
    key_counts: Mapping[int, tuple[int, ...]]
    tracked: Mapping[int, tuple[int, ...]]
    value_words: Mapping[int, tuple[int, ...]]
    sequential: tuple[int, ...]
    event_updates: tuple[int, ...]
    event_places: int
    endpoint_sessions: int
    endpoint_updates: tuple[int, ...]
    head_pairs: int


FULL = Plan(
    updates=streams.UPDATES, control_updates=(2, 8, 48, 97), control_sessions=3,
    key_counts={125: streams.KEY_COUNTS, 350: (2, 20)},
    tracked={125: streams.KEY_COUNTS, 350: streams.KEY_COUNTS},
    value_words={4: streams.VALUE_WORDS, 20: streams.VALUE_WORDS},
    sequential=(2, 8, 48, 139, 400),
    event_updates=(1, 2, 4, 8, 16, 24, 48), event_places=16,
    endpoint_sessions=60, endpoint_updates=(2, 8, 24, 48, 97, 197, 400), head_pairs=6000,
)  # fmt: skip
QUICK = Plan(
    updates=(2, 8, 34), control_updates=(2, 48), control_sessions=2,
    key_counts={20: (2, 20)}, tracked={20: (2, 20, 46)}, value_words={4: (1, 10)},
    sequential=(8,),
    event_updates=(1, 8), event_places=8,
    endpoint_sessions=30, endpoint_updates=(2, 48), head_pairs=3000,
)  # fmt: skip


class Embedding:
    """Sentence vectors, each text embedded once."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a text, [n, d]."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._backbone.embed(new, batch=128), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all arms share."""

    plan: Plan
    settings: LabSettings
    embed: Embedding
    head: PairHead
    keys: Vectors
