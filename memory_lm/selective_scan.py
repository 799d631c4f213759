"""A selective state space in plain torch: the linear recurrence as a chunked scan, and its block.

The state of each channel is a small vector that fades and is written at rates which the input
chooses (S6: Gu and Dao 2023, Mamba). All work is elementwise, so the recurrence
h_t = keep_t h_{t-1} + write_t is cut into chunks that advance side by side: `chunk` steps for the
insides, then one step for each chunk to hand its last state on.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from newsroom.errors import BadRequest

STEP_MIN, STEP_MAX = 1e-3, 1e-1  # where the step sizes start (Gu and Dao 2023, section 3.6)


def recurrence(keep: Tensor, write: Tensor, *, chunk: int = 8) -> Tensor:
    """h_t = keep_t h_{t-1} + write_t along dimension 1 from h = 0, elementwise; all [B, T, ...].

    Differentiable once. The result does not depend on ``chunk`` but for rounding.
    """
    if keep.shape != write.shape or keep.ndim < 2 or keep.shape[1] < 1 or chunk < 1:
        raise BadRequest(
            "scan-shape",
            f"expected two tensors [B, T, ...] and chunk >= 1, got {tuple(keep.shape)}, "
            f"{tuple(write.shape)} and {chunk}",
        )
    states: Tensor = _Recurrence.apply(keep, write, chunk)  # type: ignore[no-untyped-call]
    return states


def selective_scan(
    x: Tensor, step: Tensor, rate: Tensor, write: Tensor, read: Tensor, *, chunk: int = 8
) -> Tensor:
    """y_t = read_t . h_t with h_t = exp(step_t rate) h_{t-1} + step_t write_t x_t, [B, T, C].

    x, step [B, T, C]; rate [C, N], negative; write, read [B, T, N]: N numbers for each channel.
    """
    # Channels last, [B, T, N, C]: the short dimension must not be the inner loop.
    kept = (step.unsqueeze(2) * rate.mT).exp()
    written = (step * x).unsqueeze(2) * write.unsqueeze(3)
    return (read.unsqueeze(2) @ recurrence(kept, written, chunk=chunk)).squeeze(2)


def causal_conv(x: Tensor, taps: Tensor) -> Tensor:
    """Each channel of x [B, T, C] over its own last steps; taps [C, 1, size], the newest last."""
    before = functional.pad(x.mT, (taps.shape[-1] - 1, 0))
    return functional.conv1d(before, taps, groups=taps.shape[0]).mT


class SelectiveScan(nn.Module):
    """A Mamba block, [B, T, width] to the same: expand, short conv, selective scan, gate, contract.

    ``conv`` is the size of the short convolution; None leaves it out.
    """

    def __init__(
        self, width: int, *, states: int = 16, expand: int = 2, conv: int | None = 4
    ) -> None:
        super().__init__()
        inner, rank = expand * width, math.ceil(width / 16)
        self.sizes = (rank, states, states)
        self.expand = nn.Linear(width, 2 * inner, bias=False)
        self.taps = (
            None if conv is None else nn.Parameter(torch.empty(inner, 1, conv).uniform_(-1, 1))
        )
        if self.taps is not None:
            self.taps.data /= math.sqrt(self.taps.shape[-1])
        self.choose = nn.Linear(inner, sum(self.sizes), bias=False)
        self.to_step = nn.Linear(rank, inner)
        nn.init.uniform_(self.to_step.weight, -(rank**-0.5), rank**-0.5)
        start = torch.empty(inner).uniform_(math.log(STEP_MIN), math.log(STEP_MAX)).exp()
        self.to_step.bias.data = start.expm1().log()  # softplus gives it back
        self.log_rate = nn.Parameter(torch.arange(1.0, states + 1).log().repeat(inner, 1))
        self.skip = nn.Parameter(torch.ones(inner))
        self.contract = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """What each row makes of itself and the rows before it."""
        x, gate = self.expand(x).chunk(2, dim=-1)
        if self.taps is not None:
            x = causal_conv(x, self.taps)
        x = functional.silu(x)
        step, write, read = self.choose(x).split(self.sizes, dim=-1)
        step = functional.softplus(self.to_step(step))
        mixed = selective_scan(x, step, -self.log_rate.exp(), write, read)
        out: Tensor = self.contract((mixed + self.skip * x) * functional.silu(gate))
        return out


class _Recurrence(torch.autograd.Function):
    """Keeps the states only; the gradient is the same recurrence run backwards in time."""

    @staticmethod
    def forward(ctx: Any, keep: Tensor, write: Tensor, chunk: int) -> Tensor:
        states = _scan(keep, write, chunk)
        ctx.save_for_backward(keep, states)
        ctx.chunk = chunk
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, None]:
        keep, states = ctx.saved_tensors
        after = torch.empty_like(keep)  # what the next step keeps of this one; nothing at the end
        after[:, -1] = 0
        after[:, :-1] = keep[:, 1:]
        reach = _scan(after, upstream, ctx.chunk, backwards=True)
        to_keep = torch.empty_like(keep)
        to_keep[:, 0] = 0
        torch.mul(reach[:, 1:], states[:, :-1], out=to_keep[:, 1:])
        return to_keep, reach, None


def _scan(keep: Tensor, write: Tensor, chunk: int, *, backwards: bool = False) -> Tensor:
    """The recurrence without gradients; ``backwards``, each step looks at the one after it."""
    steps = write.shape[1]
    chunks = math.ceil(steps / chunk)
    chunk = math.ceil(steps / chunks)

    def cut(t: Tensor) -> Tensor:
        """A copy as [B, chunks, chunk, M]; the padding of zeros comes last and reaches nobody."""
        t = t.reshape(*t.shape[:2], -1)
        padded = t.new_empty(t.shape[0], chunks * chunk, t.shape[2])
        padded[:, :steps], padded[:, steps:] = t, 0
        return padded.view(t.shape[0], chunks, chunk, t.shape[2])

    since, states = cut(keep), cut(write)  # since: what is kept of the chunk before
    one = -1 if backwards else 1
    for i in range(chunk)[::one][1:]:
        states[:, :, i].addcmul_(since[:, :, i], states[:, :, i - one])
        if chunks > 1:
            since[:, :, i].mul_(since[:, :, i - one])
    last = 0 if backwards else chunk - 1
    for c in range(chunks)[::one][1:]:
        states[:, c].addcmul_(since[:, c], states[:, c - one, last].unsqueeze(1))
    return states.view(write.shape[0], chunks * chunk, -1)[:, :steps].reshape(write.shape)
