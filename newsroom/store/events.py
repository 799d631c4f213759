"""Events and stories as the last grouping left them, replaced where they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from newsroom.db import Conn

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('events', 0))"


# Groups that reach out of the window keep the members that lie before it.
MEMBERS_OF = """
SELECT article_id, event_id, story_id, score FROM event_members
 WHERE story_id IN (SELECT story_id FROM event_members WHERE article_id = ANY(%(articles)s))
"""

UPSERT_STORY = """
INSERT INTO stories (story_id, title, title_article_id, first_at, last_at, articles, publishers,
                     method)
VALUES (%(group_id)s, %(title)s, %(title_article_id)s, %(first_at)s, %(last_at)s, %(articles)s,
        %(publishers)s, %(method)s)
ON CONFLICT (story_id) DO UPDATE
   SET title = excluded.title, title_article_id = excluded.title_article_id,
       first_at = excluded.first_at, last_at = excluded.last_at, articles = excluded.articles,
       publishers = excluded.publishers, method = excluded.method
 WHERE (stories.title, stories.title_article_id, stories.first_at, stories.last_at,
        stories.articles, stories.publishers, stories.method)
       IS DISTINCT FROM (excluded.title, excluded.title_article_id, excluded.first_at,
                         excluded.last_at, excluded.articles, excluded.publishers, excluded.method)
"""

UPSERT_EVENT = """
INSERT INTO events (event_id, story_id, title, title_article_id, first_at, last_at, articles,
                    publishers, method)
VALUES (%(group_id)s, %(story_id)s, %(title)s, %(title_article_id)s, %(first_at)s, %(last_at)s,
        %(articles)s, %(publishers)s, %(method)s)
ON CONFLICT (event_id) DO UPDATE
   SET story_id = excluded.story_id, title = excluded.title,
       title_article_id = excluded.title_article_id, first_at = excluded.first_at,
       last_at = excluded.last_at, articles = excluded.articles, publishers = excluded.publishers,
       method = excluded.method
 WHERE (events.story_id, events.title, events.title_article_id, events.first_at, events.last_at,
        events.articles, events.publishers, events.method)
       IS DISTINCT FROM (excluded.story_id, excluded.title, excluded.title_article_id,
                         excluded.first_at, excluded.last_at, excluded.articles,
                         excluded.publishers, excluded.method)
"""

UPSERT_MEMBER = """
INSERT INTO event_members (article_id, event_id, story_id, score, method)
VALUES (%(article_id)s, %(event_id)s, %(story_id)s, %(score)s, %(method)s)
ON CONFLICT (article_id) DO UPDATE
   SET event_id = excluded.event_id, story_id = excluded.story_id, score = excluded.score,
       method = excluded.method
 WHERE (event_members.event_id, event_members.story_id, event_members.score, event_members.method)
       IS DISTINCT FROM (excluded.event_id, excluded.story_id, excluded.score, excluded.method)
"""

# Articles of the window that are in no group any more, then the groups that nobody is in.
LEAVE = """
DELETE FROM event_members WHERE article_id = ANY(%(window)s) AND NOT article_id = ANY(%(kept)s)
"""
EMPTY_EVENTS = """
DELETE FROM events e
 WHERE NOT EXISTS (SELECT 1 FROM event_members m WHERE m.event_id = e.event_id)
"""
EMPTY_STORIES = """
DELETE FROM stories s
 WHERE NOT EXISTS (SELECT 1 FROM event_members m WHERE m.story_id = s.story_id)
"""

TIMES = """
SELECT article_id, publisher_id, sort_at FROM articles
 WHERE superseded_at IS NULL AND article_id = ANY(%(articles)s)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An article's place: its story and, unless it stands alone in it, its event."""

    article_id: str
    event_id: str | None
    story_id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Outlet and time of an article, for the counts and spans of its groups."""

    publisher_id: str
    sort_at: datetime


def lock(conn: Conn) -> None:
    """One grouping at a time; held to the end of the transaction."""
    conn.execute(LOCK)


def members_near(conn: Conn, articles: Sequence[str]) -> list[Member]:
    """Every member of the stories that these articles are in."""
    return [Member(**row) for row in conn.execute(MEMBERS_OF, {"articles": list(articles)})]


def times(conn: Conn, articles: Sequence[str]) -> dict[str, When]:
    """Outlet and time of articles."""
    rows = conn.execute(TIMES, {"articles": list(articles)})
    return {
        str(r["article_id"]): When(publisher_id=r["publisher_id"], sort_at=r["sort_at"])
        for r in rows
    }


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
    cursor = conn.cursor()
    cursor.executemany(UPSERT_STORY, [asdict(s) for s in stories])
    cursor.executemany(UPSERT_EVENT, [asdict(e) for e in events])
    cursor.executemany(UPSERT_MEMBER, [asdict(m) | {"method": method} for m in members])
    conn.execute(LEAVE, {"window": list(window), "kept": [m.article_id for m in members]})
    conn.execute(EMPTY_EVENTS)
    conn.execute(EMPTY_STORIES)
