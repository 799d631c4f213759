from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.errors import Misconfigured
from scraper.revisions import schedule
from scraper.revisions.schedule import DEFAULT, after_failure, next_look

BORN = datetime(2026, 3, 2, 12, tzinfo=UTC)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


def looks(changes: set[int] = frozenset(), until: int = 100) -> list[float]:
    """Hours at which an article is looked at when every look is on time; some find a change."""
    now, changed, found = BORN, None, []
    for n in range(until):
        at = next_look(DEFAULT, born_at=BORN, changed_at=changed, checks=n, now=now)
        if at is None:
            return found
        found.append((at - BORN) / hours(1))
        now = at
        changed = at if n in changes else changed
    return found


def test_ever_later_and_then_no_more() -> None:
    assert looks() == [0.5, 2, 6, 24, 72, 168, 720]


def test_a_change_is_looked_at_sooner_again() -> None:
    assert looks({3}) == [0.5, 2, 6, 24, 24.5, 26, 30, 48, 96, 192, 744]


def test_a_text_that_changes_for_ever_is_left_in_the_end() -> None:
    found = looks(set(range(1000)), until=1000)
    assert len(found) == DEFAULT.checks_max


def test_an_old_article_is_not_looked_at() -> None:
    assert (
        next_look(DEFAULT, born_at=BORN, changed_at=None, checks=0, now=BORN + hours(721)) is None
    )
    late = BORN + hours(3 * 720)
    assert next_look(DEFAULT, born_at=BORN, changed_at=late, checks=0, now=late) is None


@given(st.floats(0, 3000), st.floats(0, 3000), st.integers(0, 50))
def test_never_twice_at_once(age_h: float, changed_h: float, checks: int) -> None:
    now = BORN + hours(age_h)
    changed = BORN + hours(min(changed_h, age_h))
    at = next_look(DEFAULT, born_at=BORN, changed_at=changed, checks=checks, now=now)
    assert at is None or at >= now + hours(0.25)


def test_no_answer_is_asked_again_at_growing_distance() -> None:
    at = [after_failure(DEFAULT, born_at=BORN, failures=n, now=BORN) for n in range(1, 9)]
    assert [(a - BORN) / hours(1) for a in at if a] == [0.5, 1, 2, 4, 8, 16, 24, 24]
    assert after_failure(DEFAULT, born_at=BORN, failures=1, now=BORN + hours(2160)) is None


def test_ages_from_a_setting() -> None:
    assert schedule.read("1,2.5", 3).ages_s == (3600.0, 9000.0)
    for wrong in ("", "2,1", "0,1", "-1", "soon", "1,1"):
        with pytest.raises(Misconfigured, match="AGES_H"):
            schedule.read(wrong, 3)
