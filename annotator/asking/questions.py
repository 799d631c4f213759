"""From an article and a codebook to the questions that are asked: messages, form, length. Pure.

Every question about one article opens with the same words (the article), so that a server with a
prefix cache reads it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from annotator.asking import forms
from annotator.asking.page import Page
from annotator.codebook.loader import Codebook, LabelEntry, Question
from annotator.prompts.render import Prompt
from newsroom.records import Scope, Stage

Kind = Literal["label", "score", "words", "sentences"]
# Room for the longest answer that the form allows, in a tokenizer of two characters a token.
ANSWER_TOKENS: Mapping[Kind, int] = {"label": 320, "score": 320, "words": 480, "sentences": 80}
SENTENCE_TOKENS = 50
SENTENCES_AT_ONCE = 20
EVIDENCE = '"evidence" lists the numbers of at most three sentences that it rests on; '
SENTENCE_STAGES = (Stage.SENTENCE_TYPE, Stage.SENTENCE_TONE, Stage.SENTENCE_FOCUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question: what is sent, the form of its answer, and what the answer is about."""

    kind: Kind
    stage: Stage
    scope: Scope
    messages: tuple[Mapping[str, str], ...]
    form: forms.Form
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The codebook and the prompts in use."""

    book: Codebook
    prompts: Mapping[str, Prompt]

    def about(self, page: Page, wanted: Sequence[str]) -> Iterator[Ask]:
        """The questions that need no other answer; ``wanted`` as in the setting."""
        if "takeaways" in wanted:
            yield self.words(page, Stage.TAKEAWAYS)
        for stage in (Stage.TOPIC, Stage.NEWS_TYPE):
            if stage in wanted:
                yield self.label(page, stage, self.book.questions[stage].labels)
        for stage in (Stage.LEAN, Stage.TONE):
            if stage in wanted:
                yield self.score(page, stage, Scope.ARTICLE)
            if "headline" in wanted and page.headline:
                yield self.score(page, stage, Scope.HEADLINE)
        if "sentences" in wanted:
            for first in range(0, len(page.sentences), SENTENCES_AT_ONCE):
                last = min(first + SENTENCES_AT_ONCE, len(page.sentences))
                yield self.sentences(page, range(first, last))

    def label(self, page: Page, stage: Stage, labels: Sequence[LabelEntry]) -> Ask:
        """Ask which of the labels fits."""
        question = self.book.questions[stage]
        told = self.prompts["label"].fill(
            question=question.question,
            rules=_rules(question),
            labels="\n".join(
                f"- {x.id}: {x.definition} Includes: {x.include} Not: {x.exclude}" for x in labels
            ),
            marker=page.marker,
            evidence=EVIDENCE,
        )
        form = forms.choice(page.marker, [x.id for x in labels], len(page.sentences))
        return self._ask("label", stage, Scope.ARTICLE, page, told, form)

    def score(self, page: Page, stage: Stage, scope: Scope) -> Ask:
        """Ask for a point of the scale, for the article or for its headline alone."""
        question = self.book.questions[stage]
        assert question.scale is not None
        body = scope is Scope.ARTICLE
        points = zip(forms.LETTERS, question.scale.points, strict=True)
        told = self.prompts["score"].fill(
            question=question.question,
            rules=_rules(question),
            points="\n".join(f"{letter}: {point.anchor}" for letter, point in points),
            marker=page.marker,
            evidence=EVIDENCE if body else "",
        )
        form = forms.point(page.marker, len(page.sentences) if body else 0)
        return self._ask("score", stage, scope, page, told, form)

    def words(self, page: Page, stage: Stage) -> Ask:
        """Ask for an answer in words."""
        question = self.book.questions[stage]
        told = self.prompts["words"].fill(
            question=question.question, rules=_rules(question), marker=page.marker
        )
        return self._ask("words", stage, Scope.ARTICLE, page, told, forms.words(page.marker))

    def sentences(self, page: Page, numbers: range) -> Ask:
        """Ask for type, tone and focus of several sentences."""
        asked = [self.book.questions[stage] for stage in SENTENCE_STAGES]
        told = self.prompts["sentences"].fill(
            first=str(numbers[0] + 1),
            last=str(numbers[-1] + 1),
            questions="\n".join(_brief(question) for question in asked),
            marker=page.marker,
        )
        types, tones, focuses = (question.label_ids for question in asked)
        form = forms.sentences(
            page.marker, [number + 1 for number in numbers], types, tones, focuses
        )
        return self._ask(
            "sentences", Stage.SENTENCE_TYPE, Scope.SENTENCE, page, told, form, len(numbers)
        )

    def _ask(
        self,
        kind: Kind,
        stage: Stage,
        scope: Scope,
        page: Page,
        told: str,
        form: forms.Form,
        sentences: int = 0,
    ) -> Ask:
        alone = scope is Scope.HEADLINE
        shown = self.prompts["headline" if alone else "article"].fill(
            marker=page.marker, lines=page.line(0) if alone else page.lines()
        )
        return Ask(
            kind=kind,
            stage=stage,
            scope=scope,
            messages=(
                {"role": "system", "content": self.prompts["system"].fill(between=page.between)},
                {"role": "user", "content": f"{shown}\n\n{told}"},
            ),
            form=form,
            max_tokens=ANSWER_TOKENS[kind] + SENTENCE_TOKENS * sentences,
        )


def _rules(question: Question) -> str:
    return "\n".join(f"Rule: {rule}" for rule in question.tie_rules)


def _brief(question: Question) -> str:
    name = question.id.removeprefix("sentence_")
    labels = "; ".join(f"{x.id}: {x.definition}" for x in question.labels)
    return f"{name}: {question.question} {labels}; unclear."
