"""Keep what is made of texts up to date: facts and takeaways of events, slots of stories.

Only what changed since is made again: members, texts, labels or the method. Sentences of several
events and stories are embedded together, each is stored by itself: a killed pass is finished by the
next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from annotator import encoder
from annotator.events import facts as aligning
from annotator.events import timeline
from annotator.events.facts import Fact, Node, Sentence
from annotator.events.timeline import Mention, Slot, Told
from annotator.sentences import quoting
from newsroom.db import Conn, Database
from newsroom.store import event_state
from newsroom.store.event_state import (
    EventState,
    FactRow,
    Place,
    SlotRow,
    StepRow,
    StoryState,
)
from newsroom.store.reading import runs
from newsroom.text import sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

FACTS_KEPT: Final = 200
SENTENCES_KEPT: Final = 50  # of one fact; its count of sources says how many there were
TAKEAWAYS_KEPT: Final = 3
LEAST_OUTSIDE: Final = 0.5  # a sentence whose words stand within quotation marks for the most part

# Read, embedded together and then stored one by one; a few thousand sentences.
GROUPS_AT_ONCE: Final = 64

Vectors = Mapping[str, "NDArray[np.float32]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """How many states were made anew."""

    events: int
    stories: int


def refresh_changed(
    db: Database, since: datetime | None = None, progress: Callable[[int], None] = lambda _: None
) -> Refreshed:
    """Make the state of every event and story that changed, of those with an article ``since``."""
    return _refresh(db, None, None, since, progress)


def refresh(db: Database, event_ids: Sequence[str]) -> Refreshed:
    """Make the state of these events and of their stories, where it is out of date."""
    with db.transaction() as conn:
        story_ids = event_state.stories_of(conn, event_ids)
    return _refresh(db, list(event_ids), story_ids, None, lambda _: None)


def _refresh(
    db: Database,
    event_ids: Sequence[str] | None,
    story_ids: Sequence[str] | None,
    since: datetime | None,
    progress: Callable[[int], None],
) -> Refreshed:
    with db.transaction() as conn:
        run_id = runs.id_of(runs.shown(conn, None))
        events = event_state.stale_events(
            conn, method=aligning.METHOD, run_id=run_id, ids=event_ids, since=since
        )
        stories = event_state.stale_stories(
            conn, method=timeline.METHOD, ids=story_ids, since=since
        )
    waiting = [
        *(("event", *one) for one in events.items()),
        *(("story", *one) for one in stories.items()),
    ]
    done = Counter[str]()
    for first in range(0, len(waiting), GROUPS_AT_ONCE):
        with db.transaction() as conn:
            read: list[EventTold | StoryTold] = [
                EventTold.of(group_id, made_from, EventTexts.read(conn, group_id, run_id))
                if level == "event"
                else StoryTold.of(group_id, made_from, event_state.texts(conn, group_id))
                for level, group_id, made_from in waiting[first : first + GROUPS_AT_ONCE]
            ]
        vector_of = embedded([text for one in read for text in one.texts()])
        for one in read:
            with db.transaction() as conn:
                if isinstance(one, EventTold):
                    done["event"] += event_state.save_event(conn, one.state(vector_of))
                else:
                    done["story"] += event_state.save_story(conn, one.state(vector_of))
            progress(1)
    return Refreshed(events=done["event"], stories=done["story"])


def embedded(texts: Sequence[str]) -> Vectors:
    """The vectors of texts, each made once and in one call, where like lengths run together."""
    distinct = list(dict.fromkeys(texts))
    return dict(zip(distinct, encoder.embed(distinct), strict=True)) if distinct else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTexts:
    """What the state of an event is made from."""

    rows: Sequence[Mapping[str, Any]]
    types: Mapping[str, Mapping[int, str]]
    takeaways: Mapping[str, int]

    @classmethod
    def read(cls, conn: Conn, event_id: str, run_id: str | None) -> EventTexts:
        """As they are stored now; labels are those of a run."""
        return cls(
            rows=event_state.texts(conn, event_id),
            types=event_state.types(conn, event_id, run_id),
            takeaways=event_state.takeaways(conn, event_id, run_id),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTold:
    """An event whose sentences are read and wait for their vectors."""

    event_id: str
    made_from: str
    read: EventTexts
    stated: Sequence[Sentence]
    nodes: Sequence[Node]

    @classmethod
    def of(cls, event_id: str, made_from: str, read: EventTexts) -> EventTold:
        """Its sentences, and the wordings among them."""
        stated = [
            Sentence(
                article=row["article_id"], outlet=row["publisher_id"], source=row["source"],
                number=number, text=text, factual=is_fact,
            )
            for row in read.rows
            for number, text, is_fact in judged(cut(row["text"]), read.types.get(row["article_id"]))
        ]  # fmt: skip
        return cls(
            event_id=event_id,
            made_from=made_from,
            read=read,
            stated=stated,
            nodes=aligning.nodes(stated),
        )

    def texts(self) -> list[str]:
        """What needs a vector."""
        return [node.text for node in self.nodes]

    def state(self, vector_of: Vectors) -> EventState:
        """Its facts and takeaways."""
        rows, types = self.read.rows, self.read.types
        outlets = {row["publisher_id"] for row in rows}
        vectors = np.array([vector_of[text] for text in self.texts()], np.float32)
        found = aligning.align(self.nodes, vectors, len(outlets))
        content = {row["article_id"]: row["content_sha256"] for row in rows}
        return EventState(
            event_id=self.event_id,
            input=self.made_from,
            method=aligning.METHOD,
            outlets=len(outlets),
            unlabelled=sum(row["article_id"] not in types for row in rows),
            sentences=sum(one.factual for one in self.stated),
            compared=len(self.nodes),
            found=len(found),
            exclusives=sum(fact.exclusive for fact in found),
            takeaways=takeaways(rows, self.read.takeaways, found),
            facts=[_fact_row(fact, content) for fact in found[:FACTS_KEPT]],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTold:
    """A story whose amounts are read and wait for the vectors of their claims."""

    story_id: str
    made_from: str
    rows: Sequence[Mapping[str, Any]]
    mentions: Sequence[Mention]

    @classmethod
    def of(cls, story_id: str, made_from: str, rows: Sequence[Mapping[str, Any]]) -> StoryTold:
        """Its amounts: of headlines and what is said outside quotations."""
        told = [
            Told(
                article=row["article_id"], outlet=row["publisher_id"], source=row["source"],
                at=row["sort_at"], number=number, text=text,
            )
            for row in rows
            for number, text in (
                *([(-1, row["title"])] if row["title"] else []), *in_own_words(cut(row["text"]))
            )
        ]  # fmt: skip
        return cls(
            story_id=story_id, made_from=made_from, rows=rows, mentions=timeline.mentions(told)
        )

    def texts(self) -> list[str]:
        """What needs a vector."""
        return timeline.claims(self.mentions)

    def state(self, vector_of: Vectors) -> StoryState:
        """Its slots."""
        vectors = np.array([vector_of[text] for text in self.texts()], np.float32)
        content = {row["article_id"]: row["content_sha256"] for row in self.rows}
        return StoryState(
            story_id=self.story_id,
            input=self.made_from,
            method=timeline.METHOD,
            articles=len(self.rows),
            mentions=len(self.mentions),
            slots=[_slot_row(slot, content) for slot in timeline.slots(self.mentions, vectors)],
        )


def cut(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[start:end] for start, end in sentences(text)]


def judged(spans: Sequence[str], types: Mapping[int, str] | None) -> list[tuple[int, str, bool]]:
    """Number, text, and whether it is labelled fact; without labels all but quotations are."""
    if types is not None:
        return [(n, one, types.get(n) == "fact") for n, one in enumerate(spans)]
    return [
        (n, one, len(quoting.outside(one, quoted)) >= LEAST_OUTSIDE * len(one))
        for n, (one, quoted) in enumerate(zip(spans, quoting.read(spans), strict=True))
    ]


def in_own_words(spans: Sequence[str]) -> list[tuple[int, str]]:
    """Sentences with their quotations blanked, so that every character keeps its place."""
    found = []
    for n, (one, quoted) in enumerate(zip(spans, quoting.read(spans), strict=True)):
        left = list(one)
        for start, end in quoted.spans:
            left[start:end] = " " * (end - start)
        if "".join(left).strip():
            found.append((n, "".join(left)))
    return found


def takeaways(
    rows: Sequence[Mapping[str, Any]], labels: Mapping[str, int], found: Sequence[Fact]
) -> list[dict[str, Any]]:
    """Labels of the most central article and of the earliest of other outlets; else top facts."""
    chosen: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: not row["central"]):
        label = labels.get(row["article_id"])
        if label is not None:
            told = {"annotation_id": label, "article_id": row["article_id"]}
            chosen.setdefault(row["publisher_id"], told)
    if chosen:
        return list(chosen.values())[:TAKEAWAYS_KEPT]
    return [{"fact": number} for number in range(min(TAKEAWAYS_KEPT, len(found)))]


def _fact_row(fact: Fact, content: Mapping[str, str]) -> FactRow:
    return FactRow(
        outlets=fact.outlets,
        sources=fact.sources,
        exclusive=fact.exclusive,
        sentences=[
            Place(article_id=s.article, content_sha256=content[s.article], sentence=s.number)
            for s in fact.sentences[:SENTENCES_KEPT]
        ],
        asides=[
            Place(article_id=s.article, content_sha256=content[s.article], sentence=s.number)
            for s in fact.asides
        ],
    )


def _slot_row(slot: Slot, content: Mapping[str, str]) -> SlotRow:
    return SlotRow(
        name=slot.name,
        unit=slot.unit,
        told=slot.values,
        steps=[
            StepRow(
                value=step.value,
                role=step.role,
                written=step.mention.words,
                told_at=step.mention.told.at,
                publisher_id=step.mention.told.outlet,
                place=Place(
                    article_id=step.mention.told.article,
                    content_sha256=content[step.mention.told.article],
                    sentence=step.mention.told.number,
                ),
            )
            for step in slot.steps
        ],
    )
