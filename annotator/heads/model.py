"""Numpy inference of the heads: vectors and n-grams joined to what the side network says.

No torch and no scikit-learn here; the side network's outputs come in as arrays.
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

from annotator.heads.features import Vocabulary, bytes_to_terms, join, softmax, unit
from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Row = tuple[NDArray[np.int64], Floats]

WEIGHTS_PATH = Path(__file__).with_name("weights.safetensors")
CLASSIFIERS = ("lean", "topic", "news_type")
# Ratings of the training passages run from -4 to 4; the published scale from -5 to 5.
TONE_STRETCH = 5 / 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A calibrated head: dense [2d, k], sparse [V, k], bias [k], and the trust in the side."""

    labels: tuple[str, ...]
    dense: Floats
    sparse: Floats
    bias: Floats
    side: float

    def probabilities(
        self, side: Floats, vectors: Floats, rows: Sequence[Row]
    ) -> NDArray[np.floating]:
        """Class probabilities [n, k] from the side's logits, vectors [n, 2d] and n-gram rows."""
        logits = self.side * side + vectors @ self.dense + self.bias
        for i, (columns, values) in enumerate(rows):
            logits[i] += values @ self.sparse[columns]
        return softmax(logits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneHead:
    """Regression on a vector [d], n-grams [V], the side network and a lexicon; three classes."""

    labels: tuple[str, ...]
    dense: Floats
    sparse: Floats
    bias: float
    side: float
    feelings: Floats
    slope: Floats
    intercept: Floats

    def values(
        self, parts: Floats, side: Floats, feelings: Floats, rows: Sequence[Row]
    ) -> NDArray[np.floating]:
        """Valence (-4..4) [n] from the unit mean of the parts, the side network's and lexicon's."""
        sparse = np.array([values @ self.sparse[columns] for columns, values in rows])
        whole = unit(parts.sum(axis=1)) @ self.dense + feelings @ self.feelings
        whole += sparse + self.side * side + self.bias
        result: NDArray[np.floating] = np.clip(whole, -4.0, 4.0)
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
    side_digest: str
    digest: str

    def rows(self, titles: Sequence[str], texts: Sequence[str]) -> list[Row]:
        """The n-gram rows of masked titles and texts."""
        return [
            self.vocabulary.row(join(title, text))
            for title, text in zip(titles, texts, strict=True)
        ]


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
        _check_finite(wide)
        classifiers = {
            name: Classifier(
                labels=tuple(labels[name]),
                dense=wide[f"{name}.dense"],
                sparse=wide[f"{name}.sparse"],
                bias=wide[f"{name}.bias"],
                side=float(wide[f"{name}.side"][0]),
            )
            for name in CLASSIFIERS
        }
        tone = ToneHead(
            labels=tuple(labels["tone"]),
            dense=wide["tone.dense"],
            sparse=wide["tone.sparse"],
            bias=float(wide["tone.bias"][0]),
            side=float(wide["tone.side"][0]),
            feelings=wide["tone.feelings"],
            slope=wide["tone.slope"],
            intercept=wide["tone.intercept"],
        )
        return Heads(
            vocabulary=Vocabulary(bytes_to_terms(tensors["vocabulary"]), wide["idf"]),
            classifiers=classifiers,
            tone=tone,
            encoder_version=about["encoder"],
            masking_digest=about["masking"],
            side_digest=about["side"],
            digest=digest,
        )
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise Misconfigured("heads-broken", f"cannot read {path.name}: {error!r}") from error


def _check_finite(tensors: Mapping[str, Floats]) -> None:
    broken = [name for name, tensor in tensors.items() if not np.isfinite(tensor).all()]
    if broken:
        raise ValueError(f"{broken} are not finite")
