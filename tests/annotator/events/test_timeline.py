"""What supersedes what: chains of values, their latest, and old values told late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from annotator.events import timeline
from annotator.events.pairing import PairModel
from annotator.events.timeline import Slot, Told, chain, mentions, slots

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
KIND = PairModel(
    features=timeline.FEATURES, bias=-4.0, least=0.5,
    weights=tuple(8.0 * (name in {"same kind", "tallies"}) for name in timeline.FEATURES),
)  # fmt: skip


def told(hour: float, text: str, outlet: str = "a", source: str | None = None) -> Told:
    article = f"{outlet}-{hour}"
    return Told(
        article=article, outlet=outlet, source=source or article, at=START + timedelta(hours=hour),
        number=0, text=text,
    )  # fmt: skip


def made(*said: Told) -> list[Slot]:
    found = mentions(said)
    return slots(found, np.ones((len(found), 1), np.float32), KIND)


def test_a_rising_toll_ends_with_its_newest_value_and_who_told_it() -> None:
    (slot,) = made(
        told(0, "The quake killed 9 people."),
        told(5, "Rescuers say the death toll is now 14.", "b"),
        told(6, "Fourteen people died and 30 were hurt.", "c"),
    )
    assert slot.values == ("9", "14") or slot.values == ("9", "Fourteen")
    assert [s.role for s in slot.steps] == ["new", "new", "repeat"]
    assert {s.mention.told.outlet for s in slot.latest} == {"b", "c"}
    assert slot.name.startswith("killed")


def test_a_late_copy_of_an_old_report_is_stale_and_brings_nothing_back() -> None:
    (slot,) = made(
        told(0, "The quake killed 9 people."),
        told(5, "The death toll rose to 14.", "b"),
        told(9, "The quake killed 9 people.", "c", source="a-0"),
    )
    assert slot.values[-1] == "14"
    assert [s.role for s in slot.steps] == ["new", "new", "stale"]


def test_a_value_told_as_former_makes_a_chain_in_one_text() -> None:
    (slot,) = made(told(0, "The death toll was revised down to 12, from 15."))
    assert slot.values == ("15", "12")
    assert [s.role for s in slot.steps] == ["former", "new"]


def test_a_withdrawn_value_stands_no_more() -> None:
    (slot,) = made(
        told(0, "The quake killed 9 people."),
        told(5, "The death toll rose to 14.", "b"),
        told(7, "Correction: the death toll of 14 was wrong.", "b"),
    )
    assert slot.values[-1] == "9"


def test_two_numbers_side_by_side_are_no_update() -> None:
    assert made(told(0, "Two people died at the mall, and 9 people died at the port.")) == []
    assert made(told(0, "The quake killed 9 people.")) == []
    assert made() == []


def test_the_dead_and_the_hurt_are_two_amounts() -> None:
    found = made(
        told(0, "The quake killed 9 people and injured 20."),
        told(5, "The quake killed 12 people and injured 31.", "b"),
    )
    assert sorted(slot.values for slot in found) == [("20", "31"), ("9", "12")]


def test_roundly_told_is_no_new_value() -> None:
    rounded = told(3, "About 400 people died.", "b")
    assert made(told(0, "The flood killed 412 people."), rounded) == []
    small = told(3, "About 10 people died.", "b")
    (slot,) = made(told(0, "The flood killed 9 people."), small)
    assert slot.values == ("9", "10")


def test_votes_are_compared_by_both_sides() -> None:
    (slot,) = made(
        told(0, "The committee voted 7 to 6 against it."),
        told(24, "The house voted 51-49 for it.", "b"),
        told(30, "The house voted 51 to 49 for it.", "c"),
    )
    assert [s.value for s in slot.steps] == [0, 1, 1]


def test_nothing_depends_on_the_order_of_arrival() -> None:
    said = [told(h, f"The death toll rose to {n}.", o) for h, n, o in
            ((0, 3, "a"), (2, 5, "b"), (4, 5, "c"), (6, 9, "a"), (7, 3, "d"))]  # fmt: skip
    assert made(*said) == made(*reversed(said))
    assert made(*said)[0].values == ("3", "5", "9")


def test_beyond_the_limit_what_is_told_most_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MOST_MENTIONS", 2)
    kept = mentions([
        told(0, "It cost $5."), told(1, "The quake killed 9."), told(2, "The quake killed 12."),
    ])  # fmt: skip
    assert [m.amount.value for m in kept] == [9, 12]


def test_a_chain_needs_more_than_former_values() -> None:
    found = mentions([told(0, "Correction: the toll of 14 was wrong."),
                      told(1, "Correction: the toll of 15 was wrong.")])  # fmt: skip
    assert len(found) == 2
    assert chain(found) is None
