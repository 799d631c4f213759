"""One page of a list as it is answered: the columns asked for, and the way to the next page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response

from api import addresses
from api.deps import Store, page_limit
from api.filters import Listed
from api.pages import Key, Keyset, digest
from api.schemas import Page
from newsroom.db import Conn


def answer(
    request: Request, shape: type[Page[Any]], page: Mapping[str, Any], query: Listed
) -> Response:
    """The page in its public shape; ``fields=`` leaves other columns of its rows out.

    ``Link: rel="next"`` (RFC 8288) leads to the next page: relative to this one, unless a public
    address is set.
    """
    columns = query.columns()
    only: Any = columns and {"data": {"__all__": columns}, "next_cursor": True, "meta": True}
    body = shape.model_validate(page).model_dump_json(include=only or None)
    headers = {}
    if page["next_cursor"] is not None:
        others = [(n, v) for n, v in request.query_params.multi_items() if n != "cursor"]
        asked = urlencode([*others, ("cursor", page["next_cursor"])])
        headers["Link"] = f'<{addresses.public(request, request.url.path)}?{asked}>; rel="next"'
    return Response(body, media_type="application/json", headers=headers)


def walked(
    request: Request,
    store: Store,
    query: Listed,
    shape: type[Page[Any]],
    *,
    name: str,
    columns: Mapping[str, type],
    rows: Callable[[Conn, Key | None, int], Sequence[Mapping[str, Any]]],
    count: Callable[[Conn], int],
) -> Response:
    """A page of a list without labels: ``rows`` behind a key, which ``columns`` make up.

    ``name`` tells its cursors from those of other lists; ``count`` is of the whole list.
    """
    limit = page_limit(request, query.limit)
    keys = Keyset(columns=columns, digest=digest(name, query.filters()))
    after = keys.decode(query.cursor) if query.cursor else None
    with store.transaction() as conn:
        found = rows(conn, after, limit + 1)
        total = count(conn) if query.count else None
    return answer(request, shape, keys.envelope(found, limit=limit, total=total), query)
