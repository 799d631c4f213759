"""Articles a second and core: encoding, labelling after it, and what int8 weights would give.

Run: ``python -m benchmarks.encoding``. Made-up news of the demo, 40 articles lengthened to four
chunks each; times are of this process's CPU, one thread. The int8 encoder is PyTorch's dynamic
quantisation of every linear map; nothing in the product uses it.
"""

from __future__ import annotations

import json
import os
import platform
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.ao.quantization import quantize_dynamic

from annotator import encoder, reading
from annotator.labellers.base import ArticleInput
from annotator.labellers.embedded import EmbeddedLabeller
from memory_lm import spans
from memory_lm.backbone import Backbone
from scraper.demo.content import load

RESULTS = Path(__file__).parent / "results" / "memory"
ARTICLES, WORDS = 40, 600
REPEATS = 2


T = TypeVar("T")


class Int8(Backbone):
    """The encoder with its linear maps in int8; only their speed and error are of interest."""

    __slots__ = ()
    maps: ClassVar[dict[str, nn.Module]] = {}

    def _linear(self, x: Tensor, name: str) -> Tensor:
        if name not in self.maps:
            weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight, linear.bias = nn.Parameter(weight), nn.Parameter(bias)
            self.maps[name] = quantize_dynamic(nn.Sequential(linear), {nn.Linear})[0]
        found: Tensor = self.maps[name](x)
        return found


def main() -> None:
    """Measure and write ``encoding.json``."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    articles = _articles()
    pairs = [(a.title, a.text) for a in articles]
    plain = Backbone.load("cpu")
    small = Int8(
        weights=plain.weights, tokenizer=plain.tokenizer, cutter=plain.cutter, version="int8"
    )
    result: dict[str, object] = {"articles": len(articles), "chunks_each": spans.CHUNKS_MAX}
    keys: dict[str, NDArray[np.float32]] = {}
    for name, backbone in (("float32", plain), ("int8", small)):
        spans.encode(backbone, pairs[:4])
        found, seconds = _timed(lambda backbone=backbone: spans.encode(backbone, pairs))
        keys[name] = np.concatenate([one.keys for one in found])
        result[f"encode_{name}_articles_per_cpu_s"] = round(len(articles) / seconds, 2)
    cosines = (keys["float32"] * keys["int8"]).sum(axis=1)
    result["int8_cosine_mean"] = round(float(cosines.mean()), 5)
    result["int8_cosine_least"] = round(float(cosines.min()), 5)
    for name, sentences in (("label", False), ("label_with_sentences", True)):
        labeller = EmbeddedLabeller(sentences=sentences)
        list(labeller.label(articles[:4]))
        _, seconds = _timed(lambda labeller=labeller: list(labeller.label(articles)))
        result[f"encode_and_{name}_articles_per_cpu_s"] = round(len(articles) / seconds, 2)
    chunks = encoder.chunks(pairs)
    side = reading.side()
    _, seconds = _timed(lambda: side.outputs(chunks))
    result["side_network_ms_per_article"] = round(1000 * seconds / len(articles), 2)
    result["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    result["versions"] = {name: version(name) for name in ("numpy", "torch")}
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "encoding.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


def _articles() -> list[ArticleInput]:
    made = load().articles[:ARTICLES]
    texts = [" ".join(sentence.text for sentence in article.sentences) for article in made]
    rest = " ".join(texts)
    return [
        ArticleInput(title=article.headline, text=" ".join(f"{text} {rest}".split()[:WORDS]))
        for article, text in zip(made, texts, strict=True)
    ]


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work gives, and the least seconds of CPU it took."""
    best, found = float("inf"), None
    for _ in range(REPEATS):
        started = time.process_time()
        found = work()
        best = min(best, time.process_time() - started)
    assert found is not None
    return found, best


if __name__ == "__main__":
    main()
