"""What a route is given: the database, the settings, and the size of a page."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Header, Request
from fastapi.security import HTTPBearer

from api.document import SCHEME
from api.filters import REPEATABLE
from newsroom.db import Database
from newsroom.errors import BadRequest, Refused
from newsroom.keys import Key, Scope
from newsroom.settings import Settings


def _database(request: Request) -> Database:
    found = request.app.state.database
    assert isinstance(found, Database)
    return found


def _writer(request: Request) -> Database:
    found = request.app.state.writer
    assert isinstance(found, Database)
    return found


def _settings(request: Request) -> Settings:
    found = request.app.state.settings
    assert isinstance(found, Settings)
    return found


def plain(request: Request) -> None:
    """Refuse what no parameter of ours can mean: a NUL, or one value given twice."""
    asked = request.query_params.multi_items()
    values = [request.url.path, *request.path_params.values(), *(value for _, value in asked)]
    if any("\x00" in str(value) for value in values):
        raise BadRequest("bad-parameter", "a NUL character is in the address")
    names = [name for name, _ in asked]
    twice = sorted({n for n in names if names.count(n) > 1} - REPEATABLE)
    if twice:
        raise BadRequest("bad-parameter", f"{twice[0]} is given twice", field=twice[0])


def page_limit(request: Request, limit: int) -> int:
    """The page size asked for. Raises BadRequest above the configured largest one."""
    largest = _settings(request).api.page_limit_max
    if limit > largest:
        raise BadRequest("bad-parameter", f"limit must be 1 to {largest}", field="limit")
    return limit


_BEARER: Final = HTTPBearer(scheme_name=SCHEME, auto_error=False)


def _key(request: Request, _sent: Annotated[object, Depends(_BEARER)]) -> Key | None:
    # The gate has read it, and refused one that is not accepted.
    key = request.state.key
    assert key is None or isinstance(key, Key)
    return key


def require(key: Key | None, scope: Scope) -> Key:
    """The key, if it may do this. Raises Refused ``key-missing`` or ``scope-missing``."""
    if key is None:
        raise Refused("key-missing", f"this needs a key with the scope {scope}")
    if scope not in key.scopes:
        raise Refused("scope-missing", f"the key lacks the scope {scope}")
    return key


Store = Annotated[Database, Depends(_database)]
Writer = Annotated[Database, Depends(_writer)]
Caller = Annotated[Key | None, Depends(_key)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Sent again with the same request, it writes nothing anew.",
    ),
]
Config = Annotated[Settings, Depends(_settings)]
