"""Train the side network on cached spans: seeded, on one core, whatever the labels are.

Every article may carry any of the targets; those it lacks take no part in the loss. Memory is
dropped or shuffled at random in training, so that one set of weights also reads without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from memory_lm.backbone import WIDTH
from memory_lm.reader import Memory
from memory_lm.side import HEADS, QUERIES, Shape, SideNetwork
from memory_lm.spans import PARTS, SPANS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Floats = NDArray[np.floating]
    Ints = NDArray[np.int64]

ABSENT = -1
EMPTY_MEMORY_SHARE, SHUFFLED_MEMORY_SHARE = 0.3, 0.1
# Articles are shuffled, then sorted by length inside stretches of so many batches.
STRETCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How long and how hard to train; losses are weighted by task."""

    epochs: int = 4
    batch: int = 64
    rate: float = 1e-3
    decay: float = 0.05
    warmup: float = 0.05
    clip: float = 1.0
    label_smoothing: float = 0.05
    seed: int = 0
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"lean": 1.0, "tone": 1.0, "topic": 1.0, "news_type": 1.0}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Retrieved chunks of each article: values [chunks, 4, 384], keys [chunks, 384].

    found [n, R] are chunk numbers, -1 where there are fewer; age_h [n, R] hours before the
    article; same_outlet [n, R] hides a chunk from the lean query.
    """

    keys: NDArray[np.float16]
    values: NDArray[np.float16]
    found: Ints
    age_h: Floats
    same_outlet: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Articles as spans: spans [total, 4, 384], those of article i at first[i]:first[i + 1]."""

    spans: NDArray[np.float16]
    first: Ints
    neighbours: Neighbours | None = None

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

    def memory(self, rows: Ints, random: np.random.Generator | None = None) -> Memory | None:
        """What the articles retrieved; with ``random`` some see nothing, some what others got."""
        if self.neighbours is None:
            return None
        near, source = self.neighbours, rows
        if random is not None:
            draw = random.random(len(rows))
            other = draw < SHUFFLED_MEMORY_SHARE
            source = np.where(other, random.permutation(rows), rows)
        found = near.found[source]
        there = found != ABSENT
        if random is not None:
            there &= (draw < 1 - EMPTY_MEMORY_SHARE)[:, None]
        chunks = np.where(there, found, 0)
        values = near.values[chunks].astype(np.float32)
        keys = values + near.keys[chunks].astype(np.float32)[:, :, None]
        shown = np.repeat(there[:, None, :], len(QUERIES), axis=1)
        shown[:, QUERIES.index("lean")] &= ~near.same_outlet[source]
        flat = (len(rows), -1, WIDTH)
        return Memory(
            keys=torch.from_numpy(keys).view(flat),
            values=torch.from_numpy(values).view(flat),
            shown=_by_span(shown).unsqueeze(1).expand(-1, HEADS, -1, -1),
            age_h=_by_span(near.age_h[source].astype(np.float32)[:, None]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Labels of n articles, -1 (or NaN) where unknown, and a weight for each task."""

    classes: Mapping[str, Ints]
    valence: Floats
    weights: Mapping[str, Floats]


def fit(
    corpus: Corpus,
    targets: Targets,
    rows: Ints,
    shape: Shape,
    recipe: Recipe,
    say: Callable[[str], None] = lambda _: None,
) -> SideNetwork:
    """A network trained on some articles. AdamW with a warm-up and a cosine; seeded."""
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    network = SideNetwork(shape)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.rate, weight_decay=recipe.decay, betas=(0.9, 0.98)
    )
    steps = recipe.epochs * -(-len(rows) // recipe.batch)
    warm = max(1, int(recipe.warmup * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / warm, 0.5 + 0.5 * float(np.cos(np.pi * step / steps))),
    )
    network.train()
    for epoch in range(recipe.epochs):
        total = 0.0
        for batch in _batches(corpus, rows, recipe.batch, random):
            loss = _loss(
                network(*corpus.batch(batch), corpus.memory(batch, random)), targets, batch, recipe
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        say(f"epoch {epoch + 1} of {recipe.epochs}: loss {total / len(rows):.4f}")
    return network.eval()


@torch.no_grad()
def predict(
    network: SideNetwork, corpus: Corpus, rows: Ints, *, batch: int = 128
) -> dict[str, NDArray[np.float32]]:
    """Outputs of each label query for some articles, [rows, outputs]."""
    found: dict[str, NDArray[np.float32]] = {
        q: np.zeros((len(rows), network.shape.outputs[q]), np.float32) for q in QUERIES
    }
    order = np.argsort(corpus.lengths(rows), kind="stable")
    for start in range(0, len(rows), batch):
        at = order[start : start + batch]
        outputs = network(*corpus.batch(rows[at]), corpus.memory(rows[at]))
        for q in QUERIES:
            found[q][at] = outputs[q].numpy()
    return found


def _batches(corpus: Corpus, rows: Ints, batch: int, random: np.random.Generator) -> Iterator[Ints]:
    shuffled = random.permutation(rows)
    pieces: list[Ints] = []
    for start in range(0, len(rows), STRETCH * batch):
        stretch = shuffled[start : start + STRETCH * batch]
        ordered = stretch[np.argsort(corpus.lengths(stretch), kind="stable")]
        pieces += [ordered[i : i + batch] for i in range(0, len(ordered), batch)]
    for i in random.permutation(len(pieces)):
        yield pieces[i]


def _loss(outputs: Mapping[str, Tensor], targets: Targets, rows: Ints, recipe: Recipe) -> Tensor:
    total = outputs["lean"].new_zeros(())
    for task, labels in targets.classes.items():
        here = labels[rows]
        known = here != ABSENT
        if known.any():
            weight = torch.from_numpy(targets.weights[task][rows][known].astype(np.float32))
            logits = outputs[task][torch.from_numpy(known)]
            if task == "tone":
                logits = logits[:, 1:]
            each = functional.cross_entropy(
                logits, torch.from_numpy(here[known]), reduction="none",
                label_smoothing=recipe.label_smoothing,
            )  # fmt: skip
            total = total + recipe.weights[task] * (each * weight).sum() / len(rows)
    valence = targets.valence[rows].astype(np.float32)
    rated = ~np.isnan(valence)
    if rated.any():
        wanted = torch.from_numpy(valence[rated])
        each = (outputs["tone"][torch.from_numpy(rated), 0] - wanted).square()
        total = total + recipe.weights["tone"] * each.sum() / len(rows)
    return total


def _by_span(chunks: NDArray[np.generic]) -> Tensor:
    """A value of each chunk for each of its spans, [..., R] -> [..., R * 4]."""
    return torch.from_numpy(np.repeat(chunks, SPANS, axis=-1))
