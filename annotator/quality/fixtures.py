"""Our own made-up articles with their truth, so that quality is held where no data folder is.

The demo web's truth is read as the data file that it is, beside this package in the distribution;
`sentences.toml` adds sentences whose type, tone and focus are certain.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from annotator.labellers.base import ArticleInput
from newsroom.text import normalise

TRUTH_PATH = Path(__file__).parents[2] / "scraper" / "demo" / "truth.json"
SENTENCES_PATH = Path(__file__).with_name("sentences.toml")
SENTENCE_QUESTIONS = ("sentence_type", "sentence_tone", "sentence_focus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A made-up article: whose it is, what is true of it, and of each of its sentences.

    ``truth`` and each of ``sentences`` map questions to what the author meant; a question that an
    author did not answer is absent.
    """

    id: str
    article: ArticleInput
    outlet: str
    domain: str
    bylines: tuple[str, ...] = ()
    truth: dict[str, str | float] = field(default_factory=dict)
    sentences: tuple[dict[str, str], ...]


@cache
def demo() -> tuple[Made, ...]:
    """Every article of the demo web in its first edition, copies of others left out."""
    known = json.loads(TRUTH_PATH.read_text(encoding="utf-8"))
    outlets = {outlet["publisher_id"]: outlet for outlet in known["outlets"]}
    made = []
    for entry in known["articles"]:
        if entry["copy_of"]:
            continue
        paragraphs: dict[int, list[str]] = {}
        told = [sentence["text"] for sentence in entry["sentences"]]
        for number, text in zip(entry["paragraph_of"], told, strict=True):
            paragraphs.setdefault(number, []).append(text)
        body = normalise("\n".join(" ".join(parts) for parts in paragraphs.values()))
        outlet = outlets[entry["outlet"]]
        made.append(
            Made(
                id=entry["url"],
                article=ArticleInput(title=entry["headline"], text=body, sentences=tuple(told)),
                outlet=outlet["name"],
                domain=outlet["domain"],
                bylines=tuple(entry["authors"]),
                truth={
                    name: entry[name] for name in ("lean", "tone", "category", "topic", "news_type")
                },
                sentences=tuple({"sentence_type": x["type"]} for x in entry["sentences"]),
            )
        )
    return tuple(made)


@cache
def written() -> tuple[Made, ...]:
    """The blocks of `sentences.toml`."""
    made = []
    for number, block in enumerate(tomllib.loads(SENTENCES_PATH.read_text("utf-8"))["article"]):
        marks, told = zip(
            *(line.split("|", 1) for line in block["lines"].strip().splitlines()), strict=True
        )
        made.append(
            Made(
                id=f"written-{number}",
                article=ArticleInput(title=block["title"], text=" ".join(told), sentences=told),
                outlet="",
                domain="",
                sentences=tuple(
                    dict(zip(SENTENCE_QUESTIONS, mark.split(), strict=True)) for mark in marks
                ),
            )
        )
    return tuple(made)


def sample(n: int, seed: int = 0) -> tuple[Made, ...]:
    """``n`` articles of the demo web, drawn once, in the order of their dates."""
    every = demo()
    chosen = np.random.default_rng(seed).permutation(len(every))[:n]
    return tuple(every[i] for i in sorted(chosen.tolist()))


def digest() -> str:
    """Short hash of both files, by which floors are known to be of other fixtures."""
    found = hashlib.sha256()
    for path in (TRUTH_PATH, SENTENCES_PATH):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
