"""Columns of the focus: which party is named where in a sentence, and by whose words.

A sentence without a name may still be about somebody: a quotation is told by who speaks it, and a
pronoun points to the sentence before.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from annotator.sentences.parties import PARTIES
from annotator.sentences.wording import HE_SAID, PRONOUN, SOMEBODY_SAID, SPEECH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annotator.sentences.parties import Mention
    from annotator.sentences.quoting import Quoted

    Floats = NDArray[np.float32]

ONE_SIDE = (
    "first", "only", "own", "own_two", "quoted", "office", "speaker", "carried", "article",
    "opens", "share",
)  # fmt: skip
BOTH_SIDES = ("both", "both_own", "near_and", "none", "context_none")
COLUMNS = (*(f"{party}_{name}" for party in PARTIES for name in ONE_SIDE), *BOTH_SIDES)


def columns(
    masked: Sequence[str], own: Sequence[str], quotes: Sequence[Quoted],
    found: Sequence[Sequence[Mention]], shares: Sequence[float],
) -> Floats:  # fmt: skip
    """The columns [n, c] of the masked sentences of one article, in the order of COLUMNS."""
    total = {party: sum(m.party == party for here in found for m in here) for party in PARTIES}
    everything = max(sum(total.values()), 1)
    speakers = _speakers(masked, own, quotes, found, shares)
    rows: list[dict[str, float]] = []
    before: str | None = None
    for i, here in enumerate(found):
        mine = [m for m in here if not quotes[i].inside(m.at)]
        sides = {m.party for m in here}
        named = {m.party for m in here if not m.office}
        pronoun = PRONOUN.match(masked[i]) is not None
        inherits = before if pronoun and not mine else None
        row: dict[str, float] = {}
        for party in PARTIES:
            of = [m for m in mine if m.party == party]
            row |= {
                f"{party}_first": bool(here) and here[0].party == party,
                f"{party}_only": sides == {party},
                f"{party}_own": bool(of),
                f"{party}_own_two": len(of) > 1,
                f"{party}_quoted": any(m.party == party for m in here if quotes[i].inside(m.at)),
                f"{party}_office": party in sides and party not in named,
                f"{party}_speaker": speakers[i] == party and not mine,
                f"{party}_carried": inherits == party,
                f"{party}_article": total[party] / everything * (not here),
                f"{party}_opens": bool(here) and here[0].party == party and here[0].at < 25,
                f"{party}_share": sum(m.party == party for m in here) / max(len(here), 1),
            }
        row |= {
            "both": len(sides) == 2,
            "both_own": len({m.party for m in mine}) == 2,
            "near_and": len(sides) == 2 and _side_by_side(masked[i], here),
            "none": not here,
            "context_none": not here and speakers[i] is None and inherits is None,
        }
        rows.append({name: float(value) for name, value in row.items()})
        if mine:
            before = mine[0].party
        elif not (pronoun or shares[i] > 0.5):
            before = None
    return matrix(rows, COLUMNS)


def _side_by_side(sentence: str, here: Sequence[Mention]) -> bool:
    """`Republicans and Democrats`, `Trump and Vice President Harris`, `both parties`."""
    for left, right in pairwise(here):
        between = sentence[left.at : right.at]
        if left.party != right.party and re.search(r"\b(?:and|or|nor|vs|versus)\b", between):
            return len(between) < 60
    return False


def _speakers(
    masked: Sequence[str], own: Sequence[str], quotes: Sequence[Quoted],
    found: Sequence[Sequence[Mention]], shares: Sequence[float],
) -> list[str | None]:  # fmt: skip
    """The party of who speaks in each quoted sentence, where the words around it tell."""
    told: list[tuple[bool, str | None]] = []
    last: str | None = None
    for i, mine in enumerate(own):
        outer = [m for m in found[i] if not quotes[i].inside(m.at)]
        if outer:
            last = outer[0].party
            told.append((SPEECH.search(mine) is not None, last))
        elif HE_SAID.search(mine):
            told.append((True, last))
        elif SOMEBODY_SAID.search(mine):
            last = None
            told.append((True, None))
        else:
            told.append((False, None))
            if shares[i] < 0.5 and not PRONOUN.match(masked[i]):
                last = None
    speakers: list[str | None] = []
    for i in range(len(masked)):
        if shares[i] < 0.3 and not quotes[i].after:
            speakers.append(None)
            continue
        names, party = told[i]
        j = i
        while not names and quotes[j].after and j + 1 < len(masked):
            j += 1
            names, party = told[j]
        j = i
        while not names and j > 0 and shares[j] > 0.8 and i - j < 4:
            j -= 1
            names, party = told[j]
        speakers.append(party if names else None)
    return speakers


def swapped(focus: Floats) -> Floats:
    """The same focus columns with the two parties exchanged."""
    k = len(ONE_SIDE)
    result: Floats = np.concatenate((focus[:, k : 2 * k], focus[:, :k], focus[:, 2 * k :]), axis=1)
    return result


def matrix(rows: Sequence[dict[str, float]], names: Sequence[str]) -> Floats:
    """Rows of named values as an array [n, c] in the order of the names."""
    found = np.zeros((len(rows), len(names)), dtype=np.float32)
    for i, row in enumerate(rows):
        found[i] = [row[name] for name in names]
    return found
