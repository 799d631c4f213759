"""Tasks of the recall lab: multi-query associative recall, with and without updates, and copying.

The recall task is zoology's MQAR (Arora et al. 2024, ICLR): pairs of a key and its value, then an
area in which every key comes up once more and the model answers with its value. Its forgetting
variant re-assigns keys, and the newest value is the answer. Written from the descriptions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from newsroom.errors import BadRequest

UNASKED = -100  # torch's cross entropy leaves these rows out
FILL = 0
QUERY_POWER = 0.01  # queries come soon: offset g with weight g^(0.01 - 1), as in zoology


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Tokens [B, L] and the answer at each row, [B, L], UNASKED where nothing is asked.

    ``stale`` [B, L, n] holds the values that the asked key had before, UNASKED where fewer.
    """

    tokens: Tensor
    answers: Tensor
    stale: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """``pairs`` keys, ``updates`` re-assignments of random keys, then every key asked once."""

    vocabulary: int = 512
    length: int = 64
    pairs: int = 8
    updates: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        slots = (self.length - 2 * (self.pairs + self.updates)) // 2
        if slots < self.pairs or self.vocabulary // 2 <= self.pairs + self.updates:
            raise BadRequest("recall-task", f"{self} has no room for its queries or its tokens")

    def sample(self, generator: Generator, count: int, *, shuffled: bool = False) -> Batch:
        """A fresh batch; ``shuffled`` asks each key for the value of a random one of the keys."""
        half, writes = self.vocabulary // 2, self.pairs + self.updates
        keys = 1 + _distinct(generator, count, half - 1, self.pairs)
        values = half + _distinct(generator, count, self.vocabulary - half, writes)
        updated = torch.randint(self.pairs, (count, self.updates), generator=generator)
        which = torch.cat([torch.arange(self.pairs).expand(count, -1), updated], 1)
        tokens = torch.full((count, self.length), FILL)
        tokens[:, 0 : 2 * writes : 2] = keys.gather(1, which)
        tokens[:, 1 : 2 * writes : 2] = values
        # [B, pairs, writes]: the writes that were of this key, and the newest of them.
        mine = which.unsqueeze(1) == torch.arange(self.pairs).view(1, -1, 1)
        newest = (mine * torch.arange(1, writes + 1)).argmax(2)
        answer = values.gather(1, newest)
        old = mine & (torch.arange(writes) != newest.unsqueeze(2))
        stale = torch.where(old, values.unsqueeze(1), UNASKED)
        if shuffled:
            answer = answer.gather(1, _distinct(generator, count, self.pairs, self.pairs))
        at = self._asked(generator, count)
        tokens.scatter_(1, at, keys)
        answers = torch.full_like(tokens, UNASKED).scatter_(1, at, answer)
        earlier = torch.full((count, self.length, writes), UNASKED)
        earlier.scatter_(1, at.unsqueeze(2).expand(-1, -1, writes), stale)
        return Batch(tokens=tokens, answers=answers, stale=earlier)

    def _asked(self, generator: Generator, count: int) -> Tensor:
        """Rows of the queries [B, pairs]: even offsets without replacement, by power law."""
        first = 2 * (self.pairs + self.updates)
        slots = torch.arange(1, (self.length - first) // 2 + 1)
        weight = (slots.double() ** (QUERY_POWER - 1)).expand(count, -1)
        drawn = torch.multinomial(weight, self.pairs, generator=generator)
        return first + 2 * drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Random letters, a mark, and the same letters again; the second time each is asked for."""

    letters: int = 26
    shortest: int = 3
    longest: int = 10

    @property
    def vocabulary(self) -> int:
        """The letters, the fill and the mark."""
        return self.letters + 2

    @property
    def length(self) -> int:
        """Rows of the longest string: itself, the mark and all of its copy but the last letter."""
        return 2 * self.longest

    def sample(self, generator: Generator, count: int, *, shuffled: bool = False) -> Batch:
        """A fresh batch; ``shuffled`` asks for the letters in a random order."""
        sizes = torch.randint(self.shortest, self.longest + 1, (count, 1), generator=generator)
        text = torch.randint(2, self.vocabulary, (count, self.longest), generator=generator)
        asked = text
        if shuffled:
            order = torch.rand(count, self.longest, generator=generator)
            order = order.masked_fill(torch.arange(self.longest) >= sizes, 2.0)
            asked = text.gather(1, order.argsort(1))
        row = torch.arange(self.length).expand(count, -1)
        again = row - sizes  # row `sizes` holds the mark and asks for the first letter
        within = (again >= 0) & (again < sizes)
        wanted = asked.gather(1, again.clamp(0, self.longest - 1))
        shown = text.gather(1, torch.where(row < sizes, row, again - 1).clamp(0, self.longest - 1))
        tokens = torch.where((row < sizes) | (within & (again > 0)), shown, FILL)
        tokens = torch.where(again == 0, 1, tokens)
        return Batch(
            tokens=tokens,
            answers=torch.where(within, wanted, UNASKED),
            stale=torch.full((count, self.length, 1), UNASKED),
        )


Task = Recall | Copy


def _distinct(generator: Generator, rows: int, among: int, count: int) -> Tensor:
    """[rows, count] different numbers below ``among`` in each row, in random order."""
    return torch.rand(rows, among, generator=generator).argsort(1)[:, :count]
