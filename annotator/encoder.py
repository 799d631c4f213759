"""The annotator's one door to the frozen encoder, and the vectors that stand for an article.

The encoder is loaded on first use and kept: importing this module costs nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from annotator.masking import digest, mask
from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from memory_lm.backbone import Backbone
    from memory_lm.spans import Chunks

# MiniLM was trained on texts of up to 128 tokens; 500 characters of English news are about 110.
WINDOW_CHARS = 500
BODY_WINDOWS = 1
PARTS = 1 + BODY_WINDOWS
DIMENSIONS = 384


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors [n, 384] of texts as they are, at most 256 tokens of each, in order."""
    return _backbone().embed(texts)


def version() -> str:
    """Identifies weights, tokenizer and pooling: vectors of two versions are never compared."""
    return _backbone().version


def vector_version() -> str:
    """Identifies article vectors: the encoder, what was masked before it, and the windows read."""
    return f"{version()}-{digest()}-{PARTS}"


def windows(text: str, count: int = BODY_WINDOWS) -> list[str]:
    """The first `count` windows of a text, each up to 500 characters, cut between words."""
    pieces: list[str] = []
    rest = " ".join(text.split())
    while rest and len(pieces) < count:
        if len(rest) <= WINDOW_CHARS:
            pieces.append(rest)
            break
        cut = rest.rfind(" ", 0, WINDOW_CHARS + 1)
        cut = cut if cut > 0 else WINDOW_CHARS
        pieces.append(rest[:cut])
        rest = rest[cut:].lstrip()
    return pieces


def article_parts(
    articles: Sequence[tuple[str, str]],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Unit vectors of title and leading windows, [n, 2, 384], and which of them exist, [n, 2].

    Takes (title, text) pairs; outlet names are masked here, so callers pass the text as it is.
    """
    return masked_parts([(mask(title), mask(text)) for title, text in articles])


def masked_parts(
    articles: Sequence[tuple[str, str]],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The same for titles and texts that are masked already."""
    pieces = [[title, *windows(text)] for title, text in articles]
    present = np.zeros((len(pieces), PARTS), dtype=np.bool_)
    for i, row in enumerate(pieces):
        present[i, : len(row)] = [bool(piece) for piece in row]
    parts = np.zeros((len(pieces), PARTS, DIMENSIONS), dtype=np.float32)
    parts[present] = embed([piece for row in pieces for piece in row if piece])
    return parts, present


def chunks(articles: Sequence[tuple[str, str]]) -> list[Chunks]:
    """The leading chunks of (title, text) pairs as the memory keeps them; masked here."""
    return masked_chunks([(mask(title), mask(text)) for title, text in articles])


def masked_chunks(articles: Sequence[tuple[str, str]]) -> list[Chunks]:
    """The same for titles and texts that are masked already."""
    backbone = _backbone()
    from memory_lm import spans

    return spans.encode(backbone, articles)


def chunks_version() -> str:
    """Identifies chunks: the encoder and how text is cut, but not the masking before it."""
    from memory_lm import spans

    return spans.version(_backbone())


def article_vectors(articles: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
    """One unit vector for each (title, text), [n, 384]: the mean of its parts."""
    parts, _ = article_parts(articles)
    return pooled(parts)


def article_vector(title: str, text: str) -> NDArray[np.float32]:
    """The unit vector [384] of one article."""
    vector: NDArray[np.float32] = article_vectors([(title, text)])[0]
    return vector


def pooled(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """The unit mean of an article's parts, [n, 2, d] to [n, d]; zero where there is no part."""
    total = parts.sum(axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    unit: NDArray[np.float32] = total / np.maximum(length, 1e-12)
    return unit


@cache
def _backbone() -> Backbone:
    try:
        from memory_lm.backbone import Backbone
    except ModuleNotFoundError as error:
        raise Misconfigured(
            "torch-missing",
            f"this process needs {error.name}: install requirements/runtime.txt, or leave the "
            "queues `label` and `memory` to workers that have it",
        ) from error
    return Backbone.load()
