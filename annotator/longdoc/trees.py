"""Reduction and prefix scan over agents in a row: level by level, only neighbours' sums travel.

The last agent of a group holds its sum, so a reduction of w agents sends w − 1 messages, and the
way down, which gives every agent what came before it, as many again (Blelloch, 1990).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

E = TypeVar("E")
Groups = tuple[tuple[int, ...], ...]


class Each(Protocol):
    """How the steps of a level are done: one by one, or side by side."""

    def __call__(self, step: Callable[[int], E], over: Iterable[int]) -> list[E]:
        """Every step's value, in order."""
        ...


class Wire(Protocol[E]):
    """How the elements of a monoid travel and who combines them."""

    def identity(self) -> E:
        """What changes nothing."""
        ...

    def carry(self, src: int, dst: int, kind: str, element: E) -> E | None:
        """Send an element; what arrived of it, None where nothing did."""
        ...

    def merge(self, agent: int, elements: Sequence[E]) -> E:
        """Combine in order, at an agent's place."""
        ...


@lru_cache
def levels(agents: int, branching: int) -> tuple[Groups, ...]:
    """The groups of every level from the leaves up; the last member of a group holds its sum."""
    if branching < 2:
        raise ValueError("a tree needs two branches")
    holders: list[int] = list(range(agents))
    found: list[Groups] = []
    while len(holders) > 1:
        groups = tuple(tuple(holders[i : i + branching]) for i in range(0, len(holders), branching))
        found.append(groups)
        holders = [group[-1] for group in groups]
    return tuple(found)


def one_by_one(step: Callable[[int], E], over: Iterable[int]) -> list[E]:
    """The plain way to do a level; a pool of threads does it side by side."""
    return [step(i) for i in over]


def reduce(
    wire: Wire[E], leaves: Sequence[E], branching: int, each: Each = one_by_one
) -> tuple[E, list[list[list[E]]]]:
    """The sum at the last agent, and what every holder received: [level][group][member].

    What did not arrive counts as the identity.
    """
    sums = list(leaves)
    received: list[list[list[E]]] = []
    for number, groups in enumerate(levels(len(leaves), branching)):
        parts: list[list[E]] = []
        for group in groups:
            arrived = [wire.carry(i, group[-1], f"up{number}", sums[i]) for i in group[:-1]]
            parts.append([wire.identity() if a is None else a for a in arrived])
            parts[-1].append(sums[group[-1]])
        received.append(parts)

        def merged(g: int, parts: list[list[E]] = parts, groups: Groups = groups) -> E:
            return parts[g][0] if len(parts[g]) == 1 else wire.merge(groups[g][-1], parts[g])

        for group, total in zip(groups, each(merged, range(len(groups))), strict=True):
            sums[group[-1]] = total
    return sums[-1], received


def scan(
    wire: Wire[E], leaves: Sequence[E], branching: int, each: Each = one_by_one
) -> tuple[E, list[E]]:
    """The sum of all, and for every agent the sum of all before it.

    2·(w − 1) messages in 2·⌈log_b w⌉ rounds. An agent that the way down did not reach has the
    identity: it knows nothing of what came before.
    """
    total, received = reduce(wire, leaves, branching, each)
    before = [wire.identity() for _ in leaves]
    tree = levels(len(leaves), branching)
    for number in reversed(range(len(tree))):
        groups, parts = tree[number], received[number]
        places = [(g, k) for g, group in enumerate(groups) for k in range(len(group))]

        def prefix(
            place: int,
            places: list[tuple[int, int]] = places,
            groups: Groups = groups,
            parts: list[list[E]] = parts,
        ) -> E:
            g, k = places[place]
            head = before[groups[g][-1]]
            return head if k == 0 else wire.merge(groups[g][-1], [head, *parts[g][:k]])

        found = each(prefix, range(len(places)))
        for (g, k), element in zip(places, found, strict=True):
            holder, member = groups[g][-1], groups[g][k]
            if member == holder:
                before[holder] = element
                continue
            arrived = wire.carry(holder, member, f"down{number}", element)
            before[member] = wire.identity() if arrived is None else arrived
    return total, before
