"""Articles with known events as the memory sees them: masked, cut in chunks, encoded.

ECB+ documents (CC BY 3.0) are split by topic, each of which holds two look-alike events; AllSides
roundup snippets (NeuS) by event. Neither set has dates; roundup articles get the day of the same
headline in the AllSides set where there is one. A third is held out by hash of topic or event;
for roundups out of the half that the first grouping was never tuned on.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache as once
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from annotator import masking
from annotator.heads.data import lean_rows, table
from memory_lm import spans
from memory_lm.backbone import Backbone
from memory_lm.link import Rarity, spelled
from newsroom.text import words

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SETS = ("ecbplus", "roundups")
FILES = {"ecbplus": "events_ecbplus", "roundups": "events_allsides_roundups"}
FOLDS = 3
BATCH = 256
RAREST = 20
LEAD_CHARS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One masked article: what a bank keeps of it, and its true event.

    ``keys`` [C, 384] are unit; ``texts`` [C] are its chunks, the first with the headline before
    it. ``day`` counts from 1970, NaN where unknown. ``fold`` is -1 for what is held out.
    """

    article_id: str
    event: str
    title: str
    body: str
    texts: tuple[str, ...]
    keys: NDArray[np.float32]
    day: float
    fold: int


def articles(data: Path, name: str, cache: Path | None) -> list[Article]:
    """All articles of one of ``SETS``, in the order of its file."""
    rows = table(data, FILES[name])
    masked = [(masking.mask(row.get("title") or ""), masking.mask(row["text"])) for row in rows]
    days = _days(data) if name == "roundups" else {}
    made = []
    for i, (row, (title, body), (texts, keys)) in enumerate(
        zip(rows, masked, _encoded(masked, name, cache), strict=True)
    ):
        if not texts:
            continue
        event, fold = str(row["event_id"]), _fold(name, row)
        headed = (f"{title}\n{texts[0]}".strip(), *texts[1:])
        made.append(
            Article(
                article_id=f"{name}-{i}", event=event, title=title, body=body, texts=headed,
                keys=keys, day=days.get(_headline(row.get("title") or ""), np.nan), fold=fold,
            )
        )  # fmt: skip
    return made


def vectors_version() -> str:
    """Version of the keys: the encoder and how text is cut."""
    return spans.version(_backbone())


def rarity(data: Path) -> Rarity:
    """Word counts over headline and lead of the AllSides articles: single words in at least 20."""
    counts: Counter[str] = Counter()
    rows = lean_rows(data)
    for row in rows:
        lead = f"{row['title']}\n{row['text'][:LEAD_CHARS]}"
        counts.update({spelled(word) for word in words(lead)})
    kept = {word: n for word, n in counts.items() if n >= RAREST}
    return Rarity(documents=len(rows), count=kept, least=RAREST)


def _fold(name: str, row: dict[str, str]) -> int:
    if name == "ecbplus":
        held, group = _hash(f"ecb {row['topic']}") % 3 == 0, str(row["topic"])
    else:
        group = str(row["event_id"])
        held = _hash(group) % 2 == 0 and _hash(group) // 2 % 3 != 0
    return -1 if held else _hash(f"fold {group}") % FOLDS


def _encoded(
    masked: list[tuple[str, str]], name: str, cache: Path | None
) -> list[tuple[tuple[str, ...], NDArray[np.float32]]]:
    content = sha256(json.dumps(masked).encode()).hexdigest()[:12]
    file = cache / f"links-{name}-{vectors_version()}-{content}.npz" if cache else None
    if file and file.exists():
        with np.load(file) as held:
            keys = np.split(held["keys"].astype(np.float32), np.cumsum(held["counts"])[:-1])
            texts = json.loads(bytes(held["texts"]))
        return [(tuple(told), mine) for told, mine in zip(texts, keys, strict=True)]
    made: list[tuple[tuple[str, ...], NDArray[np.float32]]] = []
    for start in range(0, len(masked), BATCH):
        found = spans.encode(_backbone(), masked[start : start + BATCH])
        # Rounded as the store keeps them.
        made += [(one.texts, one.keys.astype(np.float16).astype(np.float32)) for one in found]
        print(f"{name}: {len(made)} of {len(masked)} encoded", flush=True)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            file,
            keys=np.concatenate([keys for _, keys in made]).astype(np.float16),
            counts=np.array([len(keys) for _, keys in made]),
            texts=np.frombuffer(json.dumps([told for told, _ in made]).encode(), np.uint8),
        )
    return made


def _days(data: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in lean_rows(data):
        if row["date"] and _headline(row["title"]):
            day = np.datetime64(str(row["date"])[:10], "D").astype(np.int64)
            found.setdefault(_headline(row["title"]), float(day))
    return found


@once
def _backbone() -> Backbone:
    return Backbone.load()


def _headline(title: str) -> str:
    """A headline as a key; of one word or none it would not tell articles apart."""
    told = words(title)
    return " ".join(told) if len(told) > 1 else ""


def _hash(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8])
