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

from memory_lm.batches import ABSENT, Terms
from memory_lm.side import SideNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from memory_lm.batches import Corpus, Neighbours
    from memory_lm.reader import Memory
    from memory_lm.side import Shape

    Floats = NDArray[np.floating]
    Ints = NDArray[np.int64]

EMPTY_MEMORY_SHARE, SHUFFLED_MEMORY_SHARE = 0.3, 0.1
# So often a batch is told no ages, or no links, or reads one of the states: one set of weights then
# serves every arm of the ablation.
TERM_DROPOUT, STATE_SHARE = 0.15, 0.25
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
class Targets:
    """Labels of n articles, -1 (or NaN) where unknown, and a weight for each task."""

    classes: Mapping[str, Ints]
    valence: Floats
    weights: Mapping[str, Floats]


def on_one_core() -> None:
    """Keep this process to one core: the products are small, and others train beside it."""
    torch.set_num_threads(1)


def fit(
    corpus: Corpus,
    targets: Targets,
    rows: Ints,
    shape: Shape,
    recipe: Recipe,
    neighbours: Neighbours | None = None,
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
            memory = None if neighbours is None else _drawn(neighbours, batch, random)
            loss = _loss(network(*corpus.batch(batch), memory), targets, batch, recipe)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        say(f"epoch {epoch + 1} of {recipe.epochs}: loss {total / len(rows):.4f}")
    return network.eval()


def _drawn(neighbours: Neighbours, rows: Ints, random: np.random.Generator) -> Memory:
    """What a training batch reads: some articles nothing, some what others would; terms vary."""
    draw = random.random(len(rows))
    source = np.where(draw < SHUFFLED_MEMORY_SHARE, random.permutation(rows), rows)
    untold, state = random.random(2), random.random()
    terms = Terms(
        age=bool(untold[0] > TERM_DROPOUT),
        links=bool(untold[1] > TERM_DROPOUT),
        state="delta" if state < STATE_SHARE else "hebbian" if state < 2 * STATE_SHARE else None,
    )
    return neighbours.memory(source, draw < 1 - EMPTY_MEMORY_SHARE, terms)


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
    # A batch in which nothing is known teaches nothing.
    total = outputs["lean"].new_zeros((), requires_grad=True)
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
