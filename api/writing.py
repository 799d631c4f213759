"""What every writing endpoint does: write once, and say where it led."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BaseModel

from api.deps import Caller, Config, IdempotencyKey, Store, Writer
from api.filters import Nothing
from newsroom import ids
from newsroom.db import Conn, Database
from newsroom.keys import Key
from newsroom.store import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks for something to be written, and what is needed to write it."""

    request: Request
    response: Response
    store: Store
    writer: Writer
    settings: Config
    caller: Caller
    query: Annotated[Nothing, Query()]
    idempotency_key: IdempotencyKey = None

    def once(self, key: Key, body: BaseModel, write: Callable[[Conn], str]) -> str:
        """:func:`once` for this request."""
        return once(
            self.request,
            self.response,
            self.writer,
            key,
            idempotency_key=self.idempotency_key,
            body=body,
            write=write,
        )


def once(
    request: Request,
    response: Response,
    writer: Database,
    key: Key,
    *,
    idempotency_key: str | None,
    body: BaseModel,
    write: Callable[[Conn], str],
) -> str:
    """Write in one transaction, unless this very request was written before.

    ``write`` returns the path of what it made, which becomes the ``Location`` of the answer.
    Raises Conflict ``idempotency-key-reused``.
    """
    digest = ids.digest(request.url.path, body.model_dump_json())
    with writer.transaction() as conn:
        location = requests.once(conn, key.key_id, idempotency_key, digest, lambda: write(conn))
    response.headers["Location"] = location
    return location.rsplit("/", 1)[-1]
