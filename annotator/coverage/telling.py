"""What readers are told of an event's coverage and absences, with all that a claim rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from annotator.coverage.blindspots import (
    BLINDSPOT,
    NOT_CRAWLED,
    OPEN,
    TOO_SMALL,
    TOO_YOUNG,
    UNREMARKABLE,
    Rules,
)
from annotator.coverage.exposure import Exposure, Look, exposure
from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.store import coverage
from newsroom.store.reading import events, lineage, runs

WORDS: Final = "not covered in what we crawled"

SAYINGS: Final[Mapping[str, str]] = {
    BLINDSPOT: f"{WORDS}: expected with probability {{expected:.3f}}, from {{past_events}} past "
    "events; q {q:.3f}; crawled well on {days_crawled} of {days} days",
    UNREMARKABLE: f"{WORDS}, which is no surprise: expected with probability {{expected:.3f}}, "
    "from {past_events} past events; q {q:.3f}; crawled well on {days_crawled} of {days} days",
    OPEN: "nothing yet: the event is not over",
    TOO_SMALL: "no claim: too few other outlets carried it to expect anything",
    NOT_CRAWLED: "no claim: crawled well on {days_crawled} of {days} days, nobody knows of the "
    "others",
    TOO_YOUNG: "no claim: {past_events} past events of this outlet are too few",
}


def said(verdict: Mapping[str, Any]) -> str:
    """A verdict as a sentence."""
    return SAYINGS[verdict["verdict"]].format(**verdict)


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
    shown = runs.shown(conn, None)
    first = row["first_at"]
    last = max(first, min(row["last_at"] + timedelta(hours=Rules().late_h), now))
    seen = _exposures(coverage.looks(conn, event_id, first, last), first, last)
    nothing = exposure([], first, last)
    return {
        "event_id": event_id,
        "title": row["title"],
        "first_at": first,
        "last_at": row["last_at"],
        "run_id": runs.id_of(shown),
        "outlets": [
            dict(outlet) | {"exposure": asdict(seen.get(outlet["publisher_id"], nothing))}
            for outlet in coverage.of_event(conn, event_id, runs.id_of(shown))
        ],
        "absent": [
            dict(verdict) | {"said": said(verdict)}
            for verdict in coverage.verdicts_of(conn, event_id)
        ],
    }


def blindspots(conn: Conn, coverage_run_id: int) -> list[dict[str, Any]]:
    """The claims of a judgement, the surest first."""
    return [
        dict(claim) | {"said": said({**claim, "verdict": BLINDSPOT})}
        for claim in coverage.blindspots(conn, coverage_run_id)
    ]


def _exposures(
    looks: Iterable[Mapping[str, Any]], first: datetime, last: datetime
) -> dict[str, Exposure]:
    return {
        str(publisher_id): exposure(
            [Look(taken_at=r["taken_at"], came=r["came"], ranks=r["ranks"]) for r in rows],
            first,
            last,
        )
        for publisher_id, rows in groupby(looks, key=lambda row: row["publisher_id"])
    }
