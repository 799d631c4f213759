"""What the Hebbian memory lab trains: readers of stories and of image pairs, and an LSTM."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from memory_lm.hebbian import AssociativeMemory
from memory_lm.labs.hmem_tasks import AGES, PAD, VOCABULARY, WORDS, Pairs, Stories
from memory_lm.labs.training import Descent

CLIP = 20.0
DROPOUT = 0.3


class StoryReader(nn.Module):
    """H-Mem for stories: sentence sums into the memory, the last read names the answer.

    Embeddings of ages start at zero, so that order costs nothing until it pays; the released code
    draws them like words, which makes induction rise several times later.
    """

    def __init__(self, memory: AssociativeMemory, width: int) -> None:
        super().__init__()
        self.memory = memory
        self.words = nn.Embedding(len(VOCABULARY), width)
        nn.init.uniform_(self.words.weight, -((6 / width) ** 0.5), (6 / width) ** 0.5)
        with torch.no_grad():
            self.words.weight[[PAD, *range(len(VOCABULARY) - len(AGES), len(VOCABULARY))]] = 0
        self.places = nn.Parameter(torch.ones(WORDS - 1, width))
        self.story_norm, self.question_norm = nn.BatchNorm1d(width), nn.BatchNorm1d(width)
        self.to_word = nn.Linear(memory.size, len(VOCABULARY), bias=False)

    def forward(self, batch: Stories, state: Tensor | None = None) -> Tensor:
        """Logits over words, [n, words]; a given ``state`` is read in place of the story's own."""
        if state is None:
            state = self.remember(batch)
        question = self.question_norm(self._sum(batch.questions))
        logits: Tensor = self.to_word(self.memory.read(state, question))
        return logits

    def remember(self, batch: Stories) -> Tensor:
        """The state after all statements of each story, [n, size, size]."""
        sums = self._sum(batch.statements)
        normed = self.story_norm(sums.flatten(0, 1)).view_as(sums)
        kept = batch.statements[..., 0] != PAD
        return self.memory.write(self.memory.empty(len(batch)), normed, kept)

    def _sum(self, words: Tensor) -> Tensor:
        vectors: Tensor = self.words(words)
        return (vectors[..., :-1, :] * self.places).sum(dim=-2) + vectors[..., -1, :]


class FrameEncoder(nn.Module):
    """One vector for each frame: [..., 128] -> [..., width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(128, 2 * width), nn.Linear(2 * width, width)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, frames: Tensor) -> Tensor:
        """Rectified, normed and in training thinned features."""
        flat = frames.reshape(-1, frames.shape[-1])
        seen = self.norm(self.second(functional.relu(self.first(flat))))
        return functional.dropout(seen, DROPOUT, self.training).view(*frames.shape[:-1], -1)


class PairReader(nn.Module):
    """H-Mem for image pairs: every frame is written, one question is read."""

    def __init__(self, memory: AssociativeMemory, width: int) -> None:
        super().__init__()
        self.memory, self.encoder = memory, FrameEncoder(width)
        self.asking = FrameEncoder(width)
        self.to_class = nn.Linear(memory.size, 10, bias=False)

    def forward(self, batch: Pairs) -> Tensor:
        """Logits over digits, [n, 10]."""
        state = self.memory.write(self.memory.empty(len(batch)), self.encoder(batch.frames))
        logits: Tensor = self.to_class(self.memory.read(state, self.asking(batch.questions)))
        return logits


class PairLstm(nn.Module):
    """The control: the same encoders around an LSTM; its last output meets the question."""

    def __init__(self, width: int, hidden: int = 128) -> None:
        super().__init__()
        self.encoder, self.asking = FrameEncoder(width), FrameEncoder(width)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)
        self.joint, self.to_class = nn.Linear(hidden + width, hidden), nn.Linear(hidden, 10)

    def forward(self, batch: Pairs) -> Tensor:
        """Logits over digits, [n, 10]."""
        last = self.lstm(self.encoder(batch.frames))[0][:, -1]
        joined = torch.cat((last, self.asking(batch.questions)), dim=1)
        logits: Tensor = self.to_class(functional.relu(self.joint(joined)))
        return logits


def train(
    net: nn.Module,
    batch_at: Callable[[int], Stories | Pairs],
    *,
    steps: int,
    learning_rate: float,
    each: Callable[[int], None] | None = None,
) -> None:
    """Adam on cross-entropy with clipping, the rate falling linearly over the last third.

    ``each`` is called with the number of steps done.
    """
    optimiser = torch.optim.Adam(net.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, 3 * (1 - step / steps))
    )
    descent = Descent(optimiser=optimiser, schedule=schedule, clip=CLIP)
    for step in range(steps):
        net.train()
        batch = batch_at(step)
        descent.step(functional.cross_entropy(net(batch), batch.answers))
        if each is not None:
            each(step + 1)


@torch.no_grad()
def accuracy(net: nn.Module, batch: Stories | Pairs, state: Tensor | None = None) -> float:
    """Share of right answers, at rest (no dropout, running statistics)."""
    net.eval()
    logits = net(batch) if state is None else net(batch, state)
    return float((logits.argmax(dim=1) == batch.answers).float().mean())
