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
from newsroom.errors import BadRequest, Later, Misconfigured, NewsroomError, NotFound

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5
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
    "not-found": (404, "Nothing is stored under this id, or no such path exists."),
    "run-unknown": (404, "No run has this id, or more than one begins with these digits."),
    "panel-unknown": (404, "No panel has this name."),
    "no-codebook": (404, "No labelling run has used such a codebook yet."),
    "method-not-allowed": (405, "This path answers to other methods; see the Allow header."),
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
    404: _DECLARED | {"description": "Nothing is stored under this id."},
    503: _DECLARED | {"description": "A part is away; see `Retry-After`."},
    "default": _DECLARED | {"description": "Any other error."},
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


def _ours(request: Request, error: Any) -> JSONResponse:
    if isinstance(error, BadRequest):
        errors = [{"field": error.field, "message": error.message}] if error.field else []
        return problem(request, 400, error.code, error.message, errors=errors)
    if isinstance(error, NotFound):
        return problem(request, 404, error.code, error.message)
    if isinstance(error, Later | Misconfigured):
        delay_s = getattr(error, "delay_s", None)
        wait = {"Retry-After": str(round(delay_s or RETRY_AFTER_S))}
        # The driver's own words may name hosts and users: they go to the log.
        log.warning("%s: %s", error.code, error.message)
        meaning = MEANINGS.get(error.code, MEANINGS["not-ready"])[1]
        return problem(request, 503, error.code, meaning, headers=wait)
    return _unexpected(request, error)


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
    codes = {404: "not-found", 405: "method-not-allowed"}
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
