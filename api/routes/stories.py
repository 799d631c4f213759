"""Stories: how something develops over its events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api import event_schemas, groups, lists, problems, state_schemas, then
from api.deps import Store, page_limit
from api.event_filters import LineageQuery, StoriesQuery
from api.filters import Dated, Nothing, Seen, SeenThen
from api.pages import Keyset, digest
from newsroom.db import Conn
from newsroom.store.reading import event_state, events, outlines, past, runs, story_parts

router = APIRouter(tags=["stories"])

NOTE: Final = (
    "No article of this story by these outlets is stored, though others of the same days are. "
    "That is no claim that they did not cover it."
)


@router.get("/stories", response_model=event_schemas.StoryPage)
def list_stories(
    request: Request, store: Store, query: Annotated[StoriesQuery, Query()]
) -> Response:
    """Stories, the one with the newest article first."""
    limit = page_limit(request, query.limit)
    by_size = query.sort == "-articles"
    keys = Keyset(
        columns={"articles": int, "story_id": str}
        if by_size
        else {"last_at": datetime, "story_id": str},
        digest=digest("stories", query.filters()),
    )
    where = wanted = query.where()
    if query.cursor:
        first, last = keys.decode(query.cursor)
        side = "after" if query.sort == "-last_at" else "after_oldest"
        where = (
            wanted.and_after("after_size", after_n=first, after_id=last)
            if by_size
            else wanted.and_after(side, after_at=first, after_id=last)
        )
    with store.transaction() as conn:
        rows = events.stories(conn, where, order=query.sort, rows=limit + 1)
        total = events.count_stories(conn, wanted) if query.count else None
        rows = outlines.outlined(conn, "story", rows)
    page = keys.envelope(rows, limit=limit, total=total)
    return lists.answer(request, event_schemas.StoryPage, page, query)


@router.get("/stories/{story_id}", response_model=event_schemas.Story, responses=problems.MOVED)
def get_story(
    request: Request, story_id: str, store: Store, query: Annotated[Dated, Query()]
) -> dict[str, Any] | JSONResponse:
    """One story with its events; its articles are `/v1/articles?story=`.

    An id that is no more leads to its heir; as of a time before, it is what it was then.
    """
    with store.transaction() as conn:
        if query.as_of is not None:
            return _as_of(conn, story_id, query.as_of)
        row = events.story(conn, story_id)
        if row is None:
            return groups.gone(request, conn, "story", story_id)
        parts = outlines.outlined(conn, "event", events.of_story(conn, story_id))
        outside = events.outside_events(conn, story_id)
    return row | {"as_of": None, "events": parts, "outside_events": outside}


@router.get(
    "/stories/{story_id}/members",
    response_model=event_schemas.MemberList,
    responses=problems.MOVED,
)
def list_story_members(
    request: Request, story_id: str, store: Store, query: Annotated[SeenThen, Query()]
) -> dict[str, Any] | JSONResponse:
    """The articles of a story, in its events and outside of them, with their labels."""
    with store.transaction() as conn:
        found = groups.members(conn, "story", story_id, query)
        return found or groups.gone(request, conn, "story", story_id)


@router.get("/stories/{story_id}/lineage", response_model=event_schemas.LineagePage)
def list_story_lineage(
    request: Request, story_id: str, store: Store, query: Annotated[LineageQuery, Query()]
) -> Response:
    """What became of a story, newest first: also of one whose id is retired, and where it went."""
    limit = page_limit(request, query.limit)
    with store.transaction() as conn:
        page = groups.entries(conn, "story", story_id, query, limit)
    return lists.answer(request, event_schemas.LineagePage, page, query)


@router.get(
    "/stories/{story_id}/coverage",
    response_model=event_schemas.StoryCoverage,
    responses=problems.MOVED,
)
def get_story_coverage(
    request: Request, story_id: str, store: Store, query: Annotated[Seen, Query()]
) -> dict[str, Any] | JSONResponse:
    """Who covered which event of a story and how; of which outlets nothing is stored.

    The second is no claim that they were silent: it says on how many days we watched them well.
    """
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        row = events.story(conn, story_id)
        if row is None:
            return groups.gone(request, conn, "story", story_id)
        found = story_parts.of_story(conn, story_id, runs.id_of(run))
    return row | {"run": run, "note": NOTE} | found


@router.get(
    "/stories/{story_id}/state",
    response_model=state_schemas.StoryState,
    responses=problems.MOVED,
)
def get_story_state(
    request: Request, story_id: str, store: Store, _query: Annotated[Nothing, Query()]
) -> dict[str, Any] | JSONResponse:
    """What a story has come to: amounts that changed, their latest values, and who told which."""
    with store.transaction() as conn:
        row = events.story(conn, story_id)
        if row is None:
            return groups.gone(request, conn, "story", story_id)
        slots = event_state.timeline(conn, story_id)
    return row | {"made": slots is not None, "slots": slots or []}


def _as_of(conn: Conn, story_id: str, at: datetime) -> dict[str, Any]:
    groups.known(conn, "story", story_id)
    version = then.begun(conn, at)
    when: dict[str, Any] = {"version": version, "as_of": at}
    row = past.story(conn, story_id, **when)
    if row is None:
        raise groups.not_yet("story", story_id, at)
    parts = [
        part | {"story_title": row["title"]}
        for part in past.events_of_story(conn, story_id, **when)
    ]
    return row | {"as_of": then.meta(at, version), "events": parts}
