"""The LONGMEM lab's models: a frozen decoder, its probe, and side networks that read its past.

After the released code of LONGMEM (Wang et al. 2023): ALiBi, attention and MLP in parallel; side
layer i starts as backbone layer 2i + 1 and adds what two backbone layers changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from memory_lm.labs.longmem_tasks import CROSS_SEGMENT, IN_SEGMENT, Documents
from memory_lm.labs.training import one_cycle
from memory_lm.reader import Fusion, Memory, MemoryReader, ReaderName

FACTOR = 2  # backbone layers for each side layer
CHUNK = 2  # tokens: one pair
RETRIEVED = 16  # tokens for each query and head
SEGMENT_H = 24.0  # between two segments
SHIFT_SLOPE = 2.0  # leaves 86 % of the weight on the token before


class Block(nn.Module):
    """Attention and MLP in parallel from one norm; returns what they add."""

    def __init__(self, width: int, reader: MemoryReader, *, shifts: bool = False) -> None:
        super().__init__()
        self.shifts = shifts
        self.norm, self.reader = nn.LayerNorm(width), reader
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """x [B, T, W]; causal among its own tokens."""
        n = self.norm(x)
        bias = _causal_alibi(x.shape[1], self.reader.heads, shifts=self.shifts)
        added: Tensor = self.reader(n, n, memory, local_bias=bias) + self.mlp(n)
        return added


class Decoder(nn.Module):
    """The backbone: tied head, no positions but ALiBi, so that cached keys carry none."""

    def __init__(self, vocabulary: int, *, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.token.weight, std=width**-0.5)
        self.blocks = nn.ModuleList(
            Block(width, MemoryReader(width, heads, mixer="softmax"), shifts=layer == 0)
            for layer in range(layers)
        )
        self.norm = nn.LayerNorm(width)

    @property
    def layers(self) -> list[Block]:
        """The blocks, typed."""
        return cast("list[Block]", list(self.blocks))

    def states(self, tokens: Tensor) -> list[Tensor]:
        """Embedding output and the output of every layer, each [B, T, W]."""
        states = [self.token(tokens)]
        for block in self.layers:
            states.append(states[-1] + block(states[-1]))
        return states

    def forward(self, tokens: Tensor) -> Tensor:
        """Next-token logits where an attribute is due, [B, T / 2, vocabulary]."""
        logits: Tensor = self.norm(self.states(tokens)[-1][:, ::2]) @ self.token.weight.T
        return logits


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One side network: where and how it reads memory, and whose."""

    name: str
    layer: int
    mixer: ReaderName = "softmax"
    fusion: Fusion = "joint"
    scope: Literal["lane", "batch"] = "lane"
    recency: bool = False
    supersession: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One segment of every lane, frozen states with it, and the bank of all segments before."""

    states: list[Tensor]  # [B, T, W] each
    targets: Tensor  # attribute tokens, [B, T / 2]
    kind: Tensor  # [B, T / 2]
    past: list[Tensor]  # states of earlier segments, [B, S * T, W] each
    superseded_at: Tensor  # of each pair in the past, [B, S * T / 2]
    first: int  # number of this segment's first pair


class SideNet(nn.Module):
    """The residual side network; only this is trained."""

    def __init__(self, backbone: Decoder, arm: Arm) -> None:
        super().__init__()
        self.arm = arm
        self.norm = nn.LayerNorm(backbone.norm.normalized_shape)
        self.norm.load_state_dict(backbone.norm.state_dict())
        self.blocks = nn.ModuleList()
        aligned = range(FACTOR - 1, len(backbone.blocks), FACTOR)
        if arm.layer not in aligned:
            raise ValueError(f"arm {arm.name}: layer {arm.layer} starts no side layer")
        for layer in aligned:
            frozen = backbone.layers[layer]
            width, heads = frozen.norm.normalized_shape[0], frozen.reader.heads
            reader = MemoryReader(
                width, heads, mixer=arm.mixer, fusion=arm.fusion,
                memory_width=width if layer == arm.layer else None,
            )  # fmt: skip
            block = Block(width, reader)
            block.load_state_dict(frozen.state_dict(), strict=False)
            if layer == arm.layer:
                reader.memory_key.load_state_dict(frozen.reader.key.state_dict())
                reader.memory_value.load_state_dict(frozen.reader.value.state_dict())
                self.remembered = frozen.norm
                self.reader = reader
            self.blocks.append(block)
        self.remembered.requires_grad_(False)

    def forward(self, passage: Passage, head: Tensor, *, memory: bool = True) -> Tensor:
        """Logits of the attributes due, [B, T / 2, vocabulary]."""
        x = passage.states[0]
        for i, block in enumerate(cast("list[Block]", list(self.blocks))):
            reads = memory and FACTOR * i + 1 == self.arm.layer and passage.first > 0
            found = self.recall(block.norm(x), passage) if reads else None
            gained = passage.states[FACTOR * (i + 1)] - passage.states[FACTOR * i]
            x = x + block(x, found) + gained
        logits: Tensor = self.norm(x[:, ::2]) @ head.T
        return logits

    def recall(self, n: Tensor, passage: Passage) -> Memory:
        """The bank as frozen features, with the best chunks of each token and head shown."""
        arm, (lanes, length, _) = self.arm, n.shape
        with torch.no_grad():
            features = self.remembered(passage.past[arm.layer])
            stored = features.shape[1]
            allowed = torch.ones(1, 1, stored // CHUNK, dtype=torch.bool)
            if arm.supersession:
                now = passage.first + torch.arange(length)[:, None] // CHUNK
                allowed = passage.superseded_at[:, None, :] >= now
            if arm.scope == "batch":
                features = features.reshape(1, lanes * stored, -1).expand(lanes, -1, -1)
                allowed = allowed.repeat(1, 1, lanes)
            means = features.view(len(features), -1, CHUNK, features.shape[-1]).mean(2)
            score = self.reader.affinity(n, means)
            score = score.masked_fill(~allowed.unsqueeze(1), -torch.inf)
            best = score.topk(min(RETRIEVED // CHUNK, score.shape[-1]), -1).indices
            shown = torch.zeros_like(score, dtype=torch.bool).scatter_(-1, best, True)
            shown = (shown & allowed.unsqueeze(1)).repeat_interleave(CHUNK, -1)
            age = None
            if arm.recency:
                segments = torch.arange(stored // length, 0, -1)
                age = (segments * SEGMENT_H).repeat_interleave(length)[None, None]
        return Memory(keys=features, values=features, shown=shown, age_h=age)


def pretrain(
    backbone: Decoder, documents: Documents, *, steps: int, batch: int, rate: float,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Train the backbone on single segments, each seen once and alone; then freeze it.

    The loss is on attributes only: which entity comes next is drawn at random.
    """
    segments = documents.tokens.flatten(0, 1)
    segments = segments[torch.randperm(len(segments))]
    descent = one_cycle(backbone.parameters(), rate, steps)
    for step in range(steps):
        if step % 100 == 0:
            say(f"backbone: step {step} of {steps}")
        rows = torch.arange(step * batch, (step + 1) * batch) % len(segments)
        tokens = segments[rows]
        descent.step(cross_entropy(backbone(tokens).flatten(0, 1), tokens[:, 1::2].flatten()))
    backbone.requires_grad_(False)
    backbone.eval()


@torch.no_grad()
def induction_mass(backbone: Decoder, documents: Documents) -> Tensor:
    """Attention [layers, heads] from a repeated entity to what followed its last mention."""
    tokens = documents.tokens.flatten(0, 1)
    entity = tokens[:, ::2]
    pair = torch.arange(entity.shape[1])
    before = (entity[:, :, None] == entity[:, None, :]) & (pair[:, None] > pair)
    last = torch.where(before, pair, -1).amax(-1)
    row, at = (last >= 0).nonzero(as_tuple=True)
    followed = 2 * last[row, at] + 1
    masses = []
    for state, block in zip(backbone.states(tokens), backbone.layers, strict=False):
        reader = block.reader
        n = block.norm(state)
        q, k = (
            part(n).view(*n.shape[:-1], reader.heads, -1) for part in (reader.query, reader.key)
        )
        score = torch.einsum("bqhd,bkhd->bhqk", q, k) * q.shape[-1] ** -0.5
        weight = (
            score + _causal_alibi(tokens.shape[1], reader.heads, shifts=block.shifts)
        ).softmax(-1)
        masses.append(weight[row, :, 2 * at, followed].mean(0))
    return torch.stack(masses)


@torch.no_grad()
def passages(backbone: Decoder, documents: Documents) -> list[Passage]:
    """Every segment of a batch of documents after the first, in order."""
    lanes, segments, length = documents.tokens.shape
    states = [
        state.view(lanes, segments, length, -1)
        for state in backbone.states(documents.tokens.flatten(0, 1))
    ]
    return [
        Passage(
            states=[state[:, at] for state in states],
            targets=documents.tokens[:, at, 1::2],
            kind=documents.kind[:, at],
            past=[state[:, :at].flatten(1, 2) for state in states],
            superseded_at=documents.superseded_at[:, :at].flatten(1),
            first=at * length // 2,
        )
        for at in range(1, segments)
    ]


def adapt(
    backbone: Decoder, nets: Mapping[str, SideNet], documents: Documents, *, lanes: int,
    rate: float, each: Callable[[int], None],
) -> None:  # fmt: skip
    """Train side networks in lockstep on the same ordered lanes; ``each`` gets the step done."""
    starts = range(0, len(documents.tokens), lanes)
    steps, step = len(starts) * (documents.tokens.shape[1] - 1), 0
    descents = {
        name: one_cycle(
            (p for p in net.parameters() if p.requires_grad),
            rate, steps, betas=(0.9, 0.98), cycle_momentum=False,
        )
        for name, net in nets.items()
    }  # fmt: skip
    for start in starts:
        for passage in passages(backbone, rows_of(documents, start, start + lanes)):
            for name, net in nets.items():
                logits = net(passage, backbone.token.weight)
                descents[name].step(cross_entropy(logits.flatten(0, 1), passage.targets.flatten()))
            step += 1
            each(step)


def rows_of(documents: Documents, start: int, stop: int) -> Documents:
    """A run of documents."""
    return Documents(
        tokens=documents.tokens[start:stop],
        kind=documents.kind[start:stop],
        superseded_at=documents.superseded_at[start:stop],
    )


@torch.no_grad()
def score(
    backbone: Decoder, net: SideNet | None, documents: Documents, *, lanes: int, memory: bool = True
) -> dict[str, float]:
    """Share right of repeats told in the segment, and of those told only before it."""
    right, kinds = [], []
    for start in range(0, len(documents.tokens), lanes):
        for passage in passages(backbone, rows_of(documents, start, start + lanes)):
            if net is None:
                logits = backbone.norm(passage.states[-1][:, ::2]) @ backbone.token.weight.T
            else:
                logits = net(passage, backbone.token.weight, memory=memory)
            right.append((logits.argmax(-1) == passage.targets).flatten())
            kinds.append(passage.kind.flatten())
    hit, kind = torch.cat(right).double(), torch.cat(kinds)
    return {
        "cross": float(hit[kind == CROSS_SEGMENT].mean()),
        "in": float(hit[kind == IN_SEGMENT].mean()),
    }


def _causal_alibi(length: int, heads: int, *, shifts: bool) -> Tensor:
    """[H, T, T]: less by each head's slope for each step back, as in ALiBi.

    With `shifts` the first head may not read its own token and is so steep that it reads the one
    before: the short convolution that associative recall needs, in the form of attention.
    """
    at = torch.arange(length)
    distance = (at[:, None] - at).float()
    slopes = 2.0 ** (-8 / heads * torch.arange(1, heads + 1))
    least = torch.zeros(heads)
    if shifts:
        slopes[0], least[0] = SHIFT_SLOPE, 1.0
    bias = -slopes[:, None, None] * distance
    return bias.masked_fill(distance < least[:, None, None], -torch.inf)
