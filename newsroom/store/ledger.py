"""What became of events and stories: versions, lineage, membership history and retired ids.

A version is one committed write. Readers of a time read the last version before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from newsroom.db import Conn

Level = Literal["event", "story"]
LEVELS: Final[tuple[Level, ...]] = ("event", "story")

# Under the lock of a write, and later than every version before: versions and times agree.
BEGIN = """
INSERT INTO ledger_versions (version, at, actor)
SELECT coalesce(max(version), 0) + 1,
       greatest(clock_timestamp(), max(at) + interval '1 microsecond'), %(actor)s
  FROM ledger_versions
RETURNING version
"""

ADD = """
INSERT INTO lineage (version, level, kind, from_ids, to_ids, articles, title, title_before, reason,
                     undo_of, edit, together, apart)
VALUES (%(version)s, %(level)s, %(kind)s, %(from_ids)s, %(to_ids)s, %(articles)s, %(title)s,
        %(title_before)s, %(reason)s, %(undo_of)s, %(edit)s, %(together)s, %(apart)s)
"""

END_STINTS = """
UPDATE member_history SET to_version = %(version)s
 WHERE to_version IS NULL AND article_id = ANY(%(articles)s)
"""

START_STINTS = """
INSERT INTO member_history (article_id, event_id, story_id, role, score, from_version)
SELECT article_id, event_id, story_id, role, score, %(version)s
  FROM event_members WHERE article_id = ANY(%(articles)s)
"""

KEEP_SCORES = """
UPDATE member_history h SET score = m.score
  FROM event_members m
 WHERE m.article_id = h.article_id AND h.to_version IS NULL AND h.article_id = ANY(%(articles)s)
   AND h.score <> m.score
"""

# The group that most of its articles went to comes first.
RETIRE_EVENTS = """
INSERT INTO retired_ids (group_id, level, into_ids, version)
SELECT id, 'event',
       ARRAY(SELECT m.event_id FROM member_history h JOIN event_members m USING (article_id)
              WHERE h.event_id = id AND h.to_version = %(version)s AND m.event_id IS NOT NULL
              GROUP BY m.event_id ORDER BY count(*) DESC, m.event_id),
       %(version)s
  FROM unnest(%(ids)s::text[]) AS id
ON CONFLICT (group_id) DO UPDATE SET into_ids = excluded.into_ids, version = excluded.version
"""

RETIRE_STORIES = """
INSERT INTO retired_ids (group_id, level, into_ids, version)
SELECT id, 'story',
       ARRAY(SELECT m.story_id FROM member_history h JOIN event_members m USING (article_id)
              WHERE h.story_id = id AND h.to_version = %(version)s
              GROUP BY m.story_id ORDER BY count(*) DESC, m.story_id),
       %(version)s
  FROM unnest(%(ids)s::text[]) AS id
ON CONFLICT (group_id) DO UPDATE SET into_ids = excluded.into_ids, version = excluded.version
"""

REVIVE = "DELETE FROM retired_ids WHERE group_id = ANY(%(ids)s)"

USED = """
SELECT EXISTS (SELECT FROM retired_ids WHERE group_id = %(id)s)
    OR EXISTS (SELECT FROM events WHERE event_id = %(id)s)
    OR EXISTS (SELECT FROM stories WHERE story_id = %(id)s) AS used
"""

USED_AMONG = """
SELECT group_id FROM retired_ids WHERE group_id = ANY(%(ids)s)
 UNION ALL SELECT event_id FROM events WHERE event_id = ANY(%(ids)s)
 UNION ALL SELECT story_id FROM stories WHERE story_id = ANY(%(ids)s)
"""

FIRST_ENTRY = "SELECT min(entry_id) AS entry_id FROM lineage WHERE version = %(version)s"

# What people did later that moved the same articles, with what they took back again. The first
# entry of a person's version is what the person said.
LATER = """
SELECT DISTINCT ON (l.version) s.entry_id, s.undo_of
  FROM lineage l JOIN ledger_versions v USING (version) JOIN lineage s USING (version)
 WHERE l.version > %(version)s AND v.actor LIKE 'human:%%' AND l.level = %(level)s
   AND l.articles && %(articles)s::text[]
 ORDER BY l.version, s.entry_id
"""

# An edit stands unless it is undone by an entry that itself is not undone, and so on.
UNDOINGS = "SELECT entry_id, undo_of FROM lineage WHERE undo_of IS NOT NULL"

EDITS = """
SELECT l.entry_id, l.level, l.to_ids, l.title, l.together, l.apart, v.actor
  FROM lineage l JOIN ledger_versions v USING (version) WHERE l.edit ORDER BY l.entry_id
"""

# Where the main part of each retired id lives now; null where its articles are in no group.
SUCCESSORS = """
WITH RECURSIVE path AS (
    SELECT group_id AS first, group_id, into_ids[1] AS next
      FROM retired_ids WHERE group_id = ANY(%(ids)s)
     UNION
    SELECT p.first, r.group_id, r.into_ids[1]
      FROM path p JOIN retired_ids r ON r.group_id = p.next AND p.next <> ALL(%(here)s::text[])
)
SELECT first, next FROM path p
 WHERE p.next = ANY(%(here)s::text[])
    OR NOT EXISTS (SELECT FROM retired_ids r WHERE r.group_id = p.next)
"""

CHANGED_IN = """
SELECT article_id FROM member_history
 WHERE from_version = %(version)s OR to_version = %(version)s
 GROUP BY article_id ORDER BY article_id
"""

PLACES_AT = """
SELECT article_id, event_id, story_id FROM member_history
 WHERE article_id = ANY(%(articles)s) AND from_version <= %(version)s
   AND (to_version IS NULL OR to_version > %(version)s)
"""

FORGET_CONFLICTS = """
DELETE FROM edit_conflicts WHERE entry_id = ANY(%(judged)s) AND NOT entry_id = ANY(%(standing)s)
"""

NOTE_CONFLICT = """
INSERT INTO edit_conflicts (entry_id, method, joined, parted)
VALUES (%(entry_id)s, %(method)s, %(joined)s, %(parted)s)
ON CONFLICT (entry_id) DO UPDATE
   SET method = excluded.method, joined = excluded.joined, parted = excluded.parted
 WHERE (edit_conflicts.method, edit_conflicts.joined, edit_conflicts.parted)
       IS DISTINCT FROM (excluded.method, excluded.joined, excluded.parted)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the lineage as it is to be written; the table's comments say what it means."""

    level: Level
    kind: str
    from_ids: Sequence[str] = ()
    to_ids: Sequence[str] = ()
    articles: Sequence[str] = ()
    title: str | None = None
    title_before: str | None = None
    reason: str
    undo_of: int | None = None
    edit: bool = False
    together: Sequence[str] = ()
    apart: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A person's word that stands: ``together`` are of one group without ``apart``, or a title."""

    entry_id: int
    level: Level
    to_ids: Sequence[str]
    title: str | None
    together: frozenset[str]
    apart: frozenset[str]
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """What a grouping wanted against an edit: see the table's comments."""

    entry_id: int
    joined: Sequence[str]
    parted: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an article is: its story and, unless it is outside the story's events, its event."""

    event_id: str | None
    story_id: str


def begin(conn: Conn, actor: str) -> int:
    """The number of a new version; the caller holds the lock of a write."""
    row = conn.execute(BEGIN, {"actor": actor}).fetchone()
    assert row is not None  # an INSERT of one row returns it
    return int(row["version"])


def add(conn: Conn, version: int, entries: Iterable[Entry]) -> None:
    """Append entries to the lineage."""
    conn.cursor().executemany(
        ADD,
        [
            {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(e).items()}
            | {"version": version}
            for e in entries
        ],
    )


def follow(conn: Conn, version: int, *, moved: Sequence[str], scored: Sequence[str]) -> None:
    """Bring the membership history up to the members as they are now."""
    conn.execute(END_STINTS, {"version": version, "articles": list(moved)})
    conn.execute(START_STINTS, {"version": version, "articles": list(moved)})
    conn.execute(KEEP_SCORES, {"articles": list(scored)})


def retire(
    conn: Conn, version: int, *, gone: Mapping[Level, Sequence[str]], current: Collection[str]
) -> None:
    """Keep for good where the articles of groups that are no more went."""
    conn.execute(RETIRE_EVENTS, {"version": version, "ids": list(gone["event"])})
    conn.execute(RETIRE_STORIES, {"version": version, "ids": list(gone["story"])})
    conn.execute(REVIVE, {"ids": list(current)})


class UsedIds:
    """Every id that a group has or had: no other group may get it. ``among`` are asked at once."""

    def __init__(self, conn: Conn, among: Collection[str] = ()) -> None:
        self._conn = conn
        self._asked = set(among)
        rows = conn.execute(USED_AMONG, {"ids": list(self._asked)})
        self._used = {row["group_id"] for row in rows}

    def __contains__(self, group_id: object) -> bool:
        if group_id in self._asked:
            return group_id in self._used
        row = self._conn.execute(USED, {"id": group_id}).fetchone()
        return row is not None and bool(row["used"])


def standing(conn: Conn, *, without: int | None = None) -> list[Edit]:
    """The edits that are not undone, in the order in which they were made.

    ``without``: as they stand once this entry is undone.
    """
    done = undone_entries(conn, without=without)
    return [
        Edit(
            entry_id=row["entry_id"],
            level=row["level"],
            to_ids=row["to_ids"],
            title=row["title"],
            together=frozenset(row["together"]),
            apart=frozenset(row["apart"]),
            actor=row["actor"],
        )
        for row in conn.execute(EDITS)
        if row["entry_id"] not in done
    ]


def successors(
    conn: Conn, ids: Sequence[str], *, here: Collection[str] = ()
) -> dict[str, str | None]:
    """For each retired id the living group that most of it became; None where there is none.

    ``here`` are ids that are about to live, whatever is stored of them.
    """
    rows = conn.execute(SUCCESSORS, {"ids": list(ids), "here": list(here)})
    return {row["first"]: row["next"] for row in rows}


def undone(undo_of: Mapping[int, int]) -> set[int]:
    """Which entries do not stand, given which entry each undoing is of.

    An undoing is newer than what it undoes, so the newest always stands.
    """
    found: set[int] = set()
    for entry in sorted(undo_of, reverse=True):
        if entry not in found:
            found.add(undo_of[entry])
    return found


def undone_entries(conn: Conn, *, without: int | None = None) -> set[int]:
    """The entries that do not stand."""
    undo_of = {r["entry_id"]: r["undo_of"] for r in conn.execute(UNDOINGS)}
    if without is not None:
        undo_of[max(undo_of, default=0) + without + 1] = without
    return undone(undo_of)


def first_entry(conn: Conn, version: int) -> int:
    """The entry that a version is about."""
    row = conn.execute(FIRST_ENTRY, {"version": version}).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["entry_id"])


def built_on(
    conn: Conn, entry_id: int, version: int, level: Level, articles: Sequence[str]
) -> list[int]:
    """What people said later and stands, and that moved some articles between groups of a level.

    An undoing of something later than this one leaves nothing behind and does not count.
    """
    done = undone_entries(conn)
    values = {"version": version, "level": level, "articles": list(articles)}
    return [
        row["entry_id"]
        for row in conn.execute(LATER, values)
        if row["entry_id"] not in done and (row["undo_of"] is None or row["undo_of"] < entry_id)
    ]


def places_at(conn: Conn, articles: Sequence[str], version: int) -> dict[str, Place]:
    """Where articles were when a version was written; those in no group are absent."""
    rows = conn.execute(PLACES_AT, {"articles": list(articles), "version": version})
    return {r["article_id"]: Place(event_id=r["event_id"], story_id=r["story_id"]) for r in rows}


def changed_in(conn: Conn, version: int) -> list[str]:
    """The articles that a version moved."""
    return [row["article_id"] for row in conn.execute(CHANGED_IN, {"version": version})]


def note_conflicts(
    conn: Conn, *, judged: Sequence[int], found: Sequence[Contradiction], method: str
) -> None:
    """Keep what the last grouping said against the edits it had to do with."""
    standing_ids = [c.entry_id for c in found]
    conn.execute(FORGET_CONFLICTS, {"judged": list(judged), "standing": standing_ids})
    conn.cursor().executemany(
        NOTE_CONFLICT,
        [
            {
                "entry_id": c.entry_id,
                "method": method,
                "joined": list(c.joined),
                "parted": list(c.parted),
            }
            for c in found
        ],
    )
