"""Asking the API for an event or a story: what may be missing, and ids that are no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from dash.development.base_component import Component

from dashboard import links
from dashboard.client import ApiError, Client, Json
from dashboard.links import Filters
from dashboard.parts import lineage, notices

NO_MORE: Final = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.GONE})


def route(level: str, group_id: str, *more: str) -> str:
    """``events/9b2f…/facts``: the path of a call, its id quoted."""
    return links.path(lineage.PLACES[level], group_id, *more).removeprefix("/")


async def tried(asking: Awaitable[Json]) -> Json | ApiError:
    """An answer that a page can do without; its failure is told in the answer's own place."""
    try:
        return await asking
    except ApiError as error:
        return error


def drawn(answer: Json | ApiError, draw: Callable[[Json], Component]) -> Component:
    """A section drawn from its answer, or why it is not there."""
    return notices.failed(answer) if isinstance(answer, ApiError) else draw(answer)


async def whole(
    client: Client, level: str, group_id: str, parameters: Sequence[tuple[str, str]]
) -> Json | Component:
    """The event or story; for an id that is no more the page that says where it went."""
    try:
        return await client.get(route(level, group_id), parameters)
    except ApiError as error:
        if error.status not in NO_MORE:
            raise
    told = await client.get(route(level, group_id, "lineage"))
    return lineage.retired(told["meta"], told["data"], told["next_cursor"] is not None)


async def seen_days(
    client: Client, row: Json, outlets: Iterable[Mapping[str, Any]]
) -> tuple[int, int] | None:
    """How many of the outlets' days of an event or a story we saw as usual, of those judged."""
    span = [("published_from", row["first_at"][:10]), ("published_to", row["last_at"][:10])]
    ids = [("publisher", outlet["publisher_id"]) for outlet in outlets][: links.OUTLETS_MAX]
    try:
        return await client.seen_days([*ids, *span])
    except ApiError:
        return None  # the figures stand without it, and say nothing of it


def asked_of(filters: Filters) -> list[tuple[str, str]]:
    """The run and the time a reader asked for."""
    return [*links.seen(filters), *([("as_of", filters.as_of)] if filters.as_of else [])]
