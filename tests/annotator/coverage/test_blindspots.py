"""Verdicts on small corpora, and claims on made-up ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annotator.coverage.blindspots import DAY, Corpus, Rules, judge
from annotator.coverage.made_up import world
from newsroom.absences import BLINDSPOT, COVERED, NOT_CRAWLED, OPEN, TOO_SMALL, TOO_YOUNG

START = np.datetime64("2026-01-01T06:00:00")
OUTLETS, PAST, NEW, DAILY = 10, 600, 6, 10
SINCE = START + DAY * (PAST // DAILY + 2)
NOW = SINCE + DAY * 10
RULES = Rules(level=0.2)  # 60 pairs at 1 in 400: one absence among them is worth 0.13


def corpus() -> Corpus:
    """Ten events a day that all but the last outlet carry; that one carries every third."""
    first_at = np.concatenate(
        [START + DAY * np.arange(PAST) // DAILY, SINCE + DAY * np.arange(NEW) // 2]
    )
    articles = np.full((OUTLETS, PAST + NEW), 2)
    articles[-1] = np.arange(PAST + NEW) % 3 == 0
    return Corpus(
        outlets=tuple(f"o{n}" for n in range(OUTLETS)),
        events=tuple(f"e{n}" for n in range(PAST + NEW)),
        first_at=first_at,
        last_at=first_at + np.timedelta64(5, "h"),
        topic=np.array(["politics", ""] * ((PAST + NEW) // 2)),
        articles=articles,
        copies=np.zeros_like(articles),
        crawled=np.ones(articles.shape, bool),
    )


def without(outlets: slice | int, event: int, **changes) -> Corpus:
    made = corpus()
    made.articles[outlets, event] = 0
    return replace(made, **changes)


def verdict(made: Corpus, outlet: int, event: int, now=NOW) -> str:
    return str(judge(made, since=SINCE, now=now, rules=RULES).verdict[outlet, event])


def test_an_absence_out_of_habit_is_claimed() -> None:
    judged = judge(without(0, PAST + 3), since=SINCE, now=NOW, rules=RULES)
    claims = np.argwhere(judged.verdict == BLINDSPOT)
    assert claims.tolist() == [[0, PAST + 3]]
    assert judged.absent[0, PAST + 3] < 0.05
    assert judged.q[0, PAST + 3] <= RULES.level
    assert judged.past[0, PAST + 3] == PAST
    assert 0 < judged.by_chance <= 0.2
    assert judged.verdict[1, PAST + 3] == COVERED
    assert (judged.verdict[:, :PAST] == "").all()


def test_the_usual_absence_is_not() -> None:
    judged = judge(corpus(), since=SINCE, now=NOW, rules=RULES)
    assert not (judged.verdict == BLINDSPOT).any()
    assert judged.absent[-1, PAST:].mean() == pytest.approx(2 / 3, abs=0.1)


def test_what_is_judged_is_not_learnt_from() -> None:
    one = judge(corpus(), since=SINCE, now=SINCE + DAY * 7, rules=RULES)
    made = corpus()
    made.articles[:-1, PAST + 5] = 0
    two = judge(made, since=SINCE, now=SINCE + DAY * 7, rules=RULES)
    assert np.array_equal(one.absent[:, PAST + 3], two.absent[:, PAST + 3])


def test_a_day_that_was_not_crawled_is_never_claimed() -> None:
    made = without(0, PAST + 3)
    made.crawled[0, PAST + 3] = False
    judged = judge(made, since=SINCE, now=NOW, rules=RULES)
    assert judged.verdict[0, PAST + 3] == NOT_CRAWLED
    assert np.isnan(judged.absent[0, PAST + 3])


def test_gaps_of_the_past_are_not_learnt_as_absences() -> None:
    made = without(0, PAST + 3)
    made.crawled[0, 20:50] = False
    made.articles[0, 20:50] = 0
    judged = judge(made, since=SINCE, now=NOW, rules=RULES)
    assert judged.verdict[0, PAST + 3] == BLINDSPOT
    assert judged.past[0, PAST + 3] == PAST - 30


def test_an_outlet_added_yesterday_or_without_history() -> None:
    made = without(0, PAST + 3)
    made.crawled[0, :PAST] = False
    made.articles[0, :PAST] = 0
    assert verdict(made, 0, PAST + 3) == TOO_YOUNG


@pytest.mark.parametrize("kept", [1, 3])
def test_an_event_of_few_outlets(kept: int) -> None:
    made = without(slice(kept - 1, None), PAST + 3)
    assert verdict(made, OUTLETS - 2, PAST + 3) == TOO_SMALL


def test_too_few_outlets_were_crawled() -> None:
    made = without(0, PAST + 3)
    made.articles[4:, PAST + 3] = 0
    made.crawled[4:, PAST + 3] = False
    assert verdict(made, 0, PAST + 3) == TOO_SMALL


def test_an_event_that_may_still_be_reported() -> None:
    made = without(0, PAST + 3)
    over = made.last_at[PAST + 3] + np.timedelta64(RULES.late_h, "h")
    assert verdict(made, 0, PAST + 3, now=over - np.timedelta64(1, "s")) == OPEN
    assert verdict(made, 0, PAST + 3, now=over) == BLINDSPOT


def test_a_date_in_the_future_is_open_and_teaches_nothing() -> None:
    made = without(0, PAST + 3)
    made.last_at[PAST + 4] = np.datetime64("2099-01-01T00:00:00")
    judged = judge(made, since=SINCE, now=NOW, rules=RULES)
    assert set(judged.verdict[:, PAST + 4]) <= {OPEN, COVERED}
    assert np.isnan(judged.absent[:, PAST + 4]).all()
    assert judged.verdict[0, PAST + 3] == BLINDSPOT


def test_no_events_and_no_past() -> None:
    made = corpus()
    none = replace(
        made, events=(), first_at=made.first_at[:0], last_at=made.last_at[:0],
        topic=made.topic[:0], articles=made.articles[:, :0], copies=made.copies[:, :0],
        crawled=made.crawled[:, :0],
    )  # fmt: skip
    assert judge(none, since=SINCE, now=NOW, rules=RULES).pairs == 0
    judged = judge(made, since=START, now=START + DAY * 7, rules=RULES)
    assert judged.pairs == 0
    assert judged.by_chance == 0
    assert not (judged.verdict == BLINDSPOT).any()


def test_made_up_corpora() -> None:
    """Thirty of those that benchmarks/blindspots.py makes a thousand of, other seeds."""
    false_shares, found, in_gap = [], 0, 0
    for seed in range(30):
        made = world(seed, planted=True)
        judged = judge(made.corpus, since=made.since, now=made.now, rules=Rules(refit_days=14))
        claims = judged.verdict == BLINDSPOT
        true = claims & (made.left_out > 0) & (made.corpus.articles == 0)
        in_gap += int((claims & made.in_gap).sum())
        found += int(true.sum())
        false_shares.append(int((claims & ~true).sum()) / max(int(claims.sum()), 1))
        assert (made.in_gap & (made.corpus.articles == 0)).any()
    assert in_gap == 0
    assert found >= 15
    assert np.mean(false_shares) <= 0.15
