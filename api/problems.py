"""Every error as ``application/problem+json`` (RFC 9457), with one shape and one table of codes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api import service_schemas
from newsroom.errors import (
    BadRequest,
    Conflict,
    Later,
    Misconfigured,
    NewsroomError,
    NotFound,
)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5
STATUS: Final = {
    BadRequest: 400,
    NotFound: 404,
    Conflict: 409,
}  # of a code without a meaning of its own
log = logging.getLogger(__name__)

# What each code means, served under its ``type``.
MEANINGS: Final[Mapping[str, tuple[int, str]]] = {
    "bad-parameter": (400, "A parameter has a value that cannot be read; errors[] names it."),
    "unknown-parameter": (400, "A parameter does not exist here; errors[] names the nearest one."),
    "bad-cursor": (400, "The cursor is not one of this list under these filters."),
    "too-many-cells": (400, "The trend has more cells than one answer holds: narrow the filters."),
    "too-many-articles": (
        400,
        "The runs share more articles than one answer compares: name a panel, or use the command.",
    ),
    "key-missing": (401, "This needs a key: send Authorization: Bearer with one."),
    "key-refused": (401, "The key is wrong, expired or revoked; which of them is not said."),
    "scope-missing": (403, "The key is accepted, but not for this: ask for one with the scope."),
    "as-of-unanswerable": (
        400,
        "What this asks for keeps no history that reaches back to the time of as_of.",
    ),
    "too-many-days": (400, "More days of outlets than one answer holds: name fewer of either."),
    "not-found": (404, "Nothing is stored under this id, or no such path exists."),
    "not-yet": (404, "There was no such event or story at the time of as_of."),
    "run-unknown": (404, "No run has this id, or more than one begins with these digits."),
    "panel-unknown": (404, "No panel has this name."),
    "no-codebook": (404, "No labelling run has used such a codebook yet."),
    "method-not-allowed": (405, "This path answers to other methods; see the Allow header."),
    "group-retired": (409, "The event stands no more; the answer says where its articles went."),
    "changed-since": (409, "The event was changed after the version you saw: look at it again."),
    "already-undone": (409, "The entry is undone already."),
    "export-in-hand": (409, "One export of a key is made at a time: wait for the one before."),
    "export-unfinished": (409, "The export is not done, or failed: it has no files."),
    "export-expired": (410, "The files of the export were kept long enough: ask for it anew."),
    "export-withdrawn": (410, "An article was taken down since: ask for the export anew."),
    "idempotency-key-reused": (409, "This Idempotency-Key was sent with another request before."),
    "gone": (410, "The article was taken down; its id, the time and the reason are kept."),
    "id-retired": (307, "The event or story is no more; Location leads to its heir."),
    "id-ended": (410, "The event or story is no more, and its articles are in no other."),
    "body-too-large": (413, "The body of a request is larger than any that means something here."),
    "too-many-requests": (429, "More requests than your limit: wait Retry-After seconds."),
    "database-away": (503, "PostgreSQL does not answer. Ask again after Retry-After seconds."),
    "query-too-long": (503, "The query ran into its time limit: narrow it, or ask again later."),
    "not-ready": (503, "A part the service needs is missing; the answer names it."),
    "internal": (500, "Our fault. The request_id finds it in the log."),
}

_DECLARED: Final[dict[str, Any]] = {
    "model": service_schemas.Problem,
    "content": {
        MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
    },
}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    400: _DECLARED | {"description": "A parameter is wrong; `errors` names it."},
    401: _DECLARED | {"description": "A key was sent that is not accepted, or none."},
    404: _DECLARED | {"description": "Nothing is stored under this id."},
    429: _DECLARED | {"description": "Too many requests; see `Retry-After` and `RateLimit`."},
    503: _DECLARED | {"description": "A part is away; see `Retry-After`."},
    "default": _DECLARED | {"description": "Any other error."},
}
# Of an event or a story by its id.
MOVED: Final[dict[int | str, dict[str, Any]]] = {
    307: _DECLARED | {"description": "It is no more; `Location` leads to its heir."},
    410: _DECLARED | {"description": "It is no more, and has no heir."},
}
# Of what only some keys may read.
SCOPED: Final[dict[int | str, dict[str, Any]]] = {
    403: _DECLARED | {"description": "The key lacks the scope."}
}
# Of a file that is kept for a while.
DOWNLOAD: Final[dict[int | str, dict[str, Any]]] = {
    206: {"description": "The part of it that was asked for."},
    409: _DECLARED | {"description": "It is not done."},
    410: _DECLARED | {"description": "It is kept no more."},
}
# Of an endpoint that writes.
WRITING: Final[dict[int | str, dict[str, Any]]] = {
    403: _DECLARED | {"description": "The key lacks the scope."},
    409: _DECLARED | {"description": "It is no longer as you saw it, or was said before."},
    413: _DECLARED | {"description": "The body is too large."},
}


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, object]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """One problem document."""
    body = {
        "type": f"/v1/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "code": code,
        "request_id": getattr(request.state, "request_id", None),
        "errors": list(errors),
    }
    return JSONResponse(body, status, dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of this application with a problem."""
    app.add_exception_handler(NewsroomError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def answered(
    request: Request, error: NewsroomError, *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The problem that an error of ours is. Its code decides the status, else its kind does."""
    if isinstance(error, Later | Misconfigured):
        delay_s = getattr(error, "delay_s", None)
        wait = {"Retry-After": str(round(delay_s or RETRY_AFTER_S))}
        # The driver's own words may name hosts and users: they go to the log.
        log.warning("%s: %s", error.code, error.message)
        meaning = MEANINGS.get(error.code, MEANINGS["not-ready"])[1]
        return problem(request, 503, error.code, meaning, headers=wait)
    known, _ = MEANINGS.get(error.code, (None, ""))
    status = known or next((s for kind, s in STATUS.items() if isinstance(error, kind)), None)
    if status is None:
        return _unexpected(request, error)
    field = getattr(error, "field", None)
    errors = [{"field": field, "message": error.message}] if field else []
    extra = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return problem(
        request,
        status,
        error.code,
        error.message,
        errors=errors,
        headers=extra | dict(headers or {}),
    )


def _ours(request: Request, error: Any) -> JSONResponse:
    return answered(request, error)


def _invalid(request: Request, error: Any) -> JSONResponse:
    errors = [
        {
            "field": str(e.get("ctx", {}).get("parameter") or ".".join(map(str, e["loc"][1:]))),
            "message": e["msg"].removeprefix("Value error, "),
        }
        for e in error.errors()
    ]
    unknown = any(e["type"] == "unknown-parameter" for e in error.errors())
    code = "unknown-parameter" if unknown else "bad-parameter"
    detail = "; ".join(f"{e['field']}: {e['message']}" for e in errors)
    return problem(request, 400, code, detail, errors=errors)


def _http(request: Request, error: Any) -> JSONResponse:
    codes = {400: "bad-parameter", 404: "not-found", 405: "method-not-allowed"}
    code = codes.get(error.status_code, HTTPStatus(error.status_code).phrase.lower())
    detail = f"no such path: {request.url.path}" if error.status_code == 404 else str(error.detail)
    return problem(
        request, error.status_code, code.replace(" ", "-"), detail, headers=error.headers
    )


def _unexpected(request: Request, error: Any) -> JSONResponse:
    log.error("unexpected error at %s", request.url.path, exc_info=error)
    # Answered outside all middleware, so it carries its headers itself.
    headers = {"X-Content-Type-Options": "nosniff"}
    return problem(request, 500, "internal", MEANINGS["internal"][1], headers=headers)


def unready(request: Request, part: str, detail: str) -> JSONResponse:
    """503 naming the part that is missing."""
    errors = [{"field": part, "message": detail}]
    wait = {"Retry-After": str(RETRY_AFTER_S)}
    return problem(request, 503, "not-ready", f"{part}: {detail}", errors=errors, headers=wait)


def declare(app: FastAPI) -> None:
    """Let the OpenAPI document say that errors are problems, and nothing else."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        document = described()
        for path in document["paths"].values():
            for operation in path.values():
                for response in operation["responses"].values():
                    if MEDIA_TYPE in response.get("content", {}):
                        response["content"].pop("application/json", None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
