"""Stories: how something develops over its events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api import event_schemas
from api.deps import Store, page_limit
from api.filters import Nothing, StoriesQuery
from api.pages import Keyset, digest
from newsroom.errors import NotFound
from newsroom.store.reading import events

router = APIRouter(tags=["stories"])


@router.get("/stories", response_model=event_schemas.StoryPage)
def list_stories(
    request: Request, store: Store, query: Annotated[StoriesQuery, Query()]
) -> dict[str, Any]:
    """Stories, the one with the newest article first."""
    limit = page_limit(request, query.limit)
    keys = Keyset(
        columns={"last_at": datetime, "story_id": str}, digest=digest("stories", query.filters())
    )
    where = wanted = query.where()
    if query.cursor:
        at, last = keys.decode(query.cursor)
        where = wanted.and_after("after", after_at=at, after_id=last)
    with store.transaction() as conn:
        rows = events.stories(conn, where, rows=limit + 1)
        total = events.count_stories(conn, wanted) if query.count else None
    return keys.envelope(rows, limit=limit, total=total)


@router.get("/stories/{story_id}", response_model=event_schemas.Story)
def get_story(story_id: str, store: Store, _query: Annotated[Nothing, Query()]) -> dict[str, Any]:
    """One story with its events; its articles are `/v1/articles?story=`."""
    with store.transaction() as conn:
        row = events.story(conn, story_id)
        if row is None:
            raise NotFound("not-found", f"no story {story_id[:80]}")
        parts = events.of_story(conn, story_id)
        outside = events.outside_events(conn, story_id)
    return row | {"events": parts, "outside_events": outside}
