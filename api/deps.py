"""What a route is given: the database, the settings, and the size of a page."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.filters import REPEATABLE
from newsroom.db import Database
from newsroom.errors import BadRequest
from newsroom.settings import Settings


def _database(request: Request) -> Database:
    found = request.app.state.database
    assert isinstance(found, Database)
    return found


def _settings(request: Request) -> Settings:
    found = request.app.state.settings
    assert isinstance(found, Settings)
    return found


def plain(request: Request) -> None:
    """Refuse what no parameter of ours can mean: a NUL, or one value given twice."""
    values = [request.url.path, *request.path_params.values(), *request.query_params.values()]
    if any("\x00" in str(value) for value in values):
        raise BadRequest("bad-parameter", "a NUL character is in the address")
    names = [name for name, _ in request.query_params.multi_items()]
    twice = sorted({n for n in names if names.count(n) > 1} - REPEATABLE)
    if twice:
        raise BadRequest("bad-parameter", f"{twice[0]} is given twice", field=twice[0])


def page_limit(request: Request, limit: int) -> int:
    """The page size asked for. Raises BadRequest above the configured largest one."""
    largest = _settings(request).api.page_limit_max
    if limit > largest:
        raise BadRequest("bad-parameter", f"limit must be 1 to {largest}", field="limit")
    return limit


Store = Annotated[Database, Depends(_database)]
Config = Annotated[Settings, Depends(_settings)]
