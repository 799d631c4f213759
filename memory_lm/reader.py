"""The memory reader: queries read local items and retrieved memory under one normalisation.

The model and the labs run this object. Only frozen features are remembered and they are projected
when read, so training the reader never makes a bank stale. The baseline fusion is LONGMEM's
(Wang et al. 2023, arXiv 2306.07174): two reads mixed by one static gate for each head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from kernels.mixers import MIXERS
from newsroom.errors import Misconfigured

ReaderName = Literal["lla", "softmax", "linear"]
Fusion = Literal["joint", "gate"]

SPANS_MAX = 128
RIDGE_MIN = 1e-3
RIDGE_START = 1.0
MEMORY_LOGIT_START = -2.0
AGE_UNIT_H = 6.0
HALF_LIVES_H = (6.0, 48.0, 336.0, 2160.0)
RANK_COST_START = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Retrieved spans as frozen features, and what is known about each; a term left out is off.

    keys, values [B, S, memory width]. shown: bool, broadcasts to [B, H, Tq, S]; a query may be
    shown at most `SPANS_MAX`. age_h >= 0, hours before the reading article; rank: how many later
    versions stand above it in its chain, 0 for the newest; same_event: logit that both tell of one
    event. These three broadcast to [B, Tq, S].
    """

    keys: Tensor
    values: Tensor
    shown: Tensor | None = None
    age_h: Tensor | None = None
    rank: Tensor | None = None
    same_event: Tensor | None = None


class MemoryReader(nn.Module):
    """Multi-head read by name: Local Linear Attention, softmax or linear attention.

    "joint" puts local and memory items under one normalisation, where memory pays a logit that
    each query computes and that starts at -2, nearly closed. Without `memory_width` only local
    items can be read.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        memory_width: int | None = None,
        mixer: ReaderName = "lla",
        fusion: Fusion = "joint",
    ) -> None:
        super().__init__()
        if mixer not in get_args(ReaderName) or fusion not in get_args(Fusion):
            raise Misconfigured(
                "reader-unknown",
                f"no reader {mixer!r} with fusion {fusion!r}; there are "
                f"{', '.join(get_args(ReaderName))} with {', '.join(get_args(Fusion))}",
            )
        self.mixer, self.heads, self.fusion = MIXERS[mixer], heads, fusion
        self.memory_width = memory_width
        self.query, self.key, self.value, self.out = (
            nn.Linear(width, width, bias=False) for _ in range(4)
        )
        self.ridge = nn.Parameter(torch.full((heads,), RIDGE_START).expm1().log())
        if memory_width is None:
            return
        self.memory_key = nn.Linear(memory_width, width, bias=False)
        self.memory_value = nn.Linear(memory_width, width, bias=False)
        # Half-lives of a power law (1 + age / 6 h) ** -cost, spread over the heads.
        costs = [math.log(2) / math.log1p(half / AGE_UNIT_H) for half in HALF_LIVES_H]
        self.age_cost = nn.Parameter(torch.tensor([*islice(cycle(costs), heads)]).expm1().log())
        self.rank_cost = nn.Parameter(torch.full((heads,), RANK_COST_START).expm1().log())
        self.event_gain = nn.Parameter(torch.ones(heads))
        if fusion == "joint":
            self.memory_logit = nn.Linear(width, heads)
            nn.init.zeros_(self.memory_logit.weight)
            nn.init.constant_(self.memory_logit.bias, MEMORY_LOGIT_START)
        else:
            self.gate = nn.Parameter(torch.zeros(heads))

    def forward(
        self, x: Tensor, local: Tensor, memory: Memory | None = None, *, local_bias: Tensor
    ) -> Tensor:
        """Queries x [B, Tq, W] read local [B, Tl, W] and memory; the answer is [B, Tq, W].

        local_bias broadcasts to [B, H, Tq, Tl], -inf hides. Without memory, or where none is
        shown, a query reads local items alone. Raises ValueError for more than 128 shown spans.
        """
        q, k, v = (
            self._heads(self.query(x)),
            self._heads(self.key(local)),
            self._heads(self.value(local)),
        )
        ridge = softplus(self.ridge) + RIDGE_MIN
        local_bias = local_bias.expand(len(x), self.heads, x.shape[1], local.shape[1])
        if memory is None:
            mixed = self.mixer(q, k, v, ridge, causal=False, bias=local_bias)
            return self._joined(mixed)
        if self.memory_width is None:
            raise ValueError("memory: this reader was made without memory_width")
        bias = self.bias(x, memory)
        memory_k = self._heads(self.memory_key(memory.keys))
        memory_v = self._heads(self.memory_value(memory.values))
        if self.fusion == "joint":
            k, v = torch.cat([k, memory_k], 1), torch.cat([v, memory_v], 1)
            every = torch.cat([local_bias, bias], -1)
            return self._joined(self.mixer(q, k, v, ridge, causal=False, bias=every))
        mixed = self.mixer(q, k, v, ridge, causal=False, bias=local_bias)
        recalled = self.mixer(q, memory_k, memory_v, ridge, causal=False, bias=bias)
        reads = (bias > -torch.inf).any(-1).transpose(1, 2)
        share = (self.gate.sigmoid() * reads).unsqueeze(-1)
        return self._joined((1 - share) * mixed + share * recalled)

    def affinity(self, x: Tensor, keys: Tensor) -> Tensor:
        """Scores [B, H, Tq, S] of projected queries with projected features: what to retrieve."""
        q, k = self._heads(self.query(x)), self._heads(self.memory_key(keys))
        return q.transpose(1, 2) @ k.permute(0, 2, 3, 1)

    def bias(self, x: Tensor, memory: Memory) -> Tensor:
        """What is added to the scores of memory items, [B, H, Tq, S]; -inf where not shown."""
        rows, queries, spans = len(x), x.shape[1], memory.keys.shape[1]
        shape = (rows, self.heads, queries, spans)
        bias = x.new_zeros(shape)
        if self.fusion == "joint":
            bias = bias + self.memory_logit(x).transpose(1, 2).unsqueeze(-1)
        if memory.age_h is not None:
            age = torch.log1p(memory.age_h / AGE_UNIT_H).expand(rows, queries, spans)
            bias = bias - _by_head(softplus(self.age_cost)) * age.unsqueeze(1)
        if memory.rank is not None:
            rank = memory.rank.to(x.dtype).expand(rows, queries, spans)
            bias = bias - _by_head(softplus(self.rank_cost)) * rank.unsqueeze(1)
        if memory.same_event is not None:
            same = memory.same_event.expand(rows, queries, spans)
            bias = bias + _by_head(self.event_gain) * same.unsqueeze(1)
        most = spans
        if memory.shown is not None:
            shown = memory.shown.expand(shape)
            bias = bias.masked_fill(~shown, -torch.inf)
            most = int(shown.sum(-1).max()) if spans > SPANS_MAX else spans
        if most > SPANS_MAX:
            raise ValueError(f"memory: {most} spans shown to a query; at most {SPANS_MAX} are read")
        return bias

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.heads, -1)

    def _joined(self, mixed: Tensor) -> Tensor:
        joined: Tensor = self.out(mixed.flatten(-2))
        return joined


def _by_head(x: Tensor) -> Tensor:
    return x[:, None, None]
