"""Type, tone and focus of every sentence, embedded: rules where a sentence says it, else heads.

Pure and batched: sentences of many articles are encoded together, short ones with short ones, and
each distinct sentence once. A sentence is read beside its neighbours, so an article's sentences
belong in one list, in order; a bare list works, with less to go by.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from annotator import encoder, masking
from annotator.sentences import features, model, parties
from annotator.sentences.labels import COUNTS, LABELS, TYPES, Answer, SentenceLabels
from newsroom.errors import Misconfigured, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from annotator.sentences.features import Read

    Floats = NDArray[np.floating]

__all__ = ["Answer", "SentenceLabeller", "SentenceLabels", "counts"]

# Bump when the code of this folder would give a sentence another label.
RULES = 1
# A list cut at stops leaves the closing mark of a quotation at the head of the next sentence. Of
# the tuning outlets' 19 such sentences raters called 14 a quote, and all 16 that end unclosed.
STRAY_IS_QUOTE = 0.7
UNCLOSED_IS_QUOTE = 0.9
# English prose is a quarter to a half function words; a long sentence with none is not English.
FUNCTION_WORDS = (
    "the of and to in is that for on with as was it by at from be are this have has not but they "
    "his her he she you we i a an will would can could or which their its who had been were do if "
    "no so up out about what when all one more our your my me them there than just how"
)
FOREIGN_WORDS = 6
# How far the labels of such a sentence are drawn toward knowing nothing.
FOREIGN_DOUBT = 0.5
WORD = re.compile(r"[^\W\d_]+")
NOTHING = {"type": "other", "tone": "neutral", "focus": "neither"}


class SentenceLabeller:
    """Labels sentences; loading reads the heads and checks that they fit encoder and lists."""

    def __init__(self) -> None:
        self._heads = model.load()
        made_for = (
            self._heads.encoder_version, self._heads.masking_digest, self._heads.lists_digest
        )  # fmt: skip
        here = (encoder.version(), masking.digest(), parties.digest())
        if made_for != here:
            raise Misconfigured(
                "sentence-heads-stale",
                f"sentence heads were trained for {made_for}, here is {here}: train again",
            )
        source = "|".join((*here, self._heads.digest, str(RULES)))
        self.digest = hashlib.sha256(source.encode()).hexdigest()[:12]

    def label(
        self, articles: Sequence[Sequence[str]], *, on: Sequence[date | None] | None = None
    ) -> list[list[SentenceLabels]]:
        """Labels of each sentence of each article; ``on`` are the articles' days, where known.

        Nothing is refused for what it says: an empty sentence is other, neutral and neither; one
        that is not English gets labels of low confidence. Raises Refused where an article is no
        list of texts.
        """
        days = on if on is not None else [None] * len(articles)
        for article in articles:
            if isinstance(article, str) or not all(isinstance(one, str) for one in article):
                raise Refused("sentences-not-texts", "an article must be a list of sentences")
        reads = [features.read(one, day) for one, day in zip(articles, days, strict=True)]
        vectors = _vectors(reads)
        labelled = []
        start = 0
        for read in reads:
            end = start + len(read.masked)
            labelled.append(self._article(read, vectors[start:end]))
            start = end
        return labelled

    def _article(self, read: Read, vectors: NDArray[np.float32]) -> list[SentenceLabels]:
        if not read.texts:
            return []
        given = probabilities(self._heads, read, vectors)
        foreign = np.array([not _english(text) for text in read.texts])
        blank = np.array([not text for text in read.texts])
        answers: dict[str, list[Answer]] = {}
        for name, labels in LABELS.items():
            p = given[name]
            p[foreign] = (1 - FOREIGN_DOUBT) * p[foreign] + FOREIGN_DOUBT / len(labels)
            p[blank] = [float(label == NOTHING[name]) for label in labels]
            answers[name] = [_answer(labels, row) for row in p]
        return [
            SentenceLabels(type=a, tone=b, focus=c)
            for a, b, c in zip(answers["type"], answers["tone"], answers["focus"], strict=True)
        ]


def probabilities(
    heads: model.SentenceHeads, read: Read, vectors: NDArray[np.float32]
) -> dict[str, Floats]:
    """Probabilities [n, k] by head of one article's sentences, stray marks accounted for."""
    weak = model.weak(vectors, heads.weak_weights, heads.weak_bias)
    opinion = np.full(len(weak), weak[:, 0].mean(), dtype=np.float32)
    found: dict[str, Floats] = {}
    for name, head in heads.heads.items():
        columns = model.columns(name, getattr(read, name), weak, opinion)
        standard = model.standardised(columns, head.mean, head.scale)
        found[name] = head.probabilities(model.inputs(name, standard, vectors))
    found["type"] = with_cut_marks(found["type"], read)
    return found


def with_cut_marks(types: Floats, read: Read) -> Floats:
    """Type probabilities where a sentence that was cut within a quotation is mostly a quote."""
    share = np.where(read.unclosed, UNCLOSED_IS_QUOTE, np.where(read.stray, STRAY_IS_QUOTE, 0.0))
    share[types.argmax(axis=1) == TYPES.index("other")] = 0.0
    result: Floats = types * (1 - share[:, None])
    result[:, TYPES.index("quote")] += share
    return result


def counts(labels: Iterable[SentenceLabels]) -> dict[str, int]:
    """How many sentences of an article have each label, under the twelve published names."""
    found: Counter[str] = Counter()
    for one in labels:
        for name, short in COUNTS.items():
            found[f"sent_{name}_{short[getattr(one, name).label]}"] += 1
    names = [f"sent_{name}_{end}" for name, short in COUNTS.items() for end in short.values()]
    return {name: found[name] for name in names}


def _vectors(reads: Sequence[Read]) -> NDArray[np.float32]:
    """Vectors of all sentences, in order; the encoder sorts by length itself."""
    every = [sentence for read in reads for sentence in read.masked]
    distinct = list(dict.fromkeys(sentence for sentence in every if sentence))
    vectors = np.zeros((len(every), encoder.DIMENSIONS), dtype=np.float32)
    if distinct:
        known = dict(zip(distinct, encoder.embed(distinct), strict=True))
        for i, sentence in enumerate(every):
            if sentence:
                vectors[i] = known[sentence]
    return vectors


def _english(sentence: str) -> bool:
    found = WORD.findall(sentence.lower())
    return len(found) < FOREIGN_WORDS or not frozenset(found).isdisjoint(FUNCTION_WORDS.split())


def _answer(labels: Sequence[str], p: Floats) -> Answer:
    best = int(p.argmax())
    return Answer(
        label=labels[best],
        confidence=float(p[best]),
        distribution={name: round(float(x), 6) for name, x in zip(labels, p, strict=True)},
    )
