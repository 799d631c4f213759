"""The compressed state of one event: an associative matrix written chunk after chunk.

It is a function of the event's records as of then, made when it is asked for and never stored:
so it needs no repair when something is forgotten, and any process gives the same. Keys are made
sparse by one fixed random projection (pattern separation). Rules as in :mod:`.hebbian`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from memory_lm.backbone import WIDTH
from memory_lm.hebbian import gated_delta_write, hebbian_write, read, separate

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

StateRule = Literal["delta", "hebbian"]
UNITS, ACTIVE = 256, 16
RETENTION, RATE = 0.99, 1.0
# With H-Mem's 0.01 old and new values add up; from 0.3 on the newest stands out (lab `hmem`).
GAIN = 0.5
RECORDS_READ = 64
SEED = 0


def event_state(
    keys: NDArray[np.float32], values: NDArray[np.float32], rule: StateRule
) -> NDArray[np.float32]:
    """The state [256, 768] after the last 64 of an event's chunks [n, 384], oldest first.

    Values are kept in two halves, above and below zero, since a Hebbian weight cannot be negative.
    """
    state = torch.zeros(1, UNITS, 2 * WIDTH)
    pairs = zip(_separated(keys[-RECORDS_READ:]), _halves(values[-RECORDS_READ:]), strict=True)
    for key, value in pairs:
        if rule == "delta":
            state = gated_delta_write(state, key[None], value[None], retention=RETENTION, rate=RATE)
        else:
            unit = key / key.max().clamp(min=1e-6)
            state = hebbian_write(state, unit[None], value[None], gain=GAIN, decay=GAIN)
    found: NDArray[np.float32] = state[0].numpy()
    return found


def recalled(state: NDArray[np.float32], keys: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a state answers to chunk keys [n, 384]: values [n, 384]."""
    asked = _separated(keys)
    held = torch.from_numpy(state).expand(len(asked), -1, -1)
    both = read(held, asked)
    found: NDArray[np.float32] = (both[:, :WIDTH] - both[:, WIDTH:]).numpy()
    return found


def _separated(keys: NDArray[np.float32]) -> Tensor:
    return separate(torch.from_numpy(keys) @ _projection(), ACTIVE)


def _halves(values: NDArray[np.float32]) -> Tensor:
    both = torch.from_numpy(values)
    return torch.cat((both.clamp(min=0), (-both).clamp(min=0)), dim=1)


@cache
def _projection() -> Tensor:
    random = torch.Generator().manual_seed(SEED)
    drawn: Tensor = torch.randn(WIDTH, UNITS, generator=random)
    return drawn / float(np.sqrt(WIDTH))
