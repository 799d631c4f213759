"""How many edited copies are found, end to end through PostgreSQL, and what is taken for one.

Run: ``python -m benchmarks.near_copies`` with NEWSROOM_DATA_DIR set. Real articles of the lean
corpus are stored first, with snippets of outlets telling the same event and pages filled in from
templates; then come copies of some of them as texts of another outlet, a thousand with the edit
that a promise is made for, three hundred with each of the others. Thresholds were chosen on
articles whose address has an even digest (``--tune``); reported are the others. Beside it, on the
same texts and shingles: datasketch's MinHash LSH at the same number of permutations, SimHash, and
equality.

What is flagged among texts that nobody edited is judged by difflib: the corpus has copies of its
own, which are no mistakes (at least 70 % of the shorter text's words in the same order). Whatever
is flagged among pages of a template is one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks import edited_texts
from benchmarks.edited_texts import EDITS, PROMISED, Source
from newsroom import ids, migrate, stack
from newsroom.db import Database
from newsroom.intervals import of_share
from newsroom.records import Article, DateSource, Via
from newsroom.text import normalise, word_count, words
from scraper import dedup, intake
from scraper.intake import Incoming

RESULTS = Path(__file__).parent / "results" / "near_copies"
WHEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORIGINALS, OTHERS, SNIPPETS, TEMPLATED = 1_000, 3_000, 2_000, 600
OTHER_EDITS = 300  # copies of each kind of edit that nothing is promised for
WORDS_MIN = 120
SAME = 0.7
SIMHASH_BITS_MAX = 3  # Manku et al. 2007
SEED = 20261123


@dataclass(frozen=True, slots=True)
class Text:
    """One text that is stored: of which set, whether an original, and of what it is a copy."""

    key: str
    kind: str
    text: str
    copy_of: str | None = None


def corpus(half: int) -> tuple[list[Text], list[Text]]:
    """What is stored first, and the copies that come after it."""
    folder = Path(os.environ["NEWSROOM_DATA_DIR"]) / "train"
    rows = [
        row
        for path in sorted(folder.glob("lean_allsides_articles.part*.parquet"))
        for row in pq.read_table(path, columns=["ID", "text"]).to_pylist()
        if word_count(row["text"]) >= WORDS_MIN
        and sha256(row["ID"].encode()).digest()[0] % 2 == half
    ]
    chance = random.Random(SEED)
    chance.shuffle(rows)
    seen: set[str] = set()
    articles = []
    for row in rows:
        text = normalise(row["text"])
        if text[:200] not in seen:
            seen.add(text[:200])
            articles.append(Text(row["ID"], "article", text))
    snippets = pq.read_table(folder / "events_allsides_roundups.parquet").to_pylist()
    told = [normalise(s["text"]) for s in snippets if word_count(s["text"]) >= dedup.WORDS_MIN]
    originals = articles[:ORIGINALS]
    stored = [
        *articles[: ORIGINALS + OTHERS],
        *(Text(f"event-{n}", "same event", t) for n, t in enumerate(told[:SNIPPETS])),
        *(
            Text(f"template-{n}", "template", t)
            for n, t in enumerate(edited_texts.templated(TEMPLATED, SEED + half))
        ),
    ]
    vocabulary = sorted({w for t in originals[:300] for w in t.text.split() if w.isalpha()})
    copies = []
    for name, edit in EDITS.items():
        for n, original in enumerate(originals if name == PROMISED else originals[:OTHER_EDITS]):
            drawn = random.Random(f"{name}{original.key}")
            source = Source(vocabulary, originals[n - 1].text)
            text = normalise(edit(original.text, source, drawn))
            copies.append(Text(f"{name}/{original.key}", name, text, original.key))
    return stored, copies


def through_postgres(stored: Sequence[Text], copies: Sequence[Text]) -> dict[str, Any]:
    """Flagged pairs by key, and how long storing took."""
    home = Path(tempfile.mkdtemp(prefix="newsroom-bench-"))
    home.chmod(0o711)
    with stack.running(home) as services:
        migrate.upgrade(services.database_url)
        with Database(services.database_url, size_max=2) as db:
            keys = {_item(t).found.article_id: t.key for t in (*stored, *copies)}  # type: ignore[union-attr]
            seconds = {}
            for name, texts in (("stored", stored), ("copies", copies)):
                started = time.perf_counter()
                for start in range(0, len(texts), intake.BATCH):
                    intake.take_all(db, [_item(t) for t in texts[start : start + intake.BATCH]])
                seconds[name] = round(time.perf_counter() - started, 1)
            with db.transaction() as conn:
                rows = conn.execute(
                    "SELECT article_id, duplicate_of FROM articles WHERE duplicate_of IS NOT NULL"
                ).fetchall()
    shutil.rmtree(home)
    flagged = {keys[str(r["article_id"])]: keys[str(r["duplicate_of"])] for r in rows}
    return {"flagged": flagged, "seconds": seconds}


def _item(text: Text) -> Incoming:
    host = "first.example" if text.copy_of is None else "second.example"
    url = f"https://{host}/{sha256(text.key.encode()).hexdigest()[:16]}"
    signature = dedup.signature(text.text)
    title = "A headline"
    article = Article(
        article_id=ids.article_id(url), publisher_id="", url=url, canonical_url=url, title=title,
        text=text.text, text_sha256=ids.text_sha256(text.text),
        content_sha256=ids.content_sha256(title, text.text), language="en",
        words=word_count(text.text), published_at=WHEN, date_source=DateSource.IMPORT,
        via=Via.IMPORT, extractor="bench", fetched_at=WHEN,
        minhash=signature.minhash if signature else None,
        bands=signature.bands if signature else (),
    )  # fmt: skip
    return Incoming(source=url, url=url, publisher=host, found=article, at=WHEN)


def datasketch_signature(text: str) -> Any:
    from datasketch import MinHash

    tokens = words(text)
    signed = MinHash(num_perm=dedup.PERMUTATIONS)
    signed.update_batch(
        {" ".join(tokens[i : i + dedup.SHINGLE_WORDS]).encode() for i in range(len(tokens) - 2)}
    )
    return signed


def with_datasketch(stored: Sequence[Text], copies: Sequence[Text]) -> dict[str, str]:
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=dedup.NEAR_COPY, num_perm=dedup.PERMUTATIONS)
    known: dict[str, Any] = {}
    flagged = {}
    for text in (*stored, *copies):
        signed = datasketch_signature(text.text)
        scored = [(signed.jaccard(known[key]), key) for key in index.query(signed)]
        best = max(scored, default=(0.0, ""))
        if best[0] >= dedup.NEAR_COPY:
            flagged[text.key] = best[1]
        else:
            index.insert(text.key, signed)
            known[text.key] = signed
    return flagged


def with_simhash(stored: Sequence[Text], copies: Sequence[Text]) -> dict[str, str]:
    """64 bits over the same shingles; the nearest within three bits, by looking at all."""
    flagged: dict[str, str] = {}
    known = np.zeros(len(stored) + len(copies), dtype=np.uint64)
    names: list[str] = []
    for text in (*stored, *copies):
        tokens = words(text.text)
        shingles = {" ".join(tokens[i : i + dedup.SHINGLE_WORDS]) for i in range(len(tokens) - 2)}
        digests = b"".join(sha256(s.encode()).digest()[:8] for s in shingles)
        bits = np.unpackbits(np.frombuffer(digests, np.uint8).reshape(-1, 8), axis=1)
        sign = np.packbits(bits.mean(axis=0) > 0.5).view(np.uint64)[0]
        apart = np.bitwise_count(known[: len(names)] ^ sign)
        best = int(apart.argmin()) if names else -1
        if names and apart[best] <= SIMHASH_BITS_MAX:
            flagged[text.key] = names[best]
        else:
            known[len(names)] = sign
            names.append(text.key)
    return flagged


def with_equality(stored: Sequence[Text], copies: Sequence[Text]) -> dict[str, str]:
    known: dict[str, str] = {}
    flagged = {}
    for text in (*stored, *copies):
        if (first := known.setdefault(text.text, text.key)) != text.key:
            flagged[text.key] = first
    return flagged


def measure(
    stored: Sequence[Text], copies: Sequence[Text], flagged: dict[str, str]
) -> dict[str, Any]:
    """Recall of each kind of edit; what was flagged among texts that nobody edited."""
    texts = {t.key: t for t in (*stored, *copies)}
    # A copy whose original is itself a copy stands behind that one's original: a star.
    head = {t.key: flagged.get(t.key, t.key) for t in stored}
    found: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for copy in copies:
        target = flagged.get(copy.key)
        if target is None:
            continue
        assert copy.copy_of is not None
        first = texts[target]
        family = head.get(first.copy_of or first.key, first.copy_of or first.key)
        right = family == head[copy.copy_of] or _same(copy.text, first.text)
        (found if right else wrong)[copy.kind] += 1
    real: Counter[str] = Counter()
    mistaken: Counter[str] = Counter()
    for text in stored:
        if (target := flagged.get(text.key)) is not None:
            other = texts[target]
            copied = text.kind != "template" and _same(text.text, other.text)
            (real if copied else mistaken)[text.kind] += 1
    total = Counter(copy.kind for copy in copies)
    promised = found[PROMISED], wrong[PROMISED] + mistaken.total()
    return {
        "recall": {
            kind: {"of": n, "found": found[kind], "recall": round(found[kind] / n, 4),
                   "interval_95": of_share(found[kind] / n, n),
                   "wrong_original": wrong[kind]}
            for kind, n in total.items()
        },
        "unedited": {
            kind: {"texts": n, "copies_of_the_corpus": real[kind], "mistaken": mistaken[kind]}
            for kind, n in Counter(t.kind for t in stored).items()
        },
        "promised": {
            "edit": PROMISED,
            "recall": round(promised[0] / total[PROMISED], 4),
            "precision": round(promised[0] / max(1, sum(promised)), 4),
        },
    }  # fmt: skip


def _same(left: str, right: str) -> bool:
    a, b = sorted((words(left), words(right)), key=len)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return sum(m.size for m in matcher.get_matching_blocks()) / max(1, len(a)) >= SAME


def draw(report: dict[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    systems = report["systems"]
    kinds = list(EDITS)[::-1]
    figure = Figure(figsize=(8.0, 4.6), layout="constrained")
    axis = figure.subplots()
    height = 0.8 / len(systems)
    colours = ("#3b5b92", "#c97b3d", "#8aa17a", "#aaaaaa")
    for place, (name, colour) in enumerate(zip(systems, colours, strict=True)):
        values = [systems[name]["recall"][kind]["recall"] for kind in kinds]
        rows = [i + (len(systems) / 2 - place - 0.5) * height for i in range(len(kinds))]
        axis.barh(rows, values, height=height, color=colour, label=name)
    axis.axvline(0.98, color="#999999", linewidth=0.8)
    axis.set_yticks(range(len(kinds)), kinds)
    axis.set(xlim=(0, 1.02), xlabel="share of the copies that was found (line: 0.98)")
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False)
    figure.savefig(path, dpi=150)


def _rate(sign: Callable[[str], object], texts: Sequence[Text]) -> float:
    started = time.process_time()
    for text in texts:
        sign(text.text)
    return round(len(texts) / (time.process_time() - started), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true", help="the half that thresholds are set on")
    tune = parser.parse_args().tune
    stored, copies = corpus(0 if tune else 1)
    ours = through_postgres(stored, copies)
    flagged: dict[str, dict[str, str]] = {"newsroom": ours["flagged"]}
    seconds: dict[str, Any] = {"newsroom": ours["seconds"]}
    rivals: dict[str, Callable[..., dict[str, str]]] = {
        "datasketch LSH": with_datasketch,
        "SimHash": with_simhash,
        "equality": with_equality,
    }
    for name, system in rivals.items():
        started = time.perf_counter()
        flagged[name] = system(stored, copies)
        seconds[name] = round(time.perf_counter() - started, 1)
    rates = {
        "newsroom": _rate(dedup.signature, stored[:1000]),
        "datasketch": _rate(datasketch_signature, stored[:1000]),
    }
    report = {
        "half": "tuned on" if tune else "held out",
        "seed": SEED,
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {p: version(p) for p in ("datasketch", "numpy", "psycopg")},
        "texts": {"stored": len(stored), "copies": len(copies)},
        "settings": {
            "permutations": dedup.PERMUTATIONS, "bands": dedup.BANDS,
            "shingle_words": dedup.SHINGLE_WORDS, "near_copy": dedup.NEAR_COPY,
            "same_particulars": dedup.SAME_PARTICULARS,
        },
        "signatures_per_cpu_s": rates,
        "seconds": seconds,
        "systems": {name: measure(stored, copies, pairs) for name, pairs in flagged.items()},
    }  # fmt: skip
    RESULTS.mkdir(parents=True, exist_ok=True)
    name = "tuned" if tune else "held_out"
    (RESULTS / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if not tune:
        draw(report, RESULTS / "held_out.png")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
