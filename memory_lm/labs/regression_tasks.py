"""Tasks of the regression lab: piecewise-linear functions, and swaps of places to keep track of."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Generator, Tensor
from torch.nn.functional import normalize

SPREAD = 0.5  # of the keys around their segment's unit centre
OFFSET = 0.5  # of a segment's values, relative to what the slope contributes


def piecewise(
    generator: Generator,
    *,
    batch: int,
    segments: int,
    segment_keys: int,
    width: int,
    values: int,
    shuffled: bool = False,
) -> tuple[Tensor, Tensor]:
    """Keys [B, T, width] and values [B, T, values], T = segments * segment_keys, of unit variance.

    Each segment has its own place in key space and its own affine map, without noise: the
    non-stationary regression of arXiv 2510.01450, section on test-time regression. `shuffled`
    permutes the values within each segment, which leaves nothing to learn but their mean.
    """

    def normal(*sizes: int) -> Tensor:
        return torch.randn(batch, segments, *sizes, generator=generator)

    centre = normalize(normal(1, width), dim=-1)
    around = normal(segment_keys, width) * SPREAD * width**-0.5
    slope = normal(values, width) / SPREAD
    value = around @ slope.mT + OFFSET * normal(1, values)
    if shuffled:
        order = torch.rand(batch, segments, segment_keys, 1, generator=generator).argsort(2)
        value = value.gather(2, order.expand_as(value))
    value = value * (1 + OFFSET**2) ** -0.5
    return (centre + around).flatten(1, 2), value.flatten(1, 2)


def settled(segments: int, segment_keys: int) -> Tensor:
    """The second half of each segment, [T] bool: where a method had the chance to adapt."""
    return (torch.arange(segment_keys) >= segment_keys // 2).repeat(segments)


def normalised_error(predicted: Tensor, truth: Tensor, at: Tensor) -> float:
    """Mean squared error over variance at rows `at`: 1 is what the mean of all would give."""
    wrong = (predicted[:, at] - truth[:, at]).double().square().mean()
    return float(wrong / truth[:, at].double().var())


def swaps(
    generator: Generator, *, batch: int, steps: int, places: int, shuffled: bool = False
) -> tuple[Tensor, Tensor]:
    """Swap instructions [B, steps] and who stands at each place after each, [B, steps, places].

    The word problem of the symmetric group in its transpositions, starting from order.
    `shuffled` shows instructions of another order than the one carried out.
    """
    pairs = torch.tensor(list(combinations(range(places), 2)))
    told = torch.randint(len(pairs), (batch, steps), generator=generator)
    standing = torch.arange(places).repeat(batch, 1)
    states = []
    for step in range(steps):
        pair = pairs[told[:, step]]
        standing = standing.scatter(1, pair, standing.gather(1, pair.flip(1)))
        states.append(standing)
    if shuffled:
        told = told.gather(1, torch.rand(batch, steps, generator=generator).argsort(1))
    return told, torch.stack(states, 1)
