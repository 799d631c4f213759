"""The finite monoids behind the state-tracking tasks; an element is its number, 0 the identity."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

TALLY_MAX = 2048  # of each side; a product beyond would not be exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Monoid:
    """``combine(a, b)`` is first ``a``, then ``b``; ``wrong`` is another element than the given.

    ``say`` and ``hear`` are an element in words for a model, ``hear`` None where the words are no
    element. ``is_group``: an error stays an error whatever comes after it.
    """

    name: str
    size: int
    is_group: bool
    combine: Callable[[int, int], int]
    wrong: Callable[[int, random.Random], int]
    say: Callable[[int], str]
    hear: Callable[[str], int | None]

    @property
    def bits(self) -> int:
        """Width of an element's number."""
        return max(1, (self.size - 1).bit_length())

    def product(self, elements: Sequence[int]) -> int:
        """All of them in order."""
        total = 0
        for element in elements:
            total = self.combine(total, element)
        return total


def _uniform(size: int) -> Callable[[int, random.Random], int]:
    def wrong(element: int, rng: random.Random) -> int:
        other = rng.randrange(size - 1)
        return other if other < element else other + 1

    return wrong


@lru_cache
def parity() -> Monoid:
    """Odd or even: the group of two."""
    words = ("even", "odd")
    return Monoid(
        name="parity",
        size=2,
        is_group=True,
        combine=lambda a, b: a ^ b,
        wrong=_uniform(2),
        say=words.__getitem__,
        hear=lambda text: (
            words.index(text.strip().lower()) if text.strip().lower() in words else None
        ),
    )


@lru_cache
def arrangements(*, even: bool) -> Monoid:
    """Five balls: the symmetric group S5 (120), or its even half A5 (60)."""
    found = [p for p in permutations(range(5)) if not even or _is_even(p)]
    number = {p: i for i, p in enumerate(found)}
    table = [[number[tuple(a[j] for j in b)] for b in found] for a in found]

    def hear(text: str) -> int | None:
        try:
            return number.get(tuple(int(x) - 1 for x in text.split()))
        except ValueError:
            return None

    return Monoid(
        name="A5" if even else "S5",
        size=len(found),
        is_group=True,
        combine=lambda a, b: table[a][b],
        wrong=_uniform(len(found)),
        say=lambda e: " ".join(str(x + 1) for x in found[e]),
        hear=hear,
    )


def _is_even(p: Sequence[int]) -> bool:
    return sum(p[i] > p[j] for i in range(5) for j in range(i + 1, 5)) % 2 == 0


@lru_cache
def last_named(names: tuple[str, ...]) -> Monoid:
    """Who spoke last: 0 keeps, number i + 1 sets to ``names[i]``. Errors are forgotten."""
    return Monoid(
        name="speaker",
        size=len(names) + 1,
        is_group=False,
        combine=lambda a, b: b or a,
        wrong=_uniform(len(names) + 1),
        say=lambda e: names[e - 1] if e else "same",
        hear=lambda text: ("same", *names).index(text) if text in {"same", *names} else None,
    )


@lru_cache
def tally() -> Monoid:
    """Votes for and against, counted separately."""

    def wrong(element: int, rng: random.Random) -> int:
        yes, no = divmod(element, TALLY_MAX)
        return no * TALLY_MAX + yes if yes != no else element + rng.choice((1, TALLY_MAX))

    def hear(text: str) -> int | None:
        parts = text.split()
        if len(parts) != 2 or not all(p.isdigit() and int(p) < TALLY_MAX for p in parts):
            return None
        return int(parts[0]) * TALLY_MAX + int(parts[1])

    return Monoid(
        name="tally",
        size=TALLY_MAX * TALLY_MAX,
        is_group=False,
        combine=lambda a, b: a + b,
        wrong=wrong,
        say=lambda e: f"{e // TALLY_MAX} {e % TALLY_MAX}",
        hear=hear,
    )
