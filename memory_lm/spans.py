"""What the memory model sees of an article: chunks of tokens, pooled in spans, layer by layer.

A chunk is the headline and up to 128 tokens of text with it; a span is 32 of its tokens. Only
frozen quantities are made here, so they can be cached, stored and read by any later side network.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from memory_lm.backbone import WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from memory_lm.backbone import Backbone

CHUNK_TOKENS = 128
TITLE_TOKENS = 32
CHUNKS_MAX = 4
SPAN_TOKENS = 32
SPANS = CHUNK_TOKENS // SPAN_TOKENS
# Embeddings, then what each third of the encoder adds to them: their sum is the last layer.
PARTS = 4
LAYERS_READ = (0, 2, 4, 6)
BATCH = 16
# Counted from the words read, so that a long text is not tokenised for nothing.
READ_CHARS = CHUNKS_MAX * CHUNK_TOKENS * 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunks:
    """One article in C chunks: unit keys [C, 384], spans [C, 4, 4, 384] as (span, part).

    ``present`` [C, 4] says which spans have tokens; absent ones are zero. ``texts`` are the
    chunks as they stand in the text, without the headline.
    """

    keys: NDArray[np.float32]
    spans: NDArray[np.float16]
    present: NDArray[np.bool_]
    texts: tuple[str, ...]

    @property
    def values(self) -> NDArray[np.float16]:
        """Last-layer vectors of the spans, [C, 4, 384]: what the memory keeps beside its key."""
        summed: NDArray[np.float16] = self.spans.astype(np.float32).sum(axis=2).astype(np.float16)
        return summed


@dataclass(frozen=True, slots=True)
class _Chunk:
    ids: list[int]
    text: str


def version(backbone: Backbone) -> str:
    """Identifies spans: the backbone and how text is cut; two versions are never mixed."""
    cut = f"{CHUNK_TOKENS}-{TITLE_TOKENS}-{CHUNKS_MAX}-{SPAN_TOKENS}-{LAYERS_READ}"
    return f"{backbone.version}-{hashlib.sha256(cut.encode()).hexdigest()[:6]}"


def encode(
    backbone: Backbone, articles: Sequence[tuple[str, str]], *, chunks_max: int = CHUNKS_MAX
) -> list[Chunks]:
    """The leading chunks of (headline, text) pairs, in order; masked or not is the caller's choice.

    An empty text gives one chunk of the headline alone, and both empty none.
    """
    cut = [list(_cut(backbone, title, text, chunks_max)) for title, text in articles]
    flat = [chunk for chunks in cut for chunk in chunks]
    keys = np.zeros((len(flat), WIDTH), np.float32)
    spans = np.zeros((len(flat), SPANS, PARTS, WIDTH), np.float16)
    present = np.zeros((len(flat), SPANS), np.bool_)
    # Chunks of one length run together, because padding costs as much as text.
    order = sorted(range(len(flat)), key=lambda i: (len(flat[i].ids), i))
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        hidden, mask = backbone.states([flat[i].ids for i in rows])
        pooled, exists = _pooled(hidden, mask)
        spans[rows], present[rows] = pooled.numpy(), exists.numpy()
        last = hidden[:, -1] * mask.unsqueeze(-1)
        keys[rows] = torch.nn.functional.normalize(last.sum(1), dim=-1).numpy()
    found, at = [], 0
    for chunks in cut:
        here = slice(at, at + len(chunks))
        found.append(
            Chunks(
                keys=keys[here], spans=spans[here], present=present[here],
                texts=tuple(chunk.text for chunk in chunks),
            )
        )  # fmt: skip
        at += len(chunks)
    return found


def texts(
    backbone: Backbone, title: str, text: str, *, chunks_max: int = CHUNKS_MAX
) -> tuple[str, ...]:
    """The chunks of one article as :func:`encode` cuts it, without encoding it."""
    return tuple(chunk.text for chunk in _cut(backbone, title, text, chunks_max))


def _cut(backbone: Backbone, title: str, text: str, chunks_max: int) -> Iterator[_Chunk]:
    """[CLS] headline, piece of text [SEP], at most `chunks_max` times."""
    start, end = backbone.borders
    head = backbone.pieces(title)[0][:TITLE_TOKENS]
    body, offsets = backbone.pieces(text[:READ_CHARS])
    size = CHUNK_TOKENS - len(head) - 2
    if not body and head:
        yield _Chunk([start, *head, end], "")
    for at in range(0, min(len(body), chunks_max * size), size):
        piece = body[at : at + size]
        first, last = offsets[at][0], offsets[at + len(piece) - 1][1]
        yield _Chunk([start, *head, *piece, end], text[first:last])


def _pooled(hidden: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Token states [n, 7, T, d] -> spans [n, 4, 4, d] float16 and which exist [n, 4]."""
    rows, _, length, width = hidden.shape
    padding = CHUNK_TOKENS - length
    mask = torch.nn.functional.pad(mask, (0, padding)).view(rows, SPANS, SPAN_TOKENS)
    states = torch.nn.functional.pad(hidden[:, LAYERS_READ, :, :], (0, 0, 0, padding))
    states = states.view(rows, PARTS, SPANS, SPAN_TOKENS, width)
    kept = mask[:, None, :, :, None].to(states.dtype)
    means = (states * kept).sum(3) / kept.sum(3).clamp(min=1)
    parts = torch.cat((means[:, :1], means[:, 1:] - means[:, :-1]), dim=1)
    return parts.transpose(1, 2).half(), mask.any(-1)
