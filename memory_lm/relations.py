"""The shipped heads that judge pairs: relations of claims, and whether articles share an event.

Made by ``python -m annotator.links.train``. A file that is broken, holds a number that is not
finite, or belongs to other vectors or features is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from memory_lm import link, supersede
from memory_lm.link import LinkHead, Rarity
from memory_lm.supersede import PairHead
from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensors = dict[str, NDArray[np.generic]]

RELATIONS_PATH = Path(__file__).with_name("relations.safetensors")
LINK_PATH = Path(__file__).with_name("link.safetensors")
SAME_EVENT = ("other event", "same event")


def load(vectors: str, path: Path = RELATIONS_PATH) -> PairHead:
    """The head for what a claim does to an older one; classes as in ``supersede.RELATIONS``.

    ``vectors`` is the version of the bank's keys (``spans.version``). Misconfigured
    ``memory-head-broken``, ``memory-head-other-features`` or ``memory-head-other-vectors``.
    """
    held = _read(path, vectors, supersede.FEATURES, supersede.RELATIONS)
    return _pair(held, path, len(supersede.FEATURES), len(supersede.RELATIONS))


def load_link(vectors: str, path: Path = LINK_PATH) -> LinkHead:
    """The event pointer's head; errors as for :func:`load`."""
    held = _read(path, vectors, link.FEATURES, SAME_EVENT)
    try:
        listed = bytes(held["words"]).decode().split("\n")
        counts, (documents, least) = held["counts"].tolist(), held["documents"].tolist()
        [threshold] = held["threshold"].tolist()
        count = dict(zip(listed, counts, strict=True))
    except (KeyError, ValueError) as error:
        raise _broken(path, repr(error)) from error
    if not (0 < threshold < 1 and 0 < least <= documents):
        raise _broken(path, "a threshold or count is out of its range")
    rarity = Rarity(documents=documents, count=count, least=least)
    pair = _pair(held, path, len(link.FEATURES), len(SAME_EVENT))
    return LinkHead(pair=pair, rarity=rarity, threshold=threshold)


def save(head: PairHead, about: Mapping[str, str], path: Path = RELATIONS_PATH) -> None:
    """Write the relation head; ``about`` must say the version of its ``vectors``."""
    _write(_arrays(head), about, supersede.FEATURES, supersede.RELATIONS, path)


def save_link(head: LinkHead, about: Mapping[str, str], path: Path = LINK_PATH) -> None:
    """Write the event pointer's head with its word weights."""
    rarity, arrays = head.rarity, _arrays(head.pair)
    arrays["words"] = np.frombuffer("\n".join(sorted(rarity.count)).encode(), np.uint8)
    arrays["counts"] = np.array([rarity.count[word] for word in sorted(rarity.count)], np.int32)
    arrays["documents"] = np.array([rarity.documents, rarity.least], np.int32)
    arrays["threshold"] = np.array([head.threshold], np.float64)
    _write(arrays, about, link.FEATURES, SAME_EVENT, path)


def about(path: Path) -> dict[str, str]:
    """What a file says of itself: data, code and vectors it was made from."""
    return _open(path)[1]


def _arrays(head: PairHead) -> Tensors:
    return {
        "mean": head.mean, "scale": head.scale, "inner": head.inner,
        "inner_bias": head.inner_bias, "outer": head.outer, "outer_bias": head.outer_bias,
        "temperature": np.array([head.temperature], np.float64),
    }  # fmt: skip


def _write(
    arrays: Tensors,
    told: Mapping[str, str],
    features: Sequence[str],
    classes: Sequence[str],
    path: Path,
) -> None:
    named = {"features": json.dumps(features), "classes": json.dumps(classes)}
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(whole, path, metadata={**told, **named})


def _open(path: Path) -> tuple[Tensors, dict[str, str]]:
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise _broken(path, repr(error)) from error


def _read(path: Path, vectors: str, features: Sequence[str], classes: Sequence[str]) -> Tensors:
    tensors, told = _open(path)
    asked = {"features": json.dumps(features), "classes": json.dumps(classes)}
    if any(told.get(name) != value for name, value in asked.items()):
        raise Misconfigured(
            "memory-head-other-features", f"{path.name} reads other features: train it again"
        )
    if told.get("vectors") != vectors:
        raise Misconfigured(
            "memory-head-other-vectors",
            f"{path.name} is for vectors {told.get('vectors')}, not {vectors}: train it again",
        )
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise _broken(path, f"{name} is not finite")
    return tensors


def _pair(held: Tensors, path: Path, features: int, classes: int) -> PairHead:
    try:
        arrays = {
            name: held[name].astype(np.float32)
            for name in ("mean", "scale", "inner", "inner_bias", "outer", "outer_bias")
        }
        [temperature] = held["temperature"].tolist()
    except (KeyError, ValueError) as error:
        raise _broken(path, repr(error)) from error
    hidden = len(arrays["inner_bias"])
    shapes = {
        "mean": (features,), "scale": (features,), "inner": (features, hidden),
        "outer": (hidden, classes), "outer_bias": (classes,),
    }  # fmt: skip
    wrong = [name for name, shape in shapes.items() if arrays[name].shape != shape]
    if wrong or not (arrays["scale"] > 0).all() or temperature <= 0:
        raise _broken(path, f"shape or range of {wrong or 'scale, temperature'}")
    return PairHead(**arrays, temperature=temperature)


def _broken(path: Path, why: str) -> Misconfigured:
    return Misconfigured("memory-head-broken", f"cannot use {path.name}: {why}")
