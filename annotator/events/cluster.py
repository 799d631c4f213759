"""Two levels of grouping: events (what happened) inside stories (how it develops)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from annotator.events import standing
from annotator.events.attach import attach
from annotator.events.candidates import nearest_pairs
from annotator.events.linkage import Level, likeness_to_group, link
from annotator.events.signature import Item, Signatures, lead, signatures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


CORE, ATTACHED = "core", "attached"
METHOD = "average-link-2"  # stored with every event; a change of rule or numbers is a new name

# From benchmarks/results/events/tuning.json. Its best settings differ by less than 0.006 in mean
# F1; of these the shipped cohesion prior is the one whose worst fold of ECB+ topics is best.
EVENT = Level(
    threshold=0.31,
    dense_weight=0.35,
    gap_cost=0.02,
    crowd_step=0.1,
    crowd_least=100,
    crowd_most=5_000,
    span_days=3.0,
    cohesion_ratio=0.9,
    cohesion_prior=0.35,
    neighbours=50,
    floor=0.3,
    attach=0.03,
)
# No set at hand has stories of several events: these are the event's numbers without the rules that
# keep the events of a story apart, at the threshold where ECB+ topics are found (same file).
STORY = Level(
    threshold=0.30,
    dense_weight=0.35,
    gap_cost=0.0,
    crowd_step=0.1,
    crowd_least=100,
    crowd_most=5_000,
    span_days=21.0,
    cohesion_ratio=0.0,
    cohesion_prior=0.35,
    neighbours=50,
    floor=0.2,
    attach=0.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What an event is and what a story is."""

    event: Level = EVENT
    story: Level = STORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Where an article belongs: numbers that mean nothing beyond this grouping.

    ``event`` is None for an article that is alone in what it reports; it may still belong to a
    ``story``. Every event has a story, which may be of that event only. ``score`` is the mean
    likeness to the other articles of its event, 0 … 1, and 0 without an event; ``role`` and
    ``nearest`` members, by id, as :mod:`annotator.events.standing` has them.
    """

    id: str
    event: int | None
    story: int | None
    score: float
    role: str = ATTACHED
    nearest: tuple[tuple[str, float], ...] = ()


def group(items: Sequence[Item], params: Params = Params()) -> list[Assignment]:
    """Group a window of articles; answers in the order given.

    The result does not depend on that order. An article with neither title nor text is evidence of
    nothing and stays alone. Raises ValueError when an id occurs twice.
    """
    if len({item.id for item in items}) != len(items):
        raise ValueError("article ids must be unique")
    ordered = sorted(items, key=lambda item: (_moment(item), item.id))
    speaking = [item for item in ordered if lead(item)]
    placed = {found.id: found for found in _place(speaking, params)}
    return [
        placed.get(item.id) or Assignment(id=item.id, event=None, story=None, score=0.0)
        for item in items
    ]


def _place(items: Sequence[Item], params: Params) -> list[Assignment]:
    """Where items belong that are sorted and not empty."""
    if not items:
        return []
    sign = signatures(items)
    same = _same_text(items, sign, params.event.span_days)
    events = grow(sign, same, params.event)
    stories = grow(sign, events, params.story)
    in_event, in_story = np.bincount(events)[events], np.bincount(stories)[stories]
    score = np.clip(likeness_to_group(sign, events, params.event), 0.0, 1.0)
    core = standing.core(sign, score, params.event)
    nearest = standing.nearest(sign, events, score, params.event)
    return [
        Assignment(
            id=item.id,
            event=int(events[i]) if in_event[i] > 1 else None,
            story=int(stories[i]) if in_story[i] > 1 else None,
            score=float(score[i]),
            role=CORE if core[i] else ATTACHED,
            nearest=tuple((items[j].id, alike) for j, alike in nearest[i]),
        )
        for i, item in enumerate(items)
    ]


def grow(sign: Signatures, start: Ints, level: Level) -> Ints:
    """Merge starting groups on one level; labels 0 … m - 1 by first article."""
    centre, day = _centres(sign, start)
    pairs = nearest_pairs(
        centre,
        day,
        window_days=level.span_days,
        floor=level.floor,
        neighbours=level.neighbours,
    )
    linked = link(sign, pairs, start, level)
    if level.attach > 0:
        home = np.empty(len(centre), np.int64)
        home[start] = linked
        linked = attach(sign, (home[pairs[0]], home[pairs[1]]), linked, level)
    return _renumber(linked)


def _same_text(items: Sequence[Item], sign: Signatures, span_days: float) -> Ints:
    """One label for articles that say the same word for word within the span of an event."""
    latest: dict[str, tuple[int, float]] = {}
    labels = np.arange(len(items))
    for i, item in enumerate(items):
        key = " ".join(f"{item.title}\n{item.text}".split())
        label, first = latest.get(key, (i, sign.day[i]))
        if sign.day[i] - first > span_days:
            label, first = i, sign.day[i]
        latest[key] = label, first
        labels[i] = label
    return _renumber(labels)


def _centres(sign: Signatures, label: Ints) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Unit mean vector [m, d] and mean day [m] of each group; NaN where no member is dated."""
    n, count = len(label), int(label.max()) + 1
    member = csr_matrix((np.ones(n, np.float32), (label, np.arange(n))), shape=(count, n))
    total = member @ sign.dense
    length = np.linalg.norm(total, axis=1, keepdims=True)
    known = ~np.isnan(sign.day)
    dated = np.bincount(label, weights=known, minlength=count)
    day = np.bincount(label, weights=np.where(known, sign.day, 0.0), minlength=count)
    mean_day = np.divide(day, dated, out=np.full(count, np.nan), where=dated > 0)
    return total / np.maximum(length, 1e-12), mean_day


def _renumber(label: Ints) -> Ints:
    """The same groups, numbered by their first member."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def _moment(item: Item) -> float:
    """Seconds since 1970; articles without a date come last."""
    return math.inf if item.published_at is None else item.published_at.timestamp()
