from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import pairwise

from newsroom.store.articles import Near
from scraper import dedup
from scraper.dedup import Duplicate, judge, signature, similarity

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
    assert len(found.bands) == 18
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
    """1,000 pairs with 3 % of the words replaced against 1,000 pairs of strangers."""
    originals = [_text(seed) for seed in range(1000)]
    signatures = [signature(" ".join(t)) for t in originals]
    edited = [signature(" ".join(_edited(t, 0.03, n))) for n, t in enumerate(originals)]
    found = sum(_is_copy(a, b) for a, b in zip(signatures, edited, strict=True))
    wrong = sum(_is_copy(a, b) for a, b in pairwise(signatures))
    assert found / 1000 >= 0.98
    assert found / (found + wrong) >= 0.99


def _near(article_id: str, minhash: bytes) -> Near:
    return Near(
        article_id=article_id,
        publisher_id="p",
        minhash=minhash,
        first_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_decision() -> None:
    a = signature(" ".join(_text(1)))
    b = signature(" ".join(_edited(_text(1), 0.005, 3)))
    c = signature(" ".join(_text(9)))
    assert a is not None
    assert b is not None
    assert c is not None
    assert judge(a.minhash, "first", [_near("other", b.minhash)]) == Duplicate("first", "same-text")
    assert judge(
        a.minhash, None, [_near("far", c.minhash), _near("close", b.minhash)]
    ) == Duplicate("close", "near-copy")
    assert judge(a.minhash, None, [_near("far", c.minhash)]) is None
    assert judge(a.minhash, None, []) is None
    assert judge(None, None, [_near("x", b.minhash)]) is None


def test_sixty_thousand_words() -> None:
    assert signature(" ".join(_text(4, 60_000))) is not None
