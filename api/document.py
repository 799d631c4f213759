"""What the OpenAPI document says beyond what routes and shapes say: examples, columns, keys, tags.

Examples are put together from those of the fields, so that each one has the shape it is of.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from fastapi import FastAPI

from api.front import ours
from api.schemas import ARTICLE_ID, EVENT_ID
from api.source_schemas import SNAPSHOT_ID

Json = dict[str, Any]

JSON: Final = "application/json"
SCHEME: Final = "NewsroomKey"
KEY: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "nr_…",
    "description": "A key, made by `newsroom keys create`. Reading needs none; with one the limits "
    "are wider, and a key with the scope for it may do more.",
}
IN_PATHS: Final = {
    "article_id": ("Article id.", ARTICLE_ID),
    "event_id": ("Event id; a retired one leads to its heir.", EVENT_ID),
    "story_id": ("Story id; a retired one leads to its heir.", EVENT_ID),
    "run_id": ("Id of a run, or at least eight digits it begins with.", ARTICLE_ID),
    "snapshot_id": ("Id of a look at a front page.", SNAPSHOT_ID),
    "dispute_id": ("Number of a dispute.", "12"),
    "override_id": ("Number of a label that a person gave.", "12"),
    "job_id": ("Id of a job.", ARTICLE_ID),
    "export_id": ("Id of an export.", ARTICLE_ID),
    "name": ("Name of a file.", "articles.csv"),
    "code": ("Code of a problem.", "bad-cursor"),
}
UNCHANGED: Final = {"description": "The bytes are those of the tag sent in If-None-Match."}
ETAG: Final = {
    "description": "Tag of exactly these bytes; send it in If-None-Match.",
    "schema": {"type": "string"},
}
LINK: Final = {
    "description": '`<…>; rel="next"` (RFC 8288), relative; absent on the last page.',
    "schema": {"type": "string"},
}


def complete(app: FastAPI) -> None:
    """Let the document of the application be whole."""
    described = app.openapi
    app.openapi = cache(lambda: _completed(described()))  # type: ignore[method-assign]


def _completed(document: Json) -> Json:
    schemas = document["components"]["schemas"]
    document["components"]["securitySchemes"] = {SCHEME: KEY}
    document["security"] = [{}, {SCHEME: []}]
    for path, methods in document["paths"].items():
        for method, operation in methods.items() if ours(path) else ():
            _operation(path, method, operation, schemas)
    for schema in schemas.values():
        schema["examples"] = [example(schema, schemas)]
    return document


def _operation(path: str, method: str, operation: Json, schemas: Json) -> None:
    for status, response in operation["responses"].items():
        for media in response.get("content", {}).values():
            if status.startswith("2") and "schema" in media and media["schema"]:
                media["example"] = example(media["schema"], schemas)
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "fields":
            names = _columns(operation, schemas)
            one = "|".join(names)
            parameter["schema"] = {
                "type": "string",
                "pattern": f"^({one})(,({one}))*$",
                "examples": [",".join(names[:2])],
            }
        if parameter["name"] in IN_PATHS:
            parameter["description"], parameter["example"] = IN_PATHS[parameter["name"]]
    if method == "get" and path.startswith("/v1/") and "200" in operation["responses"]:
        ok = operation["responses"]["200"]
        if JSON in ok.get("content", {}):
            operation["responses"]["304"] = UNCHANGED
            ok["headers"] = {"ETag": ETAG}
            if any(p["name"] == "cursor" for p in operation.get("parameters", [])):
                ok["headers"]["Link"] = LINK


def _columns(operation: Json, schemas: Json) -> list[str]:
    """The columns of the rows of a list; as any may be left out, none is required."""
    page = _resolved(operation["responses"]["200"]["content"][JSON]["schema"], schemas)
    row = _resolved(page["properties"]["data"]["items"], schemas)
    row.pop("required", None)
    return list(row["properties"])


def example(schema: Json, schemas: Json) -> Any:
    """A value of a schema, made of the examples it has inside. Raises KeyError without one."""
    schema = _resolved(schema, schemas)
    if "properties" in schema:
        return {k: example(v, schemas) for k, v in schema["properties"].items()}
    for value in _stated(schema):
        return value
    if "anyOf" in schema:
        kinds = schema["anyOf"]
        named = [kind for kind in kinds if "$ref" in kind]
        if not named and {"type": "null"} in kinds:
            return None
        return example((named or kinds)[0], schemas)
    match schema.get("type"):
        case "array":
            return [example(schema["items"], schemas)]
        case "null":
            return None
        case "object":
            return {}
        case "boolean":
            return True
    raise KeyError(f"no example: {schema}")


def _stated(schema: Json) -> Iterator[Any]:
    yield from schema.get("examples", ())[:1]
    yield from schema.get("enum", ())[:1]
    if "const" in schema:
        yield schema["const"]


def _resolved(schema: Json, schemas: Json) -> Json:
    while "$ref" in schema:
        found = schemas[schema["$ref"].rsplit("/", 1)[1]]
        assert isinstance(found, dict)
        schema = found
    return schema
