from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsroom.store.front_pages import LastLook
from scraper.frontpage import schedule
from scraper.frontpage.schedule import due, hours_of, missed, slot_of, slots
from scraper.outlets.registry import Outlet

HOURS = hours_of("6,10,14,18,22")
HOURLY = frozenset(range(24))
NEW_YORK = "America/New_York"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_hours_are_those_of_the_outlets_clock_in_winter_and_summer() -> None:
    winter = slots(NEW_YORK, HOURS, utc(2026, 1, 15), utc(2026, 1, 16))
    summer = slots(NEW_YORK, HOURS, utc(2026, 7, 15), utc(2026, 7, 16))
    assert [s.hour for s in winter] == [3, 11, 15, 19, 23]
    assert [s.hour for s in summer] == [2, 10, 14, 18, 22]


@pytest.mark.parametrize(
    ("timezone", "day", "count"),
    [
        ("America/New_York", utc(2026, 3, 8), 23),  # the clock is put forward
        ("America/New_York", utc(2026, 11, 1), 25),  # and back
        ("America/New_York", utc(2026, 6, 1), 24),
        ("Europe/London", utc(2026, 3, 29), 23),
        ("Asia/Kolkata", utc(2026, 6, 1), 24),  # half an hour off
        ("Asia/Kathmandu", utc(2026, 6, 1), 24),  # three quarters
        ("UTC", utc(2028, 2, 29), 24),
    ],
)
def test_an_hour_that_is_skipped_has_no_slot_and_one_that_comes_twice_two(
    timezone: str, day: datetime, count: int
) -> None:
    from zoneinfo import ZoneInfo

    start = day.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    end = (day + timedelta(days=1)).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    found = slots(timezone, HOURLY, start - timedelta(seconds=1), end - timedelta(seconds=1))
    assert len(found) == len(set(found)) == count
    assert all(s.astimezone(ZoneInfo(timezone)).minute == 0 for s in found)


def test_a_slot_is_open_for_an_hour() -> None:
    slot = utc(2026, 1, 15, 11)
    assert slot_of(slot, NEW_YORK, HOURS) == slot
    assert slot_of(slot + timedelta(minutes=59), NEW_YORK, HOURS) == slot
    assert slot_of(slot + schedule.GRACE, NEW_YORK, HOURS) is None
    assert slot_of(slot - timedelta(seconds=1), NEW_YORK, HOURS) is None


def test_due_is_whoever_has_an_open_slot_without_an_answer(outlet: Outlet) -> None:
    now = utc(2026, 1, 15, 11, 20)
    slot = utc(2026, 1, 15, 11)
    served = LastLook(slot + timedelta(minutes=5), slot + timedelta(minutes=5))
    failed = LastLook(slot + timedelta(minutes=5), slot - timedelta(hours=8))
    assert due([outlet], {}, now, HOURS) == [outlet]
    assert due([outlet], {"gull": served}, now, HOURS) == []
    assert due([outlet], {"gull": failed}, now, HOURS) == [outlet]
    assert due([outlet], {}, now + timedelta(hours=2), HOURS) == []
    london = replace(outlet, publisher=replace(outlet.publisher, timezone="Europe/London"))
    assert due([london], {}, now, HOURS) == []


def test_slots_that_nobody_tried_to_serve_are_missed(outlet: Outlet) -> None:
    looked = utc(2026, 1, 15, 11, 5)
    looks = {"gull": LastLook(looked, looked)}
    now = utc(2026, 1, 16, 3, 30)
    over = [slot for _, slot in missed([outlet], looks, now, HOURS)]
    assert over == [utc(2026, 1, 15, 15), utc(2026, 1, 15, 19), utc(2026, 1, 15, 23)]
    assert missed([outlet], {}, now, HOURS) == []
    long_ago = {"gull": LastLook(utc(2020, 1, 1), None)}
    assert len(missed([outlet], long_ago, now, HOURLY)) == 31 * 24 - 1
