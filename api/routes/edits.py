"""Edits of events and stories, which a worker carries out, and the jobs that they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api import correction_schemas as schemas
from api import problems
from api.deps import Caller, Store, require
from api.filters import Nothing
from api.writing import Asking
from newsroom import queue
from newsroom.db import Conn
from newsroom.errors import Conflict, Misconfigured, NotFound
from newsroom.keys import Key, Scope
from newsroom.settings import Settings
from newsroom.store import events, jobs, ledger
from newsroom.store.ledger import Level
from newsroom.store.reading import lineage

Said = (
    schemas.Rename
    | schemas.Split
    | schemas.Merge
    | schemas.SplitStory
    | schemas.MergeStories
    | schemas.Undo
)
router = APIRouter(tags=["corrections"])


@router.post(
    "/events/{event_id}/edits",
    response_model=schemas.Job,
    status_code=202,
    responses=problems.WRITING,
)
def create_edit(
    event_id: str, said: schemas.NewEdit, asking: Annotated[Asking, Depends()]
) -> dict[str, Any]:
    """Rename, split or merge an event, or undo an entry of its lineage. Groupings keep to it.

    Needs a key with the scope `events:edit`. The answer is a job, done within seconds; ask for it
    again. What cannot be seen to be impossible now may still fail then, with the code that says so.
    """
    also = said.events if isinstance(said, schemas.Merge) else []
    return _asked(asking, "event", event_id, said, also)


@router.post(
    "/stories/{story_id}/edits",
    response_model=schemas.Job,
    status_code=202,
    responses=problems.WRITING,
)
def create_story_edit(
    story_id: str, said: schemas.NewStoryEdit, asking: Annotated[Asking, Depends()]
) -> dict[str, Any]:
    """Rename, split or merge a story, or undo an entry of its lineage. Groupings keep to it.

    As edits of events are. No event is cut: a split names events, and articles outside them.
    """
    also = said.stories if isinstance(said, schemas.MergeStories) else []
    return _asked(asking, "story", story_id, said, also)


@router.get("/jobs/{job_id}", response_model=schemas.Job)
def get_job(
    job_id: str, store: Store, caller: Caller, _query: Annotated[Nothing, Query()]
) -> dict[str, Any]:
    """What became of a job. Only the key that asked for it can look."""
    if caller is None:
        raise NotFound("not-found", "no such job of yours: send the key that asked for it")
    return _job(store, job_id, caller)


def _job(store: Store, job_id: str, key: Key) -> dict[str, Any]:
    with store.transaction() as conn:
        row = jobs.one(conn, job_id, key.key_id)
    if row is None:
        raise NotFound("not-found", f"no job {job_id[:80]} of this key")
    error = {"code": row["error_code"], "message": row["error_message"] or ""}
    return row | {"error": error if row["state"] == "failed" else None}


def _asked(
    asking: Asking, level: Level, group_id: str, said: Said, also: Sequence[str]
) -> dict[str, Any]:
    """Write an edit down as a job, unless it is seen to fail."""
    key = require(asking.caller, Scope.EVENTS_EDIT)
    with asking.store.transaction() as conn:
        _possible(conn, level, group_id, said, also)
    args = {"event_id": group_id, "by": key.owner, **said.model_dump()}
    job_id = asking.once(
        key,
        said,
        lambda conn: f"/v1/jobs/{jobs.add(conn, jobs.EVENT_EDIT, args, key_id=key.key_id)}",
    )
    _ring(asking.settings)
    return _job(asking.store, job_id, key)


def _possible(conn: Conn, level: Level, group_id: str, said: Said, also: Sequence[str]) -> None:
    """Raise NotFound or Conflict for an edit that is seen to fail before anybody tries."""
    if isinstance(said, schemas.Undo):
        entry = lineage.entry(conn, said.entry_id)
        if entry is None or group_id not in {*entry["from_ids"], *entry["to_ids"]}:
            raise NotFound("not-found", f"no entry {said.entry_id} of {level} {group_id[:80]}")
        if said.entry_id in ledger.undone_entries(conn):
            raise Conflict("already-undone", f"entry {said.entry_id} is undone already")
        return
    for name in (group_id, *also):
        found = lineage.whereabouts(conn, name)
        if found.state == "unknown" or found.level != level:
            raise NotFound("not-found", f"no {level} {name[:80]}")
        if found.state == "retired":
            into = ", ".join(found.into) or "none"
            raise Conflict("group-retired", f"{name} is no more: its articles are in {into}")
    now = events.versions(conn, [group_id])[group_id]
    if said.seen is not None and said.seen != now:
        raise Conflict("changed-since", f"{group_id} was changed by version {now}")


def _ring(settings: Settings) -> None:
    """Wake a worker; without a broker the sweeper finds the job."""
    try:
        app = queue.make_app(settings)
    except Misconfigured:
        return
    with app:
        queue.ring(app, tasks=(queue.TASK_EDIT,))
