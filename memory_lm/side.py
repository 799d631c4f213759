"""The residual side network: label queries read an article's frozen spans and retrieved memory.

After LONGMEM (Wang et al. 2023): the backbone stays frozen, a small network beside it receives
what each third of the backbone adds, and one of its layers also reads cached memory. Unlike there,
the label queries alone read memory, under one normalisation with the text (:mod:`.reader`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from memory_lm.backbone import WIDTH
from memory_lm.reader import Fusion, Memory, MemoryReader, ReaderName
from memory_lm.spans import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

Query = Literal["lean", "tone", "topic", "news_type"]
QUERIES: tuple[Query, ...] = ("lean", "tone", "topic", "news_type")
SIDE_WIDTH = 128
HEADS = 4
INNER = 512
LAYERS = 3
MEMORY_LAYER = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What fixes the parameters: outputs of each query, and how memory is read."""

    outputs: Mapping[str, int]
    reader: ReaderName = "lla"
    fusion: Fusion = "joint"
    dropout: float = 0.2


class SideNetwork(nn.Module):
    """Frozen spans [B, N, 4, 384] and memory in, one row of outputs for each label query out."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.queries = nn.Parameter(torch.randn(len(QUERIES), SIDE_WIDTH) * 0.02)
        self.enter = nn.ModuleList(nn.Linear(WIDTH, SIDE_WIDTH) for _ in range(PARTS))
        self.layers = nn.ModuleList(
            _Layer(shape, reads_memory=i == MEMORY_LAYER) for i in range(LAYERS)
        )
        self.memory_norm = nn.LayerNorm(WIDTH)
        self.last_norm = nn.LayerNorm(SIDE_WIDTH)
        self.heads = nn.ModuleDict({q: nn.Linear(SIDE_WIDTH, shape.outputs[q]) for q in QUERIES})
        self.dropout = nn.Dropout(shape.dropout)

    def forward(
        self, spans: Tensor, present: Tensor, memory: Memory | None = None
    ) -> dict[str, Tensor]:
        """Logits by query, [B, outputs]. present [B, N] hides absent spans.

        memory.shown broadcasts to [B, heads, queries, S], in the order of QUERIES.
        """
        states = self.states(spans, present, memory)
        return {q: self.heads[q](states[:, i]) for i, q in enumerate(QUERIES)}

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The weights by name, as plain arrays."""
        return {name: tensor.numpy() for name, tensor in self.state_dict().items()}

    def load_arrays(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Take weights as :meth:`arrays` gives them."""
        self.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})

    def states(self, spans: Tensor, present: Tensor, memory: Memory | None = None) -> Tensor:
        """What each label query has read, [B, queries, 128]: what probes are trained on."""
        rows = len(spans)
        if memory is not None:
            memory = replace(memory, keys=self.memory_norm(memory.keys))
        # Parts differ in scale by layer; each is brought to unit mean square before its projection.
        scaled = functional.layer_norm(spans, (WIDTH,)) * present[..., None, None]
        text = self.dropout(self.enter[0](scaled[:, :, 0]))
        x = torch.cat((self.queries.expand(rows, -1, -1), text), dim=1)
        bias = _reading(present).to(x.dtype)
        for i, layer in enumerate(self.layers):
            added = self.dropout(self.enter[i + 1](scaled[:, :, i + 1]))
            x = layer(x, bias, memory)
            x = torch.cat((x[:, : len(QUERIES)], x[:, len(QUERIES) :] + added), dim=1)
        states: Tensor = self.last_norm(x[:, : len(QUERIES)])
        return states


def _reading(present: Tensor) -> Tensor:
    """What may be read, [B, 1, Q + N, Q + N]: 0, or -inf. present [B, N].

    A query reads itself and the text, the text itself alone: so what one query remembers never
    reaches another, and memory that is hidden from lean stays hidden.
    """
    rows, spans = present.shape
    asked = torch.eye(len(QUERIES) + spans, len(QUERIES), dtype=torch.bool, device=present.device)
    # An article without a span reads one zero that stands in its place, however long the others.
    first = torch.arange(spans, device=present.device) == 0
    read = present | (first & ~present.any(1, keepdim=True))
    seen = torch.cat(
        (asked.expand(rows, -1, -1), read[:, None].expand(-1, len(QUERIES) + spans, -1)),
        dim=2,
    )
    return torch.zeros(seen.shape, device=present.device).masked_fill(~seen, -torch.inf)[:, None]


class _Layer(nn.Module):
    """Pre-norm attention over text and queries, then a perceptron; one layer reads memory too."""

    def __init__(self, shape: Shape, *, reads_memory: bool) -> None:
        super().__init__()
        self.reads_memory = reads_memory
        self.norm, self.inner_norm = nn.LayerNorm(SIDE_WIDTH), nn.LayerNorm(SIDE_WIDTH)
        self.text = MemoryReader(SIDE_WIDTH, HEADS, mixer="softmax")
        if reads_memory:
            self.labels = MemoryReader(
                SIDE_WIDTH, HEADS, memory_width=WIDTH, mixer=shape.reader, fusion=shape.fusion
            )
        self.inner = nn.Sequential(
            nn.Linear(SIDE_WIDTH, INNER), nn.GELU(), nn.Linear(INNER, SIDE_WIDTH)
        )
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, bias: Tensor, memory: Memory | None) -> Tensor:
        normed = self.norm(x)
        if self.reads_memory:
            ask, text = normed[:, : len(QUERIES)], normed[:, len(QUERIES) :]
            read = torch.cat(
                (
                    self.labels(ask, normed, memory, local_bias=bias[:, :, : len(QUERIES)]),
                    self.text(text, normed, local_bias=bias[:, :, len(QUERIES) :]),
                ),
                dim=1,
            )
        else:
            read = self.text(normed, normed, local_bias=bias)
        x = x + self.dropout(read)
        found: Tensor = x + self.dropout(self.inner(self.inner_norm(x)))
        return found
