"""Numpy inference of the sentence heads: linear maps over a vector, named columns and weak heads.

The weak heads were trained on large sets with labels near to ours (opinion pages, rated editorials,
sentiment toward a target); their outputs are columns of the three heads. No torch here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open

from annotator.heads.features import softmax
from annotator.sentences import focus
from annotator.sentences.features import TONE_COLUMNS, TYPE_COLUMNS
from annotator.sentences.labels import LABELS
from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

WEIGHTS_PATH = Path(__file__).with_name("weights.safetensors")
# What the weak heads give, in order: the odds of an opinion page, a valence, three polarities.
WEAK = ("opinion_page", "valence", "toward_negative", "toward_neutral", "toward_positive")
COLUMNS = {
    "type": (*TYPE_COLUMNS, *WEAK, "article_opinion"),
    "tone": (*TONE_COLUMNS, *WEAK),
    "focus": focus.COLUMNS,
}
# A unit vector's entries are about 0.05; at this length they weigh in beside standardised columns.
VECTOR_LENGTH = 3.0
CLIP = 4.0
READS_VECTOR = frozenset({"type", "tone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Logits of one label: weights [c, k] and bias [k] over columns standardised by mean, scale."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats

    def probabilities(self, inputs: NDArray[np.floating]) -> NDArray[np.floating]:
        """Class probabilities [n, k] of inputs [n, c] that :func:`inputs` made."""
        return softmax(inputs @ self.weights + self.bias)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceHeads:
    """All heads, and what they were trained against."""

    weak_weights: Floats
    weak_bias: Floats
    heads: dict[str, Head]
    encoder_version: str
    masking_digest: str
    lists_digest: str
    digest: str


def weak(vectors: Floats, weights: Floats, bias: Floats) -> Floats:
    """Outputs of the weak heads [n, 5]; zero for a sentence of which nothing was left to encode."""
    there = vectors.any(axis=1, keepdims=True)
    result: Floats = np.where(there, vectors @ weights + bias, 0).astype(np.float32)
    return result


def standardised(columns: Floats, mean: Floats, scale: Floats) -> Floats:
    """Columns with mean 0 and spread 1, and no column far out."""
    result: Floats = np.clip((columns - mean) / scale, -CLIP, CLIP)
    return result


def columns(name: str, read: Floats, weak_outputs: Floats, article_opinion: Floats) -> Floats:
    """The columns of a head before they are standardised, in the order of COLUMNS."""
    parts = {
        "type": (read, weak_outputs, article_opinion[:, None]),
        "tone": (read, weak_outputs),
        "focus": (read,),
    }[name]
    result: Floats = np.concatenate(parts, axis=1)
    return result


def inputs(name: str, standard: Floats, vectors: Floats) -> Floats:
    """What a head multiplies: its standardised columns, and the vector where it reads one."""
    if name not in READS_VECTOR:
        return standard
    result: Floats = np.concatenate((standard, VECTOR_LENGTH * vectors), axis=1)
    return result


@cache
def load(path: Path = WEIGHTS_PATH) -> SentenceHeads:
    """Read the heads; Misconfigured when the file is missing or is not what train.py writes."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        with safe_open(path, framework="numpy") as file:
            about = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        _check(tensors)
        heads = {
            name: Head(
                mean=tensors[f"{name}.mean"],
                scale=tensors[f"{name}.scale"],
                weights=tensors[f"{name}.weights"],
                bias=tensors[f"{name}.bias"],
            )
            for name in LABELS
        }
        return SentenceHeads(
            weak_weights=tensors["weak.weights"],
            weak_bias=tensors["weak.bias"],
            heads=heads,
            encoder_version=about["encoder"],
            masking_digest=about["masking"],
            lists_digest=about["lists"],
            digest=digest,
        )
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise Misconfigured(
            "sentence-heads-broken", f"cannot read {path.name}: {error!r}"
        ) from error


def _check(tensors: Mapping[str, Floats]) -> None:
    broken = [name for name, tensor in tensors.items() if not np.isfinite(tensor).all()]
    if broken:
        raise ValueError(f"{broken} are not finite")
    for name, labels in LABELS.items():
        shapes = tensors[f"{name}.mean"].shape, tensors[f"{name}.bias"].shape
        if shapes != ((len(COLUMNS[name]),), (len(labels),)):
            raise ValueError(f"{name} has other columns or labels")
