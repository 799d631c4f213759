"""Taking back what was decided about events and stories: an edit like any other.

Nothing is ever taken out of the lineage; what is taken back can be made to hold again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from annotator.events import keeping
from annotator.events import ledger as pure
from annotator.events.edit_writing import HUMAN, Done, entry_of, moved, write_moves, write_titles
from annotator.events.ledger import Places
from newsroom.db import Conn
from newsroom.errors import BadRequest, Conflict, NotFound
from newsroom.store import events, ledger
from newsroom.store.ledger import Entry, Level, Place
from newsroom.store.reading import lineage

UNDOABLE: Final = ("split", "merged", "renamed", "undone")


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
    changed = {
        one: [a for a in articles if _group(old, a, one) != _group(new, a, one)]
        for one in (ledger.LEVELS if human else (level,))
    }
    for one, these in changed.items():
        if later := ledger.built_on(conn, entry_id, version, one, these):
            raise Conflict("undo-later-first", f"undo entry {later[-1]} first: it moved some")
    groups = {g for p in (*old.values(), *new.values()) for g in (p.event_id, p.story_id) if g}
    near = {m.article_id: m for m in events.members_around(conn, sorted(groups))}
    near |= {m.article_id: m for m in events.members_near(conn, articles)}
    before = keeping.places_of(near.values())
    back = {
        one: [a for a in these if _group(before, a, one) == _group(new, a, one)]
        for one, these in changed.items()
    }
    homes = {
        one: _heirs(conn, {_group(old, a, one) for a in these}, entry)
        for one, these in back.items()
    }
    after: dict[str, Place] = before
    for one in ("story", "event"):  # an article that was in no story gets one before its event
        given = {a: _group(old, a, one) for a in back.get(one, ())}
        after = moved(after, {a: homes[one].get(g, g) for a, g in given.items()}, one)
    after = pure.tidy(_with_their_events(after, set(back.get("event", ()))))
    together: set[str] = set()
    apart: set[str] = set()
    if not human:
        at = pure.ids_of(before, level)
        to, source = entry["to_ids"][0], entry["from_ids"][0]
        together = set(back[level]) | {a for a, group in at.items() if group == source}
        apart = {a for a, group in at.items() if group == to} - together
    return write_moves(
        conn,
        near,
        before,
        after,
        by=by,
        without=entry_id,
        entry=replace(
            entry_of("undone", level, before, after, reason, together=together, apart=apart),
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
        return write_titles(conn, [], undoing, by=by)
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
    return write_titles(conn, [group], undoing, by=by)


def _headline(conn: Conn, group_id: str) -> tuple[str, str]:
    members = [
        m.article_id
        for m in events.members_around(conn, [group_id])
        if group_id in {m.event_id, m.story_id}
    ]
    return keeping.headline(conn, members)


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
