"""What the heads are trained on: sentences rated for this, made-up ones, and weak labels.

`rated.tsv` holds labels only; its sentences are found again in the AllSides articles by article,
number and hash. `written.tsv` holds sentences of our own with invented names.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from annotator import encoder, masking
from annotator.heads import data as sets
from annotator.sentences import features
from annotator.sentences.labels import FOCI, TONES, TYPES
from newsroom.errors import Misconfigured
from newsroom.text import normalise, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from annotator.sentences.features import Read

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

RATED_PATH = Path(__file__).with_name("rated.tsv")
WRITTEN_PATH = Path(__file__).with_name("written.tsv")
# Texts of the set are cut after 2,600 characters: the last sentence of a long one is no sentence.
CUT_CHARS = 2590
PAGES_PER_KIND = 1000
SENTENCES_PER_PAGE = 5
MIN_CHARS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """Sentences with the columns of their articles, class numbers and the group each belongs to."""

    reads: tuple[Read, ...]
    pick: tuple[tuple[int, ...], ...]
    types: Ints
    tones: Ints
    foci: Ints
    groups: NDArray[np.str_]
    written: NDArray[np.bool_]

    def columns(self, head: str) -> Floats:
        """The columns of a head for the labelled sentences, in order."""
        parts = [
            getattr(read, head)[list(pick)]
            for read, pick in zip(self.reads, self.pick, strict=True)
        ]
        return np.concatenate(parts)

    @property
    def masked(self) -> list[list[str]]:
        """The masked sentences of every article, labelled or not."""
        return [list(read.masked) for read in self.reads]


def rated(folder: Path) -> Rated:
    """The rated sentences in their articles, then the written ones, alone or in blocks."""
    articles = {row["ID"]: row for row in sets.lean_rows(folder)}
    reads, picks, labels, groups, written = [], [], [], [], []
    for name, found in groupby(_rows(RATED_PATH), key=lambda row: row["article"]):
        rows = list(found)
        article = articles.get(name)
        if article is None:
            raise Misconfigured("training-data-changed", f"no article {name} in the data folder")
        whole = split(article["text"])
        for row in rows:
            if _hash(whole[int(row["sentence"])]) != row["sha256"]:
                raise Misconfigured(
                    "training-data-changed",
                    f"sentence {row['sentence']} of article {name} is not the one that was rated",
                )
        on = date.fromisoformat(article["date"][:10]) if article["date"] else None
        reads.append(features.read(whole, on))
        picks.append(tuple(int(row["sentence"]) for row in rows))
        labels += [_numbers(row) for row in rows]
        groups += [name] * len(rows)
        written += [False] * len(rows)
    for block, found in groupby(_rows(WRITTEN_PATH), key=lambda row: row["block"]):
        rows = list(found)
        # Sentences without a block stand alone; they are held out with their likes, by tens.
        lists = [rows] if block else [[row] for row in rows]
        for i, one in enumerate(lists):
            reads.append(features.read([row["sentence"] for row in one]))
            picks.append(tuple(range(len(one))))
            labels += [_numbers(row) for row in one]
            groups += [f"written-{block or i // 10}"] * len(one)
            written += [True] * len(one)
    types, tones, foci = np.array(labels, dtype=np.int64).T
    return Rated(
        reads=tuple(reads), pick=tuple(picks), types=types, tones=tones, foci=foci,
        groups=np.array(groups), written=np.array(written),
    )  # fmt: skip


def split(text: str) -> list[str]:
    """The sentences of an article of the set, without the one that its end cuts off."""
    text = normalise(text)
    found = [text[start:end] for start, end in sentences(text)]
    return found[:-1] if len(text) >= CUT_CHARS and len(found) > 1 else found


def pages(folder: Path) -> tuple[list[str], Ints, NDArray[np.str_]]:
    """Masked sentences without quotations of opinion and news pages, 1 and 0, and their outlet."""
    found = sets.table(folder, "article_type_url_silver")
    rng = np.random.default_rng(sets.SEED)
    texts, labels, outlets = [], [], []
    kept: Counter[str] = Counter()
    for i in rng.permutation(len(found)).tolist():
        row = found[i]
        if kept[row["article_type"]] >= PAGES_PER_KIND:
            continue
        kept[row["article_type"]] += 1
        whole = [masking.mask(sentence) for sentence in split(row["text"])]
        plain = [s for s in whole if len(s) >= MIN_CHARS and '"' not in s]
        for j in sorted(rng.permutation(len(plain))[:SENTENCES_PER_PAGE].tolist()):
            texts.append(plain[j])
            labels.append(int(row["article_type"] == "opinion"))
            outlets.append(row["domain"])
    return texts, np.array(labels, dtype=np.int64), np.array(outlets)


def valences(folder: Path) -> tuple[list[str], Floats]:
    """Masked passages of editorials and their mean rating, -4..4."""
    rows = sets.table(folder, "tone_nyt_editorials")
    texts = [masking.mask(row["text"]) for row in rows]
    return texts, np.array([float(row["valence"]) for row in rows], dtype=np.float32)


def polarities(folder: Path) -> tuple[list[str], Ints]:
    """Masked news sentences and how they sound toward a target, as a tone's number."""
    rows = sets.table(folder, "tone_newsmtsc")
    texts = [masking.mask(row["sentence"]) for row in rows]
    return texts, np.array([TONES.index(row["polarity"]) for row in rows], dtype=np.int64)


def vectors(texts: Sequence[str], cache: Path | None) -> Floats:
    """Unit vectors of masked texts, zero for an empty one; each is encoded once per cache."""
    path = cache / f"sentences-{encoder.version()}.npz" if cache else None
    known: dict[str, Floats] = {}
    if path and path.is_file():
        with np.load(path) as stored:
            known = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    missing = sorted({text for text in texts if text and _hash(text) not in known})
    for start in range(0, len(missing), 1024):
        batch = missing[start : start + 1024]
        known.update(zip(map(_hash, batch), encoder.embed(batch), strict=True))
        print(f"encoded {start + len(batch)} of {len(missing)}", flush=True)
    if path and missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
    zero = np.zeros(encoder.DIMENSIONS, dtype=np.float32)
    return np.stack([known[_hash(text)] if text else zero for text in texts])


def digest(folder: Path) -> str:
    """Short hash of what was trained on, so that results can be told stale."""
    found = hashlib.sha256(sets.digest(folder).encode())
    for path in (RATED_PATH, WRITTEN_PATH):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def judged(folder: Path, outlets: Sequence[str]) -> list[dict[str, str]]:
    """Sentences of some outlets of the set that is for measuring only, in their order."""
    rows: list[dict[str, str]] = pq.read_table(
        folder / "train" / "sentence_mbd_dev.parquet"
    ).to_pylist()
    return [row for row in rows if row["publisher"] in outlets]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def _numbers(row: dict[str, str]) -> tuple[int, int, int]:
    return TYPES.index(row["type"]), TONES.index(row["tone"]), FOCI.index(row["focus"])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
