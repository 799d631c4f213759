"""What an article is reminded of, as of one moment, and what it is told of each chunk."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from bank_records import LATER, NOON, WIDTH, bank_of, key, record
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_lm.bank import AsOf, Bank, Link, Record
from memory_lm.recall import (
    CHANCE_LOGIT_MAX,
    CHUNKS_READ,
    LEAST_CHANCE,
    NEAREST_OF_CHUNK,
    Recalled,
    recall,
)


def asker(parts: int = 2, day: float = 9.0, **changes) -> list[Record]:
    """An article that is not in the bank; its publisher has written nothing there."""
    return [
        record(-1 - part, day, article_id="reader", part=part, publisher_id="q", **changes)
        for part in range(parts)
    ]


def reminded(
    bank: Bank,
    as_of: AsOf = LATER,
    asking: list[Record] | None = None,
    chances: dict[str, float] | None = None,
) -> Recalled:
    asking = asker() if asking is None else asking
    keys = np.stack([key(1000 + i) for i in range(len(asking))])
    return recall(bank, asking, keys, as_of, chances or {})


def by_id(found: Recalled, what: str) -> dict[int, float]:
    return dict(zip(found.record_ids, getattr(found, what).tolist(), strict=True))


def test_the_nearest_of_all_chunks_are_read_once_each_and_at_most_32():
    bank = bank_of(*(record(i, i / 10) for i in range(200)))
    parts = 7
    found = reminded(bank, asking=asker(parts))
    kept = np.stack([bank.key(i) for i in range(200)])
    best: dict[int, float] = {}
    for part in range(parts):
        scores = kept @ key(1000 + part) / np.linalg.norm(key(1000 + part))
        for i in np.argsort(-scores)[:NEAREST_OF_CHUNK]:
            best[int(i)] = max(best.get(int(i), -1.0), float(scores[i]))
    assert len(best) > CHUNKS_READ
    expected = sorted(best, key=lambda i: -best[i])[:CHUNKS_READ]
    assert list(found.record_ids) == expected
    assert len(found.record_ids) == CHUNKS_READ == 32
    told = (found.age_h, found.rank, found.same_event, found.same_outlet)
    assert {x.shape for x in told} == {(CHUNKS_READ,)}


def test_one_chunk_asks_for_its_eight_nearest():
    bank = bank_of(*(record(i) for i in range(30)))
    assert len(reminded(bank, asking=asker(1)).record_ids) == NEAREST_OF_CHUNK
    assert len(reminded(bank_of(record(1)), asking=asker(4)).record_ids) == 1


def test_the_own_article_is_never_recalled():
    bank = bank_of(record(1), record(2, article_id="reader"))
    bank.append([record(3, article_id="reader", part=1)], key(1000)[None])
    assert reminded(bank).record_ids == (1,)


def test_only_what_was_published_and_written_by_then_is_recalled():
    bank = bank_of(record(1, 0), record(2, 5), record(3, 1))
    day_2 = NOON + timedelta(days=2)
    assert sorted(reminded(bank).record_ids) == [1, 2, 3]
    assert sorted(reminded(bank, AsOf(time=day_2, sequence=3)).record_ids) == [1, 3]
    assert sorted(reminded(bank, AsOf(time=day_2, sequence=2)).record_ids) == [1]
    assert reminded(bank, AsOf(time=NOON - timedelta(days=1), sequence=3)).record_ids == ()


@st.composite
def histories(draw):
    """Records on few days (so that times tie), links, withdrawals; some are of the reader."""
    count = draw(st.integers(1, 14))
    days = draw(st.lists(st.integers(0, 6), min_size=count, max_size=count))
    owners = draw(st.lists(st.sampled_from(["a", "b", "reader"]), min_size=count, max_size=count))
    records = [
        record(i, day, article_id=owner, part=i, publisher_id="q" if i % 3 else "p")
        for i, (day, owner) in enumerate(zip(days, owners, strict=True))
    ]
    some = st.integers(0, count - 1)
    links = [
        Link(
            first=a, second=b, sequence=max(a, b) + more,
            relation="duplicate" if same else "updates",
        )
        for a, b, same, more in draw(
            st.lists(st.tuples(some, some, st.booleans(), st.integers(0, 9)), max_size=10)
        )
        if a != b
    ]  # fmt: skip
    taken = st.lists(st.tuples(some, st.integers(0, 7), st.integers(0, 9)), max_size=3)
    withdrawals = [(i, day, i + more) for i, day, more in draw(taken)]
    return records, links, withdrawals


def filled(records, links, withdrawals) -> Bank:
    bank = bank_of(*records)
    for link in links:
        bank.join(link)
    for i, day, sequence in withdrawals:
        bank.withdraw(i, at=NOON + timedelta(days=day), sequence=sequence)
    return bank


moments = st.builds(
    lambda day, sequence: AsOf(time=NOON + timedelta(days=day), sequence=sequence),
    st.integers(-1, 9), st.integers(-1, 24),
)  # fmt: skip


@given(histories(), moments, st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_what_is_written_or_published_later_changes_no_earlier_answer(history, as_of, day):
    records, links, withdrawals = history
    seen = {
        r.record_id for r in records
        if r.sequence <= as_of.sequence and r.published_at <= as_of.time
    }  # fmt: skip
    past = filled(
        [r for r in records if r.record_id in seen],
        [x for x in links if x.sequence <= as_of.sequence and {x.first, x.second} <= seen],
        [x for x in withdrawals if x[2] <= as_of.sequence and x[0] in seen
         and NOON + timedelta(days=x[1]) <= as_of.time],
    )  # fmt: skip
    asking, chances = asker(3, day), {"a": 0.9}
    then = reminded(past, as_of, asking, chances)
    now = reminded(filled(*history), as_of, asking, chances)
    assert now.record_ids == then.record_ids
    for what in ("age_h", "rank", "same_event", "same_outlet"):
        np.testing.assert_array_equal(getattr(now, what), getattr(then, what))


@given(histories(), moments, st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_whatever_is_recalled_may_be_and_is_told_rightly(history, as_of, day):
    bank, asking = filled(*history), asker(3, day)
    found = reminded(bank, as_of, asking, {"a": 1.0, "b": 0.0})
    for i, age, outlet, rank in zip(
        found.record_ids, found.age_h, found.same_outlet, found.rank, strict=True
    ):
        item, standing = bank.record(i), bank.standing(i, as_of)
        assert item.article_id != "reader"
        assert not standing.withdrawn
        assert age == max(24 * (day - (item.published_at - NOON).days), 0)
        assert bool(outlet) == (item.publisher_id == "q")
        # A copy of a claim that stands is none of the later ones, yet it is not live itself.
        repeats = standing.valid_to == item.published_at and standing.superseded_by is not None
        if not repeats:
            assert (rank == 0) == (standing.valid_to is None)
    assert (np.abs(found.same_event) <= CHANCE_LOGIT_MAX).all()


def test_superseded_claims_are_found_with_how_many_later_there_are():
    bank = bank_of(record(1, 0), record(2, 1), record(3, 2), record(4, 3))
    bank.join(Link(first=1, second=2, sequence=2))
    bank.join(Link(first=2, second=3, sequence=3))
    assert by_id(reminded(bank), "rank") == {1: 2, 2: 1, 3: 0, 4: 0}
    before = AsOf(time=LATER.time, sequence=2)
    assert by_id(reminded(bank, before), "rank") == {1: 1, 2: 0}


def test_withdrawn_claims_are_not_found_and_count_for_no_rank():
    bank = bank_of(record(1, 0), record(2, 1), record(3, 2))
    bank.join(Link(first=1, second=2, sequence=2))
    bank.join(Link(first=2, second=3, sequence=3))
    bank.withdraw(3, at=NOON + timedelta(days=4), sequence=5)
    assert by_id(reminded(bank), "rank") == {1: 1, 2: 0}
    untaken = by_id(reminded(bank, replace(LATER, sequence=4)), "rank")
    assert untaken == {1: 2, 2: 1, 3: 0}


def test_a_late_copy_of_an_old_claim_has_the_rank_of_that_claim():
    """Its date is the newest of the slot; what it says is the oldest."""
    bank = bank_of(record(1, 0), record(2, 1), record(3, 4))
    bank.join(Link(first=1, second=2, sequence=2))
    bank.join(Link(first=1, second=3, sequence=3, relation="duplicate"))
    assert by_id(reminded(bank), "rank") == {1: 1, 2: 0, 3: 1}
    bank.withdraw(1, at=NOON + timedelta(days=5), sequence=4)
    assert by_id(reminded(bank), "rank") == {2: 0, 3: 1}


def test_chunks_of_the_own_outlet_are_marked():
    bank = bank_of(record(1), record(2, publisher_id="q"))
    assert by_id(reminded(bank), "same_outlet") == {1: False, 2: True}


@pytest.mark.parametrize(
    ("chance", "logit"),
    [(0.5, 0.0), (0.9, math.log(9)), (0.1, -math.log(9)), (1.0, 4.0), (0.0, -4.0), (0.99, 4.0)],
)
def test_the_pointers_chance_becomes_a_logit_within_four(chance, logit):
    found = reminded(bank_of(record(1), record(2)), chances={"a1": chance, "other": 0.5})
    told = by_id(found, "same_event")
    assert told[1] == pytest.approx(logit, abs=1e-5)
    assert told[2] == pytest.approx(math.log(LEAST_CHANCE / (1 - LEAST_CHANCE)), abs=1e-5)


def test_ages_are_hours_and_never_negative():
    bank = bank_of(record(1, 0), record(2, 8.5), record(3, 30))
    found = reminded(bank, asking=asker(day=9))
    assert by_id(found, "age_h") == {1: 216.0, 2: 12.0, 3: 0.0}


@pytest.mark.parametrize("asking", [[], None])
def test_without_chunks_or_without_a_past_nothing_is_recalled(asking):
    bank = bank_of(record(1)) if asking == [] else Bank("v1", WIDTH)
    keys = np.zeros((0, WIDTH), np.float32) if asking == [] else np.stack([key(1), key(2)])
    found = recall(bank, asker() if asking is None else asking, keys, LATER, {})
    assert found.record_ids == ()
    kinds = {"age_h": "f4", "rank": "f4", "same_event": "f4", "same_outlet": "?"}
    for what, kind in kinds.items():
        assert getattr(found, what).shape == (0,)
        assert getattr(found, what).dtype == np.dtype(kind)
