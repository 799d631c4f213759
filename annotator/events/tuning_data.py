"""Events with known truth from the data folder, as grouping problems of several kinds.

ECB+ documents (CC BY 3.0) are long and undated, and each topic holds two look-alike events, so
they are split by topic. AllSides roundup snippets (NeuS) are short: three outlets an event. Their
dates are those of the same articles in the AllSides set where the titles agree, or simulated. No
event is in both parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from pyarrow import parquet

from annotator.encoder import article_vectors, version
from annotator.events.signature import LEAD_CHARS, Signatures, word_rows
from newsroom.text import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HELD_OUT_PART = 2  # one snippet event in two is never seen in tuning
ARTICLE_FILES = (
    "lean_allsides_articles.part0.parquet",
    "lean_allsides_articles.part1.parquet",
)
# Days after the first report, from the real dates of roundup articles: 444 of 628 events with
# two dated articles lie on one day, 159 on two.
LATER_DAYS, LATER_SHARE = (0, 1, 2), (0.7, 0.25, 0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Articles to group and the event each belongs to."""

    name: str
    held_out: bool
    leads: list[str]
    signatures: Signatures
    truth: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Corpus:
    texts: list[tuple[str, str]]
    event: NDArray[np.str_]
    held_out: NDArray[np.bool_]
    day: Floats
    vectors: NDArray[np.float32]


def problems(data: Path, cache: Path | None) -> list[Problem]:
    """Every kind of problem, for tuning and held out; ``cache`` keeps vectors between runs."""
    long, short = _ecb(data, cache), _roundups(data, cache)
    found: list[Problem] = []
    for held_out in (False, True):
        long_rows = np.flatnonzero(long.held_out == held_out)
        short_rows = np.flatnonzero(short.held_out == held_out)
        few = _sample(short.event, short_rows, share=3)
        dated = short_rows[~np.isnan(short.day[short_rows])]
        for name, corpus, rows, per_day in (
            ("documents, undated", long, long_rows, None),
            ("documents, 1 event a day", long, long_rows, 1),
            ("snippets, undated, a third", short, few, None),
            ("snippets, undated, all", short, short_rows, None),
            ("snippets, 10 events a day", short, short_rows, 10),
            ("snippets, 50 events a day", short, short_rows, 50),
        ):
            day = _simulated(corpus.event[rows], per_day) if per_day else np.full(len(rows), np.nan)
            found.append(_problem(name, corpus, rows, day, held_out=held_out))
        real = _problem("snippets, real dates", short, dated, short.day[dated], held_out=held_out)
        found.append(real)
    return found


def _problem(
    name: str, corpus: _Corpus, rows: NDArray[np.int64], day: Floats, *, held_out: bool
) -> Problem:
    leads = [f"{title}\n{text[:LEAD_CHARS]}" for title, text in (corpus.texts[i] for i in rows)]
    signatures = Signatures(dense=corpus.vectors[rows], words=word_rows(leads), day=day)
    truth = [str(event) for event in corpus.event[rows]]
    return Problem(name=name, held_out=held_out, leads=leads, signatures=signatures, truth=truth)


def _ecb(data: Path, cache: Path | None) -> _Corpus:
    rows = parquet.read_table(data / "train" / "events_ecbplus.parquet").to_pylist()
    texts = [("", row["text"]) for row in rows]
    return _Corpus(
        texts=texts,
        event=np.array([row["event_id"] for row in rows]),
        held_out=np.array([row["split"] == "dev" for row in rows]),
        day=np.full(len(rows), np.nan),
        vectors=vectors("documents", texts, cache),
    )


def _roundups(data: Path, cache: Path | None) -> _Corpus:
    rows = parquet.read_table(data / "train" / "events_allsides_roundups.parquet").to_pylist()
    texts = [(row["title"] or "", row["text"] or "") for row in rows]
    day_of: dict[str, float] = {}
    for name in ARTICLE_FILES:
        for article in parquet.read_table(
            data / "train" / name, columns=["title", "date"]
        ).to_pylist():
            if article["date"]:
                day = np.datetime64(str(article["date"])[:10], "D").astype(np.int64)
                day_of.setdefault(_key(article["title"]), float(day))
    event = np.array([row["event_id"] for row in rows])
    return _Corpus(
        texts=texts,
        event=event,
        held_out=np.array([_hash(e) % HELD_OUT_PART == 0 for e in event]),
        day=np.array([day_of.get(_key(title), np.nan) if title else np.nan for title, _ in texts]),
        vectors=vectors("snippets", texts, cache),
    )


def _simulated(event: NDArray[np.str_], per_day: int) -> Floats:
    """A random first day for each event and a real-like delay for each article, seeded."""
    random = np.random.default_rng(0)
    names, which = np.unique(event, return_inverse=True)
    first = random.integers(0, max(1, len(names) // per_day), len(names)).astype(np.float64)
    later = random.choice(LATER_DAYS, len(event), p=LATER_SHARE) + random.random(len(event)) * 0.3
    day: Floats = first[which] + later
    return day


def _sample(event: NDArray[np.str_], rows: NDArray[np.int64], *, share: int) -> NDArray[np.int64]:
    return np.array([i for i in rows if _hash(str(event[i])) // HELD_OUT_PART % share == 0])


def vectors(name: str, texts: Sequence[tuple[str, str]], cache: Path | None) -> NDArray[np.float32]:
    """Article vectors [n, 384] of (title, text) pairs, kept under a name."""
    file = cache / f"{name}-{version()}.npy" if cache else None
    if file and file.exists():
        kept: NDArray[np.float32] = np.load(file)
        return kept
    made = article_vectors(texts)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, made)
    return made


def _key(title: str) -> str:
    return " ".join(words(title))


def _hash(event: str) -> int:
    return int.from_bytes(sha256(event.encode()).digest()[:8])
