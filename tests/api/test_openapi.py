"""The committed description is the one the code gives, and it is whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema

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
        for operation in methods.values() if path.startswith("/v1") else ():
            problem = operation["responses"]["400"]["content"]
            assert list(problem) == ["application/problem+json"]


def test_every_field_is_described() -> None:
    schemas = json.loads(document())["components"]["schemas"]
    bare = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, value in schema.get("properties", {}).items()
        if not {"description", "$ref", "const"} & value.keys() and field != "data"
    ]
    assert not bare


def test_every_operation_and_schema_has_an_example_that_fits() -> None:
    whole = json.loads(document())
    schemas = whole["components"]["schemas"]

    def fits(value: object, schema: dict) -> None:
        # The keys of JSON Schema that OpenAPI adds are no matter of validation.
        jsonschema.Draft202012Validator(schema | {"components": whole["components"]}).validate(
            value
        )

    for name, schema in schemas.items():
        (value,) = schema["examples"]
        fits(value, {"$ref": f"#/components/schemas/{name}"})
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    fits(parameter["example"], parameter["schema"])
                for value in parameter["schema"].get("examples", []):
                    fits(value, parameter["schema"])
            for status, response in operation["responses"].items():
                for media in response.get("content", {}).values():
                    if status.startswith("2") and media.get("schema"):
                        fits(media["example"], media["schema"])
            assert operation["summary"], (path, method)


def test_the_document_says_where_who_and_how() -> None:
    whole = json.loads(document())
    assert whole["openapi"].startswith("3.1")
    assert whole["servers"]
    assert whole["info"]["contact"]["name"]
    assert whole["info"]["license"]["identifier"] == "Apache-2.0"
    assert whole["components"]["securitySchemes"]["NewsroomKey"]["scheme"] == "bearer"
    told = {tag["name"] for tag in whole["tags"] if tag["description"]}
    used = {t for m in whole["paths"].values() for o in m.values() for t in o["tags"]}
    assert used == told


def test_columns_are_named_where_they_can_be_chosen() -> None:
    parameters = json.loads(document())["paths"]["/v1/articles"]["get"]["parameters"]
    (fields,) = (p for p in parameters if p["name"] == "fields")
    assert re.fullmatch(fields["schema"]["pattern"], "title,labels")
    assert not re.fullmatch(fields["schema"]["pattern"], "title,text")
