"""Made-up coverage with planted absences, to measure claims on: nothing the detector assumes.

Counts are negative binomial around a rate of outlet, topic and event; topics of an outlet drift,
week-ends differ, camps of outlets share a taste that nobody sees, an agency's text is taken over by
its clients, reports come late, some articles are lost unnoticed, and crawls have gaps. Some outlets
leave out events of a hidden kind, in the past as well as now: those are the planted absences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from annotator.coverage.blindspots import DAY, Corpus, Counts, Times
from annotator.coverage.null_model import Bools, Floats

START = np.datetime64("2026-01-05T00:00:00")  # a Monday
HISTORY_DAYS, JUDGED_DAYS = 90, 14
TOPICS, CAMPS = 8, 3
ARTICLES_MIN, OUTLETS_MIN = 3, 2  # what a grouping makes an event of
LATE_H = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A corpus as crawled, and what is true of it.

    ``left_out`` [O, E]: articles that would have been and were left out. ``rate`` [O, E]: articles
    to be expected, ``absent`` [O, E] the true probability of none (but for what is lost or late).
    ``in_gap`` [O, E]: some day of the event fell into a gap of the outlet's crawl.
    """

    corpus: Corpus
    since: np.datetime64
    now: np.datetime64
    left_out: Counts
    rate: Floats
    absent: Floats
    in_gap: Bools


def world(seed: int, *, planted: bool) -> World:
    """One made-up corpus; the same seed gives the same."""
    chance = np.random.default_rng(seed)
    outlets, days = int(chance.integers(14, 31)), HISTORY_DAYS + JUDGED_DAYS
    weekend = np.arange(days) % 7 >= 5
    per_day = chance.negative_binomial(6, 6 / (6 + np.where(weekend, 7, 13)))
    day = np.repeat(np.arange(days), per_day)
    events = len(day)
    first_at = START + (day * 86_400 + chance.integers(0, 86_400, events)).astype("timedelta64[s]")
    topic = chance.choice(TOPICS, events, p=chance.dirichlet(np.full(TOPICS, 3.0)))
    rate = _rates(chance, outlets, day, topic, weekend)
    shape = np.exp(chance.uniform(np.log(1), np.log(8), (outlets, 1)))
    written = chance.negative_binomial(shape, shape / (shape + rate))
    news = rate.mean(axis=0)
    agency = (chance.random(events) < 0.35) & (chance.random(events) < news / (news + 0.5))
    client = chance.random((outlets, 1)) < 0.5
    takes = chance.beta(4, 3, (outlets, 1))
    copies = (client & agency & (chance.random((outlets, events)) < takes)).astype(np.int64)
    articles = written + copies
    absent = (1 + rate / shape) ** -shape * (1 - client * agency * takes)
    left_out = _left_out(chance, articles, rate, day) if planted else np.zeros_like(articles)
    articles = articles - left_out
    lost = chance.binomial(articles, 0.01)
    articles = articles - lost
    hours = chance.exponential(8, articles.shape) + 30 * (chance.random(articles.shape) < 0.04)
    came = first_at + (hours * 3600).astype("timedelta64[s]")
    looked = _looked(chance, outlets, days + 30)
    articles = articles * looked[np.arange(outlets)[:, None], _day(came)]
    now = START + DAY * days
    articles = np.where(came <= now, articles, 0)
    seen = (articles.sum(axis=0) >= ARTICLES_MIN) & ((articles > 0).sum(axis=0) >= OUTLETS_MIN)
    last_at = np.where(articles > 0, came, first_at).max(axis=0)
    begin_at = np.where(articles > 0, came, np.datetime64("2100-01-01")).min(axis=0)
    in_gap = _in_gap(looked, begin_at, last_at)
    corpus = Corpus(
        outlets=tuple(f"outlet-{n}" for n in range(outlets)),
        events=tuple(f"event-{n}" for n in np.flatnonzero(seen)),
        first_at=begin_at[seen],
        last_at=last_at[seen],
        topic=np.array([f"topic-{n}" for n in topic[seen]]),
        articles=articles[:, seen],
        copies=np.minimum(copies, articles)[:, seen],
        crawled=~in_gap[:, seen],
    )
    return World(
        corpus=corpus,
        since=START + DAY * HISTORY_DAYS,
        now=now,
        left_out=left_out[:, seen],
        rate=rate[:, seen],
        absent=absent[:, seen],
        in_gap=in_gap[:, seen],
    )


def _rates(chance: Generator, outlets: int, day: Counts, topic: Counts, weekend: Bools) -> Floats:
    """Articles to be expected, [O, E]."""
    days = len(weekend)
    volume = np.exp(chance.normal(0.0, 0.6, (outlets, 1)))
    mix = chance.normal(0, 0.6, (outlets, TOPICS, 1))
    drift = np.cumsum(chance.normal(0, 0.5 / np.sqrt(days), (outlets, TOPICS, days)), axis=2)
    taste = np.exp(mix + drift)[:, topic, day]
    rest = np.where(weekend, chance.uniform(0.4, 1.0, (outlets, 1)), 1.0)[:, day]
    camp = chance.integers(0, CAMPS, outlets)
    shared = np.exp(chance.normal(0, 0.5, (CAMPS, len(day))))[camp]
    worth = np.exp(chance.normal(chance.uniform(-0.6, 1.0), 1.5, len(day)))
    rates: Floats = volume * taste * rest * shared * worth
    return rates


def _left_out(chance: Generator, articles: Counts, rate: Floats, day: Counts) -> Counts:
    """What four outlets leave out: nearly all they had on a sixth of the largest quarter of events.

    Two of them began when the judged time begins, two have had the habit for some time before.
    """
    outlets, events = articles.shape
    censors = chance.choice(outlets, 4, replace=False)
    news = rate.mean(axis=0)
    large = news > np.quantile(news, 0.75)
    dropped = np.zeros_like(articles)
    for outlet, strength, new in zip(censors, (1.0, 0.9, 1.0, 0.9), (1, 1, 0, 0), strict=True):
        began = HISTORY_DAYS if new else chance.integers(0, HISTORY_DAYS)
        hidden = large & (day >= began) & (chance.random(events) < 1 / 6)
        dropped[outlet] = hidden * chance.binomial(articles[outlet], strength)
    return dropped


def _looked(chance: Generator, outlets: int, days: int) -> Bools:
    """Days on which an outlet was crawled, [O, D]; gaps last from one to five days."""
    looked = np.ones((outlets, days), bool)
    for outlet, day in zip(*np.nonzero(chance.random((outlets, days)) < 0.02), strict=True):
        looked[outlet, day : day + chance.integers(1, 6)] = False
    return looked


def _day(at: Times) -> Counts:
    days: Counts = ((at - START) // DAY).astype(np.int64)
    return days


def _in_gap(looked: Bools, first_at: Times, last_at: Times) -> Bools:
    days = looked.shape[1]
    missed = np.concatenate([np.zeros((len(looked), 1)), np.cumsum(~looked, axis=1)], axis=1)
    begin = np.clip(_day(first_at), 0, days - 1)
    end = np.clip(_day(last_at + np.timedelta64(LATE_H, "h")) + 1, 1, days)
    inside: Bools = missed[:, end] > missed[:, begin]
    return inside
