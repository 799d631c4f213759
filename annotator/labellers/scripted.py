"""Labels without a model: from a table, or drawn from a hash of the text. For tests and speed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from annotator.codebook.loader import load as load_codebook
from annotator.labellers.base import ArticleInput, ArticleLabels, Label, Labelled, Outcome
from newsroom.errors import Refused
from newsroom.records import Scope, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from annotator.recalling import Past


class ScriptedLabeller:
    """Same text, same labels; never mistaken for a judgement, since its id travels with them."""

    id = "scripted"
    asked = None
    encoder = None
    recalls = False

    def __init__(self, table: Mapping[str, ArticleLabels | Refused] | None = None) -> None:
        """`table` gives outcomes by title; an article that is not in it gets hashed labels."""
        self._table = dict(table or {})
        self._codebook = load_codebook()
        source = self._codebook.digest + repr(sorted((k, repr(v)) for k, v in self._table.items()))
        self.revision = hashlib.sha256(source.encode()).hexdigest()[:12]

    def label(
        self, articles: Sequence[ArticleInput], past: Past | None = None
    ) -> Iterator[Outcome]:
        """One outcome for each article, in order; an empty text is refused."""
        del past
        for article in articles:
            if article.title in self._table:
                outcome = self._table[article.title]
                yield outcome if isinstance(outcome, Refused) else Labelled(labels=outcome)
            elif not article.text.strip():
                yield Refused("text-empty", "the article has no text")
            else:
                yield Labelled(labels=self._hashed(article))

    def _hashed(self, article: ArticleInput) -> ArticleLabels:
        drawn = hashlib.sha256(f"{article.title}\0{article.text}".encode()).digest()
        topics = self._codebook.questions["topic"].label_ids
        types = self._codebook.questions["news_type"].label_ids
        topic = topics[drawn[2] % len(topics)]
        return (
            self._scored(Stage.LEAN, Scope.ARTICLE, drawn[0]),
            self._scored(Stage.LEAN, Scope.HEADLINE, drawn[4]),
            self._scored(Stage.TONE, Scope.ARTICLE, drawn[1]),
            _classed(Stage.TOPIC, topic),
            _classed(Stage.CATEGORY, self._codebook.category_of(topic)),
            _classed(Stage.NEWS_TYPE, types[drawn[3] % len(types)]),
        )

    def _scored(self, stage: Stage, scope: Scope, byte: int) -> Label:
        question = self._codebook.questions[stage.value]
        labels = question.label_ids
        return Label(
            stage=stage,
            scope=scope,
            label=labels[byte * len(labels) // 256],
            score=float(byte % 11 - 5),
            confidence=1.0,
            distribution=None,
            scale="scripted",
        )


def _classed(stage: Stage, label: str) -> Label:
    return Label(
        stage=stage, scope=Scope.ARTICLE, label=label, score=None, confidence=1.0, distribution=None
    )
