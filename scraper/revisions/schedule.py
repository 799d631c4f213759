"""When to look at an article again: soon while it is young or was just changed, then ever later.

Pure. Most edits come within hours of publication, so the marks are ages, counted from publication
and anew from each change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from newsroom.errors import Misconfigured

FAILED_S = 30 * 60.0
FAILED_MAX_S = 24 * 3600.0
LIFE_OF_LONGEST = 3  # a text that is edited for ever is left at three times the last mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """``ages_s``: ages at which a text is looked at, rising; ``checks_max``: looks in all."""

    ages_s: tuple[float, ...]
    checks_max: int


DEFAULT = Schedule(ages_s=tuple(h * 3600.0 for h in (0.5, 2, 6, 24, 72, 168, 720)), checks_max=40)


def read(hours: str, checks_max: int) -> Schedule:
    """A schedule from ``0.5,2,6``. Misconfigured ``setting-invalid`` unless positive and rising."""
    try:
        ages = tuple(float(part) * 3600.0 for part in hours.split(","))
    except ValueError:
        ages = ()
    if not ages or ages[0] <= 0 or any(b <= a for a, b in pairwise(ages)):
        raise Misconfigured(
            "setting-invalid",
            f"NEWSROOM_REVISITS__AGES_H: {hours!r} is no rising list of hours, such as 0.5,2,6",
        )
    return Schedule(ages_s=ages, checks_max=checks_max)


def next_look(
    schedule: Schedule,
    *,
    born_at: datetime,
    changed_at: datetime | None,
    checks: int,
    now: datetime,
) -> datetime | None:
    """The next mark after now; None for a text that is too old, or was looked at often enough.

    Two looks are never closer than half the first age.
    """
    life = timedelta(seconds=LIFE_OF_LONGEST * schedule.ages_s[-1])
    if checks >= schedule.checks_max or now - born_at >= life:
        return None
    start = born_at if changed_at is None else max(born_at, changed_at)
    soonest = now + timedelta(seconds=schedule.ages_s[0] / 2)
    marks = (start + timedelta(seconds=age) for age in schedule.ages_s)
    return next((mark for mark in marks if mark >= soonest), None)


def after_failure(
    schedule: Schedule, *, born_at: datetime, failures: int, now: datetime
) -> datetime | None:
    """When to try again after ``failures`` looks in a row without an answer; doubling."""
    if now - born_at >= timedelta(seconds=LIFE_OF_LONGEST * schedule.ages_s[-1]):
        return None
    return now + timedelta(seconds=min(FAILED_MAX_S, FAILED_S * 2 ** (failures - 1)))
