"""What two articles are compared by: a sentence vector, weighted words, and the day."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.preprocessing import normalize

from newsroom.text import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

LEAD_CHARS = 1000  # MiniLM reads 256 tokens, about as much
RAREST = 20  # words in fewer background leads are not listed
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article to be grouped; ``vector`` is its unit float32 sentence vector, [384]."""

    id: str
    title: str
    text: str
    published_at: datetime | None
    publisher: str | None
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Of n articles: unit ``dense`` [n, d] and ``words`` [n, v] rows; ``day`` [n], NaN undated.

    A row of ``words`` is empty where no weighted word is left.
    """

    dense: NDArray[np.float32]
    words: csr_matrix
    day: NDArray[np.float64]


def lead(item: Item) -> str:
    """Title and the first characters of the text, where news says what happened."""
    return f"{item.title}\n{item.text[:LEAD_CHARS]}".strip()


def signatures(items: Sequence[Item]) -> Signatures:
    """Compare the given articles only with each other: word weights are those of this window."""
    return Signatures(
        dense=np.stack([item.vector for item in items]).astype(np.float32),
        words=word_rows([lead(item) for item in items]),
        day=np.array([_day(item.published_at) for item in items]),
    )


def word_rows(texts: Sequence[str]) -> csr_matrix:
    """Unit TF-IDF rows [n, v] float32 with the document frequencies of ``word_df.tsv``.

    The weights come from a fixed corpus, not from the articles at hand, so that an article has the
    same signature whatever arrives later. The columns are the words of these texts.
    """
    known = document_frequency()
    column: dict[str, int] = {}
    starts, columns, values = [0], array("l"), array("d")
    for text in texts:
        counts = Counter(content_words(text))
        for word, count in counts.items():
            columns.append(column.setdefault(word, len(column)))
            values.append((1.0 + math.log(count)) * known.weight(word))
        starts.append(len(columns))
    rows = csr_matrix((values, columns, starts), shape=(len(texts), max(1, len(column))))
    return csr_matrix(normalize(rows), dtype=np.float32)


def content_words(text: str) -> Iterator[str]:
    """Lower-cased words of two letters or more, no stop words, no possessive ending."""
    for word in words(text):
        plain = word.replace("’", "'").removesuffix("'s")
        if len(plain) > 1 and plain not in ENGLISH_STOP_WORDS:
            yield plain


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFrequency:
    """In how many of ``documents`` leads of a background corpus each word occurs."""

    documents: int
    count: Mapping[str, int]

    def weight(self, word: str) -> float:
        """Smoothed inverse document frequency; a word not listed counts as the rarest listed."""
        return math.log((self.documents + 1) / (self.count.get(word, RAREST) + 1))


@cache
def document_frequency() -> DocumentFrequency:
    """The shipped counts, written by ``annotator.events.background``."""
    table = resources.files("annotator.events").joinpath("word_df.tsv").read_text("utf-8")
    header, *lines = table.splitlines()
    pairs = (line.split("\t") for line in lines)
    return DocumentFrequency(
        documents=int(header.split("\t")[1]), count={word: int(n) for word, n in pairs}
    )


def _day(moment: datetime | None) -> float:
    return np.nan if moment is None else moment.timestamp() / DAY_S
