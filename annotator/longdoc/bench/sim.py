"""Simulated agents: errors as told, from seeds; and the closed forms that they must agree with.

A reader misreads each of n items with ε(n) = ε0·(1 + n/L0), a model that merges gets each input
wrong with ε_m. A worker finds what is there with ``find_rate``, and invents an answer with
``invention_rate`` where it is not. Several votes on one call make the same errors with the
pairwise ``correlation``.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from annotator.longdoc.bench.agents import Hit, Reading, Reply, Seat
from annotator.longdoc.bench.problems import FactProblem, Query, StateProblem

# Costs in tokens, chosen to be plain: instructions, one item read, one thing said.
INSTRUCTION_TOKENS, ITEM_TOKENS, SAID_TOKENS = 40, 8, 2

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How simulated agents err; all are probabilities but ``length0`` (items)."""

    eps0: float = 0.0005
    length0: float = 40.0
    eps_merge: float = 0.002
    find_rate: float = 0.98
    invention_rate: float = 0.01
    check_miss_rate: float = 0.02
    correlation: float = 0.0

    def reading(self, items: int) -> float:
        """Probability of misreading an item among so many."""
        return min(0.5, self.eps0 * (1 + items / self.length0))

    def finding(self, items: int) -> float:
        """Probability of finding what is there among so many."""
        return self.find_rate * (1 - self.reading(items))


NONE = Errors(eps0=0.0, eps_merge=0.0, find_rate=1.0, invention_rate=0.0, check_miss_rate=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sim:
    """Agents of one trial; ``seed`` names it."""

    errors: Errors
    seed: str

    def _stream(self, seat: Seat, what: str) -> random.Random:
        """The seat's own stream, or one shared by all votes of the call."""
        own = random.Random(f"{self.seed} {what} {seat.agent} {seat.call} {seat.vote}")  # noqa: S311
        # Two votes both take the shared stream with √ρ · √ρ = ρ.
        if self.errors.correlation and own.random() < math.sqrt(self.errors.correlation):
            return random.Random(f"{self.seed} {what} {seat.agent} {seat.call} shared")  # noqa: S311
        return own

    def read(self, problem: StateProblem, chunk: range, start: int, seat: Seat) -> Reply[Reading]:
        """Each item misread on its own."""
        rng, monoid = self._stream(seat, "read"), problem.monoid
        eps, combine = self.errors.reading(len(chunk)), problem.monoid.combine
        state, states = start, []
        for i in chunk:
            element = problem.elements[i]
            if eps and rng.random() < eps:
                element = monoid.wrong(element, rng)
            state = combine(state, element)
            states.append(state)
        reading = Reading(total=state, states=None if problem.scored is None else tuple(states))
        return _reply(reading, len(chunk), len(chunk))  # one token of working for each item

    def merge(self, problem: StateProblem, totals: Sequence[int], seat: Seat) -> Reply[int]:
        """Each input taken wrongly on its own."""
        rng, total = self._stream(seat, "merge"), 0
        for given in totals:
            wrong = rng.random() < self.errors.eps_merge
            total = problem.monoid.combine(
                total, problem.monoid.wrong(given, rng) if wrong else given
            )
        return _reply(total, len(totals), SAID_TOKENS)

    def find(self, problem: FactProblem, chunk: range, query: Query, seat: Seat) -> Reply[Hit]:
        """What is there, or nothing, or an invention with words that mostly stand nowhere."""
        rng = self._stream(seat, f"find {query.entity} {query.relation}")
        at, value = problem.facts.get(query, (-1, ""))
        hit: Hit | None = None
        if at in chunk:
            if rng.random() < self.errors.finding(len(chunk)):
                hit = Hit(value=value, quote=problem.items[at])
        elif rng.random() < self.errors.invention_rate:
            hit = self._invented(problem, chunk, query, value, rng)
        return _reply(hit, len(chunk), SAID_TOKENS)

    def _invented(
        self, problem: FactProblem, chunk: range, query: Query, truth: str, rng: random.Random
    ) -> Hit:
        if rng.random() < self.errors.check_miss_rate:  # real words about something else
            quote = problem.items[rng.choice(chunk)]
            ends = {v for i, v in problem.facts.values() if problem.items[i] == quote} - {truth}
            return Hit(value=min(ends, default=quote.split()[2]), quote=quote)
        others = [o for o in problem.objects.get(query.relation, ()) if o != truth] or ["nobody"]
        value = rng.choice(others)
        return Hit(value=value, quote=f"It is known that {query.entity} has {value}.")

    def plan(self, problem: FactProblem, known: Sequence[str], seat: Seat) -> Reply[Query]:
        """The right next relation, or a wrong one as often as a merge goes wrong."""
        rng, at = self._stream(seat, "plan"), len(known)
        relation = problem.relations[at]
        if rng.random() < self.errors.eps_merge:
            others = [r for r in problem.objects if r != relation]
            relation = rng.choice(sorted(others)) if others else relation
        query = Query(known[-1] if known else problem.start, relation)
        return _reply(query, at + len(problem.relations), SAID_TOKENS)

    def chase(self, problem: FactProblem, seat: Seat) -> Reply[str]:
        """Every hop found on its own among all items; a lost thread ends in a guess."""
        rng = self._stream(seat, "chase")
        found = self.errors.finding(len(problem.items)) ** len(problem.relations)
        right = rng.random() < found
        said = problem.gold if right else problem.shortcut(rng)
        return _reply(said, len(problem.items), SAID_TOKENS * len(problem.relations))


def _reply(value: T | None, items: int, said: int) -> Reply[T]:
    return Reply(
        value=value,
        prompt_tokens=INSTRUCTION_TOKENS + ITEM_TOKENS * items,
        completion_tokens=said,
    )


def kept(size: int, error: float) -> float:
    """Eigenvalue of "another of ``size`` elements with probability ``error``" on a group."""
    return 1 - error * size / (size - 1)


def group_accuracy(size: int, survives: float) -> float:
    """Right product when ``survives`` is the product of :func:`kept` over all error sources."""
    return 1 / size + (1 - 1 / size) * survives


def tree_accuracy(
    errors: Errors, size: int, n: int, agents: int, merge_inputs: int, votes: int = 1
) -> float:
    """A tree over equal chunks; ``merge_inputs`` a merge by model (0: by code). With votes only
    for the group of two, where two wrong votes agree.
    """
    chunk = n // agents
    leaf = _wrong(size, kept(size, errors.reading(chunk)) ** chunk)
    merges = math.ceil((agents - 1) / max(1, merge_inputs - 1)) if merge_inputs else 0
    inner = _wrong(size, kept(size, errors.eps_merge) ** merge_inputs) if merge_inputs else 0.0
    if votes > 1:
        leaf, inner = majority_wrong(leaf, votes), majority_wrong(inner, votes)
    return group_accuracy(size, kept(size, leaf) ** agents * kept(size, inner) ** merges)


def _wrong(size: int, survives: float) -> float:
    return 1 - group_accuracy(size, survives)


def majority_wrong(error: float, votes: int) -> float:
    """Odd many independent votes on two answers."""
    return sum(
        math.comb(votes, k) * error**k * (1 - error) ** (votes - k)
        for k in range(votes // 2 + 1, votes + 1)
    )


def recall_accuracy(errors: Errors, n: int, workers: int, *, check: bool) -> float:
    """The right hit is there, and a fair draw among all hits takes it."""
    q = errors.invention_rate * (errors.check_miss_rate if check else 1.0)
    fair = 1.0 if q == 0 else (1 - (1 - q) ** workers) / (workers * q)
    return errors.finding(n // workers) * fair


def bandwidth_accuracy(size: int, bits: int) -> float:
    """The most that anyone can get right of ``size`` equal elements through so many bits."""
    return min(1.0, 2.0**bits / size)
