"""What an article is reminded of: at most 32 remembered chunks, and what is known about each.

This is all that a label query may read of the past. It is the same for the running system and for
training: only who holds the bank differs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from memory_lm.bank import AsOf, Bank, Hit, Record
from memory_lm.slots import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

CHUNKS_READ = 32
NEAREST_OF_CHUNK = 8
# Of an article that the pointer did not judge: as likely as those it is not worth storing.
LEAST_CHANCE = 0.05
CHANCE_LOGIT_MAX = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """Remembered chunks [R], nearest first, R <= 32.

    ``age_h`` hours before the reading article, ``rank`` how many later claims of its slot there
    are, ``same_event`` the pointer's logit within +-4, ``same_outlet`` what lean may not read.
    """

    record_ids: tuple[int, ...]
    age_h: NDArray[np.float32]
    rank: NDArray[np.float32]
    same_event: NDArray[np.float32]
    same_outlet: NDArray[np.bool_]


def recall(
    bank: Bank,
    records: Sequence[Record],
    keys: NDArray[np.float32],
    as_of: AsOf,
    chances: Mapping[str, float],
) -> Recalled:
    """What ``records``, the parts of one article with their keys [n, width], bring back as of then.

    Superseded claims are found too, as history; withdrawn ones are not. ``chances`` is the
    pointer's P(same event) by article.
    """
    if not records:
        nothing = np.zeros(0, np.float32)
        return Recalled(
            record_ids=(), age_h=nothing, rank=nothing, same_event=nothing,
            same_outlet=nothing.astype(np.bool_),
        )  # fmt: skip
    me = records[0]
    answers = bank.search(
        keys, as_of, k=NEAREST_OF_CHUNK, without_article=me.article_id, superseded=True
    )
    nearest: dict[int, Hit] = {}
    for hit in (hit for hits in answers for hit in hits):
        held = nearest.get(hit.record.record_id)
        if held is None or hit.score > held.score:
            nearest[hit.record.record_id] = hit
    ordered = sorted(nearest.values(), key=lambda hit: (-hit.score, hit.record.record_id))
    found = [hit.record for hit in ordered[:CHUNKS_READ]]
    ages = [(me.published_at - record.published_at).total_seconds() / 3600 for record in found]
    return Recalled(
        record_ids=tuple(record.record_id for record in found),
        # What a clock that went back dates later than its reader has no age.
        age_h=np.maximum(np.array(ages, np.float32), 0),
        rank=np.array([_rank(bank, record, as_of) for record in found], np.float32),
        same_event=np.array([_logit(chances.get(r.article_id)) for r in found], np.float32),
        same_outlet=np.array([r.publisher_id == me.publisher_id for r in found], np.bool_),
    )


def _rank(bank: Bank, record: Record, as_of: AsOf) -> int:
    # By the place in the slot, not by date: a late copy of an old report is as old as that.
    slots, view = bank.slots, View.of(as_of)
    place = slots.standing_place(record.record_id, view)
    return sum(other > place for other in slots.places(slots.members(record.record_id, view), view))


def _logit(chance: float | None) -> float:
    p = min(max(LEAST_CHANCE if chance is None else chance, 1e-6), 1 - 1e-6)
    return max(-CHANCE_LOGIT_MAX, min(CHANCE_LOGIT_MAX, math.log(p / (1 - p))))
