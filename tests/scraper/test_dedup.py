from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from scraper import dedup
from scraper.dedup import Candidate, Copy, Reason, judge, likely, signature, similarity

VOCABULARY = [f"word{n}" for n in range(4000)]


def _text(seed: int, length: int = 300) -> list[str]:
    return random.Random(seed).choices(VOCABULARY, k=length)


def _edited(tokens: list[str], share: float, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [chance.choice(VOCABULARY) if chance.random() < share else word for word in tokens]


def _shares_band(a: dedup.Signature, b: dedup.Signature) -> bool:
    return bool(set(a.bands) & set(b.bands))


def test_shape() -> None:
    found = signature(" ".join(_text(1)))
    assert found is not None
    assert len(found.minhash) == 126 * 4
    assert len(found.bands) == 21
    assert all(-(2**63) <= band < 2**63 for band in found.bands)
    assert signature("too few words to say who copied from whom") is None


def test_same_words_same_signature() -> None:
    words = _text(2)
    assert signature(" ".join(words)) == signature("\n".join(words).upper())


def test_estimate_is_near_the_truth() -> None:
    errors = []
    for seed in range(60):
        a = _text(seed)
        b = _edited(a, 0.04, seed)
        sa, sb = ({tuple(t[i : i + 3]) for i in range(len(t) - 2)} for t in (a, b))
        truth = len(sa & sb) / len(sa | sb)
        one, two = signature(" ".join(a)), signature(" ".join(b))
        assert one is not None
        assert two is not None
        errors.append(abs(similarity(one.minhash, two.minhash) - truth))
    assert sum(errors) / len(errors) < 0.04


def _is_copy(a: dedup.Signature | None, b: dedup.Signature | None) -> bool:
    assert a is not None
    assert b is not None
    return _shares_band(a, b) and similarity(a.minhash, b.minhash) >= dedup.NEAR_COPY


def test_edited_copies_are_found_and_strangers_are_not() -> None:
    """300 pairs with 3 % of the words replaced against 300 pairs of strangers."""
    originals = [_text(seed) for seed in range(300)]
    signatures = [signature(" ".join(t)) for t in originals]
    edited = [signature(" ".join(_edited(t, 0.03, n))) for n, t in enumerate(originals)]
    found = sum(_is_copy(a, b) for a, b in zip(signatures, edited, strict=True))
    wrong = sum(_is_copy(a, b) for a, b in pairwise(signatures))
    assert found / 300 >= 0.98
    assert found / (found + wrong) >= 0.99


def test_the_most_similar_are_compared_first() -> None:
    a, b, c = (signature(" ".join(_edited(_text(1), share, 3))) for share in (0.0, 0.005, 0.04))
    stranger = signature(" ".join(_text(9)))
    assert a is not None
    assert b is not None
    assert c is not None
    assert stranger is not None
    others = [(c.minhash, "far"), (stranger.minhash, "stranger"), (b.minhash, "close")]
    assert likely(a.minhash, others) == ["close", "far"]


def test_a_template_with_other_names_and_numbers_is_no_copy() -> None:
    form = (
        "The river at {} stood at {} centimetres on {} and is expected to fall until the end of the "
        "week. No warning is in force. Readings are taken every hour by a station below the bridge "
        "and checked by hand once a day. Whoever sees damage is asked to call the office at any "
        "hour, and to stay away from the water until somebody comes. On duty is {}."
    )
    one = form.format("Dunvale", 48, "Monday", "Ada Varley")
    other = form.format("Netherby", 71, "Friday", "Nils Lomond")
    sa, sb = signature(one), signature(other)
    assert sa is not None
    assert sb is not None
    assert similarity(sa.minhash, sb.minhash) > dedup.NEAR_COPY
    assert not dedup.is_copy(one, other)
    assert dedup.is_copy(one, one.replace("at any hour", "day or night"))


FIRST, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def _one(name: str, **changes: object) -> Candidate:
    values = {"article_id": name, "publisher_id": name, "publisher": name.title(), "agency": None,
              "source": None, "first_at": FIRST}  # fmt: skip
    return Candidate(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (_one("b"), _one("a"), ("a", "b", Reason.NEAR_COPY, None)),
        (_one("b", publisher_id="a", source="Wire"), _one("a"), ("a", "b", Reason.NEAR_COPY, None)),
        (_one("b", source="Wire"), _one("a"), ("a", "b", Reason.WIRE_COPY, "Wire")),
        (_one("b"), _one("a", source="Wire"), ("a", "b", Reason.WIRE_COPY, "Wire")),
        (_one("b"), _one("a", agency="Wire"), ("a", "b", Reason.WIRE_COPY, "Wire")),
        (_one("b", names=("Jo Doe", "A")), _one("a"), ("a", "b", Reason.WIRE_COPY, "A")),
        (_one("w", agency="Wire"), _one("a", source="Wire"), ("w", "a", Reason.WIRE_COPY, "Wire")),
        # An agency that ran a paper's story later than the paper did is no source of it.
        (
            _one("w", agency="Wire", first_at=LATER),
            _one("a"),
            ("a", "w", Reason.NEAR_COPY, None),
        ),
        (
            _one("w", agency="Wire"),
            _one("a", first_at=LATER),
            ("w", "a", Reason.WIRE_COPY, "Wire"),
        ),
    ],
)
def test_whose_text_it_is(new: Candidate, old: Candidate, expected: tuple[object, ...]) -> None:
    found = judge(new, old, Reason.NEAR_COPY)
    assert (found.original, found.copy, found.reason, found.source) == expected


def test_an_own_text_needs_no_credit() -> None:
    assert judge(_one("b"), _one("a", agency="Wire"), Reason.SAME_TEXT) == Copy(
        original="a", copy="b", reason=Reason.WIRE_COPY, source="Wire", own=True
    )
    assert not judge(_one("b", source="Wire"), _one("a"), Reason.SAME_TEXT).own


def test_sixty_thousand_words() -> None:
    assert signature(" ".join(_text(4, 60_000))) is not None
