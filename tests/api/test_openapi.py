"""The committed description is the one the code gives, and it is whole."""

from __future__ import annotations

import json
from pathlib import Path

from api.openapi import document

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def test_the_committed_document_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == document(), (
        "run: python -m api.openapi > docs/openapi.json"
    )


def test_operations_are_described() -> None:
    paths = json.loads(document())["paths"]
    operations = [o for methods in paths.values() for o in methods.values()]
    ids = [o["operationId"] for o in operations]
    assert len(ids) == len(set(ids))
    assert {"list_articles", "get_article", "list_annotations", "list_events", "get_event", "list_stories",
            "get_story", "get_trends", "list_outlets", "list_refusals", "get_pipeline", "list_runs",
            "get_codebook"} <= set(ids)  # fmt: skip
    for operation in operations:
        assert operation["tags"]
        assert operation["description"]
        for parameter in operation.get("parameters", []):
            assert parameter["in"] == "path" or parameter["description"], parameter
    for path, methods in paths.items():
        if path.startswith("/v1"):
            problem = methods["get"]["responses"]["400"]["content"]
            assert list(problem) == ["application/problem+json"]


def test_every_field_is_described() -> None:
    schemas = json.loads(document())["components"]["schemas"]
    bare = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, value in schema.get("properties", {}).items()
        if "description" not in value and "$ref" not in value and field != "data"
    ]
    assert not bare
