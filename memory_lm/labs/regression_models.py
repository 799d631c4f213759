"""The trained parts of the regression lab: one small model for each task around any mixer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from kernels.mixers import MIXERS
from memory_lm.labs.regression_tasks import normalised_error, piecewise, swaps
from memory_lm.labs.report import Clock, Row
from memory_lm.labs.training import one_cycle

RIDGE_MIN = 1e-3
RIDGE_START = 0.1
GAIN_START = 2.0
EVALUATION_SEED = 1_000_003  # added to a seed: sequences never trained on


class Mix(nn.Module):
    """Projections around a mixer; a gain and a ridge for each head."""

    def __init__(self, mixer: str, width: int, heads: int) -> None:
        super().__init__()
        self.mixer, self.heads = MIXERS[mixer], heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        # One gain for q and k: scores get sharper and both stay in one space, which LLA needs.
        self.gain = nn.Parameter(torch.full((heads, 1), GAIN_START))
        self.ridge = nn.Parameter(torch.full((heads,), RIDGE_START).expm1().log())

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """x [B, Tq, W] reads context [B, Tk, W], aligned bottom-right."""
        q = self.q(x).unflatten(-1, (self.heads, -1)) * self.gain
        k = self.k(context).unflatten(-1, (self.heads, -1)) * self.gain
        v = self.v(context).unflatten(-1, (self.heads, -1))
        mixed = self.mixer(q, k, v, softplus(self.ridge) + RIDGE_MIN, scale=1.0)
        read: Tensor = self.out(mixed.flatten(-2))
        return read


class Regressor(nn.Module):
    """In-context regression: labelled pairs form a context, unlabelled keys read what came before.

    Two layers without MLP or norm, as in arXiv 2510.01450 (a norm would mix label and key).
    """

    def __init__(self, mixer: str, inputs: int, outputs: int, width: int, heads: int) -> None:
        super().__init__()
        self.pair, self.ask = nn.Linear(inputs + outputs, width), nn.Linear(inputs, width)
        self.first, self.second = Mix(mixer, width, heads), Mix(mixer, width, heads)
        self.head = nn.Linear(width, outputs)

    def forward(self, keys: Tensor, values: Tensor) -> Tensor:
        """Predictions [B, T-1, outputs] for rows 1.. from the pairs before each."""
        context = self.pair(torch.cat([keys, values], -1)[:, :-1])
        asked = self.ask(keys[:, 1:])
        asked = asked + self.first(asked, context)
        context = context + self.first(context, context)
        guess: Tensor = self.head(asked + self.second(asked, context))
        return guess


class Tracker(nn.Module):
    """State tracking: two blocks of norm, mixer, norm, MLP over instructions with positions."""

    def __init__(self, mixer: str, places: int, steps: int, width: int, heads: int) -> None:
        super().__init__()
        self.places = places
        self.token = nn.Embedding(places * (places - 1) // 2, width)
        self.position = nn.Parameter(torch.randn(steps, width) * 0.02)
        self.mix = nn.ModuleList(Mix(mixer, width, heads) for _ in range(2))
        self.norm = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.mlp = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, 4 * width),
                nn.GELU(),
                nn.Linear(4 * width, width),
            )
            for _ in range(2)
        )
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, places * places))

    def forward(self, told: Tensor) -> Tensor:
        """Logits [B, T, places, places]: who stands at each place after each instruction."""
        x = self.token(told) + self.position[: told.shape[1]]
        for mix, norm, mlp in zip(self.mix, self.norm, self.mlp, strict=True):
            normed = norm(x)
            x = x + mix(normed, normed)
            x = x + mlp(x)
        logits: Tensor = self.head(x).unflatten(-1, (self.places, self.places))
        return logits


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """In-context regression: the error by pairs seen in the current segment."""

    segments: int = 4
    segment_keys: int = 16
    key_width: int = 4
    width: int = 16
    heads: int = 2
    batch: int = 16
    steps: int = 300

    def model(self, mixer: str) -> nn.Module:
        """Untrained, from torch's seed."""
        return Regressor(mixer, self.key_width, self.key_width, self.width, self.heads)

    def loss(self, model: nn.Module, generator: Generator) -> Tensor:
        """Mean squared error on a fresh batch."""
        guess, truth = self._guess(model, generator, self.batch, shuffled=False)
        return (guess - truth).square().mean()

    def curve(
        self, model: nn.Module, generator: Generator, count: int, *, shuffled: bool
    ) -> list[float]:
        """Error by pairs seen in the segment, from 0; the first segment has no past and is out."""
        guess, truth = self._guess(model, generator, count, shuffled=shuffled)
        row = torch.arange(1, self.segments * self.segment_keys)
        return [
            normalised_error(
                guess, truth, (row >= self.segment_keys) & (row % self.segment_keys == seen)
            )
            for seen in range(self.segment_keys)
        ]

    def summary(self, curve: Sequence[float]) -> float:
        """Mean over the second half of the segment."""
        return fmean(curve[self.segment_keys // 2 :])

    def _guess(
        self, model: nn.Module, generator: Generator, count: int, *, shuffled: bool
    ) -> tuple[Tensor, Tensor]:
        keys, values = piecewise(
            generator,
            batch=count,
            segments=self.segments,
            segment_keys=self.segment_keys,
            width=self.key_width,
            values=self.key_width,
            shuffled=shuffled,
        )
        return model(keys, values), values[:, 1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """State tracking: how often the whole state is right, by swaps so far."""

    places: int = 4
    swaps: int = 8
    width: int = 32
    heads: int = 2
    batch: int = 64
    steps: int = 400

    def model(self, mixer: str) -> nn.Module:
        """Untrained, from torch's seed."""
        return Tracker(mixer, self.places, self.swaps, self.width, self.heads)

    def loss(self, model: nn.Module, generator: Generator) -> Tensor:
        """Cross entropy over all places after all instructions of a fresh batch."""
        told, standing = swaps(generator, batch=self.batch, steps=self.swaps, places=self.places)
        return cross_entropy(model(told).flatten(0, 2), standing.flatten())

    def curve(
        self, model: nn.Module, generator: Generator, count: int, *, shuffled: bool
    ) -> list[float]:
        """Share of sequences with every place right after 1, 2, .. swaps."""
        told, standing = swaps(
            generator, batch=count, steps=self.swaps, places=self.places, shuffled=shuffled
        )
        right = (model(told).argmax(-1) == standing).all(-1)
        return [float(share) for share in right.double().mean(0)]

    def summary(self, curve: Sequence[float]) -> float:
        """Mean over all numbers of swaps."""
        return fmean(curve)


def compare(
    task: Regression | Tracking,
    *,
    rates: Sequence[float],
    seeds: Iterable[int],
    evaluated: int,
    better: Callable[[Iterable[float]], float],
    say: Callable[[str], None],
) -> tuple[list[Row], dict[str, list[float]]]:
    """Train every mixer; rows by mixer and seed, and each mixer's curve averaged over the seeds.

    A mixer's learning rate is the one that does ``better`` (min or max) on a seed of its own.
    """
    rows: list[Row] = []
    curves: dict[str, list[float]] = {}
    for mixer in MIXERS:
        rate = rates[0]
        if len(rates) > 1:
            say(f"{type(task).__name__}, {mixer}: learning rate")
            tried = {}
            for candidate in rates:
                model, _ = _trained(task, mixer, candidate, EVALUATION_SEED)
                tried[_summary(task, model, 2 * EVALUATION_SEED, evaluated)] = candidate
            rate = tried[better(tried)]
        runs = []
        for seed in seeds:
            say(f"{type(task).__name__}, {mixer}, seed {seed}")
            model, cpu_s = _trained(task, mixer, rate, seed)
            fresh = EVALUATION_SEED + seed
            runs.append(_curve(task, model, fresh, evaluated))
            rows.append(
                {
                    "mixer": mixer,
                    "seed": seed,
                    "rate": rate,
                    "score": task.summary(runs[-1]),
                    "shuffled": _summary(task, model, fresh, evaluated, shuffled=True),
                    "cpu_s": round(cpu_s, 1),
                }
            )
        curves[mixer] = [fmean(values) for values in zip(*runs, strict=True)]
    return rows, curves


def _curve(
    task: Regression | Tracking, model: nn.Module, seed: int, count: int, *, shuffled: bool = False
) -> list[float]:
    with torch.no_grad():
        return task.curve(model, torch.Generator().manual_seed(seed), count, shuffled=shuffled)


def _summary(
    task: Regression | Tracking, model: nn.Module, seed: int, count: int, *, shuffled: bool = False
) -> float:
    return task.summary(_curve(task, model, seed, count, shuffled=shuffled))


def _trained(
    task: Regression | Tracking, mixer: str, rate: float, seed: int
) -> tuple[nn.Module, float]:
    """The model and the process seconds it took: AdamW, one cycle, a fresh batch at each step."""
    clock = Clock()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = task.model(mixer)
    generator = torch.Generator().manual_seed(seed)
    descent = one_cycle(model.parameters(), rate, task.steps)
    for _ in range(task.steps):
        descent.step(task.loss(model, generator))
    return model, Clock().cpu - clock.cpu
