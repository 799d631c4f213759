"""When a front page is to be looked at: fixed hours of the outlet's own day. Pure.

A slot is an instant. Where the clock is put forward over an hour, that hour has no slot; where it
is put back, an hour that comes twice has two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from newsroom.store.front_pages import LastLook
from scraper.outlets.registry import Outlet

GRACE = timedelta(hours=1)  # a look that comes later than this does not serve the slot
MISSED_MAX = timedelta(days=31)  # after a longer pause nobody ran this: no row says more than that
STEP = timedelta(minutes=15)  # all offsets from UTC are multiples of it


def hours_of(text: str) -> frozenset[int]:
    """The hours that the setting ``front_page_hours`` names."""
    return frozenset(map(int, text.split(",")))


def slots(
    timezone: str, hours: Collection[int], after: datetime, until: datetime
) -> list[datetime]:
    """Slots in the interval ``(after, until]``, in UTC."""
    zone = ZoneInfo(timezone)
    start = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    found = []
    for step in range(int((until - start) / STEP) + 1):
        instant = start + step * STEP
        local = instant.astimezone(zone)
        if local.minute == 0 and local.hour in hours and after < instant <= until:
            found.append(instant)
    return found


def slot_of(at: datetime, timezone: str, hours: Collection[int]) -> datetime | None:
    """The slot that a look at this time serves; None where it comes too late for any."""
    return max(slots(timezone, hours, at - GRACE, at), default=None)


def due(
    outlets: Iterable[Outlet],
    looks: Mapping[str, LastLook],
    now: datetime,
    hours: Collection[int],
) -> list[Outlet]:
    """Outlets with a slot that is open now and unserved; a failed look is tried again."""
    found = []
    for outlet in outlets:
        slot = slot_of(now, outlet.publisher.timezone, hours)
        last = looks.get(outlet.publisher.publisher_id)
        answered_at = last.answered_at if last else None
        if slot is not None and (answered_at is None or answered_at < slot):
            found.append(outlet)
    return found


def missed(
    outlets: Iterable[Outlet],
    looks: Mapping[str, LastLook],
    now: datetime,
    hours: Collection[int],
) -> list[tuple[Outlet, datetime]]:
    """Slots since each outlet's last look that are over and that nobody even tried to serve."""
    found = []
    for outlet in outlets:
        if (last := looks.get(outlet.publisher.publisher_id)) is None:
            continue
        after = max(last.tried_at, now - MISSED_MAX)
        over = slots(outlet.publisher.timezone, hours, after, now - GRACE)
        found += [(outlet, slot) for slot in over]
    return found
