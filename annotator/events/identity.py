"""Stable ids when a window is grouped again: a group keeps the id of the group it continues.

Pure: no clock and no randomness, so grouping the same articles twice changes no id.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from newsroom.ids import ID_HEX, digest

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterator, Mapping, Sequence


def match(
    previous: Mapping[str, Collection[str]],
    new: Sequence[Collection[str]],
    *,
    kind: str = "event",
    retired: Container[str] = (),
) -> list[str]:
    """The id of each new group, in the order given.

    The pair of an old and a new group that share most articles is joined first, then the next;
    an old id goes to at most one new group, so of a split event the larger part keeps the id and of
    a merge the larger part gives it. Ties go to the old group that lost least, then to the smaller
    ids. All others get ``new_id``, never one of ``previous`` or ``retired`` (ids that others have
    or had).
    Raises ValueError on an empty group.
    """
    members = [sorted(set(group)) for group in new]
    if not all(members):
        raise ValueError("a group without articles has no identity")
    home = _homes(previous)
    shared: defaultdict[tuple[str, int], int] = defaultdict(int)
    for index, group in enumerate(members):
        for article in group:
            for old in home.get(article, ()):
                shared[old, index] += 1
    ranked = sorted(
        shared,
        key=lambda pair: (
            -shared[pair],
            len(previous[pair[0]]) + len(members[pair[1]]),
            pair[0],
            members[pair[1]],
        ),
    )
    kept: dict[int, str] = {}
    taken = set(previous)
    given: set[str] = set()
    for old, index in ranked:
        if old not in given and index not in kept:
            kept[index] = old
            given.add(old)
    # By members, so that the order in which the groups are listed decides nothing.
    for index in sorted(range(len(members)), key=lambda i: members[i]):
        if index not in kept:
            kept[index] = new_id(kind, members[index], taken, retired)
            taken.add(kept[index])
    return [kept[index] for index in range(len(members))]


def new_id(
    kind: str, members: Sequence[str], taken: Container[str], retired: Container[str] = ()
) -> str:
    """32 hex digits from the first of the sorted members whose id is free.

    A part that leaves an event can hold the article the event was named after; it is then named
    after its next article, and when all are used up after all of them.
    """
    free = (c for c in _candidates(kind, members) if c not in taken and c not in retired)
    return next(free)


def first_choice(kind: str, article: str) -> str:
    """The id of a group that is named after an article."""
    return digest(kind, article)[:ID_HEX]


def _candidates(kind: str, members: Sequence[str]) -> Iterator[str]:
    for article in members:
        yield first_choice(kind, article)
    candidate = digest(kind, *members)
    while True:
        yield candidate[:ID_HEX]
        candidate = digest(kind, candidate)


def _homes(previous: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    home: defaultdict[str, list[str]] = defaultdict(list)
    for old in sorted(previous):
        for article in previous[old]:
            home[article].append(old)
    return home
