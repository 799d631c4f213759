"""What the paths of events and of stories share: retired ids, lineage, members."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from api import problems, then
from api.event_filters import LineageQuery
from api.filters import SeenThen
from api.pages import Keyset, digest
from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.store.ledger import Level
from newsroom.store.reading import events, lineage, past, runs
from newsroom.store.reading.lineage import Whereabouts


def gone(request: Request, conn: Conn, level: Level, group_id: str) -> JSONResponse:
    """The answer for an id that stands for nothing now: the way to its heir, if it has one.

    307 and not 301: an entry of the ledger that is undone brings an id back. Raises NotFound for
    one that never was.
    """
    found = known(conn, level, group_id)
    if found.state == "current":
        raise NotFound("not-found", f"no {level} {group_id[:80]}")
    path = request.url.path
    heirs = [path.replace(group_id, heir, 1) for heir in found.into]
    asked = f"?{request.url.query}" if request.url.query else ""
    return problems.problem(
        request,
        307 if heirs else 410,
        "id-retired" if heirs else "id-ended",
        f"{level} {group_id} is no more: its articles are in {', '.join(found.into) or 'none'}",
        errors=[{"field": "into", "message": heir} for heir in found.into],
        headers={"Location": heirs[0] + asked} if heirs else {},
    )


def members(conn: Conn, level: Level, group_id: str, query: SeenThen) -> dict[str, Any] | None:
    """Every article of a group, now or as of a time; None where it stands for nothing then."""
    run = runs.seen(conn, **query.of_run())
    version = None
    if query.as_of is None:
        if not _stands(conn, level, group_id):
            return None
        rows = events.members(conn, group_id, runs.id_of(run))
    else:
        known(conn, level, group_id)
        version = then.begun(conn, query.as_of)
        rows = past.members_of(conn, group_id, runs.id_of(run), version=version, as_of=query.as_of)
        if not rows:
            raise not_yet(level, group_id, query.as_of)
    return {
        "data": rows,
        "next_cursor": None,
        "meta": {
            "limit": len(rows),
            "total": len(rows),
            "run": run,
            "as_of": then.meta(query.as_of, version),
        },
    }


def entries(
    conn: Conn, level: Level, group_id: str, query: LineageQuery, limit: int
) -> dict[str, Any]:
    """A page of what became of a group, and what its id stands for now."""
    found = known(conn, level, group_id)
    keys = Keyset(columns={"entry_id": int}, digest=digest(f"lineage {group_id}", query.filters()))
    before: Any = keys.decode(query.cursor)[0] if query.cursor else None
    if query.as_of is None:
        version = latest = lineage.latest(conn)
    else:
        version = latest = then.begun(conn, query.as_of)
    assert latest is not None  # an id is known by the version that gave it
    rows = lineage.of_group(conn, group_id, before=before, version=version, rows=limit + 1)
    if not rows and query.as_of is not None and before is None:
        raise not_yet(level, group_id, query.as_of)
    total = lineage.count_of_group(conn, group_id, version=latest) if query.count else None
    page = keys.envelope(rows, limit=limit, total=total)
    page["meta"] |= {
        **_stands_for(found),
        "title": lineage.title_at(conn, group_id, latest),
        "as_of": then.meta(query.as_of, version, ("state", "into", "version")),
    }
    return page


def not_yet(level: Level, group_id: str, at: datetime) -> NotFound:
    """The error for a group that had no article at a time."""
    return NotFound("not-yet", f"{level} {group_id[:80]} was not there at {at:%Y-%m-%d %H:%M:%SZ}")


def _stands_for(found: Whereabouts) -> Mapping[str, Any]:
    return {
        "id": found.group_id,
        "level": found.level,
        "state": found.state,
        "into": list(found.into),
        "version": found.version,
    }


def known(conn: Conn, level: Level, group_id: str) -> Whereabouts:
    """What an id stands for. Raises NotFound for one that never was of this level."""
    found = lineage.whereabouts(conn, group_id)
    if found.level != level:
        raise NotFound("not-found", f"no {level} {group_id[:80]}")
    return found


def _stands(conn: Conn, level: Level, group_id: str) -> bool:
    found = lineage.whereabouts(conn, group_id)
    return (found.state, found.level) == ("current", level)
