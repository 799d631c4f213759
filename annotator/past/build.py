"""From training rows to all that the side network is trained on and judged by."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from annotator import masking
from annotator.past import arms, chunks, corpus
from annotator.past.kept import keep
from annotator.past.networks import Corpora
from annotator.past.replay import Heads, Past, replay
from memory_lm import relations, spans
from memory_lm.backbone import Backbone
from memory_lm.batches import ABSENT
from memory_lm.labs.report import code_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from annotator.heads.rows import Row
    from annotator.past.chunks import Text

CODE = (
    "annotator.past.replay", "memory_lm.bank", "memory_lm.event_state", "memory_lm.link",
    "memory_lm.recall", "memory_lm.slots", "memory_lm.supersede",
)  # fmt: skip


def corpora(rows: Sequence[Row], cache: Path | None) -> Corpora:
    """Encodes and replays what the folder does not have yet: hours without it, a minute with it."""
    texts = corpus.texts(rows)
    found = chunks.encoded(texts, cache)
    past = _past(rows, texts, found, cache)
    _, outlet = np.unique([row.group for row in rows], return_inverse=True)
    is_article = np.array([row.is_article for row in rows])
    whole = np.array([row.whole for row in rows])
    return Corpora(
        corpus=corpus.corpus(found),
        targets=corpus.targets(rows),
        past=past,
        near=corpus.neighbours(past, found),
        fold=np.array([row.fold for row in rows]),
        outlet=outlet,
        judged=is_article & whole & (past.day != ABSENT),
        is_article=is_article,
        shelf=arms.Shelf.of(past, found.first, outlet),
        outputs=corpus.outputs(),
        fingerprint=_fingerprint(rows, texts, past),
        cache=cache,
    )


def _fingerprint(rows: Sequence[Row], texts: Sequence[Text], past: Past) -> str:
    """Of what is read, what is remembered, and every label, weight and fold."""
    told = hashlib.sha256(chunks.version().encode())
    for row, text in zip(rows, texts, strict=True):
        told.update(f"{text.name} {row.group} {row.fold} {row.labels} {row.weight}".encode())
        told.update(f" {row.valence} {row.date}".encode())
    for name, array in sorted(past.arrays().items()):
        told.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return told.hexdigest()


def _past(
    rows: Sequence[Row], texts: Sequence[Text], found: chunks.Chunks, cache: Path | None
) -> Past:
    backbone = Backbone.load()
    version = spans.version(backbone)
    made_of = hashlib.sha256("".join(text.name for text in texts).encode())
    made_of.update("".join(f"{row.group}\0{row.date}\0" for row in rows).encode())
    made_of.update(masking.digest().encode())
    for path in (relations.LINK_PATH, relations.RELATIONS_PATH):
        made_of.update(path.read_bytes())
    made_of.update(code_digest(CODE).encode())
    name = f"past-{version}-{made_of.hexdigest()[:12]}.npz"
    kept = None if cache is None else cache / name
    if kept is not None and kept.is_file():
        with np.load(kept) as stored:
            return Past(**{name: stored[name] for name in stored.files})
    heads = Heads(pointer=relations.load_link(version), relations=relations.load(version))
    past = replay(corpus.told(rows), found, heads, backbone)
    if kept is not None:
        keep(kept, past.arrays())
    return past
