"""What people decide about events and stories: split, merge and rename.

An edit is one version with one entry. It holds against later groupings until it is undone
(:mod:`annotator.events.undoing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from annotator.events import keeping
from annotator.events import ledger as pure
from annotator.events.edit_writing import HUMAN, Done, entry_of, moved, write_moves, write_titles
from annotator.events.identity import new_id
from annotator.events.ledger import Places
from newsroom.db import Conn
from newsroom.errors import BadRequest, Conflict, NotFound
from newsroom.store import events, ledger
from newsroom.store.events import Member
from newsroom.store.ledger import Entry, Level, Place
from newsroom.store.reading import lineage

TITLE_MAX: Final = 300

_A: Final[Mapping[Level, str]] = {"event": "an event", "story": "a story"}

Expected = Mapping[str, int]


def split(
    conn: Conn,
    group_id: str,
    parts: Sequence[str],
    *,
    by: str,
    reason: str = "",
    expected: Expected | None = None,
) -> Done:
    """Take articles out of an event, or events and articles outside events out of a story.

    Two articles or more become an event of their own in its story, or a story of their own. One
    alone is in none afterwards, and neither is one that is left behind alone.
    """
    level, members, before = _open(conn, [group_id], expected)
    group_of = pure.ids_of(before, level)
    inside = {a for a, group in group_of.items() if group == group_id}
    out = sorted(_articles(parts, before) if level == "story" else set(parts))
    if strangers := [a for a in out if a not in inside]:
        raise BadRequest("not-a-member", f"{strangers[0]} is not in {level} {group_id}")
    if not out or inside <= set(out):
        raise BadRequest("split-whole", f"a split takes some articles of {_A[level]}, and not all")
    if level == "story":
        _whole_events(out, before)
    used = ledger.UsedIds(conn)
    part = new_id(level, out, (), used) if len(out) >= pure.LEAST else None
    after = pure.tidy(moved(before, dict.fromkeys(out, part), level))
    return write_moves(
        conn,
        members,
        before,
        after,
        by=by,
        entry=entry_of(
            "split", level, before, after, reason, together=out, apart=inside - set(out)
        ),
    )


def merge(
    conn: Conn,
    ids: Sequence[str],
    *,
    by: str,
    reason: str = "",
    expected: Expected | None = None,
) -> Done:
    """Make events one, or stories: the first keeps its id and its story, the others lead to it."""
    if len(set(ids)) < len(ids):
        raise BadRequest("merge-with-itself", "nothing can be merged with itself")
    if len(ids) < 2:
        raise BadRequest("merge-alone", "a merge needs two or more")
    level, members, before = _open(conn, ids, expected)
    together = {a for a, group in pure.ids_of(before, level).items() if group in ids}
    if level == "event":
        home = next(p for p in before.values() if p.event_id == ids[0])
        after = pure.tidy(before | dict.fromkeys(sorted(together), home))
    else:
        after = pure.tidy(moved(before, dict.fromkeys(together, ids[0]), level))
    return write_moves(
        conn,
        members,
        before,
        after,
        by=by,
        entry=entry_of("merged", level, before, after, reason, together=together),
    )


def rename(
    conn: Conn,
    group_id: str,
    title: str,
    *,
    by: str,
    reason: str = "",
    expected: Expected | None = None,
) -> Done:
    """Give an event or a story a title that groupings keep."""
    said = " ".join(title.split())
    if not said or len(said) > TITLE_MAX:
        raise BadRequest("bad-title", f"a title has 1 to {TITLE_MAX} characters", field="title")
    events.lock(conn)
    level = _current(conn, group_id)
    _unchanged(conn, [group_id], expected)
    group = events.stored(conn, level, [group_id])[group_id]
    entry = Entry(
        level=level,
        kind="renamed",
        from_ids=(group_id,),
        to_ids=(group_id,),
        title=said,
        title_before=group.title,
        reason=reason,
        edit=True,
    )
    named = replace(group, title=said, title_by=HUMAN + by)
    return write_titles(conn, [named], entry, by=by)


def _open(
    conn: Conn, ids: Sequence[str], expected: Expected | None
) -> tuple[Level, dict[str, Member], dict[str, Place]]:
    """What ids of one level that stand as the caller saw them are, under the lock.

    With the members of their stories.
    """
    events.lock(conn)
    levels = {_current(conn, group_id) for group_id in ids}
    if len(levels) > 1:
        raise BadRequest("two-levels", "events go with events and stories with stories")
    _unchanged(conn, ids, expected)
    members = {m.article_id: m for m in events.members_around(conn, ids)}
    return levels.pop(), members, keeping.places_of(members.values())


def _articles(parts: Sequence[str], places: Places) -> set[str]:
    """The articles of events, and articles that are named themselves."""
    of_events = pure.grouped((p.event_id, a) for a, p in places.items())
    return {a for one in parts for a in of_events.get(one, {one})}


def _whole_events(articles: Sequence[str], places: Places) -> None:
    """Raise BadRequest where an event would be cut."""
    of_events = pure.grouped((p.event_id, a) for a, p in places.items())
    for event, members in of_events.items():
        if not members.isdisjoint(articles) and not members <= set(articles):
            one = min(members & set(articles))
            raise BadRequest("event-parted", f"{one} is in event {event}, which goes whole or not")


def _current(conn: Conn, group_id: str) -> Level:
    found = lineage.whereabouts(conn, group_id)
    if found.state == "current":
        return "event" if found.level == "event" else "story"
    if found.state == "retired":
        into = ", ".join(found.into) or "none"
        raise Conflict("group-retired", f"{group_id} is no more: its articles are in {into}")
    raise NotFound("event-unknown", f"no event or story {group_id[:80]}")


def _unchanged(conn: Conn, ids: Sequence[str], expected: Expected | None) -> None:
    now = events.versions(conn, ids)
    for group_id in ids:
        if expected is not None and expected.get(group_id, now[group_id]) != now[group_id]:
            raise Conflict(
                "changed-since",
                f"{group_id} was changed by version {now[group_id]}, "
                f"after the version {expected[group_id]} that you saw",
            )
