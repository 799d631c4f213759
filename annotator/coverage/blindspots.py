"""Which absences from events are surprising, and which cannot be judged.

Pure: a corpus of counts in, a verdict on every outlet and event out. What an outlet was expected to
carry is learnt from events that were over before the judged ones began to be judged, a week at a
time; an outlet is compared with how widely *the others* carried an event, so that what it did
itself never enters its own expectation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annotator.coverage import null_model
from annotator.coverage.discoveries import omissions, q_values
from annotator.coverage.null_model import Bools, Floats
from newsroom.absences import (
    BLINDSPOT,
    COVERED,
    LATE_H,
    NOT_CRAWLED,
    OPEN,
    TOO_SMALL,
    TOO_YOUNG,
    UNREMARKABLE,
)

Counts = NDArray[np.int64]
Times = NDArray[np.datetime64]
Words = NDArray[np.str_]

DAY: Final = np.timedelta64(86_400, "s")
SPREAD_MIN: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When an absence may be claimed.

    ``level``: at which the step-up is run; half of the 0.10 that is promised, because on made-up
    corpora (not those reported) the rate came out up to 1.2 times the level. ``expected_min``: only
    an outlet that was this likely to carry the event can be claimed. ``others_min`` and
    ``outlets_min``: other outlets that carried it, and outlets that were crawled at all.
    ``past_min``: past events that the outlet was crawled through. ``topic_min``: past events that a
    topic needs to count as one. ``late_h``: an event is over when nobody wrote of it for so long,
    and an outlet that is later than that is absent. Expectations are learnt anew every
    ``refit_days`` from ``history_days``; older events count less, by ``half_life_days``.
    """

    level: float = 0.05
    expected_min: float = 0.8
    others_min: int = 3
    outlets_min: int = 5
    past_min: int = 60
    topic_min: int = 20
    late_h: int = LATE_H
    history_days: int = 180
    half_life_days: float = 60.0
    refit_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Outlets and events. Arrays are [O, E] or [E]; times are UTC, ``datetime64[s]``.

    ``articles`` counts every article, ``copies`` those among them that an agency wrote (a copy is
    coverage like any other; copies tell how an event spread). ``crawled``: whether every day of the
    outlet on which an article of the event could have come is known to have been crawled well;
    False is "nobody knows". ``topic`` is "" where none is known.
    """

    outlets: tuple[str, ...]
    events: tuple[str, ...]
    first_at: Times
    last_at: Times
    topic: Words
    articles: Counts
    copies: Counts
    crawled: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was found, [O, E] like the corpus.

    ``verdict`` is "" for events outside the judged time. ``absent``: the probability of absence,
    NaN where the pair cannot be judged. ``q``: the least level at which the pair would be
    claimed, NaN like ``absent``. ``past``: past events the expectation of the outlet rests on.
    ``pairs`` were judged together; at most ``by_chance`` of the claims are
    expected to be false.
    """

    verdict: Words
    absent: Floats
    q: Floats
    past: Counts
    pairs: int
    by_chance: float


def judge(corpus: Corpus, *, since: np.datetime64, now: np.datetime64, rules: Rules) -> Judged:
    """Judge every event that ended from ``since`` to ``now``, each from those that ended before."""
    over = corpus.last_at + np.timedelta64(rules.late_h, "h")
    able = _able(corpus, rules)
    chance = np.full(corpus.articles.shape, np.nan)
    past = np.zeros(corpus.articles.shape, np.int64)
    start = since
    while start < now:
        end = min(start + DAY * rules.refit_days, now)
        block = (over > start) & (over <= end)
        history = (over <= start) & (over > start - DAY * rules.history_days) & able.any(axis=0)
        age_days = np.maximum((start - over) / DAY, 0.0)
        weight = able * history * 0.5 ** (age_days / rules.half_life_days)
        past[:, block] = (weight > 0).sum(axis=1, keepdims=True)
        if block.any() and history.sum() >= rules.past_min:
            used = block | history
            design = _design(corpus, used, history[used], rules)
            old = history[used]
            fitted = null_model.fit(
                design[:, old], corpus.articles[:, history] > 0, weight[:, history]
            )
            chance[:, block] = null_model.absent(fitted, design[:, ~old])
        start = end
    return _verdicts(corpus, chance, past, able, since=since, now=now, rules=rules)


def _verdicts(
    corpus: Corpus,
    chance: Floats,
    past: Counts,
    able: Bools,
    *,
    since: np.datetime64,
    now: np.datetime64,
    rules: Rules,
) -> Judged:
    over = corpus.last_at + np.timedelta64(rules.late_h, "h")
    present = corpus.articles > 0
    tested = able & (past >= rules.past_min) & np.isfinite(chance)
    chance = np.where(tested, chance, np.nan)
    q = np.full(chance.shape, np.nan)
    omitted = omissions(chance, ~present)
    q[tested] = q_values(chance[tested], ~present[tested], omitted[tested])
    with np.errstate(invalid="ignore"):
        claimed = ~present & (q <= rules.level) & (chance <= 1 - rules.expected_min)
    reasons = {
        "": over <= since,
        COVERED: present,
        OPEN: over > now,
        NOT_CRAWLED: ~corpus.crawled,
        TOO_SMALL: ~able,
        TOO_YOUNG: ~tested,
        BLINDSPOT: claimed,
    }
    return Judged(
        verdict=np.select(
            [np.broadcast_to(holds, present.shape) for holds in reasons.values()],
            list(reasons),
            UNREMARKABLE,
        ),
        absent=chance,
        q=q,
        past=past,
        pairs=int(tested.sum()),
        by_chance=float(q[claimed].max(initial=0.0) * claimed.sum()),
    )


def _others(corpus: Corpus) -> tuple[Counts, Counts]:
    """For each outlet and event: others that carried it, and others that could be seen to."""
    present = corpus.articles > 0
    seen = present | corpus.crawled
    return present.sum(axis=0) - present, seen.sum(axis=0) - seen


def _able(corpus: Corpus, rules: Rules) -> Bools:
    """Pairs that say something: a crawled outlet, and an event that enough others carried."""
    carried, seen = _others(corpus)
    enough: Bools = corpus.crawled & (carried >= rules.others_min) & (seen + 1 >= rules.outlets_min)
    return enough


def _design(corpus: Corpus, used: Bools, old: Bools, rules: Rules) -> Floats:
    """What describes an event to an outlet, [O, E, P], scaled by the past (``old`` of ``used``).

    How widely the others carried it (log odds, and their square), how much they wrote (log articles
    each), how much of that an agency wrote, whether it began on a week-end, and its topic.
    """
    carried, seen = (side[:, used].astype(float) for side in _others(corpus))
    articles, copies = corpus.articles[:, used], corpus.copies[:, used]
    wide = np.log((carried + 0.5) / (seen - carried + 0.5))
    written = articles.sum(axis=0) - articles
    deep = np.log(np.maximum(written, 1) / np.maximum(carried, 1))
    wire = (copies.sum(axis=0) - copies) / np.maximum(written, 1)
    weekend = (corpus.first_at[used].astype("datetime64[D]").astype(np.int64) - 2) % 7 < 2
    topics, counts = np.unique(corpus.topic[used][old], return_counts=True)
    kept = topics[(counts >= rules.topic_min) & (topics != "")]
    scaled = [_scaled(column, old) for column in (wide, wide**2, deep, wire)]
    shared = [weekend, *(corpus.topic[used] == topic for topic in kept)]
    columns = [np.ones(wide.shape), *scaled, *(np.broadcast_to(c, wide.shape) for c in shared)]
    return np.stack(columns, axis=2).astype(np.float64)


def _scaled(column: Floats, old: Bools) -> Floats:
    """In units of the past, and never beyond what the past has shown."""
    past = column[:, old]
    if past.std() < SPREAD_MIN:
        return np.zeros(column.shape)
    scaled: Floats = (np.clip(column, past.min(), past.max()) - past.mean()) / past.std()
    return scaled
