"""What people said about articles, and groups bent to it.

An edit says that articles are of one event or story and others are not of it: must-link and
cannot-link (Wagstaff et al. 2001, "Constrained k-means clustering with background knowledge"). Of
two edits that disagree about two articles the later one holds. As an event lies in one story, what
is of one event is of one story, and what is of two stories is of two events. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from newsroom.store.ledger import Edit, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """Articles that are of one group, which none of ``apart`` is of.

    ``said``: some edit speaks of them; others are only spoken of as apart.
    """

    together: frozenset[str]
    apart: frozenset[str]
    said: bool = True


def touching(edits: Sequence[Edit], articles: Collection[str]) -> list[Edit]:
    """The edits that have to do with any of these articles, be it through other edits."""
    near, left = set(articles), list(edits)
    while found := [e for e in left if not (e.together | e.apart).isdisjoint(near)]:
        near.update(*(e.together | e.apart for e in found))
        left = [e for e in left if e not in found]
    return [e for e in edits if e not in left]


def story_bonds(edits: Sequence[Edit]) -> list[Bond]:
    """What edits of stories and of events come to for stories."""
    return bonds(
        [
            Bond(together=e.together, apart=e.apart if e.level == "story" else frozenset())
            for e in _newest(edits)
        ]
    )


def event_bonds(edits: Sequence[Edit]) -> list[Bond]:
    """What they come to for events: nothing joins what is of two stories."""
    return bonds(
        [Bond(together=e.together, apart=e.apart) for e in _newest(edits) if e.level == "event"],
        parted=story_bonds(edits),
    )


def overruled(edits: Sequence[Edit]) -> set[int]:
    """The entries of edits that a later one contradicts, in whole or in part."""
    made: Mapping[Level, list[Bond]] = {"event": event_bonds(edits), "story": story_bonds(edits)}
    return {
        edit.entry_id
        for edit in edits
        if not any(
            edit.together <= bond.together and edit.apart <= bond.apart for bond in made[edit.level]
        )
    }


def bonds(claims: Sequence[Bond], *, parted: Iterable[Bond] = ()) -> list[Bond]:
    """What claims come to, newest first: bonds that share no article and do not contradict.

    First those that a claim put together, the newest first, then what is only apart from them.
    What ``parted`` bonds hold apart no claim puts together.
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

    for bond in parted:
        for article in bond.together if bond.apart else ():
            apart[of(article)].update(of(foreign) for foreign in bond.apart)
    for claim in claims:
        first, *others = sorted(claim.together)
        core = of(first)
        for article in others:
            own = of(article)
            if own != core and own not in apart[core]:
                core = join(core, own)
        for article in claim.apart:
            foreign = of(article)
            if foreign != core:
                apart[core].add(foreign)
                apart[foreign].add(core)
    said = [root[min(claim.together)] for claim in claims]
    spoken = set(said)
    return [
        Bond(
            together=frozenset(members[one]),
            apart=frozenset(a for foreign in apart[one] for a in members[foreign]),
            said=one in spoken,
        )
        for one in dict.fromkeys([*said, *sorted(members)])
        if len(members[one]) > 1 or apart[one]
    ]


def part(
    groups: Sequence[set[str]],
    parted: Sequence[Bond],
    *,
    before: Mapping[str, str],
    staying: Collection[str] = (),
) -> list[set[str]]:
    """Groups of events in which no two articles are of stories that people hold apart.

    Who is of neither side goes with most of the event that it was in, else with the larger side.
    """
    bond_of = {a: bond for bond in parted if bond.apart for a in bond.together}
    whole: list[set[str]] = []
    pieces: list[set[str]] = []
    for group in groups:
        sides = _sides(group, bond_of, before)
        (pieces if len(sides) > 1 else whole).extend(sides)
    cut = [*whole, *pieces]
    for piece in pieces:
        cut = _home_again(cut, piece, bond_of, before, set(staying))
    return cut


def _sides(
    group: set[str], bond_of: Mapping[str, Bond], before: Mapping[str, str]
) -> list[set[str]]:
    named = {bond_of[a].together & group: bond_of[a] for a in group if a in bond_of}
    sides: list[set[str]] = []
    for articles in sorted(named, key=lambda ours: (-len(ours), min(ours))):
        side = next((s for s in sides if s.isdisjoint(named[articles].apart)), None)
        if side is None:
            sides.append(set(articles))
        else:
            side |= articles
    if len(sides) < 2:
        return [set(group)]
    homes = [Counter(before[a] for a in side if a in before) for side in sides]
    for article in sorted(group.difference(*sides)):
        home = before.get(article, "")
        sides[max(range(len(sides)), key=lambda n: (homes[n][home], -n))].add(article)
    return sides


def bend(
    groups: Sequence[set[str]],
    made: Sequence[Bond],
    *,
    before: Mapping[str, str],
    known: set[str],
    staying: Collection[str] = (),
) -> list[set[str]]:
    """Groups in which bonds hold; articles that are not ``known`` are none of ours.

    The group with most of a bond's articles, and any of which they are at least half, comes whole;
    from others only they are taken. Where articles that are apart share a group, what was in one
    group with the bond's alone ``before`` goes with them, or they with it where it is ``staying``,
    unseen by the grouping. Stories are bent as events are, with events for articles.
    """
    bond_of = {a: bond for bond in made for a in bond.together}
    bent = [set(g) for g in groups]
    for bond in made:
        named = bond.together & known
        if named and bond.said:
            bent = _gather(bent, bond, named, bond_of, before, set(staying))
    return bent


def _newest(edits: Sequence[Edit]) -> list[Edit]:
    return sorted((e for e in edits if e.together), key=lambda e: -e.entry_id)


def _gather(
    groups: list[set[str]],
    bond: Bond,
    named: frozenset[str],
    bond_of: Mapping[str, Bond],
    before: Mapping[str, str],
    staying: set[str],
) -> list[set[str]]:
    here = sorted(
        (g for g in groups if not g.isdisjoint(named)), key=lambda g: (-len(g & named), min(g))
    )
    gathered = set(named)
    rest = [g for g in groups if g.isdisjoint(named)]
    parted: list[set[str]] = []
    for n, group in enumerate(here):
        if not group.isdisjoint(bond.apart):
            taken = _with_followers(group, bond, before)
            parted += [gathered, group - taken]
        elif n == 0 or 2 * len(group & named) >= len(group):
            taken = group
        else:
            taken = group & named
        if any(a in bond_of and not bond_of[a].apart.isdisjoint(gathered) for a in taken):
            taken = group & named
        gathered |= taken
        if left := group - taken:
            rest.append(left)
    bent = [*rest, gathered]
    for piece in parted:
        bent = _home_again(bent, piece, bond_of, before, staying)
    return bent


def _with_followers(group: set[str], bond: Bond, before: Mapping[str, str]) -> set[str]:
    homes = {before[a] for a in group & bond.together if a in before}
    homes -= {before[a] for a in group & bond.apart if a in before}
    followers = {a for a in group - bond.apart if before.get(a) in homes}
    return (group & bond.together) | followers


def _home_again(
    groups: list[set[str]],
    parted: set[str],
    bond_of: Mapping[str, Bond],
    before: Mapping[str, str],
    staying: set[str],
) -> list[set[str]]:
    """A group that was parted from others joins what stays of the group it was in."""
    piece = next((g for g in groups if not g.isdisjoint(parted)), set())
    homes = Counter(before[a] for a in piece if a in before)
    if not homes or not piece.isdisjoint(staying):
        return groups
    home = min(homes, key=lambda event: (-homes[event], event))
    stays = next(
        (g for g in groups if g <= staying and all(before.get(a) == home for a in g)), None
    )
    if stays is None or any(a in bond_of and not bond_of[a].apart.isdisjoint(piece) for a in stays):
        return groups
    return [*(g for g in groups if g is not piece and g is not stays), piece | stays]
