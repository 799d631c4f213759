"""What is made of the texts of events and stories: what it is made from, and how it is kept.

A state carries a digest of everything it was made from, so that only what changed is made again.
Rows of an event or a story are replaced together, and go when it goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from newsroom.db import Conn

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('event-states', 0))"

# Labels count as input: a fact is what they call one, and takeaways are read from them.
STALE_EVENTS = """
WITH wanted AS (
    SELECT e.event_id, md5(string_agg(concat_ws(' ', a.article_id, a.content_sha256, a.publisher_id,
               coalesce(a.duplicate_of, '-'), a.sort_at, l.labels), ',' ORDER BY a.article_id))
               AS input
      FROM events e
      JOIN event_members m USING (event_id)
      JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
     CROSS JOIN LATERAL (
           SELECT concat(count(*) FILTER (WHERE n.stage = 'sentence_type'), '/',
                         max(n.annotation_id)) AS labels
             FROM annotations n
            WHERE n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
              AND (n.stage = 'sentence_type' AND n.run_id = %(run_id)s
                   OR n.stage = 'takeaways' AND n.superseded_at IS NULL)) l
     WHERE (%(ids)s::text[] IS NULL OR e.event_id = ANY(%(ids)s::text[]))
       AND (%(since)s::timestamptz IS NULL OR e.last_at >= %(since)s::timestamptz)
     GROUP BY e.event_id
)
SELECT w.event_id AS id, w.input
  FROM wanted w LEFT JOIN event_states s USING (event_id)
 WHERE s.input IS DISTINCT FROM w.input OR s.method IS DISTINCT FROM %(method)s::text
 ORDER BY w.event_id
"""

STALE_STORIES = """
WITH wanted AS (
    SELECT s.story_id, md5(string_agg(concat_ws(' ', a.article_id, a.content_sha256, a.publisher_id,
               coalesce(a.duplicate_of, '-'), a.sort_at), ',' ORDER BY a.article_id)) AS input
      FROM stories s
      JOIN event_members m USING (story_id)
      JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
     WHERE (%(ids)s::text[] IS NULL OR s.story_id = ANY(%(ids)s::text[]))
       AND (%(since)s::timestamptz IS NULL OR s.last_at >= %(since)s::timestamptz)
     GROUP BY s.story_id
)
SELECT w.story_id AS id, w.input
  FROM wanted w LEFT JOIN story_states s USING (story_id)
 WHERE s.input IS DISTINCT FROM w.input OR s.method IS DISTINCT FROM %(method)s::text
 ORDER BY w.story_id
"""

# Where a person gave the title nobody asks a model for one.
STALE_TITLES = """
WITH wanted AS (
    SELECT e.event_id, md5(string_agg(concat_ws(' ', a.publisher_id, a.title), ','
               ORDER BY a.article_id)) AS input
      FROM events e
      JOIN event_members m USING (event_id)
      JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
     WHERE e.title_by IS NULL AND a.title <> ''
       AND (%(since)s::timestamptz IS NULL OR e.last_at >= %(since)s::timestamptz)
     GROUP BY e.event_id
)
SELECT w.event_id AS id, w.input
  FROM wanted w LEFT JOIN event_titles t USING (event_id)
 WHERE (t.input, t.model_revision, t.prompt_digest)
       IS DISTINCT FROM (w.input, %(model_revision)s::text, %(prompt_digest)s::text)
 ORDER BY w.event_id
"""

STORIES_OF = """
SELECT DISTINCT story_id FROM events WHERE event_id = ANY(%(ids)s) ORDER BY story_id
"""

# In the order of their time; the article whose headline is the title comes with its mark.
TEXTS = """
SELECT a.article_id, a.content_sha256, a.publisher_id, a.title, a.text, a.sort_at,
       coalesce(a.duplicate_of, a.article_id) AS source,
       coalesce(e.title_article_id = a.article_id, false) AS central
  FROM event_members m
  JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
  LEFT JOIN events e ON e.event_id = m.event_id
 WHERE m.event_id = %(id)s OR m.story_id = %(id)s
 ORDER BY a.sort_at, a.article_id
"""

TYPES = """
SELECT n.article_id, n.sentence, n.label
  FROM event_members m
  JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
  JOIN annotations n ON n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
       AND n.run_id = %(run_id)s AND n.scope = 'sentence' AND n.stage = 'sentence_type'
 WHERE m.event_id = %(id)s
"""

TAKEAWAYS = """
SELECT DISTINCT ON (n.article_id) n.article_id, n.annotation_id
  FROM event_members m
  JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
  JOIN annotations n ON n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
       AND n.stage = 'takeaways' AND n.superseded_at IS NULL AND n.text IS NOT NULL
 WHERE m.event_id = %(id)s
 ORDER BY n.article_id, n.run_id IS NOT DISTINCT FROM %(run_id)s DESC, n.annotation_id DESC
"""

# Held until the state is stored; null: the group went while its state was made.
HOLD_EVENT = "SELECT event_id FROM events WHERE event_id = %(id)s FOR KEY SHARE"
HOLD_STORY = "SELECT story_id FROM stories WHERE story_id = %(id)s FOR KEY SHARE"

DROP_EVENT = "DELETE FROM event_states WHERE event_id = %(id)s"
DROP_STORY = "DELETE FROM story_states WHERE story_id = %(id)s"

ADD_EVENT = """
INSERT INTO event_states (event_id, input, method, made_at, outlets, unlabelled, sentences,
                          compared, facts, exclusives, takeaways)
VALUES (%(event_id)s, %(input)s, %(method)s, now(), %(outlets)s, %(unlabelled)s, %(sentences)s,
        %(compared)s, %(found)s, %(exclusives)s, %(takeaways)s)
"""
ADD_FACT = """
INSERT INTO event_facts (event_id, number, outlets, sources, exclusive)
VALUES (%(event_id)s, %(number)s, %(outlets)s, %(sources)s, %(exclusive)s)
"""
ADD_SENTENCE = """
INSERT INTO event_fact_sentences (event_id, number, place, aside, article_id, content_sha256,
                                  sentence)
VALUES (%(event_id)s, %(number)s, %(place)s, %(aside)s, %(article_id)s, %(content_sha256)s,
        %(sentence)s)
"""

ADD_STORY = """
INSERT INTO story_states (story_id, input, method, made_at, articles, mentions)
VALUES (%(story_id)s, %(input)s, %(method)s, now(), %(articles)s, %(mentions)s)
"""
ADD_SLOT = """
INSERT INTO story_slots (story_id, number, name, unit, told)
VALUES (%(story_id)s, %(number)s, %(name)s, %(unit)s, %(told)s)
"""
ADD_STEP = """
INSERT INTO story_steps (story_id, number, place, value, role, written, told_at, publisher_id,
                         article_id, content_sha256, sentence)
VALUES (%(story_id)s, %(number)s, %(place)s, %(value)s, %(role)s, %(written)s, %(told_at)s,
        %(publisher_id)s, %(article_id)s, %(content_sha256)s, %(sentence)s)
"""

SET_TITLE = """
INSERT INTO event_titles (event_id, title, model, model_revision, prompt_digest, input, asked_at)
VALUES (%(event_id)s, %(title)s, %(model)s, %(model_revision)s, %(prompt_digest)s, %(input)s, now())
ON CONFLICT (event_id) DO UPDATE
   SET title = excluded.title, model = excluded.model, model_revision = excluded.model_revision,
       prompt_digest = excluded.prompt_digest, input = excluded.input, asked_at = now()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A sentence of one revision, by its number from 0 (-1: the headline)."""

    article_id: str
    content_sha256: str
    sentence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """A fact; its sentences, the one that stands for it first, and those that tell it aside."""

    outlets: Sequence[str]
    sources: int
    exclusive: bool
    sentences: Sequence[Place]
    asides: Sequence[Place] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventState:
    """All that is kept of an event; ``found`` facts, of which ``facts`` are kept."""

    event_id: str
    input: str
    method: str
    outlets: int
    unlabelled: int
    sentences: int
    compared: int
    found: int
    exclusives: int
    takeaways: Sequence[Mapping[str, Any]]
    facts: Sequence[FactRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One telling of a value."""

    value: int
    role: str
    written: str
    told_at: datetime
    publisher_id: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRow:
    """An amount that changed: its values, the latest last, and their tellings in order."""

    name: str
    unit: str
    told: Sequence[str]
    steps: Sequence[StepRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryState:
    """All that is kept of a story."""

    story_id: str
    input: str
    method: str
    articles: int
    mentions: int
    slots: Sequence[SlotRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTitle:
    """A title with what gave it."""

    event_id: str
    title: str
    model: str
    model_revision: str
    prompt_digest: str
    input: str


def lock(conn: Conn) -> None:
    """One writer at a time; held to the end of the transaction."""
    conn.execute(LOCK)


def stale_events(
    conn: Conn,
    *,
    method: str,
    run_id: str | None,
    ids: Sequence[str] | None = None,
    since: datetime | None = None,
) -> dict[str, str]:
    """Events whose state is not of what they are now, with the digest of that; None: all."""
    asked = None if ids is None else list(ids)
    values = {"method": method, "run_id": run_id, "ids": asked, "since": since}
    return {row["id"]: row["input"] for row in conn.execute(STALE_EVENTS, values)}


def stale_stories(
    conn: Conn,
    *,
    method: str,
    ids: Sequence[str] | None = None,
    since: datetime | None = None,
) -> dict[str, str]:
    """The same for stories."""
    asked = None if ids is None else list(ids)
    values = {"method": method, "ids": asked, "since": since}
    return {row["id"]: row["input"] for row in conn.execute(STALE_STORIES, values)}


def stale_titles(
    conn: Conn, *, model_revision: str, prompt_digest: str, since: datetime | None = None
) -> dict[str, str]:
    """Events that this model and prompt gave no title for the headlines they have now."""
    values = {"model_revision": model_revision, "prompt_digest": prompt_digest, "since": since}
    return {row["id"]: row["input"] for row in conn.execute(STALE_TITLES, values)}


def stories_of(conn: Conn, event_ids: Sequence[str]) -> list[str]:
    """The stories of events."""
    rows = conn.execute(STORIES_OF, {"ids": list(event_ids)})
    return [row["story_id"] for row in rows]


def texts(conn: Conn, group_id: str) -> list[DictRow]:
    """Current texts of an event or a story in the order of their time."""
    return conn.execute(TEXTS, {"id": group_id}).fetchall()


def types(conn: Conn, event_id: str, run_id: str | None) -> dict[str, dict[int, str]]:
    """Sentence types by article and number; articles without any are left out."""
    found: dict[str, dict[int, str]] = {}
    for row in conn.execute(TYPES, {"id": event_id, "run_id": run_id}):
        found.setdefault(row["article_id"], {})[row["sentence"]] = row["label"]
    return found


def takeaways(conn: Conn, event_id: str, run_id: str | None) -> dict[str, int]:
    """The annotation that holds the takeaways of each article, of the shown run where it has."""
    rows = conn.execute(TAKEAWAYS, {"id": event_id, "run_id": run_id})
    return {row["article_id"]: row["annotation_id"] for row in rows}


def save_event(conn: Conn, state: EventState) -> bool:
    """Replace the state of an event; False: the event is gone."""
    lock(conn)
    if conn.execute(HOLD_EVENT, {"id": state.event_id}).fetchone() is None:
        return False
    conn.execute(DROP_EVENT, {"id": state.event_id})
    conn.execute(ADD_EVENT, _flat(state) | {"takeaways": Jsonb(list(state.takeaways))})
    with conn.cursor() as cursor:
        cursor.executemany(
            ADD_FACT,
            [
                {"event_id": state.event_id, "number": n, "outlets": list(fact.outlets),
                 "sources": fact.sources, "exclusive": fact.exclusive}
                for n, fact in enumerate(state.facts)
            ],
        )  # fmt: skip
        cursor.executemany(
            ADD_SENTENCE,
            [
                asdict(one)
                | {"event_id": state.event_id, "number": n, "place": k}
                | {"aside": k >= len(fact.sentences)}
                for n, fact in enumerate(state.facts)
                for k, one in enumerate((*fact.sentences, *fact.asides))
            ],
        )
    return True


def save_story(conn: Conn, state: StoryState) -> bool:
    """Replace the state of a story; False: the story is gone."""
    lock(conn)
    if conn.execute(HOLD_STORY, {"id": state.story_id}).fetchone() is None:
        return False
    conn.execute(DROP_STORY, {"id": state.story_id})
    conn.execute(ADD_STORY, _flat(state))
    with conn.cursor() as cursor:
        cursor.executemany(
            ADD_SLOT,
            [
                {"story_id": state.story_id, "number": n, "name": slot.name, "unit": slot.unit,
                 "told": list(slot.told)}
                for n, slot in enumerate(state.slots)
            ],
        )  # fmt: skip
        cursor.executemany(
            ADD_STEP,
            [
                _flat(step) | asdict(step.place)
                | {"story_id": state.story_id, "number": n, "place": k}
                for n, slot in enumerate(state.slots)
                for k, step in enumerate(slot.steps)
            ],
        )  # fmt: skip
    return True


def save_title(conn: Conn, title: AskedTitle) -> bool:
    """Store a model's title in place of its last one; False: the event is gone."""
    if conn.execute(HOLD_EVENT, {"id": title.event_id}).fetchone() is None:
        return False
    conn.execute(SET_TITLE, asdict(title))
    return True


def _flat(row: EventState | StoryState | StepRow) -> dict[str, Any]:
    nested = {"facts", "slots", "place"}
    return {name: getattr(row, name) for name in row.__slots__ if name not in nested}
