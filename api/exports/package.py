"""``datapackage.json``: Data Package 2.0 (datapackage.org), a Table Schema for every table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from api.exports import wording
from api.exports.columns import Column, Kind, Table
from api.exports.facts import Facts
from newsroom.store.exporting.snapshots import File

_PROFILES: Final = "https://datapackage.org/profiles/2.0"
_TYPES: Final[dict[Kind, str]] = {
    "text": "string",
    "words": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "time": "datetime",
    "date": "date",
    "list": "array",
    "object": "object",
}
MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}


def text(facts: Facts, data: Sequence[File]) -> str:
    """The whole descriptor."""
    return json.dumps(descriptor(facts, data), ensure_ascii=False, indent=2) + "\n"


def descriptor(facts: Facts, data: Sequence[File]) -> dict[str, Any]:
    """The descriptor as JSON."""
    plan = facts.plan
    return {
        "$schema": f"{_PROFILES}/datapackage.json",
        "name": f"newsroom-{plan.snapshot_id}",
        "id": plan.snapshot_id,
        "title": facts.title,
        "description": f"What news outlets published and how it was labelled, as of {facts.as_of}.",
        "created": facts.as_of,
        "licenses": [
            {"name": wording.LICENCE, "path": wording.LICENCE_URL, "title": wording.RIGHTS}
        ],
        "contributors": [{"title": "The Newsroom maintainers", "roles": ["creator"]}],
        "keywords": ["news", "media bias", "lean", "tone", "events"],
        "resources": [
            resource(table, file, plan.format, {t.name for t in plan.declared})
            for table, file in zip(plan.declared, data, strict=True)
        ],
        "newsroom": {
            **plan.spec,
            "snapshot_id": plan.snapshot_id,
            "run": facts.run,
            "articles": facts.span["articles"],
            "outlets": [_plain(row) for row in facts.outlets],
            "completeness": list(facts.completeness),
            "quality": list(facts.measures),
            "weights": wording.WEIGHTS,
        },
    }


def resource(table: Table, file: File, form: str, present: set[str]) -> dict[str, Any]:
    """One table; links to tables that are not in the package are left out."""
    described: dict[str, Any] = {
        "$schema": f"{_PROFILES}/dataresource.json",
        "name": table.name,
        "type": "table",
        "path": file.name,
        "title": table.title,
        "description": table.description,
        "format": form,
        "mediatype": MEDIA_TYPES[form],
        "encoding": "utf-8",
        "bytes": file.size_bytes,
        "hash": f"sha256:{file.sha256}",
        "rows": file.rows,
        "schema": schema(table, form, present),
    }
    if form == "csv":
        dialect = {"$schema": f"{_PROFILES}/tabledialect.json", "delimiter": ",", "header": True}
        described["dialect"] = dialect
    return described


def schema(table: Table, form: str, present: set[str]) -> dict[str, Any]:
    """Its Table Schema."""
    described: dict[str, Any] = {
        "$schema": f"{_PROFILES}/tableschema.json",
        "fields": [field(column, form) for column in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.key),
    }
    links = [link for link in table.links if link.table in present]
    if links:
        described["foreignKeys"] = [
            {
                "fields": list(link.columns),
                "reference": {"resource": link.table, "fields": list(link.to)},
            }
            for link in links
        ]
    return described


def field(column: Column, form: str) -> dict[str, Any]:
    """One column. Parquet holds lists and objects as text."""
    kind = "string" if form == "parquet" and column.kind in {"list", "object"} else column.kind
    described: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES.get(kind, kind),  # type: ignore[arg-type]  # "string" is no kind of ours
        "description": column.description,
    }
    constraints = {
        "required": True if column.required else None,
        "minimum": column.low,
        "maximum": column.high,
        "enum": list(column.values) or None,
    }
    given = {name: value for name, value in constraints.items() if value is not None}
    if given:
        described["constraints"] = given
    if column.example is not None:
        described["example"] = column.example
    if column.unit:
        described["unit"] = column.unit
    if column.mbd:
        described["mediaBiasDetectorColumn"] = column.mbd
    return described


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: row[name].isoformat() for name in ("first_at", "last_at")}
