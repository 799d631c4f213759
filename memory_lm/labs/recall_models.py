"""One small language model around any mixer, with a short convolution where the arm says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from kernels.mixers import MIXERS
from memory_lm.hebbian import hebbian_write, read
from memory_lm.labs.recall_tasks import UNASKED, Task
from memory_lm.labs.report import Clock
from memory_lm.labs.training import Descent
from memory_lm.selective_scan import SelectiveScan, causal_conv

CONV_ROWS = 3
SCAN_STATES, SCAN_CONV = 16, 4
RIDGE_MIN = 1e-3
UNIT_KEYS = ("delta", "lla")  # these fit keys of one length; softmax and linear take them raw
TEMPERATURE_START = 4.0
WRITE_START = 0.5
INIT_STD = 0.02  # with outputs at 1/sqrt(2 layers) of it, as in the recall studies
ROTARY_BASE = 10_000.0
EVALUATION_SEED = 1_000_003  # added to a seed: sequences never trained on
CHECKED_EVERY, CHECKED_COUNT = 50, 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A model: ``conv`` names what passes through a short convolution, of "qkv", or of the scan.

    ``positions`` is "none", "learned" or "rotary".
    """

    mixer: str
    layers: int = 1
    conv: str = "k"
    width: int = 64
    positions: str = "none"


class Mix(nn.Module):
    """Projections and short convolutions around one head of a mixer, or of the Hebbian matrix."""

    def __init__(self, arm: Arm) -> None:
        super().__init__()
        self.arm = arm
        width = arm.width
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.taps = nn.ParameterDict(
            {
                name: nn.Parameter(
                    torch.empty(width, 1, CONV_ROWS).uniform_(-1, 1) / math.sqrt(CONV_ROWS)
                )
                for name in arm.conv
            }
        )
        self.ridge = nn.Parameter(torch.ones(1))
        self.temperature = nn.Parameter(torch.full((1,), TEMPERATURE_START))
        self.gates = nn.Parameter(torch.full((2,), math.log(math.expm1(WRITE_START))))

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, width] to the same; each row reads itself and the rows before it."""
        made = {"q": self.q(x), "k": self.k(x), "v": self.v(x)}
        for name, taps in self.taps.items():
            made[name] = causal_conv(made[name], taps)
        if self.arm.positions == "rotary":
            made |= {name: _rotated(made[name]) for name in "qk"}
        mixed: Tensor = self.out(self._mixed(made["q"], made["k"], made["v"]))
        return mixed

    def _mixed(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if self.arm.mixer == "hebbian":
            gain, decay = functional.softplus(self.gates)
            return hebbian_mix(q, k, v, gain=gain, decay=decay)
        scale = None
        if self.arm.mixer in UNIT_KEYS:
            q, k = functional.normalize(q, dim=-1), functional.normalize(k, dim=-1)
            if self.arm.mixer == "lla":  # q and k stay in one space: both get the temperature
                q, k, scale = q * self.temperature, k * self.temperature, 1.0
        ridge = functional.softplus(self.ridge) + RIDGE_MIN
        q, k, v = (t.unsqueeze(2) for t in (q, k, v))
        return MIXERS[self.arm.mixer](q, k, v, ridge, scale=scale).squeeze(2)


def hebbian_mix(
    q: Tensor, k: Tensor, v: Tensor, *, gain: float | Tensor, decay: float | Tensor
) -> Tensor:
    """H-Mem's write rule as a token mixer: every row writes, then reads; all [B, T, D]."""
    q, k, v = (functional.relu(t) for t in (q, k, v))
    state = q.new_zeros(q.shape[0], k.shape[-1], v.shape[-1])
    reads = []
    for asked, key, value in zip(q.unbind(1), k.unbind(1), v.unbind(1), strict=True):
        state = hebbian_write(state, key, value, gain=gain, decay=decay)
        reads.append(read(state, asked))
    return torch.stack(reads, 1)


class Recaller(nn.Module):
    """Tied embedding, layers of norm and mixer with a residual, logits where something is asked."""

    def __init__(self, arm: Arm, vocabulary: int, length: int) -> None:
        super().__init__()
        self.token = nn.Embedding(vocabulary, arm.width)
        nn.init.normal_(self.token.weight, std=INIT_STD)
        self.position = (
            nn.Parameter(torch.randn(length, arm.width) * INIT_STD)
            if arm.positions == "learned"
            else None
        )
        self.norm = nn.ModuleList(nn.LayerNorm(arm.width) for _ in range(arm.layers))
        self.mix = nn.ModuleList(
            SelectiveScan(arm.width, states=SCAN_STATES, conv=SCAN_CONV if arm.conv else None)
            if arm.mixer == "scan"
            else Mix(arm)
            for _ in range(arm.layers)
        )
        self.last = nn.LayerNorm(arm.width)

    def forward(self, tokens: Tensor, asked: Tensor) -> Tensor:
        """Logits [asked rows, vocabulary] for tokens [B, T] at rows ``asked`` [B, T] bool."""
        x = self.token(tokens)
        if self.position is not None:
            x = x + self.position[: tokens.shape[1]]
        for norm, mix in zip(self.norm, self.mix, strict=True):
            x = x + mix(norm(x))
        logits: Tensor = self.last(x[asked]) @ self.token.weight.mT
        return logits


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """At most ``steps`` of AdamW; ends early when ``solved`` on other sequences than reported."""

    steps: int
    rate: float = 3e-3
    batch: int = 32
    solved: float = 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The model, what it took, and (step, accuracy) on the way."""

    model: nn.Module
    steps: int
    cpu_s: float
    curve: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Shares of answers right, of sequences all right, of answers that were right before."""

    accuracy: float
    whole: float
    stale: float


def train(
    arm: Arm, task: Task, training: Training, seed: int, *, say: Callable[[str], None]
) -> Trained:
    """Cross entropy on fresh batches; 10 % warmup, then cosine, gradients clipped at 1."""
    clock = Clock()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Recaller(arm, task.vocabulary, task.length)
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), training.rate, weight_decay=0.1)
    warm = max(1, training.steps // 10)

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, training.steps - warm)))

    descent = Descent(
        optimiser=optimiser, schedule=torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
    )
    curve: list[tuple[int, float]] = []
    step = 0
    while step < training.steps and (not curve or curve[-1][1] < training.solved):
        batch = task.sample(generator, training.batch)
        asked = batch.answers != UNASKED
        loss = functional.cross_entropy(model(batch.tokens, asked), batch.answers[asked])
        descent.step(loss)
        step += 1
        if step % CHECKED_EVERY == 0:
            found = measure(model, task, 2 * EVALUATION_SEED + seed, CHECKED_COUNT)
            curve.append((step, found.accuracy))
            say(f"{arm.mixer}, conv on {arm.conv or 'none'}, step {step}: {found.accuracy:.3f}")
    return Trained(
        model=model, steps=step, cpu_s=round(Clock().cpu - clock.cpu, 1), curve=tuple(curve)
    )


@torch.no_grad()
def measure(
    model: nn.Module, task: Task, seed: int, count: int, *, shuffled: bool = False
) -> Measured:
    """On ``count`` sequences of this seed.

    A string all right with its own letters shown is the string that greedy decoding gives.
    """
    batch = task.sample(torch.Generator().manual_seed(seed), count, shuffled=shuffled)
    asked = batch.answers != UNASKED
    given = torch.full_like(batch.answers, UNASKED)
    given[asked] = model(batch.tokens, asked).argmax(-1)
    right = (given == batch.answers) & asked
    old = (given.unsqueeze(2) == batch.stale).any(2) & asked
    return Measured(
        accuracy=float(right.sum() / asked.sum()),
        whole=float((right | ~asked).all(1).double().mean()),
        stale=float(old.sum() / asked.sum()),
    )


def _rotated(x: Tensor) -> Tensor:
    """Rotary positions (Su et al. 2021) on x [B, T, D]."""
    half = x.shape[-1] // 2
    rates = ROTARY_BASE ** (-torch.arange(half) / half)
    angles = torch.arange(x.shape[1]).unsqueeze(1) * rates
    a, b = x[..., :half], x[..., half:]
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)
