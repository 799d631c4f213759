"""The training sets marked P, as rows the heads train on, and their cached vectors."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from annotator import encoder, masking
from newsroom.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SEED = 0


def lean_rows(folder: Path) -> list[dict[str, str]]:
    """The AllSides articles, in file order."""
    rows: list[dict[str, str]] = []
    for path in _paths(folder, "lean_allsides_articles.part*.parquet"):
        rows += pq.read_table(path).to_pylist()
    return rows


def thinned(
    rows: Sequence[dict[str, str]], key: Callable[[dict[str, str]], str | None], limit: int
) -> list[dict[str, str]]:
    """At most `limit` rows of each key, drawn by one seeded shuffle, in file order.

    Rows whose key is None are left out.
    """
    counts: dict[str, int] = {}
    kept: list[int] = []
    for i in np.random.default_rng(SEED).permutation(len(rows)).tolist():
        name = key(rows[i])
        if name is None:
            continue
        counts[name] = counts.get(name, 0) + 1
        if counts[name] <= limit:
            kept.append(i)
    return [rows[i] for i in sorted(kept)]


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """One of the smaller sets, in file order."""
    rows: list[dict[str, str]] = pq.read_table(_paths(folder, f"{name}.parquet")[0]).to_pylist()
    return rows


def digest(folder: Path) -> str:
    """Short hash of all training files used, so that results can be told stale."""
    found = hashlib.sha256()
    names = (
        "article_type_url_silver",
        "lean_allsides_articles.part*",
        "tone_newsmtsc",
        "tone_nyt_editorials",
        "topic_huffpost",
    )
    for name in names:
        for path in _paths(folder, f"{name}.parquet"):
            found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]


def parts(articles: Sequence[tuple[str, str]], cache: Path | None) -> NDArray[np.float32]:
    """Part vectors of (title, text) pairs; each article is encoded once per cache."""
    keys = [_key(title, text) for title, text in articles]
    known: dict[str, NDArray[np.float32]] = {}
    path = cache / f"parts-{encoder.version()}-{masking.digest()}.npz" if cache else None
    if path and path.is_file():
        with np.load(path) as stored:
            known = dict(zip(stored["keys"].tolist(), stored["parts"], strict=True))
    missing = [i for i, key in enumerate(keys) if key not in known]
    for start in range(0, len(missing), 512):
        chosen = missing[start : start + 512]
        fresh, _ = encoder.article_parts([articles[i] for i in chosen])
        known.update({keys[i]: vectors for i, vectors in zip(chosen, fresh, strict=True)})
        print(f"encoded {start + len(chosen)} of {len(missing)}", flush=True)
    if path and missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, keys=np.array(list(known)), parts=np.stack(list(known.values())))
    return np.stack([known[key] for key in keys])


def _key(title: str, text: str) -> str:
    return hashlib.sha256(f"{title}\0{text}".encode()).hexdigest()[:24]


def _paths(folder: Path, pattern: str) -> list[Path]:
    paths = sorted((folder / "train").glob(pattern))
    if not paths:
        raise Misconfigured("training-data-missing", f"no {pattern} under {folder}/train")
    return paths
