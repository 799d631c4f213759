"""What people decide about events and stories: split, merge, rename, and taking an entry back.

An edit is one version with one entry. It holds against later groupings until it is undone, and an
undoing is an edit like any other: nothing is ever taken out of the lineage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from annotator.events import keeping
from annotator.events import ledger as pure
from annotator.events.identity import new_id
from annotator.events.ledger import Places
from newsroom.db import Conn
from newsroom.errors import BadRequest, Conflict, NotFound
from newsroom.store import events, ledger
from newsroom.store.events import Group, Member
from newsroom.store.ledger import Entry, Level, Place
from newsroom.store.reading import lineage

HUMAN: Final = "human:"
UNDOABLE: Final = ("split", "merged", "renamed", "undone")
TITLE_MAX: Final = 300

_A: Final[Mapping[Level, str]] = {"event": "an event", "story": "a story"}

Expected = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An edit as it was written: its entry, its version, and the ids that stand afterwards."""

    entry_id: int
    version: int
    from_ids: tuple[str, ...]
    to_ids: tuple[str, ...]
    articles: tuple[str, ...]


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
    after = pure.tidy(_moved(before, dict.fromkeys(out, part), level))
    return _write(
        conn,
        members,
        before,
        after,
        by=by,
        entry=_entry("split", level, before, after, reason, together=out, apart=inside - set(out)),
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
        after = pure.tidy(_moved(before, dict.fromkeys(together, ids[0]), level))
    return _write(
        conn,
        members,
        before,
        after,
        by=by,
        entry=_entry("merged", level, before, after, reason, together=together),
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
    return _retitle(conn, replace(group, title=said, title_by=HUMAN + by), entry, by=by)


def undo(conn: Conn, entry_id: int, *, by: str, reason: str = "") -> Done:
    """Reverse a split, a merge, a renaming or an undoing by a new entry.

    Articles that groupings have moved since stay where they are. What a grouping did and a person
    undoes, groupings do not do again. Raises Conflict where people have built on the entry.
    """
    events.lock(conn)
    entry = lineage.entry(conn, entry_id)
    if entry is None:
        raise NotFound("entry-unknown", f"the lineage has no entry {entry_id}")
    # What a person's word brought about on the other level goes back with it.
    followed = _by_person(entry) and not entry["edit"] and entry["undo_of"] is None
    if entry["kind"] not in UNDOABLE or followed:
        raise BadRequest(
            "not-undoable",
            f"entry {entry_id} ({entry['level']} {entry['kind']}) cannot be undone: "
            "splits, merges, renamings and undoings can",
        )
    if entry_id in ledger.undone_entries(conn):
        raise Conflict("already-undone", f"entry {entry_id} is undone already")
    if _root(conn, entry)["kind"] == "renamed":
        return _undo_title(conn, entry, by=by, reason=reason)
    return _undo_moves(conn, entry, by=by, reason=reason)


def _undo_moves(conn: Conn, entry: Mapping[str, Any], *, by: str, reason: str) -> Done:
    entry_id, version = int(entry["entry_id"]), int(entry["version"])
    level: Level = entry["level"]
    human = _by_person(entry)
    articles = ledger.changed_in(conn, version) if human else list(entry["articles"])
    old = ledger.places_at(conn, articles, version - 1)
    new = ledger.places_at(conn, articles, version)
    moved = {
        one: [a for a in articles if _group(old, a, one) != _group(new, a, one)]
        for one in (ledger.LEVELS if human else (level,))
    }
    for one, these in moved.items():
        if later := ledger.built_on(conn, entry_id, version, one, these):
            raise Conflict("undo-later-first", f"undo entry {later[-1]} first: it moved some")
    groups = {g for p in (*old.values(), *new.values()) for g in (p.event_id, p.story_id) if g}
    near = {m.article_id: m for m in events.members_around(conn, sorted(groups))}
    near |= {m.article_id: m for m in events.members_near(conn, articles)}
    before = keeping.places_of(near.values())
    back = {
        one: [a for a in these if _group(before, a, one) == _group(new, a, one)]
        for one, these in moved.items()
    }
    homes = {
        one: _heirs(conn, {_group(old, a, one) for a in these}, entry)
        for one, these in back.items()
    }
    after: dict[str, Place] = before
    for one in ("story", "event"):  # an article that was in no story gets one before its event
        given = {a: _group(old, a, one) for a in back.get(one, ())}
        after = _moved(after, {a: homes[one].get(g, g) for a, g in given.items()}, one)
    after = pure.tidy(_with_their_events(after, set(back.get("event", ()))))
    together: set[str] = set()
    apart: set[str] = set()
    if not human:
        at = pure.ids_of(before, level)
        to, source = entry["to_ids"][0], entry["from_ids"][0]
        together = set(back[level]) | {a for a, group in at.items() if group == source}
        apart = {a for a, group in at.items() if group == to} - together
    return _write(
        conn,
        near,
        before,
        after,
        by=by,
        without=entry_id,
        entry=replace(
            _entry("undone", level, before, after, reason, together=together, apart=apart),
            undo_of=entry_id,
        ),
    )


def _with_their_events(places: Places, back: set[str]) -> dict[str, Place]:
    """Who is back in an event that stands without them is in the story that it is in."""
    story = {p.event_id: p.story_id for a, p in places.items() if p.event_id and a not in back}
    return {
        a: replace(p, story_id=story[p.event_id]) if a in back and p.event_id in story else p
        for a, p in places.items()
    }


def _heirs(
    conn: Conn, ids: set[str | None], entry: Mapping[str, Any]
) -> dict[str | None, str | None]:
    """What groupings or undoings have made of events since; Conflict where a person ended one."""
    root = _root(conn, entry)["entry_id"]
    done = ledger.undone_entries(conn)
    found: dict[str | None, str | None] = {}
    for event_id in sorted(ids - {None}, key=str):
        at = lineage.whereabouts(conn, str(event_id))
        if at.state != "retired" or at.version is None or at.version <= entry["version"]:
            continue
        ended = lineage.entry(conn, ledger.first_entry(conn, at.version))
        assert ended is not None  # no version without an entry ends a group
        if _root(conn, ended)["entry_id"] == root:  # this edit, done again
            continue
        number = ended["entry_id"]
        if _by_person(ended) and ended["kind"] != "undone" and number not in done:
            raise Conflict("undo-later-first", f"undo entry {number} first: it ended {event_id}")
        if (heir := ledger.successors(conn, [str(event_id)])[str(event_id)]) is not None:
            found[event_id] = heir
    return found


def _undo_title(conn: Conn, entry: Mapping[str, Any], *, by: str, reason: str) -> Done:
    """The title that stands without the entry: another person's, or that of the articles."""
    level: Level = entry["level"]
    human = _by_person(entry)
    found = lineage.whereabouts(conn, entry["to_ids"][0])
    named = ledger.successors(conn, [found.group_id]).get(found.group_id, found.group_id)
    stored = events.stored(conn, level, [named] if named else [])
    undoing = Entry(
        level=level,
        kind="undone",
        from_ids=entry["to_ids"],
        to_ids=entry["to_ids"],
        title=None if human else entry["title_before"],
        reason=reason,
        undo_of=int(entry["entry_id"]),
        edit=not human,
    )
    if named is None or named not in stored:
        return _written(conn, _version(conn, by, [], undoing), undoing)
    group = stored[named]
    edits = ledger.standing(conn, without=int(entry["entry_id"]))
    if human:
        given = keeping.titles(conn, edits, level, here=stored, moved={}).get(named)
        title, source = _headline(conn, named)
        group = replace(
            group,
            title=given[0] if given else title,
            title_article_id=source,
            title_by=given[1] if given else None,
        )
    else:
        group = replace(group, title=entry["title_before"], title_by=HUMAN + by)
    undoing = replace(undoing, title_before=stored[named].title)
    return _retitle(conn, group, undoing, by=by)


def _headline(conn: Conn, group_id: str) -> tuple[str, str]:
    members = [
        m.article_id
        for m in events.members_around(conn, [group_id])
        if group_id in {m.event_id, m.story_id}
    ]
    return keeping.headline(conn, members)


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


def _moved(places: Places, to: Mapping[str, str | None], level: Level) -> dict[str, Place]:
    """Places with articles in other groups of a level; without a story an article has none."""
    after = dict(places)
    for article, group in to.items():
        was = after.get(article)
        if level == "story" and group is not None:
            after[article] = Place(event_id=was.event_id if was else None, story_id=group)
        elif level == "story":
            after.pop(article, None)
        elif was is not None:
            after[article] = replace(was, event_id=group)
    return after


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


def _entry(
    kind: str,
    level: Level,
    before: Places,
    after: Places,
    reason: str,
    *,
    together: Sequence[str] | set[str] = (),
    apart: Sequence[str] | set[str] = (),
) -> Entry:
    old, new = pure.ids_of(before, level), pure.ids_of(after, level)
    moved = sorted(a for a in {*old, *new} if old.get(a) != new.get(a))
    return Entry(
        level=level,
        kind=kind,
        from_ids=tuple(sorted({old[a] for a in moved if a in old})),
        to_ids=tuple(sorted({new[a] for a in moved if a in new})),
        articles=tuple(moved),
        reason=reason,
        edit=bool(together),
        together=tuple(sorted(together)),
        apart=tuple(sorted(apart)),
    )


def _write(
    conn: Conn,
    members: Mapping[str, Member],
    before: Places,
    after: Places,
    *,
    by: str,
    entry: Entry,
    without: int | None = None,
) -> Done:
    version = keeping.commit(
        conn,
        actor=HUMAN + by,
        method=keeping.EDITED,
        before=before,
        after=after,
        members=[
            keeping.member_row(a, place, members.get(a))
            for a, place in after.items()
            if before.get(a) != place
        ],
        reason=entry.reason,
        edits=ledger.standing(conn, without=without),
        edit=entry,
    )
    return _written(conn, version, entry)


def _retitle(conn: Conn, group: Group, entry: Entry, *, by: str) -> Done:
    return _written(conn, _version(conn, by, [group], entry), entry)


def _version(conn: Conn, by: str, groups: Sequence[Group], entry: Entry) -> int | None:
    return events.write(
        conn,
        actor=HUMAN + by,
        method=keeping.EDITED,
        stories=groups if entry.level == "story" else (),
        events=groups if entry.level == "event" else (),
        members=(),
        entries=[entry],
    )


def _written(conn: Conn, version: int | None, entry: Entry) -> Done:
    assert version is not None  # an entry is always written
    return Done(
        entry_id=ledger.first_entry(conn, version),
        version=version,
        from_ids=tuple(entry.from_ids),
        to_ids=tuple(entry.to_ids),
        articles=tuple(entry.articles),
    )


def _group(places: Places, article: str, level: Level) -> str | None:
    place = places.get(article)
    if place is None:
        return None
    return place.event_id if level == "event" else place.story_id


def _by_person(entry: Mapping[str, Any]) -> bool:
    return str(entry["actor"]).startswith(HUMAN)


def _root(conn: Conn, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a chain of undoings is about."""
    while entry["undo_of"] is not None:
        found = lineage.entry(conn, entry["undo_of"])
        assert found is not None  # a foreign key
        entry = found
    return entry
