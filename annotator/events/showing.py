"""An event or a story as it is, or as the ledger had it at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.store import events
from newsroom.store.reading import lineage
from newsroom.store.reading.lineage import Whereabouts

FACTS: Final = (
    "id", "level", "title", "state", "into", "version", "first_at", "last_at", "closed_at",
    "articles", "outlets", "cohesion", "purity", "method",
)  # fmt: skip
LINEAGE_ROWS: Final = 20


def event(conn: Conn, group_id: str, at: datetime | None = None) -> dict[str, Any]:
    """A group with its members and lineage; without ``at`` as it stands now.

    At a time: the members, roles, scores and title that the ledger had then. Cohesion and purity
    are told of now only. Raises NotFound for an id that never was, or was not yet.
    """
    found = _known(conn, group_id)
    version = lineage.latest(conn) if at is None else lineage.version_at(conn, at)
    members = [] if version is None else lineage.members_at(conn, group_id, version)
    entries = [] if version is None else lineage.of_group(
        conn, group_id, version=version, rows=LINEAGE_ROWS
    )  # fmt: skip
    if at is not None and not entries:
        raise NotFound("not-yet", f"{group_id} was not there at {at:%Y-%m-%d %H:%M:%S}")
    row = None
    if at is None and found.state == "current":
        row = events.stored(conn, "event" if found.level == "event" else "story", [group_id])
    group = None if row is None else row[group_id]
    moments = [m["sort_at"] for m in members if m["sort_at"] is not None]
    return {
        "id": group_id,
        "level": found.level,
        "title": None if version is None else lineage.title_at(conn, group_id, version),
        "state": _state(found, group, members),
        "into": list(found.into),
        "version": found.version if at is None else version,
        "first_at": min(moments, default=None),
        "last_at": max(moments, default=None),
        "closed_at": group.closed_at if group else None,
        "articles": len(members),
        "outlets": sorted({m["publisher"] for m in members if m["publisher"] is not None}),
        "cohesion": group.cohesion if group else None,
        "purity": group.purity if group else None,
        "method": group.method if group else None,
        "members": members,
        "lineage": entries,
    }


def log(conn: Conn, group_id: str, *, rows: int) -> list[dict[str, Any]]:
    """The newest entries about an id, which may be retired."""
    _known(conn, group_id)
    return [dict(row) for row in lineage.of_group(conn, group_id, rows=rows)]


def _known(conn: Conn, group_id: str) -> Whereabouts:
    found = lineage.whereabouts(conn, group_id)
    if found.state == "unknown":
        raise NotFound("event-unknown", f"no event or story {group_id[:80]}")
    return found


def _state(found: Whereabouts, group: events.Group | None, members: list[Any]) -> str:
    if group is not None:
        return "open" if group.closed_at is None else "closed"
    if members:
        return "as it was"
    return "retired" if found.state == "retired" else "empty"
