"""Fits and tempers a small head that judges pairs. Seeded; a minute on one core."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from memory_lm.supersede import PairHead
from newsroom.errors import BadRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Pairs: feature rows [n, f], their classes [n] from 0 on, and how much each counts [n]."""

    rows: Floats
    labels: NDArray[np.int64]
    weight: Floats

    @classmethod
    def even(cls, rows: Floats, labels: NDArray[np.int64]) -> Sample:
        """Pairs that all count alike."""
        return cls(rows=rows, labels=labels, weight=np.ones(len(labels), np.float32))

    @classmethod
    def joined(cls, parts: list[Sample]) -> Sample:
        """All pairs of several samples."""
        return cls(
            rows=np.concatenate([part.rows for part in parts]),
            labels=np.concatenate([part.labels for part in parts]),
            weight=np.concatenate([part.weight for part in parts]),
        )


def fit(sample: Sample, *, seed: int, hidden: int = 24, steps: int = 500) -> PairHead:
    """Two layers by full-batch AdamW; raises BadRequest when a feature is not finite."""
    if not np.isfinite(sample.rows).all():
        raise BadRequest("pair-features-broken", "a pair feature is not finite")
    random = torch.Generator().manual_seed(seed)
    mean, scale = sample.rows.mean(axis=0), sample.rows.std(axis=0) + np.float32(1e-6)
    x, labels, weight = _tensors(replace(sample, rows=(sample.rows - mean) / scale))
    sizes = [(x.shape[1], hidden), (hidden, int(sample.labels.max()) + 1)]
    weights = [nn.Parameter(torch.randn(size, generator=random) / size[0] ** 0.5) for size in sizes]
    biases = [nn.Parameter(torch.zeros(size[1])) for size in sizes]
    optimiser = torch.optim.AdamW([*weights, *biases], lr=1e-2, weight_decay=1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        logits = torch.tanh(x @ weights[0] + biases[0]) @ weights[1] + biases[1]
        _surprise(logits, labels, weight).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    inner, outer, inner_bias, outer_bias = (p.detach().numpy() for p in (*weights, *biases))
    return PairHead(
        mean=mean, scale=scale, inner=inner, inner_bias=inner_bias, outer=outer,
        outer_bias=outer_bias,
    )  # fmt: skip


def calibrated(head: PairHead, held: Sample) -> PairHead:
    """The head with the temperature that surprises held-out pairs least (Guo et al. 2017)."""
    _, labels, weight = _tensors(held)
    logits = torch.from_numpy(head.logits(held.rows))

    def surprise(temperature: float) -> float:
        return float(_surprise(logits / temperature, labels, weight))

    temperatures = np.geomspace(0.25, 8, 61)
    return replace(head, temperature=float(min(temperatures, key=surprise)))


def _tensors(sample: Sample) -> tuple[Tensor, Tensor, Tensor]:
    weight = torch.as_tensor(sample.weight / sample.weight.mean())
    return torch.as_tensor(sample.rows), torch.as_tensor(sample.labels), weight


def _surprise(logits: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    return (functional.cross_entropy(logits, labels, reduction="none") * weight).mean()
