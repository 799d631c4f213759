"""One step of descent as every lab takes it, and the schedule that most of them share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """An optimiser, its learning rate over the steps, and the largest norm of its gradient."""

    optimiser: Optimizer
    schedule: LRScheduler
    clip: float = 1.0

    def step(self, loss: Tensor) -> None:
        """One step down the gradient of ``loss``, all parameters clipped together."""
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        groups = self.optimiser.param_groups
        nn.utils.clip_grad_norm_([p for group in groups for p in group["params"]], self.clip)
        self.optimiser.step()
        self.schedule.step()


def one_cycle(
    parameters: Iterable[nn.Parameter],
    rate: float,
    steps: int,
    *,
    betas: tuple[float, float] = (0.9, 0.999),
    cycle_momentum: bool = True,
) -> Descent:
    """AdamW under one cycle of the learning rate (Smith and Topin 2019), a tenth of it rising."""
    optimiser = torch.optim.AdamW(parameters, rate, betas=betas, weight_decay=0.01)
    schedule = OneCycleLR(optimiser, rate, steps, pct_start=0.1, cycle_momentum=cycle_momentum)
    return Descent(optimiser=optimiser, schedule=schedule)
