"""What people decide about events: split, merge, rename, and taking an entry back.

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
    event_id: str,
    articles: Sequence[str],
    *,
    by: str,
    reason: str = "",
    expected: Expected | None = None,
) -> Done:
    """Take articles out of an event: two or more become an event of their own in its story.

    One article alone is in no event afterwards, and neither is one that is left behind alone.
    """
    members, before = _open(conn, [event_id], expected)
    inside = {a for a, p in before.items() if p.event_id == event_id}
    out = sorted(set(articles))
    if not out or inside <= set(out):
        raise BadRequest("split-whole", "a split takes some articles of an event, and not all")
    if strangers := [a for a in out if a not in inside]:
        raise BadRequest("not-a-member", f"{strangers[0]} is not in event {event_id}")
    used = ledger.UsedIds(conn)
    part = new_id("event", out, (), used) if len(out) >= pure.LEAST else None
    after = pure.tidy(before | {a: replace(before[a], event_id=part) for a in out})
    return _write(
        conn,
        members,
        before,
        after,
        by=by,
        entry=_entry("split", before, after, reason, together=out, apart=inside - set(out)),
    )


def merge(
    conn: Conn,
    ids: Sequence[str],
    *,
    by: str,
    reason: str = "",
    expected: Expected | None = None,
) -> Done:
    """Make events one: the first keeps its id and its story, the others lead to it."""
    if len(set(ids)) < len(ids):
        raise BadRequest("merge-with-itself", "an event cannot be merged with itself")
    if len(ids) < 2:
        raise BadRequest("merge-alone", "a merge needs two events or more")
    members, before = _open(conn, ids, expected)
    together = {a for a, p in before.items() if p.event_id in ids}
    home = next(p for p in before.values() if p.event_id == ids[0])
    after = pure.tidy(before | dict.fromkeys(sorted(together), home))
    return _write(
        conn,
        members,
        before,
        after,
        by=by,
        entry=_entry("merged", before, after, reason, together=together),
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
    level = _current(conn, group_id, ("event", "story"))
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
    followed = entry["kind"] == "renamed" and not entry["edit"] and _by_person(entry)
    moves_stories = entry["level"] == "story" and entry["kind"] in {"split", "merged"}
    if entry["kind"] not in UNDOABLE or followed or moves_stories:
        raise BadRequest(
            "not-undoable",
            f"entry {entry_id} ({entry['level']} {entry['kind']}) cannot be undone: "
            "splits, merges, renamings and undoings of events can",
        )
    if entry_id in ledger.undone_entries(conn):
        raise Conflict("already-undone", f"entry {entry_id} is undone already")
    if _root(conn, entry)["kind"] == "renamed":
        return _undo_title(conn, entry, by=by, reason=reason)
    return _undo_moves(conn, entry, by=by, reason=reason)


def _undo_moves(conn: Conn, entry: Mapping[str, Any], *, by: str, reason: str) -> Done:
    entry_id, version = int(entry["entry_id"]), int(entry["version"])
    if later := ledger.built_on(conn, entry_id, version, entry["articles"]):
        raise Conflict("undo-later-first", f"undo entry {later[-1]} first: it moved some of these")
    human = _by_person(entry)
    articles = ledger.changed_in(conn, version) if human else list(entry["articles"])
    old = ledger.places_at(conn, articles, version - 1)
    new = ledger.places_at(conn, articles, version)
    groups = {g for p in (*old.values(), *new.values()) for g in (p.event_id, p.story_id) if g}
    near = {m.article_id: m for m in events.members_around(conn, sorted(groups))}
    near |= {m.article_id: m for m in events.members_near(conn, articles)}
    before = keeping.places_of(near.values())
    back = [a for a in articles if _event(before, a) == _event(new, a)]
    heirs = _heirs(conn, {p.event_id for a in back if (p := old.get(a)) is not None}, entry)
    after = {a: p for a, p in before.items() if a not in back}
    after |= {
        a: replace(p, event_id=heirs.get(p.event_id, p.event_id))
        for a in back
        if (p := old.get(a)) is not None
    }
    after = pure.tidy(after)
    together: set[str] = set()
    apart: set[str] = set()
    if not human:
        to, source = entry["to_ids"][0], entry["from_ids"][0]
        together = set(back) | {a for a, p in before.items() if p.event_id == source}
        apart = {a for a, p in before.items() if p.event_id == to} - together
    return _write(
        conn,
        near,
        before,
        after,
        by=by,
        without=entry_id,
        entry=replace(
            _entry("undone", before, after, reason, together=together, apart=apart),
            undo_of=entry_id,
        ),
    )


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
) -> tuple[dict[str, Member], dict[str, Place]]:
    """The members of the stories of events that stand as the caller saw them, under the lock."""
    events.lock(conn)
    for event_id in ids:
        _current(conn, event_id, ("event",))
    _unchanged(conn, ids, expected)
    members = {m.article_id: m for m in events.members_around(conn, ids)}
    return members, keeping.places_of(members.values())


def _current(conn: Conn, group_id: str, levels: Sequence[Level]) -> Level:
    found = lineage.whereabouts(conn, group_id)
    for level in levels:
        if found.state == "current" and found.level == level:
            return level
    if found.state == "retired":
        into = ", ".join(found.into) or "no event"
        raise Conflict("group-retired", f"{group_id} is no more: its articles are in {into}")
    raise NotFound("event-unknown", f"no {' or '.join(levels)} {group_id[:80]}")


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
    before: Places,
    after: Places,
    reason: str,
    *,
    together: Sequence[str] | set[str] = (),
    apart: Sequence[str] | set[str] = (),
) -> Entry:
    old, new = pure.ids_of(before, "event"), pure.ids_of(after, "event")
    moved = sorted(a for a in {*old, *new} if old.get(a) != new.get(a))
    return Entry(
        level="event",
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


def _event(places: Places, article: str) -> str | None:
    place = places.get(article)
    return None if place is None else place.event_id


def _by_person(entry: Mapping[str, Any]) -> bool:
    return str(entry["actor"]).startswith(HUMAN)


def _root(conn: Conn, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a chain of undoings is about."""
    while entry["undo_of"] is not None:
        found = lineage.entry(conn, entry["undo_of"])
        assert found is not None  # a foreign key
        entry = found
    return entry
