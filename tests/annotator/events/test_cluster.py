"""Grouping on hand-made articles whose vectors have known cosines, and on random ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.events.cluster import Assignment, Item, group

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
FIRE = "Warehouse blaze in Oldport spreads to harbour cranes"
VOTE = "Senators reject the water tariff amendment by two votes"
INQUEST = "Coroner blames faulty wiring for Oldport warehouse blaze deaths"


def axis(*weights: float) -> np.ndarray:
    vector = np.zeros(384, np.float32)
    vector[: len(weights)] = weights
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def article(
    name: str,
    title: str = FIRE,
    *,
    vector: np.ndarray | None = None,
    day: float | None = 0.0,
    text: str = "",
    publisher: str = "a.example",
) -> Item:
    return Item(
        id=name,
        title=title,
        text=text,
        published_at=None if day is None else START + timedelta(days=day),
        publisher=publisher,
        vector=axis(1.0) if vector is None else vector,
    )


def events(found: list[Assignment]) -> dict[int | None, set[str]]:
    groups: dict[int | None, set[str]] = {}
    for a in found:
        groups.setdefault(a.event, set()).add(a.id)
    return groups


def by_id(found: list[Assignment]) -> dict[str, Assignment]:
    return {a.id: a for a in found}


def test_nothing_in_nothing_out() -> None:
    assert group([]) == []


def test_one_article_is_no_event() -> None:
    assert group([article("a")]) == [Assignment(id="a", event=None, story=None, score=0.0)]


def test_same_report_by_two_outlets_is_one_event_and_another_report_stays_out() -> None:
    found = group(
        [
            article("a", f"{FIRE} overnight"),
            article("b", f"{FIRE}, police say", publisher="b.example"),
            article("c", VOTE, vector=axis(0, 1.0)),
        ]
    )
    assert events(found) == {0: {"a", "b"}, None: {"c"}}
    assert by_id(found)["a"].score > 0.5
    assert by_id(found)["c"].story is None


def test_two_events_of_one_story() -> None:
    blaze, inquest = axis(1.0), axis(0.45, 0.9)
    found = by_id(
        group(
            [
                article("a", FIRE, vector=blaze, day=0),
                article("b", f"{FIRE} at dawn", vector=blaze, day=0.2),
                article("c", INQUEST, vector=inquest, day=6),
                article("d", f"{INQUEST}, hears court", vector=inquest, day=6.1),
                article("e", VOTE, vector=axis(0, 0, 1.0), day=6),
            ]
        )
    )
    assert found["a"].event == found["b"].event != found["c"].event == found["d"].event
    assert found["a"].story == found["d"].story is not None
    assert found["e"].story is None


def test_a_lone_article_can_belong_to_a_story() -> None:
    found = by_id(
        group(
            [
                article("a", FIRE, day=0),
                article("b", f"{FIRE} at dawn", day=0),
                article("c", INQUEST, vector=axis(0.45, 0.9), day=6),
            ]
        )
    )
    assert found["c"].event is None
    assert found["c"].story == found["a"].story is not None


def test_same_text_twice_is_one_event_whatever_its_vector_says() -> None:
    found = group([article("a", vector=axis(1.0)), article("b", vector=axis(0, 1.0))])
    assert events(found) == {0: {"a", "b"}}


def test_same_text_a_year_later_is_another_event() -> None:
    assert events(group([article("a"), article("b", day=365)])) == {None: {"a", "b"}}


def test_same_words_a_month_later_are_another_event() -> None:
    found = group([article("a", f"{FIRE} overnight"), article("b", f"{FIRE} again", day=30)])
    assert events(found) == {None: {"a", "b"}}


def test_articles_without_a_date_are_grouped_with_each_other_and_with_dated_ones() -> None:
    found = group([article("a", day=None), article("b", f"{FIRE} at dawn", day=None)])
    assert events(found) == {0: {"a", "b"}}
    found = group([article("a", day=None), article("b", f"{FIRE} at dawn", day=200)])
    assert events(found) == {0: {"a", "b"}}


def test_one_outlet_can_make_an_event() -> None:
    assert events(group([article("a"), article("b", f"{FIRE}: what we know")])) == {0: {"a", "b"}}


def test_empty_titles_are_grouped_by_text_and_silence_by_nothing() -> None:
    found = group(
        [
            article("a", "", text=FIRE),
            article("b", "  ", text=f"{FIRE} at dawn"),
            article("c", "", vector=axis()),
            article("d", "", vector=axis()),
        ]
    )
    assert events(found) == {0: {"a", "b"}, None: {"c", "d"}}


def test_an_event_never_outlasts_its_span() -> None:
    daily = [article(f"{n:02}", f"{FIRE} day {n}", day=n) for n in range(12)]
    days = {item.id: item.published_at for item in daily}
    groups = events(group(daily))
    assert len(groups) > 2
    for members in groups.values():
        moments = [days[name] for name in members]
        assert max(moments) - min(moments) <= timedelta(days=4)


def test_a_chain_of_neighbours_does_not_become_one_group() -> None:
    steps = 24
    chain = [
        article(
            f"{n:02}",
            f"bulletin {chr(97 + n)}{chr(98 + n)}{chr(99 + n)}xy",
            vector=axis(np.cos(n * 0.4), np.sin(n * 0.4)) if n < 8 else axis(*[0] * n, 1.0, 0.8),
        )
        for n in range(steps)
    ]
    # Neighbours in the first eight have cosine 0.92, its ends -0.94.
    found = by_id(group(chain))
    assert found["00"].event != found["07"].event or found["00"].event is None
    assert found["00"].story != found["07"].story or found["00"].story is None


def test_two_tight_events_stay_apart_where_single_articles_as_alike_would_join() -> None:
    def near(base: int, n: int) -> np.ndarray:
        return axis(0.75, *[0.66 if i == base else 0.0 for i in range(2)], *[0.0] * n, 0.1)

    fire = [article(f"f{n}", f"{FIRE} {n}", vector=near(0, n)) for n in range(6)]
    other = "Warehouse blaze in Newport: roof collapses on school buses"
    flood = [article(f"w{n}", f"{other} {n}", vector=near(1, n)) for n in range(6)]
    assert set(map(frozenset, events(group(fire + flood)).values())) == {
        frozenset(item.id for item in fire),
        frozenset(item.id for item in flood),
    }


def test_ten_thousand_wire_copies_are_one_event() -> None:
    copies = [article(f"{n:05}", publisher=f"{n}.example") for n in range(10_000)]
    found = group([*copies, article("other", VOTE, vector=axis(0, 1.0))])
    assert {a.event for a in found} == {0, None}
    assert by_id(found)["other"].event is None


def test_an_id_may_occur_once() -> None:
    with pytest.raises(ValueError, match="unique"):
        group([article("a"), article("a", VOTE)])


WORDS = ["flood", "mayor", "strike", "court", "oil", "vaccine", "budget", "border", "tunnel"]


@st.composite
def windows(draw: st.DrawFn) -> list[Item]:
    count = draw(st.integers(2, 24))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    centres = random.normal(size=(4, 384))
    return [
        article(
            f"id{n:02}",
            " ".join(random.choice(WORDS, 3)),
            vector=axis(*(centres[random.integers(4)] + random.normal(size=384))),
            day=draw(st.sampled_from([None, 0.0, 0.5, 1.0, 2.0, 5.0, 20.0])),
        )
        for n in range(count)
    ]


@given(windows(), st.randoms())
@settings(max_examples=15, deadline=None)
def test_order_decides_nothing(items: list[Item], random) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    assert by_id(group(items)) == by_id(group(shuffled))
    assert [a.id for a in group(shuffled)] == [item.id for item in shuffled]


@given(windows())
@settings(max_examples=10, deadline=None)
def test_every_event_has_two_articles_and_lies_in_one_story(items: list[Item]) -> None:
    found = group(items)
    for event, members in events(found).items():
        stories = {by_id(found)[name].story for name in members}
        if event is not None:
            assert len(members) > 1
            assert len(stories) == 1
            assert None not in stories
