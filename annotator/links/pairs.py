"""Pairs of real chunks, on which the relation head is measured.

Nobody said of them what updates what. Known is only: chunks of two events are of no common slot,
and of one event they hardly ever state one number anew. They have no dates and no outlets here, so
hours and outlets are drawn alike for both.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from annotator.links.replay import START
from memory_lm.bank import Record
from memory_lm.supersede import features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annotator.links.data import Article

NEAREST = 2


def chunk_pairs(
    articles: Sequence[Article], *, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Features [n, 10] of pairs and whether each is of one event [n].

    Each chunk with its two nearest of other articles of its event, and two of other events.
    """
    rng = np.random.default_rng([seed, 72])
    keys = np.concatenate([article.keys for article in articles])
    texts = [text for article in articles for text in article.texts]
    owner = np.repeat(np.arange(len(articles)), [len(article.texts) for article in articles])
    event = np.array([article.event for article in articles])[owner]
    rows, one_event = [], []
    for i in range(len(texts)):
        cosines = keys @ keys[i]
        same = event == event[i]
        for mates, shared in ((same & (owner != owner[i]), True), (~same, False)):
            near = np.flatnonzero(mates)
            for j in near[np.argsort(-cosines[near], kind="stable")[:NEAREST]].tolist():
                older, newer = _sides(rng, texts[j], texts[i])
                rows.append(features(newer, keys[i], [older], keys[j][None])[0])
                one_event.append(shared)
    return np.array(rows), np.array(one_event)


def _sides(rng: np.random.Generator, older: str, newer: str) -> tuple[Record, Record]:
    hours = float(np.exp(rng.uniform(math.log(0.5), math.log(24 * 60))))
    outlets = rng.integers(4, size=2)
    one, other = (
        Record(
            record_id=i, article_id=str(i), part=0, event_id=None, publisher_id=str(outlets[i]),
            published_at=START + timedelta(hours=hours * i), known_at=START, sequence=i,
            backbone_version="", text=text,
        )
        for i, text in enumerate((older, newer))
    )  # fmt: skip
    return one, other
