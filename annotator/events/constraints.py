"""What people said about articles, and groups bent to it.

An edit says that articles are of one event and others are not of it: must-link and cannot-link
(Wagstaff et al. 2001, "Constrained k-means clustering with background knowledge"). Of two edits
that disagree about two articles the later one holds. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsroom.store.ledger import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """Articles that are of one event, which none of ``apart`` is of."""

    together: frozenset[str]
    apart: frozenset[str]


def bonds(edits: Sequence[Edit]) -> list[Bond]:
    """What the edits come to: bonds that share no article and do not contradict each other.

    First those that an edit put together, the newest first, then what is only apart from them.
    """
    root: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    apart: dict[str, set[str]] = {}  # between roots, both ways

    def of(article: str) -> str:
        if article not in root:
            root[article] = article
            members[article], apart[article] = {article}, set()
        return root[article]

    def join(one: str, other: str) -> str:
        if len(members[one]) < len(members[other]):
            one, other = other, one
        for article in members[other]:
            root[article] = one
        members[one] |= members.pop(other)
        for foreign in apart.pop(other):
            apart[foreign].discard(other)
            apart[foreign].add(one)
            apart[one].add(foreign)
        return one

    newest = sorted(edits, key=lambda e: -e.entry_id)
    for edit in newest:
        first, *others = sorted(edit.together)
        core = of(first)
        for article in others:
            own = of(article)
            if own != core and own not in apart[core]:
                core = join(core, own)
        for article in edit.apart:
            foreign = of(article)
            if foreign != core:
                apart[core].add(foreign)
                apart[foreign].add(core)
    return [
        Bond(
            together=frozenset(members[one]),
            apart=frozenset(a for foreign in apart[one] for a in members[foreign]),
        )
        for one in dict.fromkeys([*(root[min(edit.together)] for edit in newest), *sorted(members)])
        if len(members[one]) > 1 or apart[one]
    ]


def bend(
    groups: Sequence[set[str]],
    edits: Sequence[Edit],
    *,
    event_before: Mapping[str, str],
    known: set[str],
) -> list[set[str]]:
    """Groups in which the bonds hold; articles that are not ``known`` are none of ours.

    The group with most of a bond's articles, and any of which they are at least half, comes whole;
    from others only they are taken. Where articles that are apart share a group, what was in one
    event with the bond's alone goes with them.
    """
    made = bonds(edits)
    bond_of = {a: bond for bond in made for a in bond.together}
    bent = [set(g) for g in groups]
    said = {min(edit.together) for edit in edits}
    for bond in made:
        named = bond.together & known
        if named and not bond.together.isdisjoint(said):
            bent = _gather(bent, bond, named, bond_of, event_before)
    return bent


def _gather(
    groups: list[set[str]],
    bond: Bond,
    named: frozenset[str],
    bond_of: Mapping[str, Bond],
    event_before: Mapping[str, str],
) -> list[set[str]]:
    here = sorted(
        (g for g in groups if not g.isdisjoint(named)), key=lambda g: (-len(g & named), min(g))
    )
    gathered = set(named)
    rest = [g for g in groups if g.isdisjoint(named)]
    for n, group in enumerate(here):
        if not group.isdisjoint(bond.apart):
            taken = _with_followers(group, bond, event_before)
        elif n == 0 or 2 * len(group & named) >= len(group):
            taken = group
        else:
            taken = group & named
        if any(a in bond_of and not bond_of[a].apart.isdisjoint(gathered) for a in taken):
            taken = group & named
        gathered |= taken
        if left := group - taken:
            rest.append(left)
    return [*rest, gathered]


def _with_followers(group: set[str], bond: Bond, event_before: Mapping[str, str]) -> set[str]:
    homes = {event_before[a] for a in group & bond.together if a in event_before}
    homes -= {event_before[a] for a in group & bond.apart if a in event_before}
    followers = {a for a in group - bond.apart if event_before.get(a) in homes}
    return (group & bond.together) | followers
