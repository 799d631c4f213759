"""An edit as it is written: one version with one entry, and what stands afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from annotator.events import keeping
from annotator.events import ledger as pure
from annotator.events.ledger import Places
from newsroom.db import Conn
from newsroom.store import events, ledger
from newsroom.store.events import Group, Member
from newsroom.store.ledger import Entry, Level, Place

HUMAN: Final = "human:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An edit as it was written: its entry, its version, and the ids that stand afterwards."""

    entry_id: int
    version: int
    from_ids: tuple[str, ...]
    to_ids: tuple[str, ...]
    articles: tuple[str, ...]


def moved(places: Places, to: Mapping[str, str | None], level: Level) -> dict[str, Place]:
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


def entry_of(
    kind: str,
    level: Level,
    before: Places,
    after: Places,
    reason: str,
    *,
    together: Sequence[str] | set[str] = (),
    apart: Sequence[str] | set[str] = (),
) -> Entry:
    """The entry of what moved between two states of a level."""
    old, new = pure.ids_of(before, level), pure.ids_of(after, level)
    these = sorted(a for a in {*old, *new} if old.get(a) != new.get(a))
    return Entry(
        level=level,
        kind=kind,
        from_ids=tuple(sorted({old[a] for a in these if a in old})),
        to_ids=tuple(sorted({new[a] for a in these if a in new})),
        articles=tuple(these),
        reason=reason,
        edit=bool(together),
        together=tuple(sorted(together)),
        apart=tuple(sorted(apart)),
    )


def write_moves(
    conn: Conn,
    members: Mapping[str, Member],
    before: Places,
    after: Places,
    *,
    by: str,
    entry: Entry,
    without: int | None = None,
) -> Done:
    """Write an edit that moves articles; ``without`` is the edit that it takes back."""
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


def write_titles(conn: Conn, groups: Sequence[Group], entry: Entry, *, by: str) -> Done:
    """Write an edit that gives titles to groups of one level; without any only its entry."""
    version = events.write(
        conn,
        actor=HUMAN + by,
        method=keeping.EDITED,
        stories=groups if entry.level == "story" else (),
        events=groups if entry.level == "event" else (),
        members=(),
        entries=[entry],
    )
    return _written(conn, version, entry)


def _written(conn: Conn, version: int | None, entry: Entry) -> Done:
    assert version is not None  # an entry is always written
    return Done(
        entry_id=ledger.first_entry(conn, version),
        version=version,
        from_ids=tuple(entry.from_ids),
        to_ids=tuple(entry.to_ids),
        articles=tuple(entry.articles),
    )
