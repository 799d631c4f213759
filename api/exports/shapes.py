"""The public shapes of exports that are asked for over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.correction_schemas import JobError
from api.schemas import ARTICLE_ID, SHA256, WHEN, Shape, _f


class ExportFile(Shape):
    """One file of an export."""

    name: str = _f("Its name: the last part of its address.", "articles.csv")
    url: str = _f(
        "Its address: absolute where a public one is set, else a path.",
        f"/v1/exports/{ARTICLE_ID}/files/articles.csv",
    )
    size_bytes: int = _f("Size.", 48_211)
    sha256: str = _f("SHA-256 of its bytes.", SHA256)
    rows: int | None = _f("Rows; null for what is no table.", 312)


class Export(Shape):
    """An export, and how far it is."""

    export_id: str = _f("Id; only the key that asked can look.", ARTICLE_ID)
    state: str = _f("due, leased (at work), done or failed.", "done")
    progress: float | None = _f("How far, 0 to 1, where that is known.", 1.0)
    snapshot_id: str | None = _f(
        "Digest of all that decides the bytes; null until done.", ARTICLE_ID
    )
    spec: dict[str, Any] | None = _f(
        "What decides the bytes; null until done.", {"tables": ["articles"], "format": "csv"}
    )
    files: list[ExportFile] = _f("Files; empty until done.")
    expires_at: datetime | None = _f("Until when the files are kept; null until done.", WHEN)
    error: JobError | None = _f("Why it failed.")
    requested_at: datetime = _f("When it was asked for.", WHEN)
    changed_at: datetime = _f("When anything of this changed last.", WHEN)
