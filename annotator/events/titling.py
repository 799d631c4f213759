"""Titles of events asked of a served language model, where one is configured.

The model sees headlines of at most twelve articles, one an outlet first, masked and marked as data.
Its title is stored beside the headline that stands as title, with model and prompt. A title may
hold no number and no name that none of the headlines has: what is longer, says more or breaks the
form is asked for once more, and if that fails too the headline stays alone.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, create_model

from annotator.asking import forms, page
from annotator.asking.page import Page
from annotator.events.amounts import numbers
from annotator.masking import mask
from annotator.prompts import render
from newsroom.db import Database
from newsroom.errors import Later, Refused
from newsroom.llm import Client, Served, served
from newsroom.settings import Llm
from newsroom.store import event_state
from newsroom.store.event_state import AskedTitle

HEADLINES_SHOWN: Final = 12
WORDS_MOST: Final = 14
CHARS_MOST: Final = 140
ANSWER_TOKENS: Final = 120
TRIES: Final = 2
NAME: Final = re.compile(r"[A-Z][\w’'-]+")
log = logging.getLogger(__name__)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def refresh_titles(db: Database, llm: Llm, since: datetime | None = None) -> int:
    """Ask for titles of the events whose headlines changed; how many were stored.

    Raises as :mod:`newsroom.llm` does where the server cannot be asked at all.
    """
    prompt = render.load(events=True)["event_title"]
    there = served(llm)
    with db.transaction() as conn:
        wanted = event_state.stale_titles(
            conn, model_revision=there.revision, prompt_digest=prompt.digest, since=since
        )
    stored = 0
    asked = llm.model_copy(update={"model": there.model})
    ids = sorted(wanted)
    for first in range(0, len(ids), llm.concurrency):
        batch = ids[first : first + llm.concurrency]
        with db.transaction() as conn:
            shown = {e: _shown(event_state.texts(conn, e), datamark=llm.datamark) for e in batch}
        titles = asyncio.run(_ask(asked, shown))
        with db.transaction() as conn:
            stored += sum(
                event_state.save_title(conn, _asked(e, title, there, prompt.digest, wanted[e]))
                for e, title in titles.items()
            )
    return stored


def checked(title: str, headlines: Sequence[str]) -> str:
    """The title in one line. Raises Later with the code of what is wrong with it.

    title-too-long; title-not-in-headlines: a number or a name (a capitalised word behind the first)
    that no headline has.
    """
    line = " ".join(title.split()).rstrip(".")
    if not line or len(line.split()) > WORDS_MOST:
        raise Later("title-too-long", f"{len(line.split())} words")
    told = " ".join(headlines)
    known = {word.lower() for word in NAME.findall(told)}
    new = [word for word in NAME.findall(line)[_starts_with_name(line) :]
           if word.lower() not in known and word.lower() not in told.lower()]  # fmt: skip
    if new or not numbers(line) <= numbers(told):
        raise Later("title-not-in-headlines", f"{', '.join(new) or 'a number'}: {line[:80]}")
    return line


def _starts_with_name(line: str) -> int:
    """1 where the first word is capitalised, as in every sentence: it proves nothing."""
    return int(NAME.match(line) is not None)


def _shown(rows: Sequence[Mapping[str, Any]], *, datamark: bool) -> Page:
    first: dict[str, str] = {}
    for row in rows:
        if row["title"]:
            first.setdefault(row["publisher_id"], row["title"])
    others = [row["title"] for row in rows if row["title"]]
    chosen = list(dict.fromkeys([*first.values(), *others]))[:HEADLINES_SHOWN]
    headline, *rest = [mask(title) for title in chosen] or [""]
    return page.of(headline, rest, datamark=datamark)


async def _ask(llm: Llm, shown: Mapping[str, Page]) -> dict[str, str]:
    async with Client(llm) as client:
        answers = await asyncio.gather(*(_one(client, told) for told in shown.values()))
    return {e: title for e, title in zip(shown, answers, strict=True) if title is not None}


async def _one(client: Client, told: Page) -> str | None:
    """A title, or None where two answers were of no use. Raises what no other event escapes."""
    form = _form(told.marker)
    messages = list(_messages(told))
    for attempt in range(1, TRIES + 1):
        try:
            reply = await client.chat(
                messages,
                schema=forms.schema(form),
                max_tokens=ANSWER_TOKENS,
                temperature=0.0 if attempt == 1 else 0.3,
                seed=attempt,
            )
            title = forms.read(form, reply.text, reply.finish_reason).title
            return checked(title, (told.headline, *told.sentences))
        except (Later, Refused) as error:
            log.info("no title: %s %s", error.code, error.message)
    return None


def _messages(told: Page) -> Iterator[Mapping[str, str]]:
    prompts = render.load(events=True)
    yield {"role": "system", "content": prompts["system"].fill(between=told.between)}
    question = prompts["event_title"].fill(marker=told.marker, lines=told.lines())
    yield {"role": "user", "content": question}


def _form(marker: str) -> type[BaseModel]:
    title = Annotated[str, StringConstraints(min_length=1, max_length=CHARS_MOST)]
    fields: dict[str, Any] = {"article": (Literal[marker], ...), "title": (title, ...)}
    return create_model("Answer", __base__=_Answer, **fields)


def _asked(event_id: str, title: str, there: Served, digest: str, made_from: str) -> AskedTitle:
    return AskedTitle(
        event_id=event_id,
        title=title,
        model=there.model,
        model_revision=there.revision,
        prompt_digest=digest,
        input=made_from,
    )
