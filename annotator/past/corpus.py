"""Training rows as the side network takes them: spans, weighted targets, and their past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annotator.codebook.loader import load as load_codebook
from annotator.heads import fit
from annotator.past.chunks import Text
from annotator.past.replay import Told
from memory_lm.batches import ABSENT, Corpus, Neighbours
from memory_lm.side import QUERIES
from memory_lm.train import Targets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from annotator.heads.rows import Row
    from annotator.past.chunks import Chunks
    from annotator.past.replay import Past

CHUNKS_WHOLE, CHUNKS_OF_OTHERS = 4, 1
# The class of tone follows from a passage's rating, which is learned too; of sentences, rated for a
# target in them, it says little.
TONE_CLASS_WEIGHT = 0.3


def texts(rows: Sequence[Row]) -> list[Text]:
    """What to encode of each row."""
    return [
        Text(
            title=row.title,
            text=row.text,
            chunks_max=CHUNKS_WHOLE if row.whole else CHUNKS_OF_OTHERS,
        )
        for row in rows
    ]


def told(rows: Sequence[Row]) -> list[Told]:
    """What to replay; only dated articles take part."""
    return [
        Told(outlet=row.group, date=row.date, title=row.masked[0], text=row.masked[1])
        for row in rows
    ]


def corpus(chunks: Chunks) -> Corpus:
    """The spans that exist, text after text."""
    per_chunk = chunks.present.sum(axis=1)
    ends = np.concatenate(([0], np.cumsum(per_chunk, dtype=np.int64)))
    return Corpus(spans=chunks.spans[chunks.present], first=ends[chunks.first])


def neighbours(past: Past, chunks: Chunks) -> Neighbours:
    """What each row may read of the past."""
    values = chunks.spans.astype(np.float32).sum(axis=2).astype(np.float16)
    return Neighbours(
        keys=chunks.keys, values=values, found=past.found, age_h=past.age_h, rank=past.rank,
        same_event=past.same_event, same_outlet=past.same_outlet,
        states={"delta": past.delta, "hebbian": past.hebbian},
    )  # fmt: skip


def targets(rows: Sequence[Row]) -> Targets:
    """Labels of every task, -1 or NaN where unknown."""
    trust = np.array([row.weight for row in rows])
    groups = np.array([row.group for row in rows])
    classes: dict[str, NDArray[np.int64]] = {
        q: np.array([row.labels.get(q, ABSENT) for row in rows]) for q in QUERIES
    }
    return Targets(
        classes=classes,
        valence=np.array([np.nan if row.valence is None else row.valence for row in rows]),
        weights={q: _weights(q, classes[q], groups, trust) for q in QUERIES},
    )


def outputs() -> Mapping[str, int]:
    """Outputs of each query: its classes, and before those of tone the valence."""
    questions = load_codebook().questions
    return {q: len(questions[q].label_ids) + (q == "tone") for q in QUERIES}


def _weights(
    task: str, labels: NDArray[np.int64], groups: NDArray[np.str_], trust: NDArray[np.float64]
) -> NDArray[np.float64]:
    found = trust.copy()
    if task == "tone":
        return found * TONE_CLASS_WEIGHT
    known = labels != ABSENT
    found[known] *= fit.weights(labels[known], groups[known], fit.RECIPES[task])
    return found
