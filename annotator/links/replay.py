"""Articles told to the memory one after another: each asks the bank, then is written to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from memory_lm.bank import AsOf, Bank, Record
from memory_lm.link import Candidate, Rarity, features, found, pointed
from memory_lm.pair_fit import Sample
from memory_lm.supersede import END_OF_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annotator.links.data import Article
    from memory_lm.link import LinkHead

START = datetime(2012, 1, 1, tzinfo=UTC)
# Days after the first report, from the real dates of roundup articles: 444 of 628 events with
# two dated articles lie on one day, 159 on two.
LATER_DAYS, LATER_SHARE = (0, 1, 2), (0.7, 0.25, 0.05)
REAL = "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one article found: places [n] of the others in the replay, features [n, f]."""

    at: int
    others: NDArray[np.int64]
    rows: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """All questions of one replay in the order asked, and the true event of each place."""

    asked: tuple[Asked, ...]
    event: NDArray[np.str_]

    def pairs(self) -> Sample:
        """Every pair judged, class 1 where both tell of one event; a replay weighs 1 in all."""
        rows = np.concatenate([asked.rows for asked in self.asked])
        same = np.concatenate([self.event[a.others] == self.event[a.at] for a in self.asked])
        weight = np.full(len(same), 1 / len(same), np.float32)
        return Sample(rows=rows, labels=same.astype(np.int64), weight=weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The event found for each place [n], and the place pointed to, -1 for NEW, in asked order."""

    event: NDArray[np.int64]
    pointed: tuple[tuple[int, int], ...]


def replay(
    articles: Sequence[Article], rarity: Rarity, *, seed: int, dates: int | str | None
) -> Replay:
    """Random order without dates, by ``"real"`` days, or by simulated ones at so many events a day.

    Simulated events begin on random days, and their articles follow with real-like delays.
    """
    kept = [a for a in articles if not np.isnan(a.day)] if dates == REAL else list(articles)
    rng = np.random.default_rng(seed)
    event = np.array([a.event for a in kept])
    if dates == REAL:
        day = np.array([a.day for a in kept]) - min(a.day for a in kept)
    else:
        day = np.zeros(len(kept)) if dates is None else _simulated(rng, event, int(dates))
    order = rng.permutation(len(kept)) if dates is None else np.argsort(day, kind="stable")
    bank, asked = Bank("replay"), []
    for sequence, at in enumerate(order.tolist(), start=1):
        article = kept[at]
        when = START + timedelta(days=float(day[at]))
        records = [
            Record(
                record_id=8 * at + part, article_id=str(at), part=part, event_id=None,
                publisher_id="", published_at=when, known_at=when, sequence=sequence,
                backbone_version="replay", text=text,
            )
            for part, text in enumerate(article.texts)
        ]  # fmt: skip
        now = AsOf(time=END_OF_TIME, sequence=sequence)
        nearest = found(bank, records, article.keys, now)
        rows = features(bank, rarity, records, article.keys, nearest, dated=dates is not None)
        others = np.array([int(one.article_id) for one in nearest], dtype=np.int64)
        asked.append(Asked(at=at, others=others, rows=rows))
        bank.append(records, article.keys)
    return Replay(asked=tuple(asked), event=event)


def decide(told: Replay, head: LinkHead) -> Decided:
    """Events made by the pointer's decisions alone: each article joins one or opens its own."""
    event = np.full(len(told.event), -1)
    went = []
    for new, asked in enumerate(told.asked):
        chances = head.pair.probabilities(asked.rows)[:, 1]
        best_first = np.argsort(-chances, kind="stable")
        judged = [
            Candidate(
                article_id=str(asked.others[i]), record_id=int(asked.others[i]),
                event_id=str(event[asked.others[i]]), probability=float(chances[i]),
            )
            for i in best_first
        ]  # fmt: skip
        best = pointed(head, judged)
        other = -1 if best is None else int(best.article_id)
        event[asked.at] = new if best is None else event[other]
        went.append((asked.at, other))
    return Decided(event=event, pointed=tuple(went))


def _simulated(
    rng: np.random.Generator, event: NDArray[np.str_], per_day: int
) -> NDArray[np.float64]:
    names, which = np.unique(event, return_inverse=True)
    first = rng.integers(0, max(1, len(names) // per_day), len(names))
    later = rng.choice(LATER_DAYS, len(event), p=LATER_SHARE) + rng.random(len(event)) * 0.3
    day: NDArray[np.float64] = first[which] + later
    return day
