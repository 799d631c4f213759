"""The shipped side network: its weights, what they were made for, and which gates are open.

Made by ``python -m annotator.heads.train``. A file that is broken, holds a number that is not
finite, or belongs to other vectors is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from memory_lm.batches import Terms
from memory_lm.side import QUERIES, Shape, SideNetwork
from newsroom.errors import Misconfigured

SIDE_PATH = Path(__file__).with_name("side.safetensors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """A network that labels, and what it may read of the past: queries with a shut gate nothing.

    ``vectors`` is the version of the spans it reads, ``masking`` of what was taken out before.
    """

    network: SideNetwork
    terms: Terms
    vectors: str
    masking: str
    digest: str


def load(vectors: str, path: Path = SIDE_PATH) -> Labels:
    """The network for spans of a version (``spans.version``).

    Misconfigured ``side-broken`` or ``side-other-vectors``.
    """
    try:
        with safe_open(path, framework="pt") as file:
            told = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        made_for, masking = told["vectors"], told["masking"]
        gates = tuple(json.loads(told["gates"]))
        network = SideNetwork(Shape(**json.loads(told["shape"])))
        network.load_state_dict(tensors)
    except (
        OSError, KeyError, ValueError, TypeError, RuntimeError, SafetensorError, Misconfigured,
    ) as error:  # fmt: skip
        raise _broken(path, repr(error)[:200]) from error
    if made_for != vectors:
        raise Misconfigured(
            "side-other-vectors",
            f"{path.name} is for vectors {made_for}, not {vectors}: train it again",
        )
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise _broken(path, f"{name} is not finite")
    if not all(gate in QUERIES for gate in gates):
        raise _broken(path, f"gates of unknown queries: {gates}")
    return Labels(
        network=network.eval(), terms=Terms(queries=gates), vectors=made_for,
        masking=masking, digest=_digest(told, tensors),
    )  # fmt: skip


def save(
    network: SideNetwork, about: Mapping[str, str], gates: list[str], path: Path = SIDE_PATH
) -> None:
    """Write the weights as float16. ``about`` must say the ``vectors`` and the ``masking``."""
    shape = network.shape
    told = {
        "outputs": dict(shape.outputs), "reader": shape.reader, "fusion": shape.fusion,
        "dropout": shape.dropout,
    }  # fmt: skip
    save_file(
        {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()},
        path,
        metadata={**about, "shape": json.dumps(told), "gates": json.dumps(gates)},
    )


def _digest(told: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    """Of what is said and of every weight; two files of one network may differ in their order."""
    found = sha256(json.dumps(sorted(told.items())).encode())
    for name in sorted(tensors):
        found.update(name.encode() + tensors[name].numpy().tobytes())
    return found.hexdigest()[:12]


def _broken(path: Path, why: str) -> Misconfigured:
    return Misconfigured("side-broken", f"cannot use {path.name}: {why}")
