"""Days of outlets judged from made-up facts: what is silence, and of whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.store.source_health import Facts
from scraper.outlets import health
from scraper.outlets.floors import Floors
from scraper.outlets.health import Verdict

NEW_YORK = "America/New_York"
FLOORS = Floors(articles_per_day=20, articles_per_weekend_day=5, date=0.8, byline=0.5)
GOOD = Facts(
    crawls=96, listings={"answered": 100, "unchanged": 92}, pages=45, stored={"new": 40, "revised": 2},
    refused={"not-article": 3}, articles=40, titles=40, dates=39, bylines=30, words_median=600.0,
    front_pages_taken=5,
)  # fmt: skip


def judge(
    facts: Facts, floors: Floors = FLOORS, *, expected: int = 0, **how: bool
) -> health.Judgement:
    how = {"weekend": False, "over": True, "watched": True} | how
    return health.judge(facts, floors, expected=expected, **how)


def judged(facts: Facts, **how: bool) -> tuple[Verdict, list[str]]:
    found = judge(facts, **how)
    return found.verdict, list(found.reasons)


def test_a_good_day_is_ok_without_a_word() -> None:
    found = judge(GOOD, expected=5)
    assert found == health.Judgement(verdict=Verdict.OK)


def test_not_looked_is_not_silence() -> None:
    assert judged(Facts()) == (Verdict.NOT_CRAWLED, [])
    assert judged(Facts(crawls=3)) == (Verdict.NOT_CRAWLED, [])  # asked no listing
    assert judged(Facts(crawls_cut=2)) == (Verdict.BROKEN, ["crawl-cut 2"])


@pytest.mark.parametrize(
    ("listings", "verdict"),
    [
        ({"robots": 3}, Verdict.KEPT_OUT),
        ({"http-403": 2, "host-stopped": 4}, Verdict.KEPT_OUT),
        ({"http-451": 1}, Verdict.KEPT_OUT),
        ({"empty": 3}, Verdict.BROKEN),
        ({"not-feed": 2, "http-404": 1}, Verdict.BROKEN),
        ({"robots": 3, "not-feed": 1}, Verdict.BROKEN),  # we were let in once, and it was no feed
        ({"TimeoutError": 5}, Verdict.BROKEN),
    ],
)
def test_listings_that_say_nothing(listings: dict[str, int], verdict: Verdict) -> None:
    found, reasons = judged(Facts(crawls=2, listings=listings))
    assert found is verdict
    assert reasons == [f"listing-{code} {n}" for code, n in sorted(listings.items())]


def test_one_broken_listing_of_several_is_a_warning() -> None:
    facts = replace(GOOD, listings={"answered": 50, "not-feed": 50})
    found = judge(facts, expected=5)
    assert found.verdict is Verdict.OK
    assert found.warnings == ("listing-not-feed 50",)


def test_pages_behind_a_closed_door() -> None:
    denied = Facts(crawls=4, listings={"answered": 8}, kept_out=30, refused={"robots": 30})
    assert judged(denied) == (Verdict.KEPT_OUT, ["pages-kept-out 30 of 30"])
    assert judged(denied, over=False)[0] is Verdict.KEPT_OUT  # no need to wait for the evening
    some = replace(GOOD, kept_out=10)
    assert judged(some) == (Verdict.OK, [])
    most = replace(GOOD, articles=4, titles=4, dates=4, bylines=4, kept_out=30)
    assert judged(most) == (Verdict.KEPT_OUT, ["pages-kept-out 30 of 37"])


def test_half_the_articles_without_a_date() -> None:
    assert judged(replace(GOOD, dates=20)) == (Verdict.BROKEN, ["date-fill 0.50 < 0.8"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"titles": 30}, "title-fill 0.75 < 0.95"),
        ({"bylines": 0}, "byline-fill 0.00 < 0.5"),
        ({"words_median": 40.0}, "body-words 40 < 120"),
        (
            {"stored": {"new": 40}, "refused": {"soft-404": 200}},
            "accepted 0.17 < 0.3, mostly soft-404",
        ),
        ({"refused": {"robots": 900, "http-status": 90}}, None),  # addresses, not pages we misread
    ],
)
def test_floors_of_what_came(change: dict[str, object], reason: str | None) -> None:
    facts = replace(GOOD, **change)  # type: ignore[arg-type]
    assert judged(facts) == ((Verdict.BROKEN, [reason]) if reason else (Verdict.OK, []))


def test_rates_of_a_few_articles_prove_nothing() -> None:
    few = Facts(crawls=1, listings={"answered": 1}, articles=9, stored={"new": 9}, words_median=5.0)
    assert judged(few) == (Verdict.QUIET, ["articles 9 < 20"])
    assert judged(few, weekend=True) == (Verdict.OK, [])


def test_a_quiet_weekend_is_no_breakage_and_a_silent_one_is() -> None:
    sunday = replace(GOOD, articles=7, titles=7, dates=7, bylines=7)
    assert judged(sunday, weekend=True) == (Verdict.OK, [])
    assert judged(sunday) == (Verdict.QUIET, ["articles 7 < 20"])
    stale = Facts(crawls=96, listings={"answered": 96})
    assert judged(stale, weekend=True) == (Verdict.BROKEN, ["nothing-new 0 < 5"])
    never = Floors(articles_per_day=2, articles_per_weekend_day=0)
    assert judge(stale, never, weekend=True).verdict is Verdict.OK


def test_a_day_is_not_short_of_articles_before_it_is_over() -> None:
    morning = Facts(
        crawls=2, listings={"answered": 4}, articles=2, stored={"new": 2}, words_median=500.0
    )
    assert judged(morning, over=False) == (Verdict.OK, [])
    assert judged(Facts(crawls=2, listings={"unchanged": 4}), over=False) == (Verdict.OK, [])


def test_what_nobody_came_back_to_look_at_is_not_quiet() -> None:
    morning = datetime(2026, 3, 2, 11, tzinfo=UTC)
    few = Facts(
        crawls=1, listings={"answered": 2}, articles=4, words_median=500.0, last_look_at=morning
    )  # fmt: skip
    assert judged(few) == (Verdict.QUIET, ["articles 4 < 20"])
    assert judged(few, watched=False) == (
        Verdict.NOT_CRAWLED, ["unwatched-since 2026-03-02T11:00Z"],
    )  # fmt: skip
    next_morning = morning + timedelta(hours=24)
    assert health.watched(few, next_morning)
    assert not health.watched(few, next_morning + timedelta(hours=3))
    daily = replace(few, next_look_at=next_morning)
    assert health.watched(daily, next_morning + timedelta(days=9))
    assert not health.watched(
        replace(few, next_look_at=next_morning + timedelta(days=2)), next_morning
    )
    assert not health.watched(Facts(), morning)


def test_warnings_change_no_verdict() -> None:
    facts = replace(GOOD, articles=2_000, titles=2_000, dates=2_000, bylines=2_000,
                    front_pages_taken=3, crawls_cut=1)  # fmt: skip
    found = judge(facts, expected=5)
    assert found.verdict is Verdict.OK
    assert found.warnings == ("articles 2000 > 1000", "crawl-cut 1", "front-pages 3 < 5")


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 7, 1), 24)],
)
def test_a_day_of_the_clock_change(day: date, hours: int) -> None:
    starts_at, ends_at = health.span(day, NEW_YORK)
    assert ends_at - starts_at == timedelta(hours=hours)
    assert health.day_of(starts_at, NEW_YORK) == day
    assert health.day_of(ends_at, NEW_YORK) == day + timedelta(days=1)
    every = health.front_pages_expected(day, NEW_YORK, range(24), until=ends_at)
    assert every == min(
        hours, 24
    )  # an hour that is skipped is not due, one shown twice is due once
    five = health.front_pages_expected(day, NEW_YORK, (6, 10, 14, 18, 22), until=ends_at)
    assert five == 5


def test_front_pages_are_due_when_their_hour_has_come() -> None:
    noon = datetime(2026, 7, 1, 16, tzinfo=UTC)  # 12:00 in New York
    assert health.front_pages_expected(date(2026, 7, 1), NEW_YORK, (6, 10, 14), until=noon) == 2


ZONES = st.sampled_from([NEW_YORK, "Europe/London", "Asia/Qatar", "Pacific/Apia", "UTC"])
DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@given(DAYS, ZONES)
def test_days_follow_on_one_another_without_hole_or_overlap(day: date, zone: str) -> None:
    starts_at, ends_at = health.span(day, zone)
    assert health.span(day + timedelta(days=1), zone)[0] == ends_at
    assert timedelta(hours=23) <= ends_at - starts_at <= timedelta(hours=25)
    assert health.day_of(starts_at, zone) == day
    assert health.day_of(ends_at - timedelta(microseconds=1), zone) == day


COUNTS = st.integers(0, 300)
CODES = st.sampled_from(["answered", "unchanged", "empty", "robots", "http-403", "not-feed"])


@given(
    listings=st.dictionaries(CODES, st.integers(1, 50)),
    articles=COUNTS, filled=st.floats(0, 1), words=st.floats(0, 5_000),
    kept_out=COUNTS, refused=COUNTS, over=st.booleans(), weekend=st.booleans(), cut=st.integers(0, 3),
)  # fmt: skip
def test_silence_is_only_blamed_on_the_outlet_where_we_heard_it(
    listings: dict[str, int], articles: int, filled: float, words: float,
    kept_out: int, refused: int, over: bool, weekend: bool, cut: int,
) -> None:  # fmt: skip
    n = int(articles * filled)
    facts = Facts(
        crawls=1, crawls_cut=cut, listings=listings, articles=articles, titles=n, dates=n, bylines=n,
        words_median=words if articles else None, stored={"new": articles}, kept_out=kept_out,
        refused={"not-article": refused},
    )  # fmt: skip
    found = judge(facts, weekend=weekend, over=over)
    heard = bool(listings.keys() & {"answered", "unchanged"})
    if found.verdict in {Verdict.OK, Verdict.QUIET}:
        assert heard
    if found.verdict is Verdict.QUIET:
        assert over
        assert 0 < articles < FLOORS.articles(weekend=weekend)
    if found.verdict is Verdict.OK and over:
        assert articles >= FLOORS.articles(weekend=weekend)
    assert (found.verdict is Verdict.NOT_CRAWLED) == (not listings and not cut)
    assert bool(found.reasons) == (found.verdict not in {Verdict.OK, Verdict.NOT_CRAWLED})
