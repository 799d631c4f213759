"""``croissant.json``: Croissant 1.1 (docs.mlcommons.org/croissant), its responsible-AI fields too.

The context beside is that of the specification, word for word.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from api.exports import wording
from api.exports.columns import Kind, Table
from api.exports.facts import Facts
from newsroom.store.exporting.snapshots import File

_TYPES: Final[dict[Kind, str]] = {
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "time": "sc:DateTime",
    "date": "sc:Date",
}
_MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "jsonl": "application/jsonlines",
    "parquet": "application/x-parquet",
}


@cache
def _context() -> dict[str, Any]:
    found = json.loads(Path(__file__).with_name("croissant_context.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def text(facts: Facts, data: Sequence[File]) -> str:
    """The whole document."""
    return json.dumps(document(facts, data), ensure_ascii=False, indent=2) + "\n"


def document(facts: Facts, data: Sequence[File]) -> dict[str, Any]:
    """The document as JSON-LD."""
    plan = facts.plan
    complete = sum(row["days_complete"] for row in facts.completeness)
    judged = sum(row["days_judged"] for row in facts.completeness)
    return {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": f"newsroom-{plan.snapshot_id}",
        "description": f"What news outlets published and how it was labelled, as of {facts.as_of}. "
        + wording.RIGHTS,
        "url": "https://newsroom.example/",
        "license": wording.LICENCE_URL,
        "creator": {"@type": "sc:Organization", "name": "The Newsroom maintainers"},
        "publisher": {"@type": "sc:Organization", "name": "Newsroom"},
        "datePublished": facts.as_of[:10],
        "version": "1.0.0",
        "citeAs": f"Newsroom: an open observatory of media bias. Snapshot {plan.snapshot_id}, "
        f"as of {facts.as_of}.",
        "inLanguage": list(facts.languages) or ["en"],
        "isLiveDataset": False,
        "rai:dataCollection": wording.COLLECTED,
        "rai:dataCollectionMissingData": f"{complete} of {judged} judged days of outlets were seen "
        "well. Days without a row in source_health were not crawled.",
        "rai:dataAnnotationProtocol": wording.PROTOCOL,
        "rai:machineAnnotationTools": [facts.labeller],
        "rai:annotationsPerItem": "One label a question, part of the article and run.",
        "rai:dataBiases": list(wording.BIASES),
        "rai:dataLimitations": list(wording.LIMITS),
        "rai:dataUseCases": [wording.USES],
        "rai:personalSensitiveInformation": [wording.PERSONAL],
        "rai:dataReleaseMaintenancePlan": wording.UPKEEP,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file.name,
                "name": file.name,
                "contentUrl": file.name,
                "contentSize": f"{file.size_bytes} B",
                "encodingFormat": _MEDIA_TYPES[plan.format],
                "sha256": file.sha256,
            }
            for file in data
        ],
        "recordSet": [
            _records(table, file) for table, file in zip(plan.declared, data, strict=True)
        ],
    }


def _records(table: Table, file: File) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.key],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table.name}/{column.name}",
                "name": column.name,
                "description": column.description,
                "dataType": _TYPES.get(column.kind, "sc:Text"),
                "source": {"fileObject": {"@id": file.name}, "extract": {"column": column.name}},
            }
            for column in table.columns
        ],
    }
