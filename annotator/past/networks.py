"""Side networks trained on the corpora: for outlets held out, and the one that ships.

A network that was trained before, by the ablation or the training script, is read from the folder.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annotator.heads.rows import FOLDS
from memory_lm.batches import Corpus, Neighbours, Terms, predict
from memory_lm.labs.report import code_digest
from memory_lm.side import QUERIES, Shape, SideNetwork
from memory_lm.train import Recipe, Targets, fit, on_one_core

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from annotator.past.arms import Shelf
    from annotator.past.replay import Past

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpora:
    """All that is trained on and judged. ``judged`` [n] are articles read whole and dated.

    ``fingerprint`` tells corpora apart, ``cache`` is the folder that keeps what was trained.
    """

    corpus: Corpus
    targets: Targets
    past: Past
    near: Neighbours
    fold: NDArray[np.int64]
    outlet: NDArray[np.int64]
    judged: NDArray[np.bool_]
    is_article: NDArray[np.bool_]
    shelf: Shelf
    outputs: Mapping[str, int]
    fingerprint: str
    cache: Path | None


# Queries whose gate `newsroom memory ablate` would open; see docs/memory-ablation.md.
GATES: tuple[str, ...] = ()
RECIPE = Recipe(epochs=3)

CODE = (
    "memory_lm.batches", "memory_lm.reader", "memory_lm.side", "memory_lm.train",
)  # fmt: skip

CPU_S = "cpu_s"

_shared: Corpora | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Outputs by query [n, outputs] of the network that saw no outlet of the row's fold.

    Rows of fold -1 are zero: they are never judged. ``network`` learned from all rows.
    """

    outputs: dict[str, Floats]
    network: SideNetwork
    cpu_s: float


def trained(
    data: Corpora, rows: NDArray[np.int64], shape: Shape, recipe: Recipe
) -> tuple[SideNetwork, float]:
    """A network that learned from some rows, and the seconds of CPU that took when it did.

    It is read from the folder where it is there.
    """
    kept = None
    if data.cache is not None:
        told = [data.fingerprint, repr(shape), repr(recipe), code_digest(CODE)]
        name = hashlib.sha256("\n".join(told).encode() + rows.tobytes()).hexdigest()[:24]
        kept = data.cache / "networks" / f"{name}.npz"
    if kept is not None and kept.is_file():
        network = SideNetwork(shape)
        with np.load(kept) as stored:
            arrays = {name: stored[name] for name in stored.files}
        cpu_s = float(arrays.pop(CPU_S))
        network.load_arrays(arrays)
        return network.eval(), cpu_s
    started = time.process_time()
    network = fit(data.corpus, data.targets, rows, shape, recipe, data.near)
    cpu_s = time.process_time() - started
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}.npz")
        np.savez(unfinished, **{CPU_S: np.array(cpu_s)}, **network.arrays())  # type: ignore[arg-type]
        unfinished.rename(kept)
    return network, cpu_s


def read(data: Corpora) -> Read:
    """Six networks, two at a time; seeded."""
    global _shared  # noqa: PLW0603  # forked workers see it without a copy
    _shared = data
    outputs: dict[str, Floats] = {
        q: np.zeros((len(data.fold), data.outputs[q]), np.float32) for q in QUERIES
    }
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context, initializer=on_one_core) as pool:
        last = pool.submit(_run, None)
        cpu_s = 0.0
        for fold, (found, _, seconds) in enumerate(pool.map(_run, range(FOLDS))):
            cpu_s += seconds
            for query in QUERIES:
                outputs[query][data.fold == fold] = found[query]
            print(f"side network, fold {fold}: {seconds:.0f} s of CPU", flush=True)
        _, weights, seconds = last.result()
    network = SideNetwork(Shape(outputs=dict(data.outputs)))
    network.load_arrays(weights)
    return Read(outputs=outputs, network=network.eval(), cpu_s=cpu_s + seconds)


def _run(fold: int | None) -> tuple[dict[str, Floats], dict[str, Floats], float]:
    """Outputs on the fold held out, weights, seconds of CPU; None holds nothing out."""
    data = _shared
    assert data is not None
    rows = np.flatnonzero(data.fold != fold) if fold is not None else np.arange(len(data.fold))
    network, seconds = trained(data, rows, Shape(outputs=dict(data.outputs)), RECIPE)
    outputs = {}
    if fold is not None:
        test = np.flatnonzero(data.fold == fold)
        outputs = predict(network, data.corpus, test, data.near, Terms(queries=GATES))
    return outputs, network.arrays(), seconds
