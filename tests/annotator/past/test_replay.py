"""The past of made-up articles, told by the real encoder and the shipped heads."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from annotator import encoder, masking
from annotator.past import replay
from annotator.past.chunks import Chunks, Text, encoded
from annotator.past.replay import Heads, Past, Told
from memory_lm import relations
from memory_lm.backbone import Backbone
from memory_lm.batches import ABSENT

pytestmark = pytest.mark.usefixtures("backbone")  # read from the disk once

FLOOD = (
    "Flood shuts Tarn Bridge after record rain",
    (
        "The Tarn Bridge in Wexley was closed after the river Tarn rose by four metres in a night of "
        "record rain. Mayor Alda Finch said that 300 households were told to leave."
    ),
)
FLOOD_AGAIN = (
    "Wexley: 300 homes emptied as the Tarn floods",
    (
        "Record rain lifted the river Tarn by four metres and shut the Tarn Bridge in Wexley. About "
        "300 households had to leave, mayor Alda Finch said."
    ),
)
FLOOD_LATER = (
    "Tarn Bridge in Wexley stays shut as the flood falls",
    (
        "The river Tarn fell by a metre but the Tarn Bridge in Wexley stays closed after the record "
        "rain, and 300 households cannot go home yet, mayor Alda Finch said."
    ),
)
CHESS = (
    "Teenager wins the national chess title",
    (
        "Sixteen-year-old Ines Marlow won the national chess championship in Porthcable with a draw "
        "in the last round, and becomes the youngest champion in forty years."
    ),
)
BAKERY = (
    "Bakers strike over night shifts",
    "Bakery workers in Holm walked out on the first morning of a strike over pay for night shifts.",
)
COMET = (
    "Comet seen from the southern islands",
    "Astronomers on the island of Sule photographed a green comet with a tail of two degrees.",
)
DAYS = "2019-01-01", "2019-04-01", "2019-04-02"  # 90 and 91 days after the first


def told(outlet: str, date: str | None, article: tuple[str, str]) -> Told:
    return Told(
        outlet=outlet, date=date, title=masking.mask(article[0]), text=masking.mask(article[1])
    )


ARTICLES = [
    told("ledger.example", "2018-03-01", FLOOD),
    told("courier.example", "2018-03-01", FLOOD_AGAIN),
    told("ledger.example", "2018-03-02T09:30:00", CHESS),
    told("ledger.example", "2018-03-03", FLOOD_LATER),
    told("courier.example", None, FLOOD),
    told("herald.example", "2018-03-04", BAKERY),
    told("herald.example", "2018-03-05", COMET),
    told("courier.example", "2018-03-06", (CHESS[0], "")),
    told("herald.example", "2018-03-06", ("", "")),
    told("ledger.example", DAYS[0], FLOOD),
    told("courier.example", DAYS[1], FLOOD_AGAIN),
    told("courier.example", DAYS[2], FLOOD_LATER),
]


def cut(articles: list[Told]) -> Chunks:
    return encoded([Text(title=a.title, text=a.text, chunks_max=4) for a in articles], None)


@pytest.fixture(scope="module")
def heads() -> Heads:
    version = encoder.chunks_version()
    return Heads(pointer=relations.load_link(version), relations=relations.load(version))


@pytest.fixture(scope="module")
def chunks(backbone: Backbone) -> Chunks:
    return cut(ARTICLES)


@pytest.fixture(scope="module")
def past(chunks: Chunks, heads: Heads, backbone: Backbone) -> Past:
    return replay.replay(ARTICLES, chunks, heads, backbone)


def recalled(past: Past, chunks: Chunks, i: int) -> list[int]:
    """The articles of the chunks found, nearest first."""
    found = past.found[i][past.found[i] != ABSENT]
    return (np.searchsorted(chunks.first, found, side="right") - 1).tolist()


def test_only_what_is_of_an_earlier_day_is_recalled(past: Past, chunks: Chunks) -> None:
    assert recalled(past, chunks, 0) == recalled(past, chunks, 1) == []
    assert sorted(recalled(past, chunks, 2)) == [0, 1]
    assert sorted(recalled(past, chunks, 3)) == [0, 1, 2]
    for i in range(len(ARTICLES)):
        for other in recalled(past, chunks, i):
            assert past.day[other] < past.day[i]
    day = np.datetime64("2018-03-02").astype("datetime64[D]").astype(int)
    assert past.day[2] == day


def test_the_nearest_comes_first_with_its_age(past: Past, chunks: Chunks) -> None:
    assert set(recalled(past, chunks, 3)[:2]) == {0, 1}
    assert past.age_h[3, :3].tolist() == [48, 48, 24]
    assert past.same_event[3, :2].min() > past.same_event[3, 2]
    assert recalled(past, chunks, 7)[0] == 2


def test_what_has_no_day_recalls_nothing_and_nobody_recalls_it(past: Past, chunks: Chunks) -> None:
    assert past.day[4] == ABSENT
    assert recalled(past, chunks, 4) == []
    assert past.event[4] == 4
    assert not past.has_state[4]
    assert all(4 not in recalled(past, chunks, i) for i in range(len(ARTICLES)))


def test_the_own_outlet_is_marked(past: Past, chunks: Chunks) -> None:
    for i, article in enumerate(ARTICLES):
        others = recalled(past, chunks, i)
        marks = past.same_outlet[i, : len(others)]
        assert marks.tolist() == [ARTICLES[o].outlet == article.outlet for o in others]
    assert past.same_outlet[3].sum() == 2


def test_after_ninety_days_an_article_is_gone(past: Past, chunks: Chunks) -> None:
    assert recalled(past, chunks, 9) == []
    assert recalled(past, chunks, 10) == [9]
    assert recalled(past, chunks, 11) == [10]


def test_an_article_without_words_recalls_nothing(past: Past, chunks: Chunks) -> None:
    assert recalled(past, chunks, 8) == []
    assert past.day[8] != ABSENT


def test_articles_of_one_event_are_given_one_event_and_its_state(past: Past) -> None:
    assert past.event[0] == past.event[1] == past.event[3]
    assert len({int(past.event[i]) for i in (0, 2, 5, 6, 9)}) == 5
    # Not of their own day: the second has an event but nothing to be told of it.
    assert not past.has_state[[0, 1, 2, 5]].any()
    assert past.has_state[3]
    for state in (past.delta, past.hebbian):
        assert state[3, 0].any()
        assert not state[3, 1:].any()
        assert not state[~past.has_state].any()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_rows_changes_nothing(
    past: Past, chunks: Chunks, heads: Heads, backbone: Backbone, seed: int
) -> None:
    # Of one day the first told gives the event its number: those keep their order.
    order = np.random.default_rng(seed).permutation(len(ARTICLES))
    order = np.array(sorted(order, key=lambda i: -1 if i in {0, 1} else list(order).index(i)))
    moved = [ARTICLES[i] for i in order]
    cut_again = cut(moved)
    again = replay.replay(moved, cut_again, heads, backbone)
    for new, old in enumerate(order.tolist()):
        others = [int(order[x]) for x in recalled(again, cut_again, new)]
        assert others == recalled(past, chunks, old)
        assert order[again.event[new]] == past.event[old]
        for name in ("age_h", "rank", "same_event", "same_outlet", "day", "has_state"):
            mine, theirs = getattr(again, name)[new], getattr(past, name)[old]
            np.testing.assert_allclose(mine, theirs, atol=1e-2)
        for name in ("delta", "hebbian"):
            mine, theirs = getattr(again, name)[new], getattr(past, name)[old]
            np.testing.assert_allclose(mine, theirs, atol=2e-2)


def test_what_comes_later_changes_nothing_told_before(
    past: Past, heads: Heads, backbone: Backbone
) -> None:
    some = ARTICLES[:7]
    alone = replay.replay(some, cut(some), heads, backbone)
    for name, array in alone.arrays().items():
        np.testing.assert_array_equal(array, past.arrays()[name][:7], err_msg=name)


def test_labels_cannot_reach_it() -> None:
    assert [field.name for field in fields(Told)] == ["outlet", "date", "title", "text"]


def test_chunk_values_are_the_mean_of_the_spans_that_exist() -> None:
    rng = np.random.default_rng(0)
    whole = rng.standard_normal((2, 4, 4, 384)).astype(np.float16)
    present = np.array([[True, True, False, False], [False] * 4])
    made = Chunks(
        first=np.array([0, 2]), keys=np.zeros((2, 384), np.float16), spans=whole, present=present
    )
    found = replay.chunk_values(made, [0, 1])
    np.testing.assert_allclose(
        found[0], whole[0, :2].astype(np.float32).sum(1).mean(0), rtol=1e-4, atol=1e-5
    )
    assert not found[1].any()
