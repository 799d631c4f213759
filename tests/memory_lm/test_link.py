from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from memory_lm.bank import AsOf, Bank, Record
from memory_lm.link import (
    ARTICLES,
    FEATURES,
    Candidate,
    LinkHead,
    Rarity,
    candidates,
    features,
    found,
    pointed,
)
from memory_lm.supersede import END_OF_TIME, PairHead
from newsroom.errors import BadRequest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WIDTH = 8
RARITY = Rarity(documents=1000, count={"the": 990, "mayor": 60}, least=20)
NOW = AsOf(time=END_OF_TIME, sequence=1000)


def record(
    i: int, article: str, text: str, *, event: str | None = None, hours: float = 0.0, part: int = 0
):
    at = NOON + timedelta(hours=hours)
    return Record(
        record_id=i, article_id=article, part=part, event_id=event, publisher_id="p",
        published_at=at, known_at=at, sequence=i, backbone_version="v1", text=text,
    )  # fmt: skip


def key(*weights: float) -> np.ndarray:
    made = np.zeros((1, WIDTH), np.float32)
    made[0, : len(weights)] = weights
    return made


def by_cosine(threshold: float = 0.5) -> LinkHead:
    """A head written by hand: even odds at a cosine of 0.7 of the nearest parts."""
    inner = np.zeros((len(FEATURES), 1), np.float32)
    inner[FEATURES.index("cosine of nearest parts")] = 1
    pair = PairHead(
        mean=np.zeros(len(FEATURES), np.float32), scale=np.ones(len(FEATURES), np.float32),
        inner=inner, inner_bias=np.array([-0.7], np.float32),
        outer=np.array([[0, 20]], np.float32), outer_bias=np.zeros(2, np.float32),
    )  # fmt: skip
    return LinkHead(pair=pair, rarity=RARITY, threshold=threshold)


def bank_of(*held: tuple[Record, np.ndarray]) -> Bank:
    bank = Bank("v1", width=WIDTH)
    for one, vector in held:
        bank.append([one], vector)
    return bank


def row(mine: Record, other: Record, *, dated: bool = True) -> dict[str, float]:
    bank = bank_of((other, key(1)))
    nearest = found(bank, [mine], key(1), NOW)
    [values] = features(bank, RARITY, [mine], key(1), nearest, dated=dated)
    return dict(zip(FEATURES, values.tolist(), strict=True))


def test_nearest_articles_come_first_and_its_own_parts_never() -> None:
    bank = bank_of(
        (record(1, "near", "a", event="e1"), key(1)),
        (record(2, "far", "b", event="e2"), key(0.1, 1)),
        (record(3, "me", "c"), key(1)),
    )
    judged = candidates(bank, by_cosine(), [record(9, "me", "c")], key(1), NOW)
    assert [(one.article_id, one.event_id) for one in judged] == [("near", "e1"), ("far", "e2")]
    assert judged[0].probability > 0.99 > 0.01 > judged[1].probability
    assert judged[0].record_id == 1


def test_several_parts_of_an_article_are_one_candidate() -> None:
    bank = bank_of(
        (record(1, "a", "x"), key(1)),
        (record(2, "a", "y", part=1), key(0.9, 0.1)),
        (record(3, "b", "z"), key(0, 1)),
    )
    [first, second] = found(bank, [record(9, "me", "c")], key(1), NOW)
    assert [hit.record.record_id for hit in first.hits] == [1, 2]
    assert second.article_id == "b"


def test_at_most_sixteen_articles_are_judged() -> None:
    held = [(record(i, f"a{i}", "x"), key(1, i / 100)) for i in range(1, 24)]
    judged = candidates(bank_of(*held), by_cosine(), [record(99, "me", "x")], key(1), NOW)
    assert len(judged) == ARTICLES
    assert max(int(one.article_id[1:]) for one in judged) == ARTICLES


def test_what_comes_later_is_not_seen() -> None:
    bank = bank_of(
        (record(1, "early", "x"), key(1)),
        (record(2, "late", "x", hours=5), key(1)),
    )
    as_of = AsOf(time=NOON + timedelta(hours=1), sequence=1000)
    asking = [record(9, "me", "x")]
    assert [c.article_id for c in candidates(bank, by_cosine(), asking, key(1), as_of)] == ["early"]
    nothing = AsOf(time=NOON, sequence=0)
    assert candidates(bank, by_cosine(), asking, key(1), nothing) == []


def test_features_weigh_rare_words_names_and_numbers() -> None:
    same = row(record(2, "b", "Lindale mayor counts 12"), record(1, "a", "Lindale mayor counts 12"))
    assert same["shared words"] == pytest.approx(1)
    assert same["shared names"] == same["names of the shorter"] == 1
    assert (same["shared numbers"], same["both state numbers"]) == (1, 1)
    common = row(record(2, "b", "the mayor"), record(1, "a", "the kestrel"))
    rare = row(record(2, "b", "a kestrel"), record(1, "a", "the kestrel"))
    assert common["shared words"] < 0.01 < 0.5 < rare["shared words"]
    assert row(record(2, "b", ""), record(1, "a", ""))["shared words"] == 0


def test_time_counts_only_where_it_is_known() -> None:
    mine, other = record(2, "b", "x", hours=47), record(1, "a", "x")
    assert row(mine, other)["log hours apart"] == pytest.approx(np.log(48))
    unknown = row(mine, other, dated=False)
    assert (unknown["log hours apart"], unknown["dated"]) == (0, 0)


def test_a_candidate_stands_out_from_the_others() -> None:
    bank = bank_of((record(1, "a", "x"), key(1)), (record(2, "b", "x"), key(0.6, 0.8)))
    asking = [record(9, "me", "x")]
    nearest = found(bank, asking, key(1), NOW)
    rows = features(bank, RARITY, asking, key(1), nearest, dated=False)
    above = rows[:, FEATURES.index("cosine above the next")]
    assert above == pytest.approx([0.4, -0.4])


def chance(article: str, event: str | None, probability: float) -> Candidate:
    return Candidate(article_id=article, record_id=1, event_id=event, probability=probability)


def test_an_event_is_chosen_by_its_two_likeliest_articles() -> None:
    head = by_cosine(0.5)
    alone, pair = chance("x", "e1", 0.8), [chance("y", "e2", 0.75), chance("z", "e2", 0.74)]
    assert pointed(head, [alone, *pair]) is alone
    doubted = [alone, chance("w", "e1", 0.05), *pair]
    best = pointed(head, sorted(doubted, key=lambda c: -c.probability))
    assert best is not None
    assert best.article_id == "y"
    # Articles without an event are not one event.
    assert pointed(head, [chance("x", None, 0.8), chance("w", None, 0.05)]) is not None


def test_new_when_none_is_likely_or_none_is_there() -> None:
    head = by_cosine(0.7)
    assert pointed(head, []) is None
    assert pointed(head, [chance("x", "e", 0.69)]) is None
    assert pointed(head, [chance("x", "e", 0.71)]) is not None
    assert pointed(head, [chance("x", "e", 1.0)]) is not None


def test_only_parts_of_one_article_ask_together() -> None:
    bank = bank_of((record(1, "a", "x"), key(1)))
    for asking, vectors in (
        ([], np.zeros((0, WIDTH), np.float32)),
        ([record(2, "b", "x"), record(3, "c", "x")], np.repeat(key(1), 2, axis=0)),
    ):
        with pytest.raises(BadRequest) as refused:
            candidates(bank, by_cosine(), asking, vectors, NOW)
        assert refused.value.code == "link-one-article"
