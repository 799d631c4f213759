"""The default labeller: frozen MiniLM, a side network, word n-grams; no language model.

It gives lean (article and headline), tone, topic, category and news type, never `news analysis`,
for which nothing was trained, and type, tone and focus of every sentence where it is asked to. See
annotator/heads/MODEL_CARD.md and annotator/sentences/MODEL_CARD.md for what the labels are worth.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from annotator import encoder, masking, prose, reading
from annotator.codebook.loader import Codebook
from annotator.codebook.loader import load as load_codebook
from annotator.heads.features import READ_CHARS, dense
from annotator.heads.lexicon import feelings
from annotator.heads.model import TONE_STRETCH, Heads
from annotator.heads.model import load as load_heads
from annotator.labellers.base import ArticleInput, Label, Labelled, Outcome
from annotator.sentences.labeller import SentenceLabeller, SentenceLabels
from newsroom.errors import Misconfigured, Refused
from newsroom.records import Scope, Stage
from newsroom.text import sentences, word_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from annotator.heads.model import Row
    from annotator.recalling import Past, StateRule

BATCH = 64
MIN_WORDS = 5
LANGUAGE_WORDS = 20
MAX_EVIDENCE = 3
MAX_WORDS = 5
TOP_TOPICS = 5


class EmbeddedLabeller:
    """Labels batches of articles together; loading reads the encoder and the heads."""

    id = "embedded"
    asked = None

    def __init__(self, rule: StateRule | None = None, *, sentences: bool = False) -> None:
        """``rule`` is of the event states it will be given; ``sentences``: label each one too."""
        self._heads: Heads = load_heads()
        self._codebook: Codebook = load_codebook()
        self._side = reading.side()
        made_for = (
            self._heads.encoder_version, self._heads.masking_digest, self._heads.side_digest
        )  # fmt: skip
        here = (encoder.version(), masking.digest(), self._side.digest)
        if made_for != here:
            raise Misconfigured(
                "heads-stale", f"heads were trained for {made_for}, here is {here}: train again"
            )
        self._sentences = SentenceLabeller() if sentences else None
        recalled = (rule,) if rule is not None and self.recalls else ()
        every = (self._sentences.digest,) if self._sentences else ()
        source = "|".join(
            (*here, self._heads.digest, self._codebook.digest, prose.RULES, *recalled, *every)
        )
        self.revision = hashlib.sha256(source.encode()).hexdigest()[:12]

    @property
    def encoder(self) -> str:
        """What the vectors are comparable with."""
        return encoder.vector_version()

    @property
    def recalls(self) -> bool:
        """Whether a gate is open; see the model card for why or why not."""
        return bool(self._side.recalling)

    def label(
        self, articles: Sequence[ArticleInput], past: Past | None = None
    ) -> Iterator[Outcome]:
        """One outcome for each article, in order: labels and vector, or why it has none."""
        for start in range(0, len(articles), BATCH):
            batch = articles[start : start + BATCH]
            refusals = [refusal(article) for article in batch]
            readable = [start + i for i, why in enumerate(refusals) if why is None]
            recalled = past if self.recalls else None
            answers = iter(self._answers(articles, readable, recalled) if readable else ())
            told = self._of_sentences(batch, refusals)
            for why, given in zip(refusals, told, strict=True):
                if why is None:
                    found = next(answers)
                    yield replace(found, labels=(*found.labels, *given))
                else:
                    yield Labelled(labels=given, refused=why) if given else why

    def _of_sentences(
        self, batch: Sequence[ArticleInput], refusals: Sequence[Refused | None]
    ) -> list[tuple[Label, ...]]:
        """Labels of the sentences of what can be read, and of sentences given as such."""
        if self._sentences is None:
            return [()] * len(batch)
        texts = [
            article.cut() if why is None or article.sentences is not None else ()
            for article, why in zip(batch, refusals, strict=True)
        ]
        found = self._sentences.label(texts, on=[article.on for article in batch])
        return [tuple(_of_one_article(labels)) for labels in found]

    def _answers(
        self, given: Sequence[ArticleInput], numbers: Sequence[int], past: Past | None
    ) -> list[Labelled]:
        heads = self._heads
        articles = [given[number] for number in numbers]
        titles = [masking.mask(article.title) for article in articles]
        texts = [masking.mask(prose.only(article.text)) for article in articles]
        parts, present = encoder.masked_parts(list(zip(titles, texts, strict=True)))
        vectors = encoder.pooled(parts)
        side, of_title = self._read(titles, texts, numbers, past)
        rows, title_rows = heads.rows(titles, texts), heads.rows(titles, [""] * len(titles))
        lean, topic, news_type = (
            heads.classifiers[name].probabilities(side[name], dense(parts), rows)
            for name in ("lean", "topic", "news_type")
        )
        alone = np.zeros_like(parts)
        alone[:, 0] = parts[:, 0]
        headline = heads.classifiers["lean"].probabilities(
            of_title["lean"], dense(alone), title_rows
        )
        words = feelings(list(zip(titles, texts, strict=True)))
        valence = heads.tone.values(parts, side["tone"][:, 0], words, rows)
        tone3 = heads.tone.probabilities(valence)
        recalled = self._side.recalling if past is not None else frozenset()
        labelled = []
        for i, article in enumerate(articles):
            labels = [
                self._lean(lean[i], Scope.ARTICLE, rows[i], article.text),
                self._tone(float(valence[i]), tone3[i]),
                *self._topic(topic[i], rows[i], article.text),
                self._news_type(news_type[i], rows[i], article.text),
            ]
            if present[i, 0]:
                labels.append(self._lean(headline[i], Scope.HEADLINE, title_rows[i], ""))
            told = tuple(
                replace(label, recalls=_asks(label) in recalled) if recalled else label
                for label in labels
            )
            labelled.append(Labelled(labels=told, vector=vectors[i]))
        return labelled

    def _read(
        self, titles: Sequence[str], texts: Sequence[str], numbers: Sequence[int],
        past: Past | None,
    ) -> tuple[reading.Outputs, reading.Outputs]:  # fmt: skip
        """The side network on the articles with their past, and on the headlines alone."""
        chunks = encoder.masked_chunks(list(zip(titles, texts, strict=True)))
        near = None if past is None else past.neighbours(numbers, chunks)
        whole = self._side.outputs(chunks, near, None if past is None else past.rule)
        alone = encoder.masked_chunks([(title, "") for title in titles])
        return whole, self._side.outputs(alone)

    def _lean(self, p: NDArray[np.floating], scope: Scope, row: Row, text: str) -> Label:
        names = self._heads.classifiers["lean"].labels
        scale = self._codebook.questions["lean"].scale
        assert scale is not None
        best = int(p.argmax())
        return Label(
            stage=Stage.LEAN,
            scope=scope,
            label=names[best],
            score=float(sum(x * scale.map[name] for x, name in zip(p, names, strict=True))),
            confidence=float(p[best]),
            distribution=_named(names, p),
            reason=self._wording("lean", best, row),
            evidence=self._evidence("lean", best, text),
            scale=scale.id,
            validated=scope.value not in self._codebook.questions["lean"].unvalidated_units,
        )

    def _tone(self, valence: float, p: NDArray[np.floating]) -> Label:
        names = self._heads.tone.labels
        scale = self._codebook.questions["tone"].scale
        assert scale is not None
        best = int(p.argmax())
        return Label(
            stage=Stage.TONE,
            scope=Scope.ARTICLE,
            label=names[best],
            score=valence * TONE_STRETCH,
            confidence=float(p[best]),
            distribution=_named(names, p),
            scale=scale.id,
            validated=False,  # measured on passages of editorials, never on whole news articles
        )

    def _topic(self, p: NDArray[np.floating], row: Row, text: str) -> tuple[Label, Label]:
        names = self._heads.classifiers["topic"].labels
        best = int(p.argmax())
        reason = self._wording("topic", best, row)
        evidence = self._evidence("topic", best, text)
        by_category = dict.fromkeys(self._codebook.questions["category"].label_ids, 0.0)
        for name, x in zip(names, p, strict=True):
            by_category[self._codebook.category_of(name)] += float(x)
        leading = sorted(range(len(names)), key=lambda k: (-p[k], k))[:TOP_TOPICS]
        category = self._codebook.category_of(names[best])
        topic = Label(
            stage=Stage.TOPIC,
            scope=Scope.ARTICLE,
            label=names[best],
            score=None,
            confidence=float(p[best]),
            distribution={names[k]: round(float(p[k]), 6) for k in leading},
            reason=reason,
            evidence=evidence,
        )
        return topic, Label(
            stage=Stage.CATEGORY,
            scope=Scope.ARTICLE,
            label=category,
            score=None,
            confidence=by_category[category],
            distribution={name: round(x, 6) for name, x in by_category.items()},
            reason=reason,
            evidence=evidence,
        )

    def _news_type(self, p: NDArray[np.floating], row: Row, text: str) -> Label:
        names = self._heads.classifiers["news_type"].labels
        best = int(p.argmax())
        return Label(
            stage=Stage.NEWS_TYPE,
            scope=Scope.ARTICLE,
            label=names[best],
            score=None,
            confidence=float(p[best]),
            distribution=_named(names, p),
            reason=self._wording("news_type", best, row),
            evidence=self._evidence("news_type", best, text),
        )

    def _wording(self, name: str, best: int, row: Row) -> str | None:
        """The words that push hardest toward the label, as its reason; None where none does.

        As with evidence, only the n-gram part of a head can be traced.
        """
        head, vocabulary = self._heads.classifiers[name], self._heads.vocabulary
        columns, values = row
        weights = head.sparse[columns]
        pushes = values * (weights[:, best] - weights.mean(axis=1))
        chosen: list[str] = []
        for place in np.argsort(-pushes, kind="stable")[: 3 * MAX_WORDS]:
            term = vocabulary.terms[columns[place]]
            if pushes[place] > 0 and not any(term in other or other in term for other in chosen):
                chosen.append(term)
        told = ", ".join(f"“{term}”" for term in chosen[:MAX_WORDS])
        return f"Words that weigh most toward it: {told}." if told else None

    def _evidence(self, name: str, best: int, text: str) -> tuple[int, ...]:
        """Up to three sentences whose words push hardest toward the label, strongest first.

        Only the n-gram part of a head can be traced to sentences; the vector part cannot.
        """
        head, vocabulary = self._heads.classifiers[name], self._heads.vocabulary
        pushes: list[tuple[float, int]] = []
        for number, (start, end) in enumerate(sentences(text[:READ_CHARS])):
            columns, _ = vocabulary.row(text[start:end])
            rows = head.sparse[columns]
            gain = vocabulary.idf[columns] @ (rows[:, best] - rows.mean(axis=1))
            if gain > 0:
                pushes.append((-float(gain), number))
        return tuple(number for _, number in sorted(pushes)[:MAX_EVIDENCE])


def refusal(article: ArticleInput) -> Refused | None:
    """Why an article cannot be labelled, or None: it is empty, too short, or not English."""
    if not article.text.strip():
        return Refused("text-empty", "the article has no text")
    count = word_count(article.text)
    if count < MIN_WORDS:
        return Refused("text-too-short", f"the text has {count} words, {MIN_WORDS} are needed")
    found = prose.WORD.findall(article.text[:READ_CHARS].lower())
    foreign = prose.function_share(found) < prose.MIN_FUNCTION_SHARE
    if len(found) >= LANGUAGE_WORDS and foreign:
        return Refused("language-not-english", "the text does not read as English prose")
    return None


def _of_one_article(labels: Sequence[SentenceLabels]) -> Iterator[Label]:
    for number, one in enumerate(labels):
        for stage, answer in (
            (Stage.SENTENCE_TYPE, one.type),
            (Stage.SENTENCE_TONE, one.tone),
            (Stage.SENTENCE_FOCUS, one.focus),
        ):
            yield Label(
                stage=stage,
                scope=Scope.SENTENCE,
                sentence=number,
                label=answer.label,
                score=None,
                confidence=answer.confidence,
                distribution=dict(answer.distribution),
            )


def _asks(label: Label) -> str | None:
    """The query behind a label; a headline's recalls nothing."""
    if label.scope is not Scope.ARTICLE:
        return None
    return "topic" if label.stage is Stage.CATEGORY else label.stage.value


def _named(names: Sequence[str], p: NDArray[np.floating]) -> dict[str, float]:
    return {name: round(float(x), 6) for name, x in zip(names, p, strict=True)}
