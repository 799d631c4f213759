from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from memory_lm.bank import AsOf, Bank, Record
from memory_lm.pair_fit import Sample, calibrated, fit
from memory_lm.supersede import (
    END_OF_TIME,
    FEATURES,
    JOIN_LEAST,
    RELATIONS,
    PairHead,
    claim_of,
    features,
    latest,
    remember,
    same_slot,
)
from newsroom.errors import BadRequest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WIDTH = 8


def record(i: int, text: str, hours: float = 0.0, outlet: str = "p") -> Record:
    return Record(
        record_id=i, article_id=f"a{i}", part=0, event_id="e", publisher_id=outlet,
        published_at=NOON + timedelta(hours=hours), known_at=NOON + timedelta(hours=hours),
        sequence=i, backbone_version="v1", text=text,
    )  # fmt: skip


def key(i: int) -> np.ndarray:
    return np.eye(WIDTH, dtype=np.float32)[i]


def pair(newer: Record, older: Record) -> dict[str, float]:
    found = features(newer, key(0), [older], key(0)[None])
    assert found.shape == (1, len(FEATURES))
    return dict(zip(FEATURES, found[0].tolist(), strict=True))


def by_cosine() -> PairHead:
    """A head written by hand: same slot from cosine 0.75 on, withdrawal words withdraw."""
    inner = np.zeros((len(FEATURES), 3), dtype=np.float32)
    inner[FEATURES.index("cosine"), 0] = 20
    inner[FEATURES.index("stated differs"), 1] = 20
    inner[FEATURES.index("withdrawal words"), 2] = 20
    outer = np.zeros((3, len(RELATIONS)), dtype=np.float32)
    outer[0, RELATIONS.index("duplicate")] = outer[0, RELATIONS.index("updates")] = 10
    outer[1, RELATIONS.index("duplicate")] = -10
    outer[2, RELATIONS.index("withdraws")] = 40
    bias = np.zeros(len(RELATIONS), dtype=np.float32)
    bias[RELATIONS.index("duplicate")] = 5
    bias[RELATIONS.index("withdraws")] = -20
    return PairHead(
        mean=np.zeros(len(FEATURES), dtype=np.float32),
        scale=np.ones(len(FEATURES), dtype=np.float32),
        inner=inner, inner_bias=np.array([-15, 0, 0], dtype=np.float32),
        outer=outer, outer_bias=bias,
    )  # fmt: skip


def test_a_claim_is_told_apart_from_its_numbers_and_names() -> None:
    assert claim_of("Officials raised the toll in Kestrel Point to 1,204.") == (
        "Officials raised the toll in N to N."
    )
    assert claim_of("garden flower") == "garden flower"


def test_features_say_what_a_reader_would_compare() -> None:
    old = record(1, "Police in Lindale made 12 arrests.")
    same = pair(record(2, "Police in Lindale made 12 arrests.", 1, "q"), old)
    assert same["cosine"] == 1
    assert same["mean |q-k|"] == same["max |q-k|"] == 0
    assert same["log hours apart"] == pytest.approx(np.log(2))
    assert (same["shared words"], same["shared names"], same["both state numbers"]) == (1, 1, 1)
    assert (same["stated differs"], same["withdrawal words"], same["same outlet"]) == (0, 0, 0)
    changed = pair(record(2, "Police in Marwick made 15 arrests."), old)
    assert changed["stated differs"] == changed["same outlet"] == 1
    assert changed["shared names"] == pytest.approx(1 / 3)
    bare = pair(record(2, "amber tulip"), record(1, "amber iris"))
    assert (bare["both state numbers"], bare["stated differs"]) == (0, 1)
    empty = pair(record(2, ""), record(1, ""))
    assert (empty["shared words"], empty["shared names"], empty["stated differs"]) == (0, 0, 0)


def test_withdrawal_words_count_in_the_newer_of_the_two() -> None:
    notice = record(2, "Correction: the figure of 12 has been withdrawn.", 5)
    claim = record(1, "Police made 12 arrests.")
    assert pair(notice, claim)["withdrawal words"] == pair(claim, notice)["withdrawal words"] == 1
    early = record(2, "Correction: the figure of 12 has been withdrawn.", -5)
    assert pair(early, claim)["withdrawal words"] == 0


def calibration_error(chances: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error of the likeliest class, in ten bins of confidence."""
    confidence, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * 10).astype(int), 9)
    return sum(abs((confidence - right)[bin_of == b].sum()) for b in range(10)) / len(labels)


def test_a_trained_head_learns_repeats_and_is_calibrated() -> None:
    rng = np.random.default_rng(0)

    def drawn(count: int):
        labels = rng.integers(len(RELATIONS), size=count)
        rows = rng.standard_normal((count, len(FEATURES))).astype(np.float32)
        rows[np.arange(count), labels] += 2.5
        return rows, labels

    (rows, labels), (held, held_labels), (test, truth) = drawn(700), drawn(400), drawn(700)
    made = [
        calibrated(
            fit(Sample.even(rows, labels), seed=s, steps=150), Sample.even(held, held_labels)
        )
        for s in (3, 3, 4)
    ]
    chances = [head.probabilities(test) for head in made]
    np.testing.assert_array_equal(chances[0], chances[1])
    assert not np.array_equal(chances[0], chances[2])
    np.testing.assert_allclose(chances[0].sum(axis=1), 1, atol=1e-5)
    assert (chances[0].argmax(axis=1) == truth).mean() > 0.75
    assert calibration_error(chances[0], truth) < 0.06
    # Certain and wrong half of the time is half off.
    sure = np.eye(len(RELATIONS), dtype=np.float32)[[0, 0]]
    assert calibration_error(sure, np.array([0, 1])) == pytest.approx(0.5)


def test_broken_features_are_not_trained_on() -> None:
    rows = np.full((4, len(FEATURES)), np.nan, dtype=np.float32)
    with pytest.raises(BadRequest, match="not finite"):
        fit(Sample.even(rows, np.zeros(4, int)), seed=0)


def told(*claims: tuple[str, int, float]) -> Bank:
    bank = Bank("v1", WIDTH)
    for i, (text, at, hours) in enumerate(claims, start=1):
        remember(bank, by_cosine(), record(i, text, hours), key(at), events=["e"])
    return bank


NOW = AsOf(time=END_OF_TIME, sequence=99)


def answer(bank: Bank, at: int, as_of: AsOf = NOW) -> str | None:
    hit = latest(bank, by_cosine(), key(at), as_of)
    return hit.record.text if hit else None


def test_an_update_wins_and_another_claim_stays() -> None:
    bank = told(("12 dead", 0, 0), ("3 arrests", 1, 1), ("15 dead", 0, 2))
    assert (answer(bank, 0), answer(bank, 1)) == ("15 dead", "3 arrests")
    assert answer(bank, 0, AsOf(time=NOON + timedelta(hours=1.5), sequence=99)) == "12 dead"
    assert answer(bank, 0, AsOf(time=END_OF_TIME, sequence=2)) == "12 dead"
    assert bank.standing(1, NOW).superseded_by == 3


def test_a_late_old_report_does_not_win() -> None:
    bank = told(("12 dead", 0, 0), ("15 dead", 0, 9), ("13 dead", 0, 4))
    assert answer(bank, 0) == "15 dead"
    assert [r.text for r in bank.chain(1, NOW)] == ["12 dead", "13 dead", "15 dead"]


def test_a_repeat_is_joined_as_a_duplicate_of_the_first() -> None:
    bank = told(("12 dead", 0, 0), ("12 dead", 0, 3))
    assert [r.record_id for r in bank.chain(2, NOW)] == [1]


def test_a_notice_takes_back_what_it_fits_and_is_no_claim() -> None:
    bank = told(("12 dead", 0, 0), ("15 dead", 0, 2), ("Correction: 15 was wrong", 0, 3))
    assert answer(bank, 0) == "12 dead"
    assert bank.standing(3, NOW).withdrawn
    assert answer(bank, 0, AsOf(time=NOON + timedelta(hours=2.5), sequence=99)) == "15 dead"


def test_the_reader_mends_a_slot_that_was_split() -> None:
    bank = Bank("v1", WIDTH)
    near = key(0) + 0.4 * key(1)
    bank.append([record(1, "12 dead"), record(2, "15 dead", 5)], np.stack([key(0), near]))
    assert answer(bank, 0) == "15 dead"
    bank.append([record(3, "3 arrests", 9)], key(1)[None])
    assert answer(bank, 0) == "15 dead"


def test_an_empty_bank_has_no_answer() -> None:
    assert latest(Bank("v1", WIDTH), by_cosine(), key(0), NOW) is None


def test_a_pair_joins_only_when_it_is_sure() -> None:
    rows = features(record(2, "15 dead"), key(0), [record(1, "12 dead")], key(0)[None])
    low = rows.copy()
    low[0, 0] = 0.76
    sure, unsure = (float(same_slot(by_cosine().probabilities(r))[0]) for r in (rows, low))
    assert sure > JOIN_LEAST
    assert unsure < sure
