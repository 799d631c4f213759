"""Articles and their past as tensors, for training and for labelling alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from memory_lm.backbone import WIDTH
from memory_lm.reader import Memory
from memory_lm.recall import CHUNKS_READ
from memory_lm.side import HEADS, QUERIES, SIDE_WIDTH
from memory_lm.spans import PARTS, SPANS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from memory_lm.event_state import StateRule
    from memory_lm.side import SideNetwork

    Floats = NDArray[np.floating]
    Ints = NDArray[np.int64]

ABSENT = -1
READ_AT_ONCE = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who reads remembered chunks, and what is told of them: how old, how linked, and a state.

    ``links`` are the rank in the slot and the pointer's logit. Queries that are not named read
    nothing: their gate is shut.
    """

    age: bool = True
    links: bool = True
    state: StateRule | None = None
    queries: Collection[str] = QUERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Remembered chunks of n articles: values [chunks, 4, 384], keys [chunks, 384].

    found [n, R] are chunk numbers, -1 where there are fewer. The next four [n, R] are as in
    :class:`memory_lm.recall.Recalled`; same_outlet hides a chunk from the lean query. ``states``
    by rule [n, 4, 384] are what the state of the article's event answers, zero where it has none.
    """

    keys: NDArray[np.float16]
    values: NDArray[np.float16]
    found: Ints
    age_h: Floats
    rank: Floats
    same_event: Floats
    same_outlet: NDArray[np.bool_]
    states: Mapping[StateRule, NDArray[np.float16]]

    def memory(self, rows: Ints, seen: NDArray[np.bool_], terms: Terms) -> Memory:
        """What some articles [B] read; ``seen`` [B] False sees nothing."""
        most = CHUNKS_READ - (terms.state is not None)
        found = self.found[rows, :most]
        # Up to the last one: what was forgotten meanwhile leaves a gap before others.
        used = int(np.flatnonzero((found != ABSENT).any(axis=0)).max(initial=0)) + 1
        found = found[:, :used]
        chunks = np.where(found == ABSENT, 0, found)
        values = self.values[chunks].astype(np.float32)
        keys = values + self.keys[chunks].astype(np.float32)[:, :, None]
        there = ((found != ABSENT) & seen[:, None])[..., None] & values.any(-1)
        lean_sees = there & ~self.same_outlet[rows, : found.shape[1], None]
        told = [self.age_h, self.rank, self.same_event]
        told = [_by_span(x[rows, : found.shape[1]]) for x in told]
        if terms.state is not None:
            state = self.states[terms.state][rows].astype(np.float32)[:, None]
            answers = state.any(-1) & seen[:, None, None]
            values, keys = (np.concatenate((x, state), axis=1) for x in (values, keys))
            there = np.concatenate((there, answers), axis=1)
            # A state mixes outlets, its own too: lean may not read it.
            lean_sees = np.concatenate((lean_sees, np.zeros_like(answers)), axis=1)
            told = [np.pad(x, ((0, 0), (0, SPANS))) for x in told]
        age_h, rank, same_event = (torch.from_numpy(x)[:, None] for x in told)
        flat = (len(rows), -1, WIDTH)
        shown = np.repeat(there.reshape(len(rows), 1, -1), len(QUERIES), axis=1)
        shown[:, QUERIES.index("lean")] = lean_sees.reshape(len(rows), -1)
        shown &= np.array([query in terms.queries for query in QUERIES])[:, None]
        return Memory(
            keys=torch.from_numpy(keys).reshape(flat),
            values=torch.from_numpy(values).reshape(flat),
            shown=torch.from_numpy(shown)[:, None].expand(-1, HEADS, -1, -1),
            age_h=age_h if terms.age else None,
            rank=rank if terms.links else None,
            same_event=same_event if terms.links else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Articles as spans: spans [total, 4, 384], those of article i at first[i]:first[i + 1]."""

    spans: NDArray[np.float16]
    first: Ints

    def __len__(self) -> int:
        return len(self.first) - 1

    def lengths(self, rows: Ints) -> Ints:
        """How many spans each of some articles has."""
        counts: Ints = self.first[rows + 1] - self.first[rows]
        return counts

    def batch(self, rows: Ints) -> tuple[Tensor, Tensor]:
        """Spans [B, N, 4, 384] float32 and which are present [B, N]."""
        lengths = self.lengths(rows)
        spans = np.zeros((len(rows), int(lengths.max(initial=1)), PARTS, WIDTH), np.float32)
        present = np.arange(spans.shape[1]) < lengths[:, None]
        for i, row in enumerate(rows):
            spans[i, : lengths[i]] = self.spans[self.first[row] : self.first[row + 1]]
        return torch.from_numpy(spans), torch.from_numpy(present)


@torch.no_grad()
def predict(
    network: SideNetwork,
    corpus: Corpus,
    rows: Ints,
    neighbours: Neighbours | None = None,
    terms: Terms | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Outputs of each label query, [rows, outputs]; without ``terms`` all but a state is told."""
    found: dict[str, NDArray[np.float32]] = {
        q: np.zeros((len(rows), network.shape.outputs[q]), np.float32) for q in QUERIES
    }
    for at, given in _batches(corpus, rows, neighbours, terms):
        for query, outputs in network(*given).items():
            found[query][at] = outputs.numpy()
    return found


@torch.no_grad()
def states(
    network: SideNetwork,
    corpus: Corpus,
    rows: Ints,
    neighbours: Neighbours | None = None,
    terms: Terms | None = None,
) -> NDArray[np.float32]:
    """What each label query has read, [rows, queries, 128]: what probes are trained on."""
    found = np.zeros((len(rows), len(QUERIES), SIDE_WIDTH), np.float32)
    for at, given in _batches(corpus, rows, neighbours, terms):
        found[at] = network.states(*given).numpy()
    return found


def _batches(
    corpus: Corpus, rows: Ints, neighbours: Neighbours | None, terms: Terms | None
) -> Iterator[tuple[Ints, tuple[Tensor, Tensor, Memory | None]]]:
    """Places in rows, and what the network takes of them; texts of one length together."""
    order = np.argsort(corpus.lengths(rows), kind="stable")
    for start in range(0, len(rows), READ_AT_ONCE):
        at = order[start : start + READ_AT_ONCE]
        memory = None
        if neighbours is not None:
            everyone = np.ones(len(at), np.bool_)
            memory = neighbours.memory(rows[at], everyone, terms or Terms())
        yield at, (*corpus.batch(rows[at]), memory)


def _by_span(chunks: Floats) -> Floats:
    """A value of each chunk for each of its spans, [..., R] -> [..., R * 4]."""
    repeated: Floats = np.repeat(chunks.astype(np.float32), SPANS, axis=-1)
    return repeated
