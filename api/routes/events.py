"""Events: who covered what happened, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request

from api import event_schemas
from api.deps import Store, page_limit
from api.filters import EventsQuery, Seen
from api.pages import Keyset, digest
from newsroom.errors import NotFound
from newsroom.store.reading import events, runs

router = APIRouter(tags=["events"])

NOTE: Final = (
    "No article of this event by these outlets is stored, though others of the same days are. "
    "That is no claim that they did not cover it."
)


@router.get("/events", response_model=event_schemas.EventPage)
def list_events(
    request: Request, store: Store, query: Annotated[EventsQuery, Query()]
) -> dict[str, Any]:
    """Events with at least two articles, the newest or the largest first."""
    limit = page_limit(request, query.limit)
    newest = query.sort == "-last_at"
    with store.transaction() as conn:
        run = runs.shown(conn, query.run)
        keys = Keyset(
            columns={"last_at": datetime, "event_id": str}
            if newest
            else {"articles": int, "event_id": str},
            digest=digest("events", query.filters(), run),
        )
        where = wanted = query.where(runs.id_of(run))
        if query.cursor:
            first, last = keys.decode(query.cursor)
            where = (
                wanted.and_after("after", after_at=first, after_id=last)
                if newest
                else wanted.and_after("after_size", after_n=first, after_id=last)
            )
        rows = events.page(conn, where, order=query.sort, rows=limit + 1)
        total = events.count(conn, wanted) if query.count else None
    return keys.envelope(rows, limit=limit, total=total, run=run)


@router.get("/events/{event_id}", response_model=event_schemas.Event)
def get_event(event_id: str, store: Store, query: Annotated[Seen, Query()]) -> dict[str, Any]:
    """One event: its articles, its coverage by outlet, and the other events of its story."""
    with store.transaction() as conn:
        run = runs.shown(conn, query.run)
        run_id = runs.id_of(run)
        row = events.one(conn, event_id)
        if row is None:
            raise NotFound("not-found", f"no event {event_id[:80]}")
        members = events.members(conn, event_id, run_id)
        coverage = events.coverage(conn, event_id, run_id)
        absent = events.not_stored(conn, event_id)
        siblings = events.of_story(conn, row["story_id"])
    return row | {
        "run": run,
        "coverage": coverage,
        "members": members,
        "not_stored": {"note": NOTE, "outlets": absent},
        "siblings": [s for s in siblings if s["event_id"] != event_id],
    }
