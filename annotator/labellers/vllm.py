"""Labels asked of an open-weight language model behind an OpenAI-compatible server, such as vLLM.

An article is shown once (numbered, masked, marked as data) with one short question after it at a
time; the first answer warms the server's prefix cache, the others are asked together, at most
``concurrency`` at once over all articles of a batch. An answer that breaks its form is asked for
once more with another seed; if that breaks too the article goes back under the code of what was
wrong, and nothing of it is stored. What the server says of its model is part of the revision, and
is asked again after every batch: a server that swapped its model meanwhile stops the run.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from annotator import masking
from annotator.asking import answers, forms, page, scale
from annotator.asking.questions import ANSWER_TOKENS, SENTENCE_TOKENS, Ask, Asker
from annotator.codebook import loader
from annotator.labellers.base import ArticleInput, Asked, Label, Labelled, Outcome
from annotator.prompts import render
from newsroom import ids
from newsroom.errors import Later, Misconfigured, Refused
from newsroom.llm import Client, Reply, Served, served
from newsroom.records import Answer, Stage
from newsroom.settings import Llm

if TYPE_CHECKING:
    from annotator.recalling import Past

FORM_TRIES = 2
DRAW_TEMPERATURE = 1.0
# English news has about four characters a token; three leave room for names and marks.
CHARS_PER_TOKEN = 3.0
QUESTION_TOKENS = 1800  # the longest question (topics) and its answer
log = logging.getLogger(__name__)


class VllmLabeller:
    """Asks a served model; its id and what the server says of it are the revision."""

    id = "vllm"
    encoder = None
    recalls = False

    def __init__(self, llm: Llm, codebook: str = "v1", *, sentences: bool = True) -> None:
        """Ask the server what it serves. Raises as :mod:`newsroom.llm` does."""
        self._asker = Asker(book=loader.load(codebook), prompts=render.load())
        self._wanted = (*_wanted(llm.questions), *(("sentences",) if sentences else ()))
        self.served: Served = served(llm)
        self._llm = llm.model_copy(update={"model": self.served.model})
        self.revision = ids.digest(
            "vllm", self.served.model, self.served.revision, masking.digest()
        )[:12]

    @property
    def asked(self) -> Asked:
        """Every prompt in use, and the settings that could change an answer."""
        digests = [prompt.digest for _, prompt in sorted(self._asker.prompts.items())]
        return Asked(
            prompt_digest=ids.digest("prompts", *digests)[:12],
            settings={
                "model": self.served.model,
                "served": dict(self.served.described),
                "context_tokens": self._context,
                "questions": list(self._wanted),
                "draws": self._llm.draws,
                "answer_tokens": [*ANSWER_TOKENS.values(), SENTENCE_TOKENS],
                "datamark": self._llm.datamark,
                "temperature": 0.0,
                "draw_temperature": DRAW_TEMPERATURE,
            },
        )

    @property
    def _context(self) -> int | None:
        return self._llm.context_tokens or self.served.context_tokens

    def label(
        self, articles: Sequence[ArticleInput], past: Past | None = None
    ) -> Iterator[Outcome]:
        """One outcome for each article, in order. Misconfigured where the model was swapped."""
        del past
        yield from asyncio.run(self._batch(articles))

    async def _batch(self, articles: Sequence[ArticleInput]) -> list[Outcome]:
        gate = asyncio.Semaphore(self._llm.concurrency)
        async with Client(self._llm) as client:
            outcomes = await asyncio.gather(*(self._one(client, gate, one) for one in articles))
            now = await client.served()
        if now.revision != self.served.revision:
            raise Misconfigured(
                "llm-model-swapped",
                f"{self.served.model} is not what it was when this run began: start another run",
            )
        return list(outcomes)

    async def _one(self, client: Client, gate: asyncio.Semaphore, article: ArticleInput) -> Outcome:
        shown = [masking.mask(sentence) for sentence in article.cut()]
        if not any(shown):
            return Refused("text-empty", "the article has no text")
        told = page.of(masking.mask(article.title), shown, datamark=self._llm.datamark)
        if self._context is not None:
            needed = len(told.lines()) / CHARS_PER_TOKEN + QUESTION_TOKENS
            if needed > self._context:
                why = f"about {needed:.0f} tokens, the model takes {self._context}"
                return Refused("text-too-long", why)
        first, *others = self._asker.about(told, self._wanted)
        try:
            found = [await self._answer(client, gate, first)]
            later = [self._answer(client, gate, ask) for ask in others]
            found += await asyncio.gather(*later)
            if Stage.SUBTOPIC in self._wanted:
                found += await self._subtopic(client, gate, told, article, found)
        except (Later, Refused) as error:
            return error
        return Labelled(
            labels=tuple(label for labels, _ in found for label in labels),
            answers=tuple(answer for _, answer in found),
        )

    async def _subtopic(
        self,
        client: Client,
        gate: asyncio.Semaphore,
        told: page.Page,
        article: ArticleInput,
        found: Sequence[tuple[tuple[Label, ...], Answer]],
    ) -> list[tuple[tuple[Label, ...], Answer]]:
        """Asked last, because its labels are those below the topic that was chosen."""
        (topic,) = [x.label for labels, _ in found for x in labels if x.stage is Stage.TOPIC]
        children = [
            child
            for child in self._asker.book.children(str(topic))
            if article.on is None or child.valid_on(article.on)
        ]
        if not children:
            return []
        ask = self._asker.label(told, Stage.SUBTOPIC, children)
        return [await self._answer(client, gate, ask)]

    async def _answer(
        self, client: Client, gate: asyncio.Semaphore, ask: Ask
    ) -> tuple[tuple[Label, ...], Answer]:
        for attempt in range(1, FORM_TRIES + 1):
            async with gate:
                reply = await self._ask(client, ask, seed=attempt)
            try:
                value = forms.read(ask.form, reply.text, reply.finish_reason)
                draws = await self._draws(client, gate, ask, reply)
                answer = _record(ask, reply, draws, attempt)
                made = answers.labels(
                    ask, value, self._asker.book, tokens=reply.tokens,
                    draws=[letter for letter, _ in draws], answer_id=answer.answer_id,
                )  # fmt: skip
                return tuple(made), answer
            except Later as error:
                if attempt == FORM_TRIES:
                    raise
                log.info("asked again: %s %s", error.code, error.message)
        raise AssertionError

    async def _ask(self, client: Client, ask: Ask, *, seed: int, temperature: float = 0.0) -> Reply:
        return await client.chat(
            ask.messages,
            schema=forms.schema(ask.form),
            max_tokens=ask.max_tokens,
            temperature=temperature if seed == 1 else max(temperature, 0.3),
            seed=seed,
            alternatives=ask.kind == "score" and temperature == 0,
        )

    async def _draws(
        self, client: Client, gate: asyncio.Semaphore, ask: Ask, reply: Reply
    ) -> list[tuple[str, Reply]]:
        """Further answers, for a scale whose distribution the server did not give."""
        if ask.kind != "score" or scale.of_tokens(reply.tokens) is not None:
            return []

        async def one(seed: int) -> tuple[str, Reply] | None:
            async with gate:
                drawn = await self._ask(client, ask, seed=seed, temperature=DRAW_TEMPERATURE)
            try:
                return forms.read(ask.form, drawn.text, drawn.finish_reason).point, drawn
            except Later:
                return None  # a draw without the form is no draw; the count says how many there are

        drawn = await asyncio.gather(*(one(1000 + n) for n in range(self._llm.draws)))
        return [found for found in drawn if found is not None]


def _record(ask: Ask, reply: Reply, draws: Sequence[tuple[str, Reply]], tries: int) -> Answer:
    prompt = ids.text_sha256(json.dumps([dict(message) for message in ask.messages]))
    replies = [reply, *(drawn for _, drawn in draws)]
    return Answer(
        answer_id=ids.answer_id(prompt, reply.text),
        stage=ask.stage,
        scope=ask.scope,
        prompt_sha256=prompt,
        raw=reply.text,
        finish_reason=reply.finish_reason,
        prompt_tokens=sum(one.prompt_tokens for one in replies),
        completion_tokens=sum(one.completion_tokens for one in replies),
        cached_tokens=sum(one.cached_tokens for one in replies),
        duration_s=sum(one.seconds for one in replies),
        tries=tries,
        draws=len(draws),
    )


def _wanted(questions: str) -> tuple[str, ...]:
    known = ("takeaways", "topic", "subtopic", "news_type", "lean", "tone", "headline")
    wanted = tuple(dict.fromkeys(part.strip() for part in questions.split(",") if part.strip()))
    unknown = sorted(set(wanted) - set(known))
    if unknown or not wanted:
        raise Misconfigured(
            "setting-invalid",
            f"NEWSROOM_LLM__QUESTIONS: {', '.join(unknown) or 'none'}; known: {', '.join(known)}",
        )
    if Stage.SUBTOPIC in wanted and Stage.TOPIC not in wanted:
        raise Misconfigured(
            "setting-invalid", "NEWSROOM_LLM__QUESTIONS: subtopic is asked below topic: name both"
        )
    return wanted
