from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from bank_records import LATER, NOON, WIDTH, bank_of, key, record
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_lm.bank import AsOf, Bank, Link, Question
from newsroom.errors import BadRequest, NotFound, Refused


def chain(bank: Bank, record_id: int, as_of: AsOf = LATER) -> list[int]:
    return [r.record_id for r in bank.chain(record_id, as_of)]


def found(bank: Bank, as_of: AsOf = LATER, **options) -> list[int]:
    [hits] = bank.search(key(0)[None], as_of, k=len(bank) or 1, **options)
    return [hit.record.record_id for hit in hits]


@st.composite
def histories(draw):
    """Records on few days (so that times tie), links and withdrawals, and an order of arrival."""
    count = draw(st.integers(1, 9))
    days = draw(st.lists(st.integers(0, 6), min_size=count, max_size=count))
    articles = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    records = [
        record(i, day, article_id=f"a{article}", part=i, event_id=f"e{i % 2}")
        for i, (day, article) in enumerate(zip(days, articles, strict=True))
    ]
    pairs = st.tuples(
        st.integers(0, count - 1), st.integers(0, count - 1), st.booleans(), st.integers(0, 9)
    )
    links = [
        Link(
            first=a,
            second=b,
            sequence=max(a, b) + more,
            relation="duplicate" if same else "updates",
        )
        for a, b, same, more in draw(st.lists(pairs, max_size=10))
        if a != b
    ]
    taken = st.tuples(st.integers(0, count - 1), st.integers(0, 7), st.integers(0, 9))
    withdrawals = [(i, day, i + more) for i, day, more in draw(st.lists(taken, max_size=3))]
    return records, links, withdrawals, draw(st.permutations(range(count)))


def filled(records, links, withdrawals, arrival) -> Bank:
    bank = Bank("v1", WIDTH)
    for i in arrival:
        bank.append([records[i]], key(i)[None])
    for link in links:
        bank.join(link)
    for i, day, sequence in withdrawals:
        bank.withdraw(i, at=NOON + timedelta(days=day), sequence=sequence)
    return bank


moments = st.builds(
    lambda day, sequence: AsOf(time=NOON + timedelta(days=day), sequence=sequence),
    st.integers(-1, 9), st.integers(-1, 20),
)  # fmt: skip


@given(histories())
@settings(max_examples=150, deadline=None)
def test_the_order_of_arrival_changes_nothing(history):
    records, links, withdrawals, arrival = history
    one = filled(records, links, withdrawals, range(len(records)))
    other = filled(records, reversed(links), reversed(withdrawals), arrival)
    for item in records:
        assert chain(one, item.record_id) == chain(other, item.record_id)
    assert sorted(found(one)) == sorted(found(other))


@given(histories(), moments)
@settings(max_examples=150, deadline=None)
def test_what_is_written_or_published_later_changes_no_earlier_read(history, as_of):
    records, links, withdrawals, arrival = history
    known = [i for i in arrival if records[i].sequence <= as_of.sequence]
    published = [i for i in known if records[i].published_at <= as_of.time]

    def both_in(link: Link, ids: list[int]) -> bool:
        return {link.first, link.second} <= set(ids)

    past = filled(
        records,
        [x for x in links if x.sequence <= as_of.sequence and both_in(x, published)],
        [x for x in withdrawals if x[2] <= as_of.sequence and x[0] in published
         and NOON + timedelta(days=x[1]) <= as_of.time],
        published,
    )  # fmt: skip
    present = filled(records, links, withdrawals, arrival)
    assert sorted(found(past, as_of)) == sorted(found(present, as_of))
    for i in published:
        assert chain(past, i, as_of) == chain(present, i, as_of)
        assert past.standing(i, as_of) == present.standing(i, as_of)


@given(histories(), moments)
@settings(max_examples=150, deadline=None)
def test_search_finds_exactly_what_stands(history, as_of):
    bank = filled(*history)
    for moment in (as_of, LATER):
        standing = []
        for item in history[0]:
            if item.sequence <= moment.sequence and item.published_at <= moment.time:
                where = bank.standing(item.record_id, moment)
                if where.valid_to is None:
                    standing.append(item.record_id)
                    assert bank.state(item.record_id, moment) == item
        assert sorted(found(bank, moment)) == standing


@given(histories(), st.integers(0, 5))
@settings(max_examples=150, deadline=None)
def test_forgetting_an_article_leaves_the_others_in_their_slots(history, article):
    bank = filled(*history)
    gone = [r.record_id for r in history[0] if r.article_id == f"a{article}"]
    before = {
        r.record_id: set(bank.slots.members(r.record_id, bank_everything())) for r in history[0]
    }
    assert bank.forget(f"a{article}") == len(gone)
    assert bank.forget(f"a{article}") == 0
    left = [r.record_id for r in history[0] if r.record_id not in gone]
    assert len(bank) == len(left)
    if gone:  # and no vector is left in the room to grow
        assert {len(bank._keys), *(len(column) for column in bank._columns)} == {len(left)}
    for i in left:
        assert bank.slots.members(i, bank_everything()) == before[i] - set(gone)
    assert sorted(found(bank)) == [i for i in left if bank.standing(i, LATER).valid_to is None]
    for i in gone:
        with pytest.raises(NotFound):
            bank.record(i)


def bank_everything():
    from memory_lm.slots import EVERYTHING

    return EVERYTHING


def test_the_newest_claim_stands_and_the_older_ones_say_until_when():
    bank = bank_of(record(1, 0), record(2, 1), record(3, 2))
    bank.join(Link(first=1, second=2, sequence=2))
    bank.join(Link(first=2, second=3, sequence=3))
    assert chain(bank, 1) == [1, 2, 3]
    first = bank.standing(1, LATER)
    assert (first.valid_to, first.superseded_by) == (NOON + timedelta(days=1), 2)
    assert bank.standing(3, LATER).valid_to is None
    assert found(bank) == [3]
    assert sorted(found(bank, superseded=True)) == [1, 2, 3]
    yesterday = AsOf(time=NOON + timedelta(days=1.5), sequence=3)
    assert found(bank, yesterday) == [2]
    assert found(bank, replace(LATER, sequence=1)) == [1]


def test_a_late_old_article_takes_its_old_place():
    bank = bank_of(record(1, 0), record(2, 5), record(3, 2))
    bank.join(Link(first=1, second=2, sequence=2))
    bank.join(Link(first=2, second=3, sequence=3))
    assert chain(bank, 3) == [1, 3, 2]
    assert found(bank) == [2]
    assert bank.standing(1, LATER).superseded_by == 3


def test_a_late_copy_does_not_bring_the_old_claim_back():
    bank = bank_of(record(1, 0), record(2, 1), record(3, 4))
    bank.join(Link(first=1, second=2, sequence=2))
    bank.join(Link(first=1, second=3, sequence=3, relation="duplicate"))
    assert found(bank) == [2]
    assert chain(bank, 3) == [1, 2]
    assert bank.standing(3, LATER).superseded_by == 1
    bank.forget("a1")
    assert found(bank) == [2]
    assert chain(bank, 3) == [3, 2]


def test_a_late_copy_keeps_its_old_place_when_what_it_copied_is_forgotten():
    bank = bank_of(record(1, 0), record(2, 3), record(3, 1), record(4, 4))
    bank.join(Link(first=1, second=2, sequence=2, relation="duplicate"))
    bank.join(Link(first=2, second=3, sequence=3))
    bank.join(Link(first=2, second=4, sequence=4, relation="duplicate"))
    assert found(bank) == [3]
    bank.forget("a2")
    assert found(bank) == [3]
    assert chain(bank, 4) == [1, 3]


def test_dropping_leaves_what_would_stand_without_it():
    bank = bank_of(record(1, 0), record(2, 1), record(3, 2))
    bank.join(Link(first=1, second=2, sequence=2))
    bank.join(Link(first=2, second=3, sequence=3))
    bank.drop([2])
    assert sorted(found(bank)) == [1, 3]
    assert len(bank) == len(bank._keys) == 2
    bank.append([record(4, 3, event_id="f")], key(4)[None])
    assert found(bank, events=["f"]) == [4]
    np.testing.assert_allclose(bank.key(3), key(3) / np.linalg.norm(key(3)), atol=1e-6)


def test_events_can_be_told_anew():
    bank = bank_of(record(1), record(2), record(3, event_id=None))
    bank.regroup({"a1": "e", "a3": "f"})
    assert found(bank, events=["e"]) == [1]
    assert found(bank, events=["f"]) == [3]
    assert [bank.record(i).event_id for i in (1, 2, 3)] == ["e", None, "f"]


@given(histories(), st.lists(moments, min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_many_questions_at_once_are_answered_as_one_by_one(history, asked):
    bank = filled(*history)
    questions = [
        Question(
            queries=np.stack([key(i), key(i + 1)]), as_of=as_of, without_article=f"a{i % 6}",
            superseded=i % 3 == 0, events=["e0"] if i % 4 == 0 else None,
        )
        for i, as_of in enumerate(asked)
    ]  # fmt: skip
    for question, at_once in zip(questions, bank.search_all(questions, k=3), strict=True):
        alone = bank.search(
            question.queries, question.as_of, k=3, without_article=question.without_article,
            superseded=question.superseded, events=question.events,
        )  # fmt: skip
        assert [[h.record for h in line] for line in at_once] == [
            [h.record for h in line] for line in alone
        ]


def test_a_withdrawn_claim_gives_way_to_the_one_before_from_then_on():
    bank = bank_of(record(1, 0), record(2, 1))
    bank.join(Link(first=1, second=2, sequence=2))
    bank.withdraw(2, at=NOON + timedelta(days=3), sequence=3)
    assert found(bank) == [1]
    assert bank.standing(2, LATER).withdrawn
    assert found(bank, superseded=True) == [1]
    assert found(bank, AsOf(time=NOON + timedelta(days=2), sequence=3)) == [2]
    assert found(bank, replace(LATER, sequence=2)) == [2]
    bank.withdraw(1, at=NOON, sequence=4)
    assert bank.state(1, LATER) is None


def test_scope_and_exclusions():
    bank = bank_of(record(1), record(2, publisher_id="q"), record(3, event_id=None))
    assert sorted(found(bank, events=["e"])) == [1, 2]
    assert found(bank, events=["nowhere"]) == []
    assert sorted(found(bank, without_publisher="q")) == [1, 3]
    assert sorted(found(bank, without_article="a1")) == [2, 3]
    assert sorted(found(bank, without_article="unknown")) == [1, 2, 3]


def test_search_is_exact_over_many_and_ties_go_to_the_newer():
    rng = np.random.default_rng(0)
    keys = rng.standard_normal((3000, WIDTH)).astype(np.float32)
    keys[1] = keys[0]
    bank = Bank("v1", WIDTH)
    bank.append([record(i, i / 10) for i in range(3000)], keys)
    unit = keys / np.linalg.norm(keys, axis=1, keepdims=True)
    queries = np.vstack([keys[0], rng.standard_normal(WIDTH)]).astype(np.float32)
    far = replace(LATER, sequence=10**6)
    for as_of, count in ((far, 3000), (replace(far, sequence=500), 501)):
        for query, hits in zip(queries, bank.search(queries, as_of, k=700), strict=True):
            best = np.sort(unit[:count] @ (query / np.linalg.norm(query)))[::-1][:700]
            np.testing.assert_allclose([hit.score for hit in hits], best, atol=1e-5)
    assert [hit.record.record_id for hit in bank.search(queries[:1], far, k=2)[0]] == [1, 0]


def test_an_empty_bank_answers():
    assert Bank("v1", WIDTH).search(key(0)[None], LATER, k=3) == [[]]


def test_filling_twice_changes_nothing():
    bank = bank_of(record(1), record(2, 1))
    for _ in range(2):
        bank.append([record(1), record(1)], np.stack([key(1), key(1)]))
        bank.join(Link(first=1, second=2, sequence=2))
    assert len(bank) == 2
    assert chain(bank, 1) == [1, 2]


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_broken_vectors_are_refused_and_nothing_is_added(broken):
    bank = bank_of(record(1))
    bad = np.stack([key(2), key(3)])
    bad[1, 0] = broken
    for vectors in (bad, np.zeros((2, WIDTH), dtype=np.float32)):
        with pytest.raises(Refused) as caught:
            bank.append([record(2), record(3)], vectors)
        assert caught.value.code == "memory-vector-broken"
    with pytest.raises(BadRequest):
        bank.append([record(2)], np.ones((1, WIDTH + 1), dtype=np.float32))
    with pytest.raises(Refused):
        bank.search(np.full((1, WIDTH), broken, dtype=np.float32), LATER, k=1)
    assert len(bank) == 1


def test_vectors_of_another_backbone_are_refused_by_name():
    with pytest.raises(Refused, match=r"v2 cannot join a bank of v1") as caught:
        bank_of(record(1), record(2, backbone_version="v2"))
    assert caught.value.code == "memory-backbone-version"


def test_a_known_record_cannot_change():
    with pytest.raises(Refused) as caught:
        bank_of(record(1), record(1, 2))
    assert caught.value.code == "memory-record-changed"
    with pytest.raises(Refused):
        Bank("v1", WIDTH).append([record(1), record(1, 2)], np.stack([key(1), key(1)]))


def test_bad_links_times_and_withdrawals_are_named():
    bank = bank_of(record(1), record(2, 1))
    for link in (Link(first=1, second=1, sequence=2), Link(first=1, second=2, sequence=1)):
        with pytest.raises(BadRequest):
            bank.join(link)
    with pytest.raises(NotFound):
        bank.join(Link(first=1, second=9, sequence=9))
    with pytest.raises(BadRequest):
        bank.withdraw(2, at=NOON, sequence=1)
    with pytest.raises(BadRequest):
        bank_of(record(3, published_at=datetime(2026, 1, 1)))
    with pytest.raises(NotFound):
        bank.standing(2, AsOf(time=NOON, sequence=9))
