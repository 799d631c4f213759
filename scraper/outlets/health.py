"""Whether an outlet was quiet, or we did not hear it: each of its days judged from what came in.

Pure: :mod:`scraper.outlets.sources` reads what came in and stores the verdicts. A day is one of the
outlet's own time zone and may have 23 or 25 hours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from newsroom.store.source_health import Facts
from scraper.outlets.floors import Floors

# Feeds hold about a day: what is published after the last look of a day is seen by the next one.
WATCH_MAX = timedelta(hours=26)
SAMPLE_MIN = 10  # a fill rate of fewer articles, or of fewer pages, says nothing
# Codes that mean: the outlet does not let us in. All others are something that broke.
ROBOTS, STOPPED = "robots", "host-stopped"
KEPT_OUT = frozenset({ROBOTS, STOPPED, "http-401", "http-403", "http-429", "http-451"})
HEARD = ("answered", "unchanged")
# Refusals of addresses and answers; the others say that a page could not be read as an article.
NO_EXTRACTION = frozenset({ROBOTS, "http-status", "bad-url", "too-large", "not-html"})
MINUTE = "%Y-%m-%dT%H:%MZ"


class Verdict(StrEnum):
    """What an outlet's day was to us.

    ``QUIET`` is the only silence that speaks of the outlet: we looked, were let in, understood what
    we got, and it was little.
    """

    OK = "ok"
    QUIET = "quiet"
    KEPT_OUT = "kept-out"
    BROKEN = "broken"
    NOT_CRAWLED = "not-crawled"


UNHEARD = frozenset({Verdict.KEPT_OUT, Verdict.BROKEN, Verdict.NOT_CRAWLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict and why; each line starts with a code. ``warnings`` change no verdict."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def span(day: date, timezone: str) -> tuple[datetime, datetime]:
    """When a day begins and ends in a time zone, in UTC: 23, 24 or 25 hours apart."""
    zone = ZoneInfo(timezone)
    first, last = (datetime.combine(d, time(), zone) for d in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), last.astimezone(UTC)


def day_of(at: datetime, timezone: str) -> date:
    """The day that a moment belongs to in a time zone."""
    return at.astimezone(ZoneInfo(timezone)).date()


def front_pages_expected(
    day: date, timezone: str, hours: Collection[int], *, until: datetime
) -> int:
    """How many front pages are due on a day at these hours of the outlet's clock, up to a moment.

    An hour that the clock skips is not due; one that it shows twice is due once.
    """
    zone = ZoneInfo(timezone)
    due = {hour: datetime.combine(day, time(hour), zone).astimezone(UTC) for hour in hours}
    return sum(at < until and at.astimezone(zone).hour == hour for hour, at in due.items())


def watched(facts: Facts, now: datetime) -> bool:
    """Whether the look that follows the last one of a day came, or may still come, in time."""
    last = facts.last_look_at
    return last is not None and (facts.next_look_at or now) - last <= WATCH_MAX


def judge(
    facts: Facts, floors: Floors, *, weekend: bool, over: bool, watched: bool, expected: int
) -> Judgement:
    """What a day was to us. ``over``: it has ended; ``expected``: front pages due until now.

    The order matters: not looked, not let in, not understood; only then may it have been quiet.
    """
    warnings = _warnings(facts, floors, expected)
    asked = sum(facts.listings.values())
    if not asked:
        if facts.crawls_cut:
            return _said(Verdict.BROKEN, [f"crawl-cut {facts.crawls_cut}"], warnings)
        return _said(Verdict.NOT_CRAWLED, [], warnings)
    if not any(facts.listings.get(outcome) for outcome in HEARD):
        kept = set(facts.listings) <= KEPT_OUT
        reasons = [f"listing-{outcome} {n}" for outcome, n in sorted(facts.listings.items())]
        return _said(Verdict.KEPT_OUT if kept else Verdict.BROKEN, reasons, warnings)
    least = floors.articles(weekend=weekend)
    short = facts.articles < least and (over or not facts.articles)
    if short and 2 * facts.kept_out > _attempts(facts):
        reason = f"pages-kept-out {facts.kept_out} of {_attempts(facts)}"
        return _said(Verdict.KEPT_OUT, [reason], warnings)
    if missed := _missed(facts, floors):
        return _said(Verdict.BROKEN, missed, warnings)
    if not watched:
        return _said(
            Verdict.NOT_CRAWLED, [f"unwatched-since {facts.last_look_at:{MINUTE}}"], warnings
        )
    if over and least and not facts.articles:
        # Listings that name nothing new all day are stale more often than an outlet is silent.
        return _said(Verdict.BROKEN, [f"nothing-new 0 < {least}"], warnings)
    if over and short:
        return _said(Verdict.QUIET, [f"articles {facts.articles} < {least}"], warnings)
    return _said(Verdict.OK, [], warnings)


def _attempts(facts: Facts) -> int:
    """Pages that were wanted: fetched or kept from us."""
    refused = sum(n for code, n in facts.refused.items() if code not in KEPT_OUT)
    return facts.articles + facts.kept_out + refused


def _missed(facts: Facts, floors: Floors) -> list[str]:
    """Floors of what came that were missed; few articles or pages prove nothing."""
    missed = []
    if facts.articles >= SAMPLE_MIN:
        for name, filled, least in (
            ("title", facts.titles, floors.title),
            ("date", facts.dates, floors.date),
            ("byline", facts.bylines, floors.byline),
        ):
            if filled < least * facts.articles:
                missed.append(f"{name}-fill {filled / facts.articles:.2f} < {least:g}")
        words = facts.words_median or 0.0
        if words < floors.body_words_median:
            missed.append(f"body-words {words:.0f} < {floors.body_words_median}")
    unread = {code: n for code, n in facts.refused.items() if code not in NO_EXTRACTION}
    accepted = sum(facts.stored.values())
    pages = accepted + sum(unread.values())
    if pages >= SAMPLE_MIN and accepted < floors.accepted * pages:
        most = max(sorted(unread), key=lambda code: unread[code])
        missed.append(f"accepted {accepted / pages:.2f} < {floors.accepted:g}, mostly {most}")
    return missed


def _warnings(facts: Facts, floors: Floors, expected: int) -> list[str]:
    warnings = [
        f"listing-{outcome} {n}"
        for outcome, n in sorted(facts.listings.items())
        if outcome not in HEARD
    ]
    if facts.articles > floors.articles_per_day_max:
        warnings.append(f"articles {facts.articles} > {floors.articles_per_day_max}")
    if facts.kept_out:
        warnings.append(f"pages-kept-out {facts.kept_out}")
    if facts.crawls_cut:
        warnings.append(f"crawl-cut {facts.crawls_cut}")
    if facts.front_pages_taken < expected:
        warnings.append(f"front-pages {facts.front_pages_taken} < {expected}")
    return warnings


def _said(verdict: Verdict, reasons: list[str], warnings: list[str]) -> Judgement:
    kept = tuple(line for line in warnings if line not in reasons)
    return Judgement(verdict=verdict, reasons=tuple(reasons), warnings=kept)
