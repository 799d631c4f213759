"""Same text, near copy, or new: the decision and its reason. Pure.

MinHash (Broder 1997) of word 3-shingles in 126 permutations, banded 18 × 7 so that PostgreSQL
finds candidates by array overlap: two texts of Jaccard similarity s share a band with
probability 1 − (1 − s⁷)¹⁸, which is 0.985 at 0.8 and 0.13 at 0.5. Measured on 500 real articles
with 3 % of their words replaced, whose median similarity is 0.84: 5-shingles in 16 × 8 bands
find 77 % of them, 3-shingles 98 %, and neither takes one of 2,000 strangers for a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from newsroom.store.articles import Near
from newsroom.text import words

PERMUTATIONS = 126
BANDS = 18
ROWS = PERMUTATIONS // BANDS
SHINGLE_WORDS = 3
NEAR_COPY = 0.68  # share of common shingles
WORDS_MIN = 40  # shorter texts share boilerplate, not authorship
_PRIME = np.uint64((1 << 61) - 1)
_SEED = 20261122

_random = np.random.default_rng(_SEED)
_A = _random.integers(1, 1 << 29, PERMUTATIONS, dtype=np.uint64)
_B = _random.integers(0, 1 << 60, PERMUTATIONS, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Signature:
    """``minhash`` is 126 little-endian uint32; ``bands`` are signed 64-bit digests of 7 each."""

    minhash: bytes
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The article that was there first, and why this one is the same."""

    of: str
    reason: str


def signature(text: str) -> Signature | None:
    """Signature of a text; None for one too short to be compared."""
    tokens = words(text)
    if len(tokens) < WORDS_MIN:
        return None
    shingles = {
        crc32(" ".join(tokens[i : i + SHINGLE_WORDS]).encode())
        for i in range(len(tokens) - SHINGLE_WORDS + 1)
    }
    hashes = np.fromiter(shingles, dtype=np.uint64, count=len(shingles))
    lowest = np.full(PERMUTATIONS, np.iinfo(np.uint32).max, dtype=np.uint32)
    # In blocks, so that a 60,000-word page costs 8 MB and not 60.
    for start in range(0, len(hashes), 8192):
        block = hashes[start : start + 8192]
        mixed = ((block[:, None] * _A + _B) % _PRIME).astype(np.uint32)
        lowest = np.minimum(lowest, mixed.min(axis=0))
    return Signature(lowest.astype("<u4").tobytes(), _bands(lowest))


def similarity(left: bytes, right: bytes) -> float:
    """Estimated Jaccard similarity of two texts from their signatures (error about 0.035)."""
    a, b = np.frombuffer(left, "<u4"), np.frombuffer(right, "<u4")
    return float(np.mean(a == b))


def judge(minhash: bytes | None, same_text: str | None, near: Sequence[Near]) -> Duplicate | None:
    """Of what this article is a duplicate: the earliest with its text, else the nearest copy."""
    if same_text is not None:
        return Duplicate(same_text, "same-text")
    if minhash is None:
        return None
    scored = [(similarity(minhash, other.minhash), other) for other in near]
    best = max(scored, key=lambda pair: pair[0], default=None)
    if best is None or best[0] < NEAR_COPY:
        return None
    return Duplicate(best[1].article_id, "near-copy")


def _bands(lowest: NDArray[np.uint32]) -> tuple[int, ...]:
    rows = lowest.astype("<u4").reshape(BANDS, ROWS)
    return tuple(
        int.from_bytes(
            blake2b(bytes([i]) + row.tobytes(), digest_size=8).digest(), "little", signed=True
        )
        for i, row in enumerate(rows)
    )
