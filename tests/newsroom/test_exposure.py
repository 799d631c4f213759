"""Lead hours by hand; what nobody looked at is unknown, not zero."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsroom.exposure import Look, exposure, weight

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def look(hour: float, *ranks: int, came: bool = True) -> Look:
    return Look(taken_at=NOON + timedelta(hours=hour), came=came, ranks=ranks)


def of(*looks: Look):
    return exposure(looks, NOON, NOON + timedelta(hours=24))


def test_weights() -> None:
    assert weight([1]) == 1
    assert weight([3]) == 0.5
    assert weight([1, 3]) == 1.5
    assert weight([]) == 0


def test_hours_count_by_rank() -> None:
    found = of(look(0, 1), look(4, 1), look(8, 3), look(12))
    assert found.lead_h == pytest.approx(4 * 1 + 4 * 0.75 + 4 * 0.25)
    assert (found.known_h, found.span_h, found.looks, found.best_rank) == (12, 24, 4, 1)


def test_without_looks_nothing_is_known() -> None:
    for looks in ([], [look(1, 2)], [look(1, 2), look(5, came=False), look(9, 2)]):
        found = of(*looks)
        assert found.lead_h is None
        assert found.known_h == 0


def test_a_page_that_never_showed_it_is_zero() -> None:
    found = of(look(0), look(6))
    assert (found.lead_h, found.best_rank) == (0, None)


def test_a_long_pause_is_not_filled_in() -> None:
    found = of(look(0, 1), look(13, 1), look(14, 1))
    assert (found.lead_h, found.known_h) == (1, 1)
