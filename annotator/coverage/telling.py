"""What readers are told of an event's coverage and absences, with all that a claim rests on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from newsroom.absences import BLINDSPOT, said
from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.store import coverage
from newsroom.store.reading import event_coverage, events, lineage, runs


def event(conn: Conn, event_id: str, *, now: datetime) -> dict[str, Any]:
    """Who covered an event, how much, how prominently and in what tone; and who did not.

    ``absent`` are verdicts of the last judgement, empty where it did not reach the event.
    Raises NotFound ``event-unknown``.
    """
    row = events.one(conn, event_id)
    if row is None:
        into = lineage.whereabouts(conn, event_id).into
        became = f": look for {', '.join(into)}" if into else ""
        raise NotFound("event-unknown", f"no event {event_id[:80]}{became}")
    run_id = runs.id_of(runs.shown(conn, None))
    return {
        "event_id": event_id,
        "title": row["title"],
        "first_at": row["first_at"],
        "last_at": row["last_at"],
        "run_id": run_id,
        **event_coverage.of_event(conn, row, run_id, now=now),
    }


def blindspots(conn: Conn, coverage_run_id: int) -> list[dict[str, Any]]:
    """The claims of a judgement, the surest first."""
    return [
        dict(claim) | {"said": said({**claim, "verdict": BLINDSPOT})}
        for claim in coverage.blindspots(conn, coverage_run_id)
    ]
