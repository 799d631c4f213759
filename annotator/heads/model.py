"""Numpy inference of the heads: one product for the vectors, one for the n-grams, one bias each.

No torch and no scikit-learn here: what runs at labelling is this file and one safetensors file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open

from annotator.heads.features import Vocabulary, bytes_to_terms, dense, join, softmax, unit
from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Row = tuple[NDArray[np.int64], Floats]

WEIGHTS_PATH = Path(__file__).with_name("weights.safetensors")
CLASSIFIERS = ("lean", "topic", "news_type")
# Ratings of the training passages run from -4 to 4; the published scale from -5 to 5.
TONE_STRETCH = 5 / 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A calibrated linear head: dense [2d, k], sparse [V, k], bias [k]."""

    labels: tuple[str, ...]
    dense: Floats
    sparse: Floats
    bias: Floats

    def probabilities(self, vectors: Floats, rows: Sequence[Row]) -> NDArray[np.floating]:
        """Calibrated class probabilities [n, k] from dense vectors [n, 2d] and n-gram rows."""
        logits = vectors @ self.dense + self.bias
        for i, (columns, values) in enumerate(rows):
            logits[i] += values @ self.sparse[columns]
        return softmax(logits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneHead:
    """Linear regression on a vector [d] and n-grams [V], and three classes from its value."""

    labels: tuple[str, ...]
    dense: Floats
    sparse: Floats
    bias: float
    slope: Floats
    intercept: Floats

    def values(self, parts: Floats, rows: Sequence[Row]) -> NDArray[np.floating]:
        """Predicted valence (-4..4) of articles, from the unit mean of their parts, [n]."""
        sparse = np.array([values @ self.sparse[columns] for columns, values in rows])
        mean = unit(parts.sum(axis=1)) @ self.dense
        result: NDArray[np.floating] = np.clip(mean + sparse + self.bias, -4.0, 4.0)
        return result

    def probabilities(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Class probabilities [n, 3] of predicted valences [n]."""
        return softmax(values[:, None] * self.slope + self.intercept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """All heads, their vocabulary and what they were trained against."""

    vocabulary: Vocabulary
    classifiers: dict[str, Classifier]
    tone: ToneHead
    encoder_version: str
    masking_digest: str
    digest: str

    def rows(self, titles: Sequence[str], texts: Sequence[str]) -> list[Row]:
        """The n-gram rows of masked titles and texts."""
        return [
            self.vocabulary.row(join(title, text))
            for title, text in zip(titles, texts, strict=True)
        ]

    def classify(self, name: str, parts: Floats, rows: Sequence[Row]) -> NDArray[np.floating]:
        """Probabilities [n, k] of one head from part vectors and n-gram rows."""
        return self.classifiers[name].probabilities(dense(parts), rows)


@cache
def load(path: Path = WEIGHTS_PATH) -> Heads:
    """Read the heads; Misconfigured when the file is missing or is not what train.py writes."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        with safe_open(path, framework="numpy") as file:
            about = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        labels: dict[str, list[str]] = json.loads(about["labels"])
        wide = {k: v.astype(np.float32) for k, v in tensors.items() if v.dtype != np.uint8}
        classifiers = {
            name: Classifier(
                labels=tuple(labels[name]),
                dense=wide[f"{name}.dense"],
                sparse=wide[f"{name}.sparse"],
                bias=wide[f"{name}.bias"],
            )
            for name in CLASSIFIERS
        }
        tone = ToneHead(
            labels=tuple(labels["tone"]),
            dense=wide["tone.dense"],
            sparse=wide["tone.sparse"],
            bias=float(wide["tone.bias"][0]),
            slope=wide["tone.slope"],
            intercept=wide["tone.intercept"],
        )
        return Heads(
            vocabulary=Vocabulary(bytes_to_terms(tensors["vocabulary"]), wide["idf"]),
            classifiers=classifiers,
            tone=tone,
            encoder_version=about["encoder"],
            masking_digest=about["masking"],
            digest=digest,
        )
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise Misconfigured("heads-broken", f"cannot read {path.name}: {error!r}") from error
