"""An event or a story as of a time: who was in it, what it was called, and who covered it.

What keeps no history is not there: cohesion, purity, method, whether it was closed.
"""

from __future__ import annotations

from typing import Any, Final

from psycopg.rows import DictRow
from psycopg.sql import SQL

from newsroom.db import Conn
from newsroom.store.reading import lineage
from newsroom.store.reading.articles import ROW, joins
from newsroom.store.reading.where import made, members, shown

_AT: Final = SQL("""
h.from_version <= %(version)s AND (h.to_version IS NULL OR h.to_version > %(version)s)
""")

EVENTS: Final = SQL("""
SELECT h.event_id, h.story_id, min(a.sort_at) AS first_at, max(a.sort_at) AS last_at,
       count(*) AS articles, count(DISTINCT a.publisher_id) AS publishers
  FROM member_history h JOIN articles a ON a.article_id = h.article_id AND {shown}
 WHERE h.story_id = %(story_id)s AND h.event_id IS NOT NULL AND {at}
 GROUP BY h.event_id, h.story_id ORDER BY first_at, h.event_id
""").format(shown=shown(then=True), at=_AT)

STORY_OF: Final = SQL("""
SELECT min(h.story_id) AS story_id FROM member_history h WHERE h.event_id = %(event_id)s AND {at}
""").format(at=_AT)

STORY: Final = SQL("""
SELECT min(a.sort_at) AS first_at, max(a.sort_at) AS last_at, count(*) AS articles,
       count(DISTINCT a.publisher_id) AS publishers,
       count(*) FILTER (WHERE h.event_id IS NULL) AS outside_events
  FROM member_history h JOIN articles a ON a.article_id = h.article_id AND {shown}
 WHERE h.story_id = %(story_id)s AND {at}
""").format(shown=shown(then=True), at=_AT)

MEMBERS: Final = SQL("""
{row}, m.score, NULL::text AS method, m.role, NULL::jsonb AS evidence
  FROM {members} m0 JOIN articles a USING (article_id)
{joins}
 WHERE (m0.event_id = %(group_id)s OR m0.story_id = %(group_id)s) AND {shown}
 ORDER BY a.sort_at, a.article_id
""").format(row=ROW, members=members(then=True), joins=joins(then=True), shown=shown(then=True))

COVERAGE: Final = SQL("""
SELECT a.publisher_id, p.name AS publisher, count(DISTINCT a.article_id) AS articles,
       min(a.sort_at) AS first_at,
       avg(n.score) FILTER (WHERE n.stage = 'lean') AS lean_mean,
       count(n.score) FILTER (WHERE n.stage = 'lean') AS lean_n,
       avg(n.score) FILTER (WHERE n.stage = 'tone') AS tone_mean,
       count(n.score) FILTER (WHERE n.stage = 'tone') AS tone_n
  FROM member_history h
  JOIN articles a ON a.article_id = h.article_id AND {shown}
  JOIN publishers p ON p.publisher_id = a.publisher_id
  LEFT JOIN annotations n ON n.article_id = a.article_id AND n.content_sha256 = a.content_sha256
       AND n.run_id = %(run_id)s AND n.scope = 'article'
       AND n.stage IN ('lean', 'tone') {made}
 WHERE h.event_id = %(event_id)s AND {at}
 GROUP BY a.publisher_id, p.name
 ORDER BY articles DESC, a.publisher_id
""").format(shown=shown(then=True), made=made("n", then=True), at=_AT)

NOT_STORED: Final = SQL("""
SELECT p.publisher_id, p.name AS publisher, o.articles AS articles_on_those_days
  FROM (SELECT a.publisher_id, count(*) AS articles FROM articles a
         WHERE {shown} AND a.sort_at >= date_trunc('day', %(first_at)s::timestamptz)
           AND a.sort_at < date_trunc('day', %(last_at)s::timestamptz) + interval '1 day'
         GROUP BY a.publisher_id) o
  JOIN publishers p ON p.publisher_id = o.publisher_id
 WHERE p.publisher_id <> ALL(%(covered)s::text[])
 ORDER BY o.articles DESC, p.publisher_id
""").format(shown=shown(then=True))


def events_of_story(conn: Conn, story_id: str, **at: object) -> list[dict[str, Any]]:
    """The events that a story had, in the order of their time, by the titles they had."""
    rows = conn.execute(EVENTS, {"story_id": story_id, **at}).fetchall()
    return [_unkept(row) | {"title": _title(conn, row["event_id"], at)} for row in rows]


def event(conn: Conn, event_id: str, **at: object) -> dict[str, Any] | None:
    """An event as it was; None where it had no article then. ``at``: ``version`` and ``as_of``."""
    row = conn.execute(STORY_OF, {"event_id": event_id, **at}).fetchone()
    if row is None or row["story_id"] is None:
        return None
    story_title = _title(conn, row["story_id"], at)
    for found in events_of_story(conn, row["story_id"], **at):
        if found["event_id"] == event_id:
            return found | {"story_title": story_title}
    return None


def story(conn: Conn, story_id: str, **at: object) -> dict[str, Any] | None:
    """A story as it was; None where it had no article then."""
    row = conn.execute(STORY, {"story_id": story_id, **at}).fetchone()
    if row is None or not row["articles"]:
        return None
    return _unkept(row) | {"story_id": story_id, "title": _title(conn, story_id, at)}


def members_of(conn: Conn, group_id: str, run_id: str | None, **at: object) -> list[DictRow]:
    """Who was in an event or a story, in the order of their time, with the labels of then."""
    values = {"group_id": group_id, "run_id": run_id, **at}
    return conn.execute(MEMBERS, values).fetchall()


def coverage(conn: Conn, event_id: str, run_id: str | None, **at: object) -> list[DictRow]:
    """Articles, mean lean and mean tone by outlet, with the numbers they rested on."""
    return conn.execute(COVERAGE, {"event_id": event_id, "run_id": run_id, **at}).fetchall()


def not_stored(
    conn: Conn, found: dict[str, Any], covered: list[str], **at: object
) -> list[DictRow]:
    """Outlets with articles of the days of an event, none of them of it."""
    span = {"first_at": found["first_at"], "last_at": found["last_at"]}
    return conn.execute(NOT_STORED, {**span, "covered": covered, **at}).fetchall()


def _title(conn: Conn, group_id: str, at: dict[str, object]) -> str | None:
    version = at["version"]
    assert isinstance(version, int)
    return lineage.title_at(conn, group_id, version)


def _unkept(row: DictRow) -> dict[str, Any]:
    names = ("title_article_id", "title_by", "method", "cohesion", "purity", "closed_at", "version",
             "outlets", "by_day")  # fmt: skip
    return dict(row) | dict.fromkeys(names)
