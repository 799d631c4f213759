"""The history of events and stories: lineage, where an id went, and who was in it at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import DictRow

from newsroom.db import Conn
from newsroom.store import ledger

# The key of a page is entry_id: newest first.
OF_GROUP: Final = """
SELECT l.entry_id, l.version, v.at, v.actor, l.level, l.kind, l.from_ids, l.to_ids, l.articles,
       l.title, l.title_before, l.reason, l.undo_of, l.edit, c.joined AS against_joined,
       c.parted AS against_parted, c.method AS against_method
  FROM lineage l JOIN ledger_versions v USING (version)
  LEFT JOIN edit_conflicts c USING (entry_id)
 WHERE (l.from_ids @> ARRAY[%(group_id)s::text] OR l.to_ids @> ARRAY[%(group_id)s::text])
   AND (%(before)s::bigint IS NULL OR l.entry_id < %(before)s)
   AND (%(version)s::bigint IS NULL OR l.version <= %(version)s)
 ORDER BY l.entry_id DESC LIMIT %(rows)s
"""

COUNT_OF_GROUP: Final = """
SELECT count(*) AS n FROM lineage l
 WHERE (l.from_ids @> ARRAY[%(group_id)s::text] OR l.to_ids @> ARRAY[%(group_id)s::text])
   AND l.version <= %(version)s
"""

ENTRY: Final = """
SELECT l.entry_id, l.version, v.at, v.actor, l.level, l.kind, l.from_ids, l.to_ids, l.articles,
       l.title, l.title_before, l.reason, l.undo_of, l.edit
  FROM lineage l JOIN ledger_versions v USING (version) WHERE l.entry_id = %(entry_id)s
"""

VERSION_AT: Final = """
SELECT version, at FROM ledger_versions WHERE at <= %(at)s ORDER BY version DESC LIMIT 1
"""

LATEST: Final = "SELECT max(version) AS version FROM ledger_versions"

KNOWN: Final = """
SELECT 'event' AS level, version FROM events WHERE event_id = %(id)s
 UNION ALL
SELECT 'story', version FROM stories WHERE story_id = %(id)s
"""

RETIRED: Final = """
SELECT level, into_ids, version FROM retired_ids WHERE group_id = %(id)s
"""

# Through groups that are themselves no more to those that are.
INTO: Final = """
WITH RECURSIVE path AS (
    SELECT unnest(into_ids) AS id FROM retired_ids WHERE group_id = %(id)s
     UNION
    SELECT unnest(r.into_ids) FROM path p JOIN retired_ids r ON r.group_id = p.id
)
SELECT id FROM path p
 WHERE NOT EXISTS (SELECT FROM retired_ids r WHERE r.group_id = p.id) ORDER BY id
"""

MEMBERS_AT: Final = """
SELECT h.article_id, h.event_id, h.story_id, h.role, h.score, v.at AS since, a.title,
       a.publisher_id, p.name AS publisher, a.url, a.sort_at
  FROM member_history h
  JOIN ledger_versions v ON v.version = h.from_version
  LEFT JOIN articles a ON a.article_id = h.article_id AND a.superseded_at IS NULL
  LEFT JOIN publishers p ON p.publisher_id = a.publisher_id
 WHERE (h.event_id = %(id)s OR h.story_id = %(id)s) AND h.from_version <= %(version)s
   AND (h.to_version IS NULL OR h.to_version > %(version)s)
 ORDER BY a.sort_at, h.article_id
"""

# What the next renaming says was there before, else what stands, else what was last said of it.
TITLE_AT: Final = """
SELECT coalesce(
    (SELECT l.title_before FROM lineage l
      WHERE l.to_ids @> ARRAY[%(id)s::text] AND l.title_before IS NOT NULL
        AND l.version > %(version)s ORDER BY l.entry_id LIMIT 1),
    (SELECT e.title FROM events e WHERE e.event_id = %(id)s),
    (SELECT s.title FROM stories s WHERE s.story_id = %(id)s),
    (SELECT l.title FROM lineage l
      WHERE l.to_ids @> ARRAY[%(id)s::text] AND l.title IS NOT NULL
        AND l.version <= %(version)s ORDER BY l.entry_id DESC LIMIT 1)) AS title
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What an id stands for: ``state`` is current, retired or unknown.

    ``into`` are the living groups that the articles of a retired one went to; empty where they are
    in none.
    """

    group_id: str
    state: str
    level: str | None
    version: int | None
    into: tuple[str, ...] = ()


def whereabouts(conn: Conn, group_id: str) -> Whereabouts:
    """Where an event or story id leads now: ids are never given to another."""
    row = conn.execute(KNOWN, {"id": group_id}).fetchone()
    if row is not None:
        return Whereabouts(
            group_id=group_id, state="current", level=row["level"], version=row["version"]
        )
    row = conn.execute(RETIRED, {"id": group_id}).fetchone()
    if row is None:
        return Whereabouts(group_id=group_id, state="unknown", level=None, version=None)
    into = conn.execute(INTO, {"id": group_id}).fetchall()
    return Whereabouts(
        group_id=group_id,
        state="retired",
        level=row["level"],
        version=row["version"],
        into=tuple(r["id"] for r in into),
    )


def version_at(conn: Conn, at: datetime) -> int | None:
    """The last version that was written up to a time; None before the first."""
    row = conn.execute(VERSION_AT, {"at": at}).fetchone()
    return None if row is None else int(row["version"])


def latest(conn: Conn) -> int | None:
    """The last version; None before the first."""
    row = conn.execute(LATEST).fetchone()
    return None if row is None else row["version"]


def members_at(conn: Conn, group_id: str, version: int) -> list[DictRow]:
    """Who was in an event or a story at a version, in the order of their time."""
    return conn.execute(MEMBERS_AT, {"id": group_id, "version": version}).fetchall()


def title_at(conn: Conn, group_id: str, version: int) -> str | None:
    """The title that a group had at a version; None where it never had one that is known."""
    row = conn.execute(TITLE_AT, {"id": group_id, "version": version}).fetchone()
    return None if row is None else row["title"]


def count_of_group(conn: Conn, group_id: str, *, version: int) -> int:
    """How many entries up to a version name an id."""
    row = conn.execute(COUNT_OF_GROUP, {"group_id": group_id, "version": version}).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def entry(conn: Conn, entry_id: int) -> DictRow | None:
    """One entry of the lineage."""
    return conn.execute(ENTRY, {"entry_id": entry_id}).fetchone()


def of_group(
    conn: Conn,
    group_id: str,
    *,
    before: int | None = None,
    version: int | None = None,
    rows: int = 100,
) -> list[DictRow]:
    """Up to ``rows`` entries that name an id, newest first, behind the key ``entry_id``.

    ``stands`` says whether an entry is not undone; ``version`` leaves out what came later.
    """
    done = ledger.undone_entries(conn)
    values = {"group_id": group_id, "before": before, "version": version, "rows": rows}
    found = conn.execute(OF_GROUP, values).fetchall()
    return [row | {"stands": row["entry_id"] not in done} for row in found]
