"""Agents around one bus: every call is counted, and votes are taken where the call is made."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from annotator.longdoc import trees
from annotator.longdoc.bench.agents import Agent, Hit, Reading, Reply, Seat
from annotator.longdoc.bench.problems import FactProblem, Query, StateProblem
from annotator.longdoc.bus import Bus, Limits, Payload

T = TypeVar("T")
V = TypeVar("V", bound=Hashable)
Merge = Literal["code", "llm"]


@dataclass(slots=True)
class Team:
    """``votes`` is how many answers each call takes; ``each`` does a level's calls, side by side
    where the backend waits for a network.
    """

    agent: Agent
    bus: Bus
    votes: int
    merge_by: Merge
    check: bool
    rng: random.Random
    each: trees.Each = trees.one_by_one
    _calls: Counter[int] = field(default_factory=Counter)

    def read(self, who: int, problem: StateProblem, chunk: range, start: int = 0) -> Reading | None:
        """A chunk's product, by majority; states item by item."""
        seats = self._seats(who)
        read = self._ask(who, [self.agent.read(problem, chunk, start, s) for s in seats])
        if not read:
            return None
        total = self.majority([r.total for r in read])
        states = [r.states for r in read if r.states is not None]
        if problem.scored is None or not states:
            return Reading(total=total, states=None)
        by_item = tuple(self.majority(list(column)) for column in zip(*states, strict=True))
        return Reading(total=total, states=by_item)

    def merge(self, who: int, problem: StateProblem, totals: Sequence[int]) -> int:
        """Products combined in order: by code without error or tokens, or by the model."""
        if self.merge_by == "code":
            return problem.monoid.product(totals)
        seats = self._seats(who)
        said = self._ask(who, [self.agent.merge(problem, totals, s) for s in seats])
        return self.majority(said) if said else 0

    def find(
        self, who: int, problem: FactProblem, chunk: range, query: Query, *, parent: int | None
    ) -> Hit | None:
        """A fact, by majority of what stood the check."""
        seats = self._seats(who)
        hits = self._ask(
            who, [self.agent.find(problem, chunk, query, s) for s in seats], parent=parent
        )
        if self.check:
            hits = [h for h in hits if stands(h, problem, chunk)]
        if 2 * len(hits) <= self.votes:
            return None
        value = self.majority([h.value for h in hits])
        return next(h for h in hits if h.value == value)

    def plan(self, who: int, problem: FactProblem, known: Sequence[str]) -> Query | None:
        """What to ask next."""
        said = self._ask(who, [self.agent.plan(problem, known, s) for s in self._seats(who)])
        return self.majority(said) if said else None

    def chase(self, who: int, problem: FactProblem) -> str | None:
        """The whole question to one reader."""
        said = self._ask(who, [self.agent.chase(problem, s) for s in self._seats(who)])
        return self.majority(said) if said else None

    def majority(self, values: Sequence[V]) -> V:
        """The most frequent value, a fair draw among equals."""
        counts = Counter(values)
        most = max(counts.values())
        best = [value for value, n in counts.items() if n == most]
        return best[0] if len(best) == 1 else self.rng.choice(best)

    def _seats(self, who: int) -> list[Seat]:
        call = self._calls[who]
        self._calls[who] += 1
        return [Seat(who, call, vote) for vote in range(self.votes)]

    def _ask(self, who: int, replies: Sequence[Reply[T]], *, parent: int | None = None) -> list[T]:
        costs = [(r.prompt_tokens, r.completion_tokens, r.seconds, r.ok) for r in replies]
        self.bus.called(who, costs, parent=parent)
        return [r.value for r in replies if r.value is not None]


def stands(hit: Hit, problem: FactProblem, chunk: range) -> bool:
    """The check of verbatim quotes: the words stand in the worker's own text, the value in them."""
    return hit.value in hit.quote and any(hit.quote in problem.items[i] for i in chunk)


class StateWire(trees.Wire[int]):
    """Elements of a monoid on a bus. A thin channel carries a code in pieces, most telling first.

    The rule for too few bits B: the ``size`` elements are put into 2^B equal classes, and the
    receiver takes the first of the class. Nobody can do better (one right in each class).
    """

    def __init__(self, team: Team, problem: StateProblem, depth: int) -> None:
        self.team, self.problem = team, problem
        self.pieces = pieces(team.bus.limits, problem.monoid.bits, depth)

    def identity(self) -> int:
        """The element that changes nothing."""
        return 0

    def merge(self, agent: int, elements: Sequence[int]) -> int:
        """By code or by the model at that place."""
        return self.team.merge(agent, self.problem, elements)

    def carry(self, src: int, dst: int, kind: str, element: int) -> int | None:
        """Send an element in as many pieces as the bandwidth asks for and the rounds allow."""
        size, width = self.problem.monoid.size, sum(self.pieces)
        code = element * (1 << width) // size if 1 << width < size else element
        exact = 1 << width >= size
        got, arrived = 0, 0
        for piece in self.pieces:
            value = code >> (width - arrived - piece) & ((1 << piece) - 1)
            if self.team.bus.send(src, dst, kind, Payload.of_number(value, piece)) is None:
                break
            got, arrived = got << piece | value, arrived + piece
        if arrived == width and exact:
            return got
        return -(-got * size // (1 << arrived)) if arrived and not exact else None


def pieces(limits: Limits, bits: int, depth: int) -> list[int]:
    """Widths of the messages that carry one element over one channel of a tree of that depth."""
    if limits.bits is None or not limits.enforced:
        return [bits]
    needed = -(-bits // limits.bits)
    share = needed if limits.rounds is None else max(1, limits.rounds // max(1, depth))
    count = min(needed, share)
    total = min(bits, count * limits.bits)
    return [min(limits.bits, total - i * limits.bits) for i in range(count)]


Protocol = Callable[[Team, "StateProblem | FactProblem", int, int], "Answer"]
# A product, a value in words, or the state after each scored item; None: no answer.
Answer = int | str | tuple[int, ...] | None
