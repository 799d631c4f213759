"""Titles, facts by outlet and the state of stories, as readers see them.

No more than 25 words of any sentence are given; whoever wants the rest follows the address.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg.rows import DictRow

from newsroom.db import Conn
from newsroom.text import sentences

WORDS_SHOWN: Final = 25

# A person's word, else a model's for the headlines there are, else a headline.
TITLES: Final = """
SELECT e.event_id, e.title AS headline, e.title_article_id, e.title_by,
       CASE WHEN e.title_by IS NULL THEN coalesce(t.title, e.title) ELSE e.title END AS title,
       CASE WHEN e.title_by IS NOT NULL THEN 'person' WHEN t.title IS NOT NULL THEN 'model'
            ELSE 'headline' END AS title_from,
       t.title AS asked_title, t.model, t.model_revision, t.prompt_digest, t.asked_at
  FROM events e LEFT JOIN event_titles t USING (event_id)
 WHERE e.event_id = ANY(%(ids)s)
"""

EVENT: Final = """
SELECT s.event_id, s.method, s.made_at, s.unlabelled, s.sentences, s.compared, s.facts,
       s.exclusives, s.takeaways,
       (SELECT array_agg(DISTINCT a.publisher_id ORDER BY a.publisher_id)
          FROM event_members m
          JOIN articles a ON a.article_id = m.article_id AND a.superseded_at IS NULL
         WHERE m.event_id = s.event_id) AS outlets
  FROM event_states s WHERE s.event_id = %(id)s
"""

FACTS: Final = """
SELECT f.number, f.outlets, f.sources, f.exclusive, s.article_id, s.sentence, s.content_sha256,
       a.text, a.url, a.publisher_id,
       (SELECT count(*) FROM event_fact_sentences x
         WHERE x.event_id = f.event_id AND x.number = f.number) AS sentences
  FROM event_facts f
  JOIN event_fact_sentences s ON s.event_id = f.event_id AND s.number = f.number AND s.place = 0
  LEFT JOIN articles a ON a.article_id = s.article_id AND a.content_sha256 = s.content_sha256
 WHERE f.event_id = %(id)s AND (%(exclusive)s::boolean IS NULL OR f.exclusive = %(exclusive)s)
   AND (%(after)s::bigint IS NULL OR f.number > %(after)s::bigint)
 ORDER BY f.number LIMIT %(rows)s
"""

FACTS_COUNT: Final = """
SELECT count(*) AS n FROM event_facts
 WHERE event_id = %(id)s AND (%(exclusive)s::boolean IS NULL OR exclusive = %(exclusive)s)
"""

FACT_SENTENCES: Final = """
SELECT s.number, s.place, s.aside, s.article_id, s.sentence, a.publisher_id, a.url, a.text
  FROM event_fact_sentences s
  JOIN articles a ON a.article_id = s.article_id AND a.content_sha256 = s.content_sha256
 WHERE s.event_id = %(id)s AND s.number = ANY(%(numbers)s)
 ORDER BY s.number, s.place
"""

TAKEAWAYS: Final = """
SELECT n.annotation_id, n.article_id, n.text, n.run_id, n.labeller, n.validated, a.publisher_id
  FROM annotations n
  JOIN articles a ON a.article_id = n.article_id AND a.content_sha256 = n.content_sha256
 WHERE n.annotation_id = ANY(%(ids)s)
"""

SLOTS: Final = """
SELECT s.number, s.name, s.unit, s.told, t.method, t.made_at
  FROM story_slots s JOIN story_states t USING (story_id)
 WHERE s.story_id = %(id)s ORDER BY s.number
"""

STEPS: Final = """
SELECT s.number, s.place, s.value, s.role, s.written, s.told_at, s.publisher_id,
       p.name AS publisher, s.article_id, s.sentence, a.url, a.title, a.text
  FROM story_steps s
  JOIN publishers p USING (publisher_id)
  LEFT JOIN articles a ON a.article_id = s.article_id AND a.content_sha256 = s.content_sha256
 WHERE s.story_id = %(id)s ORDER BY s.number, s.place
"""

STATED: Final = "SELECT story_id FROM story_states WHERE story_id = %(id)s"

SUMMARY: Final = """
SELECT s.story_id, s.title, s.articles, s.publishers,
       (SELECT count(*) FROM story_slots x WHERE x.story_id = s.story_id) AS slots,
       (SELECT jsonb_agg(jsonb_build_object('name', x.name, 'latest', x.told[cardinality(x.told)])
                         ORDER BY x.number)
          FROM story_slots x WHERE x.story_id = s.story_id) AS latest,
       (SELECT coalesce(sum(x.facts), 0)::integer FROM event_states x JOIN events e USING (event_id)
         WHERE e.story_id = s.story_id) AS facts,
       (SELECT coalesce(sum(x.exclusives), 0)::integer FROM event_states x
          JOIN events e USING (event_id) WHERE e.story_id = s.story_id) AS exclusives
  FROM stories s ORDER BY s.articles DESC, s.story_id
"""


def titles(conn: Conn, event_ids: Sequence[str]) -> dict[str, DictRow]:
    """The title of each event, where it is from, and the other one there is, by event id."""
    rows = conn.execute(TITLES, {"ids": list(event_ids)})
    return {row["event_id"]: row for row in rows}


def event(conn: Conn, event_id: str) -> dict[str, Any] | None:
    """How the state of an event was made, the outlets that covered it, and its takeaways.

    A takeaway is the text of a label (``annotation_id``, whose) or the number of a fact. None where
    no state was made.
    """
    row = conn.execute(EVENT, {"id": event_id}).fetchone()
    if row is None:
        return None
    ids = [one["annotation_id"] for one in row["takeaways"] if "annotation_id" in one]
    told = {r["annotation_id"]: r for r in conn.execute(TAKEAWAYS, {"ids": ids})}
    kept = [told.get(one.get("annotation_id"), one) for one in row["takeaways"]]
    return row | {"takeaways": kept}


def facts(
    conn: Conn,
    event_id: str,
    *,
    exclusive: bool | None = None,
    after: object = None,
    rows: int = 100,
) -> list[dict[str, Any]]:
    """The facts of an event, most sources first: who told it, who did not, and a sentence of it.

    ``quote`` is None where the text is no longer stored. ``exclusive``: only those, or none.
    They come by number, those behind ``after``.
    """
    whole = conn.execute(EVENT, {"id": event_id}).fetchone()
    covering = [] if whole is None else whole["outlets"] or []
    values = {"id": event_id, "exclusive": exclusive, "after": after, "rows": rows}
    return [
        _quoted(row) | {"left_out_by": [o for o in covering if o not in row["outlets"]]}
        for row in conn.execute(FACTS, values)
    ]


def count_facts(conn: Conn, event_id: str, *, exclusive: bool | None = None) -> int:
    """How many facts there are."""
    row = conn.execute(FACTS_COUNT, {"id": event_id, "exclusive": exclusive}).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def sentences_of(conn: Conn, event_id: str, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Every sentence that states these facts, the central one of each first."""
    found = conn.execute(FACT_SENTENCES, {"id": event_id, "numbers": list(numbers)})
    return [_quoted(row) for row in found]


def timeline(conn: Conn, story_id: str) -> list[dict[str, Any]] | None:
    """The slots of a story with every telling in the order of time; None: no state was made.

    ``latest`` is the value that stands, ``latest_by`` who told it.
    """
    if conn.execute(STATED, {"id": story_id}).fetchone() is None:
        return None
    steps: dict[int, list[dict[str, Any]]] = {}
    for row in conn.execute(STEPS, {"id": story_id}):
        steps.setdefault(row["number"], []).append(_quoted(row))
    found = []
    for slot in conn.execute(SLOTS, {"id": story_id}):
        mine, last = steps[slot["number"]], len(slot["told"]) - 1
        by = [s["publisher"] for s in mine if s["value"] == last and s["role"] != "former"]
        told = {"latest": slot["told"][-1], "latest_by": sorted(set(by)), "steps": mine}
        found.append(slot | told)
    return found


def summary(conn: Conn) -> list[DictRow]:
    """Every story with its slots and their latest values, its facts and exclusives, by size."""
    return conn.execute(SUMMARY).fetchall()


def _quoted(row: DictRow) -> dict[str, Any]:
    """The row with ``quote``, the first words of its sentence, in place of the text."""
    rest = {name: value for name, value in row.items() if name not in {"text", "content_sha256"}}
    if row["text"] is None:
        return rest | {"quote": None}
    if row["sentence"] < 0:
        return rest | {"quote": row["title"]}
    spans = sentences(row["text"])
    start, end = spans[row["sentence"]]
    words = row["text"][start:end].split()
    shown = " ".join(words[:WORDS_SHOWN])
    return rest | {"quote": shown + (" …" if len(words) > WORDS_SHOWN else "")}
