"""What the heads see of an article beside the side network: two vectors, and its known words.

Pure numpy, the same at training and at labelling. The vocabulary holds only n-grams that many
outlets use, so that a head cannot lean on the habits of one.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np

from annotator.masking import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# The training articles are cut after 2,600 characters, so no more of any article is read.
READ_CHARS = 2600
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
BREAK = re.compile(r"[\n.!?;:()\"]+")


def ngrams(text: str) -> set[str]:
    """Words and pairs of neighbouring words of a masked text; pairs stay within a clause."""
    found: set[str] = set()
    clauses = BREAK.split(text[:READ_CHARS].replace(PLACEHOLDER, "\n").lower())
    for clause in clauses:
        words = WORD.findall(clause)
        found.update(words)
        found.update(f"{a} {b}" for a, b in pairwise(words))
    return found


@dataclass(frozen=True)
class Vocabulary:
    """Known n-grams with their inverse document frequency."""

    terms: tuple[str, ...]
    idf: Floats

    @cached_property
    def index(self) -> dict[str, int]:
        """Column of each term."""
        return {term: i for i, term in enumerate(self.terms)}

    def row(self, text: str) -> tuple[NDArray[np.int64], Floats]:
        """Columns and values of one masked text: idf where present, scaled to unit length."""
        known = sorted(i for i in map(self.index.get, ngrams(text)) if i is not None)
        columns = np.asarray(known, dtype=np.int64)
        values = self.idf[columns].astype(np.float32)
        length = float(np.linalg.norm(values))
        return columns, values / max(length, 1e-12)

    @classmethod
    def build(
        cls, grams: Sequence[set[str]], outlets: Sequence[str], *, size: int, min_outlets: int
    ) -> Vocabulary:
        """The most frequent n-grams among those that at least `min_outlets` outlets use."""
        rows: Counter[str] = Counter()
        by_outlet: dict[str, set[str]] = {}
        for row, outlet in zip(grams, outlets, strict=True):
            rows.update(row)
            by_outlet.setdefault(outlet, set()).update(row)
        users = Counter(chain.from_iterable(by_outlet.values()))
        shared = [term for term, count in users.items() if count >= min_outlets]
        terms = sorted(sorted(shared, key=lambda term: (-rows[term], term))[:size])
        idf = [np.log((1 + len(grams)) / (1 + rows[term])) + 1 for term in terms]
        return cls(tuple(terms), np.asarray(idf, dtype=np.float32))


def dense(parts: Floats) -> Floats:
    """Title vector beside the unit mean of the body windows, [n, 1+w, d] to [n, 2d].

    Where one of the two is missing the other stands in, so a headline alone is read as both.
    """
    title, body = parts[:, 0], unit(parts[:, 1:].sum(axis=1))
    no_title = ~title.any(axis=1, keepdims=True)
    no_body = ~body.any(axis=1, keepdims=True)
    both = np.concatenate((np.where(no_title, body, title), np.where(no_body, title, body)), axis=1)
    result: Floats = both
    return result


def unit(vectors: Floats) -> Floats:
    """Each row scaled to length 1; a zero row stays zero."""
    result: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return result


def softmax(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    """Row-wise probabilities."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: NDArray[np.floating] = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def join(title: str, text: str) -> str:
    """The masked title and text as one text for the n-grams."""
    return "\n".join(part for part in (title, text) if part)


def terms_to_bytes(terms: Iterable[str]) -> NDArray[np.uint8]:
    """Terms as one array of bytes, the only form of text that safetensors holds."""
    return np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)


def bytes_to_terms(raw: NDArray[np.uint8]) -> tuple[str, ...]:
    """The terms again."""
    return tuple(raw.tobytes().decode().split("\n"))
