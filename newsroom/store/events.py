"""Events and stories as they are now, written together with what became of them.

Every write goes through :func:`write`: it touches only what changed, and what changed is a version
of the ledger (:mod:`newsroom.store.ledger`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from newsroom.db import Conn
from newsroom.store import ledger
from newsroom.store.ledger import Entry, Level

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('events', 0))"

# Groups that reach out of the window keep the members that lie before it.
MEMBERS_OF = """
SELECT article_id, event_id, story_id, score, role, evidence FROM event_members
 WHERE story_id IN (SELECT story_id FROM event_members WHERE article_id = ANY(%(articles)s))
"""

MEMBERS = """
SELECT article_id, event_id, story_id, score, role, evidence FROM event_members
 WHERE article_id = ANY(%(articles)s)
"""

_COLUMNS = """title, title_article_id, first_at, last_at, articles, publishers, method, cohesion,
       purity, closed_at, title_by"""

MEMBERS_OF_GROUPS = """
SELECT article_id, event_id, story_id, score, role, evidence FROM event_members
 WHERE story_id = ANY(%(ids)s)
    OR story_id IN (SELECT story_id FROM events WHERE event_id = ANY(%(ids)s))
"""

STORIES = f"""
SELECT story_id AS group_id, NULL AS story_id, {_COLUMNS}
  FROM stories WHERE story_id = ANY(%(ids)s)
"""  # noqa: S608 (constants of this module)

EVENTS = f"""
SELECT event_id AS group_id, story_id, {_COLUMNS}
  FROM events WHERE event_id = ANY(%(ids)s)
"""  # noqa: S608

STALE_STORIES = f"""
SELECT story_id AS group_id, NULL AS story_id, {_COLUMNS}
  FROM stories WHERE closed_at IS NULL AND last_at <= %(until)s ORDER BY story_id
"""  # noqa: S608

STALE_EVENTS = f"""
SELECT event_id AS group_id, story_id, {_COLUMNS}
  FROM events WHERE closed_at IS NULL AND last_at <= %(until)s ORDER BY event_id
"""  # noqa: S608

UPSERT_STORY = """
INSERT INTO stories (story_id, title, title_article_id, first_at, last_at, articles, publishers,
                     method, cohesion, purity, closed_at, title_by)
VALUES (%(group_id)s, %(title)s, %(title_article_id)s, %(first_at)s, %(last_at)s, %(articles)s,
        %(publishers)s, %(method)s, %(cohesion)s, %(purity)s, %(closed_at)s, %(title_by)s)
ON CONFLICT (story_id) DO UPDATE
   SET title = excluded.title, title_article_id = excluded.title_article_id,
       first_at = excluded.first_at, last_at = excluded.last_at, articles = excluded.articles,
       publishers = excluded.publishers, method = excluded.method, cohesion = excluded.cohesion,
       purity = excluded.purity, closed_at = excluded.closed_at, title_by = excluded.title_by
"""

UPSERT_EVENT = """
INSERT INTO events (event_id, story_id, title, title_article_id, first_at, last_at, articles,
                    publishers, method, cohesion, purity, closed_at, title_by)
VALUES (%(group_id)s, %(story_id)s, %(title)s, %(title_article_id)s, %(first_at)s, %(last_at)s,
        %(articles)s, %(publishers)s, %(method)s, %(cohesion)s, %(purity)s, %(closed_at)s,
        %(title_by)s)
ON CONFLICT (event_id) DO UPDATE
   SET story_id = excluded.story_id, title = excluded.title,
       title_article_id = excluded.title_article_id, first_at = excluded.first_at,
       last_at = excluded.last_at, articles = excluded.articles, publishers = excluded.publishers,
       method = excluded.method, cohesion = excluded.cohesion, purity = excluded.purity,
       closed_at = excluded.closed_at, title_by = excluded.title_by
"""

UPSERT_MEMBER = """
INSERT INTO event_members (article_id, event_id, story_id, score, method, role, evidence)
VALUES (%(article_id)s, %(event_id)s, %(story_id)s, %(score)s, %(method)s, %(role)s, %(evidence)s)
ON CONFLICT (article_id) DO UPDATE
   SET event_id = excluded.event_id, story_id = excluded.story_id, score = excluded.score,
       method = excluded.method, role = excluded.role, evidence = excluded.evidence
"""

LEAVE = "DELETE FROM event_members WHERE article_id = ANY(%(articles)s)"

STAMP_EVENTS = "UPDATE events SET version = %(version)s WHERE event_id = ANY(%(ids)s)"
STAMP_STORIES = "UPDATE stories SET version = %(version)s WHERE story_id = ANY(%(ids)s)"

EMPTY_EVENTS = """
DELETE FROM events e
 WHERE event_id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT 1 FROM event_members m WHERE m.event_id = e.event_id)
RETURNING event_id
"""
EMPTY_STORIES = """
DELETE FROM stories s
 WHERE story_id = ANY(%(ids)s)
   AND NOT EXISTS (SELECT 1 FROM event_members m WHERE m.story_id = s.story_id)
RETURNING story_id
"""

TIMES = """
SELECT article_id, publisher_id, sort_at FROM articles
 WHERE superseded_at IS NULL AND article_id = ANY(%(articles)s)
"""

# As it is once an article has joined.
EXTENT = """
SELECT count(*) AS articles, count(DISTINCT publisher_id) AS publishers,
       min(sort_at) AS first_at, max(sort_at) AS last_at
  FROM articles
 WHERE superseded_at IS NULL
   AND article_id IN (SELECT article_id FROM event_members
                       WHERE event_id = %(id)s OR story_id = %(id)s
                       UNION SELECT %(article)s)
"""

# Time passes with what is known of it: while nothing comes in, no event falls silent.
CLOCK = """
SELECT least(max(sort_at), clock_timestamp()) AS at FROM articles WHERE superseded_at IS NULL
"""

VERSIONS = """
SELECT event_id AS group_id, version FROM events WHERE event_id = ANY(%(ids)s)
 UNION ALL
SELECT story_id, version FROM stories WHERE story_id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One event (``story_id`` set) or one story (``story_id`` None) as it is to be stored."""

    group_id: str
    story_id: str | None
    title: str
    title_article_id: str
    first_at: datetime
    last_at: datetime
    articles: int
    publishers: int
    method: str
    cohesion: float | None = None
    purity: float | None = None
    closed_at: datetime | None = None
    title_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An article's place: its story and, unless it stands alone in it, its event."""

    article_id: str
    event_id: str | None
    story_id: str
    score: float
    role: str = "core"
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Outlet and time of an article, for the counts and spans of its groups."""

    publisher_id: str
    sort_at: datetime


_GROUP: Final = tuple(f.name for f in fields(Group))
_MEMBER: Final = tuple(f.name for f in fields(Member))


def lock(conn: Conn) -> None:
    """One writer at a time; held to the end of the transaction."""
    conn.execute(LOCK)


def members_of(conn: Conn, articles: Sequence[str]) -> list[Member]:
    """Articles as members, those that are one."""
    return [Member(**row) for row in conn.execute(MEMBERS, {"articles": list(articles)})]


def members_near(conn: Conn, articles: Sequence[str]) -> list[Member]:
    """Every member of the stories that these articles are in."""
    return [Member(**row) for row in conn.execute(MEMBERS_OF, {"articles": list(articles)})]


def members_around(conn: Conn, ids: Sequence[str]) -> list[Member]:
    """Every member of these stories, and of the stories that these events are in."""
    return [Member(**row) for row in conn.execute(MEMBERS_OF_GROUPS, {"ids": list(ids)})]


def times(conn: Conn, articles: Sequence[str]) -> dict[str, When]:
    """Outlet and time of articles."""
    rows = conn.execute(TIMES, {"articles": list(articles)})
    return {
        str(r["article_id"]): When(publisher_id=r["publisher_id"], sort_at=r["sort_at"])
        for r in rows
    }


def extent(conn: Conn, group_id: str, article: str) -> Mapping[str, Any]:
    """Counts and span of a group with one more article."""
    row = conn.execute(EXTENT, {"id": group_id, "article": article}).fetchone()
    assert row is not None  # an aggregate has one row
    return row


def clock(conn: Conn) -> datetime | None:
    """The newest time of an article that is not in the future; None without articles."""
    row = conn.execute(CLOCK).fetchone()
    return None if row is None else row["at"]


def stored(conn: Conn, level: Level, ids: Sequence[str]) -> dict[str, Group]:
    """Groups of a level as they are stored, by id."""
    sql = EVENTS if level == "event" else STORIES
    return {row["group_id"]: Group(**row) for row in conn.execute(sql, {"ids": list(ids)})}


def stale(conn: Conn, level: Level, until: datetime) -> list[Group]:
    """Open groups of a level that gained nothing since a time."""
    sql = STALE_EVENTS if level == "event" else STALE_STORIES
    return [Group(**row) for row in conn.execute(sql, {"until": until})]


def versions(conn: Conn, ids: Sequence[str]) -> dict[str, int]:
    """The version that last changed each event and story."""
    return {r["group_id"]: r["version"] for r in conn.execute(VERSIONS, {"ids": list(ids)})}


def replace(
    conn: Conn,
    *,
    window: Sequence[str],
    stories: Sequence[Group],
    events: Sequence[Group],
    members: Sequence[Member],
    method: str,
) -> None:
    """Store a grouping of the ``window``; what did not change is not touched."""
    kept = {m.article_id for m in members}
    write(
        conn,
        actor=f"grouping:{method}",
        method=method,
        stories=stories,
        events=events,
        members=members,
        leaving=[a for a in window if a not in kept],
    )


def write(
    conn: Conn,
    *,
    actor: str,
    method: str,
    stories: Sequence[Group],
    events: Sequence[Group],
    members: Sequence[Member],
    leaving: Sequence[str] = (),
    entries: Sequence[Entry] = (),
) -> int | None:
    """Store what differs from what is stored, as one version; None where nothing does.

    ``leaving`` are articles that are in no group any more. Groups that nobody is in afterwards are
    dropped and their ids retired. The caller holds the lock.
    """
    known = {
        m.article_id: m for m in members_of(conn, [*(m.article_id for m in members), *leaving])
    }
    changed = [m for m in members if known.get(m.article_id) != m]
    moved = sorted(
        [m.article_id for m in changed if _place(known.get(m.article_id)) != _place(m)]
        + [a for a in leaving if a in known]
    )
    before = {
        "event": stored(conn, "event", [g.group_id for g in events]),
        "story": stored(conn, "story", [g.group_id for g in stories]),
    }
    new_stories = [g for g in stories if before["story"].get(g.group_id) != g]
    new_events = [g for g in events if before["event"].get(g.group_id) != g]
    if not (changed or moved or new_stories or new_events or entries):
        return None
    version = ledger.begin(conn, actor)
    cursor = conn.cursor()
    cursor.executemany(UPSERT_STORY, [_values(g, _GROUP) for g in new_stories])
    cursor.executemany(UPSERT_EVENT, [_values(g, _GROUP) for g in new_events])
    cursor.executemany(
        UPSERT_MEMBER,
        [_values(m, _MEMBER) | {"method": method, "evidence": Jsonb(m.evidence)} for m in changed],
    )
    conn.execute(LEAVE, {"articles": [a for a in leaving if a in known]})
    ledger.follow(conn, version, moved=moved, scored=[m.article_id for m in changed])
    touched = [known[a] for a in moved if a in known] + [
        m for m in changed if m.article_id in moved
    ]
    event_ids = {m.event_id for m in touched if m.event_id} | {g.group_id for g in new_events}
    story_ids = {m.story_id for m in touched} | {g.group_id for g in new_stories}
    no_events = conn.execute(EMPTY_EVENTS, {"ids": sorted(event_ids)}).fetchall()
    no_stories = conn.execute(EMPTY_STORIES, {"ids": sorted(story_ids)}).fetchall()
    gone: dict[Level, list[str]] = {
        "event": [r["event_id"] for r in no_events],
        "story": [r["story_id"] for r in no_stories],
    }
    conn.execute(STAMP_EVENTS, {"version": version, "ids": sorted(event_ids)})
    conn.execute(STAMP_STORIES, {"version": version, "ids": sorted(story_ids)})
    ledger.add(conn, version, entries)
    here = (event_ids | story_ids) - set(gone["event"]) - set(gone["story"])
    ledger.retire(conn, version, gone=gone, current=sorted(here))
    return version


def _place(member: Member | None) -> tuple[str | None, str, str] | None:
    return None if member is None else (member.event_id, member.story_id, member.role)


def _values(row: Group | Member, names: Sequence[str]) -> dict[str, object]:
    return {name: getattr(row, name) for name in names}
