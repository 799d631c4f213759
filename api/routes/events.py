"""Events: who covered what happened, and how."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api import event_schemas, groups, lists, problems, state_schemas, then
from api.deps import Store, page_limit
from api.event_filters import EventsQuery, FactsQuery, LineageQuery
from api.filters import Nothing, Seen, SeenThen
from api.pages import Keyset, digest
from newsroom.db import Conn
from newsroom.store.reading import event_coverage, event_state, events, outlines, past, runs

router = APIRouter(tags=["events"])

NOTE: Final = (
    "No article of this event by these outlets is stored, though others of the same days are. "
    "That is no claim that they did not cover it."
)
ELSEWHERE: Final = problems.MOVED


@router.get("/events", response_model=event_schemas.EventPage)
def list_events(request: Request, store: Store, query: Annotated[EventsQuery, Query()]) -> Response:
    """Events with at least two articles, the newest or the largest first."""
    limit = page_limit(request, query.limit)
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        by_size = query.sort == "-articles"
        keys = Keyset(
            columns={"articles": int, "event_id": str}
            if by_size
            else {"last_at": datetime, "event_id": str},
            digest=digest("events", query.filters(), run),
        )
        where = wanted = query.where(runs.id_of(run))
        if query.cursor:
            first, last = keys.decode(query.cursor)
            side = "after" if query.sort == "-last_at" else "after_oldest"
            where = (
                wanted.and_after("after_size", after_n=first, after_id=last)
                if by_size
                else wanted.and_after(side, after_at=first, after_id=last)
            )
        rows = events.page(conn, where, order=query.sort, rows=limit + 1)
        total = events.count(conn, wanted) if query.count else None
        rows = outlines.outlined(conn, "event", rows)
    page = keys.envelope(rows, limit=limit, total=total, run=run)
    return lists.answer(request, event_schemas.EventPage, page, query)


@router.get("/events/{event_id}", response_model=event_schemas.Event, responses=ELSEWHERE)
def get_event(
    request: Request, event_id: str, store: Store, query: Annotated[SeenThen, Query()]
) -> dict[str, Any] | JSONResponse:
    """One event: its articles, its coverage by outlet, and the other events of its story.

    An id that is no more leads to its heir; as of a time before, it is what it was then.
    """
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        if query.as_of is not None:
            return _as_of(conn, event_id, query.as_of, run)
        run_id = runs.id_of(run)
        row = events.one(conn, event_id)
        if row is None:
            return groups.gone(request, conn, "event", event_id)
        members = events.members(conn, event_id, run_id)
        coverage = events.coverage(conn, event_id, run_id)
        absent = events.not_stored(conn, event_id)
        siblings = outlines.outlined(conn, "event", events.of_story(conn, row["story_id"]))
        (row,) = outlines.outlined(conn, "event", [row])
    return row | {
        "run": run,
        "as_of": None,
        "coverage": coverage,
        "members": members,
        "not_stored": {"note": NOTE, "outlets": absent},
        "siblings": [s for s in siblings if s["event_id"] != event_id],
    }


@router.get(
    "/events/{event_id}/members", response_model=event_schemas.MemberList, responses=ELSEWHERE
)
def list_event_members(
    request: Request, event_id: str, store: Store, query: Annotated[SeenThen, Query()]
) -> dict[str, Any] | JSONResponse:
    """The articles of an event, with their labels, how surely they belong to it, and why."""
    with store.transaction() as conn:
        found = groups.members(conn, "event", event_id, query)
        return found or groups.gone(request, conn, "event", event_id)


@router.get(
    "/events/{event_id}/coverage", response_model=event_schemas.EventCoverage, responses=ELSEWHERE
)
def get_event_coverage(
    request: Request, event_id: str, store: Store, query: Annotated[Seen, Query()]
) -> dict[str, Any] | JSONResponse:
    """Who covered an event, how prominently and in what tone; who did not, and what that says.

    An absence is a blindspot only where it is surprising and every day of the event was crawled
    well; it then says: not covered in what we crawled.
    """
    with store.transaction() as conn:
        run = runs.seen(conn, **query.of_run())
        row = events.one(conn, event_id)
        if row is None:
            return groups.gone(request, conn, "event", event_id)
        found = event_coverage.of_event(conn, row, runs.id_of(run), now=datetime.now(UTC))
    return row | {"run": run, "covered": found["outlets"], "missing": found["absent"]}


@router.get("/events/{event_id}/lineage", response_model=event_schemas.LineagePage)
def list_event_lineage(
    request: Request, event_id: str, store: Store, query: Annotated[LineageQuery, Query()]
) -> Response:
    """What became of an event, newest first: also of one whose id is retired, and where it went."""
    limit = page_limit(request, query.limit)
    with store.transaction() as conn:
        page = groups.entries(conn, "event", event_id, query, limit)
    return lists.answer(request, event_schemas.LineagePage, page, query)


@router.get(
    "/events/{event_id}/state", response_model=state_schemas.EventState, responses=ELSEWHERE
)
def get_event_state(
    request: Request, event_id: str, store: Store, _query: Annotated[Nothing, Query()]
) -> dict[str, Any] | JSONResponse:
    """The title of an event and where it is from, how much was told of it, what it comes to."""
    with store.transaction() as conn:
        title = event_state.titles(conn, [event_id]).get(event_id)
        if title is None:
            return groups.gone(request, conn, "event", event_id)
        found = event_state.event(conn, event_id)
    missing = ("method", "made_at", "unlabelled", "sentences", "compared", "facts", "exclusives")
    unmade: dict[str, Any] = dict.fromkeys(missing) | {"outlets": [], "takeaways": []}
    return title | (found or unmade)


@router.get("/events/{event_id}/facts", response_model=state_schemas.FactPage, responses=ELSEWHERE)
def list_event_facts(
    request: Request, event_id: str, store: Store, query: Annotated[FactsQuery, Query()]
) -> Response:
    """What was told of an event, most sources first: who told it, and which outlets left it out."""
    with store.transaction() as conn:
        if events.one(conn, event_id) is None:
            return groups.gone(request, conn, "event", event_id)
    asked = {"exclusive": query.exclusive}
    return lists.walked(
        request,
        store,
        query,
        state_schemas.FactPage,
        name=f"facts {event_id}",
        columns={"number": int},
        rows=lambda conn, after, rows: event_state.facts(
            conn, event_id, **asked, after=after and after[0], rows=rows
        ),
        count=lambda conn: event_state.count_facts(conn, event_id, **asked),
    )


def _as_of(conn: Conn, event_id: str, at: datetime, run: Any) -> dict[str, Any]:
    groups.known(conn, "event", event_id)
    version = then.begun(conn, at)
    when: dict[str, Any] = {"version": version, "as_of": at}
    run_id = runs.id_of(run)
    row = past.event(conn, event_id, **when)
    if row is None:
        raise groups.not_yet("event", event_id, at)
    coverage = past.coverage(conn, event_id, run_id, **when)
    covered = [outlet["publisher_id"] for outlet in coverage]
    return row | {
        "run": run,
        "as_of": then.meta(at, version),
        "coverage": coverage,
        "members": past.members_of(conn, event_id, run_id, **when),
        "not_stored": {"note": NOTE, "outlets": past.not_stored(conn, row, covered, **when)},
        "siblings": [
            sibling | {"story_title": row["story_title"]}
            for sibling in past.events_of_story(conn, row["story_id"], **when)
            if sibling["event_id"] != event_id
        ],
    }
