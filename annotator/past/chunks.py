"""Articles masked, cut and encoded as the memory has them, kept in a folder between runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annotator import masking
from annotator.past.kept import keep
from memory_lm import spans
from memory_lm.backbone import WIDTH, Backbone
from memory_lm.spans import PARTS, SPANS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

BATCH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text as it stands; at most ``chunks_max`` chunks of it are read, after masking."""

    title: str
    text: str
    chunks_max: int

    @property
    def name(self) -> str:
        """Digest of what is encoded, the name in the folder."""
        whole = f"{self.title}\0{self.text}\0{self.chunks_max}"
        return hashlib.sha256(whole.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunks:
    """All chunks of some texts: those of text i are first[i]:first[i + 1].

    keys [chunks, 384], spans [chunks, 4, 4, 384] as (span, part), present [chunks, 4].
    """

    first: NDArray[np.int64]
    keys: NDArray[np.float16]
    spans: NDArray[np.float16]
    present: NDArray[np.bool_]

    def of(self, text: int) -> slice:
        """Where a text's chunks are."""
        return slice(int(self.first[text]), int(self.first[text + 1]))


def encoded(texts: Sequence[Text], cache: Path | None) -> Chunks:
    """Every text once, from the folder where it has been encoded before."""
    backbone = Backbone.load()
    names = [text.name for text in texts]
    held = _held(_folder(backbone, cache), set(names))
    wanted = {n: text for n, text in zip(names, texts, strict=True) if n not in held.at}
    missing = list(wanted.items())
    for start in range(0, len(missing), BATCH):
        block = missing[start : start + BATCH]
        held.add(_encode(backbone, [text for _, text in block], [name for name, _ in block]))
        if (folder := _folder(backbone, cache)) is not None:
            held.save_last(folder)
        print(f"encoded {start + len(block)} of {len(missing)}", flush=True)
    return held.gathered(names)


class _Held:
    """Blocks of encoded texts, and where each text is in them."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, NDArray[np.generic]]] = []
        self.at: dict[str, tuple[int, slice]] = {}

    def add(self, block: dict[str, NDArray[np.generic]], wanted: set[str] | None = None) -> None:
        ends = np.cumsum(block["counts"])
        for name, end, count in zip(
            block["names"].tolist(), ends.tolist(), block["counts"].tolist(), strict=True
        ):
            if wanted is None or name in wanted:
                self.at.setdefault(name, (len(self.blocks), slice(end - count, end)))
        self.blocks.append(block)

    def save_last(self, folder: Path) -> None:
        block = self.blocks[-1]
        keep(folder / f"{block['names'][0]}.npz", block)

    def gathered(self, names: Sequence[str]) -> Chunks:
        places = [self.at[name] for name in names]
        counts = [place.stop - place.start for _, place in places]
        first = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
        total = int(first[-1])
        keys = np.zeros((total, WIDTH), np.float16)
        whole = np.zeros((total, SPANS, PARTS, WIDTH), np.float16)
        present = np.zeros((total, SPANS), np.bool_)
        for i, (block, place) in enumerate(places):
            here = slice(int(first[i]), int(first[i + 1]))
            told = self.blocks[block]
            keys[here], whole[here], present[here] = (
                told["keys"][place], told["spans"][place], told["present"][place],
            )  # fmt: skip
        return Chunks(first=first, keys=keys, spans=whole, present=present)


def _held(folder: Path | None, wanted: set[str]) -> _Held:
    held = _Held()
    for path in sorted(folder.glob("*.npz")) if folder is not None else ():
        if not path.name.endswith(".part.npz"):
            with np.load(path) as stored:
                held.add({name: stored[name] for name in stored.files}, wanted)
    return held


def _encode(
    backbone: Backbone, texts: Sequence[Text], names: Sequence[str]
) -> dict[str, NDArray[np.generic]]:
    found: list[spans.Chunks] = []
    for text in texts:
        masked = masking.mask(text.title), masking.mask(text.text)
        found += spans.encode(backbone, [masked], chunks_max=text.chunks_max)
    return {
        "names": np.array(names),
        "counts": np.array([len(one.keys) for one in found]),
        "keys": np.concatenate([one.keys for one in found]).astype(np.float16),
        "spans": np.concatenate([one.spans for one in found]),
        "present": np.concatenate([one.present for one in found]),
    }


def version(backbone: Backbone | None = None) -> str:
    """Identifies what is kept: encoder, cutting and masking."""
    return f"{spans.version(backbone or Backbone.load())}-{masking.digest()}"


def _folder(backbone: Backbone, cache: Path | None) -> Path | None:
    return None if cache is None else cache / "spans" / version(backbone)
