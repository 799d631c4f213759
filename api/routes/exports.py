"""Exports: asked for by one request, made by a worker, fetched file by file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse

from api import addresses, problems
from api.deps import Caller, Config, Store, require
from api.exports import shapes
from api.exports.asked import ExportAsk
from api.filters import Nothing
from api.writing import Asking
from newsroom import queue
from newsroom.errors import Conflict, Misconfigured, NotFound, Refused
from newsroom.keys import Key, Scope
from newsroom.settings import Settings
from newsroom.store import jobs
from newsroom.store.exporting import snapshots
from newsroom.store.reading import runs

router = APIRouter(tags=["exports"])
# As they are: not compressed on the way, so that a part of a file can be asked for.
AS_IT_IS = {"Content-Encoding": "identity", "Cache-Control": "private, no-cache"}
MEDIA_TYPES = {".csv": "text/csv; charset=utf-8", ".md": "text/markdown; charset=utf-8"}


@router.post("/exports", response_model=shapes.Export, status_code=202, responses=problems.WRITING)
def create_export(asked: ExportAsk, asking: Annotated[Asking, Depends()]) -> dict[str, Any]:
    """Ask for tables of a slice of the articles, in one folder with dictionary and checksums.

    Needs a key with the scope `export`; one export of a key is made at a time. The answer is a job:
    ask for it again until it is done, then fetch its files.
    """
    key = require(asking.caller, Scope.EXPORT)
    with asking.store.transaction() as conn:
        runs.seen(conn, **asked.of_run())
    args = asked.model_dump(mode="json", exclude_defaults=True)
    export_id = asking.once(
        key,
        asked,
        lambda conn: f"/v1/exports/{jobs.add(conn, snapshots.JOB, args, key_id=key.key_id)}",
    )
    _ring(asking.settings)
    return _export(asking.request, asking.store, asking.settings, export_id, key)


@router.get("/exports/{export_id}", response_model=shapes.Export)
def get_export(
    request: Request,
    export_id: str,
    store: Store,
    settings: Config,
    caller: Caller,
    _query: Annotated[Nothing, Query()],
) -> dict[str, Any]:
    """How far an export is, and its files. Only the key that asked for it can look."""
    return _export(request, store, settings, export_id, _asker(caller))


@router.get(
    "/exports/{export_id}/files/{name}",
    response_class=FileResponse,
    responses=problems.DOWNLOAD,
)
def get_export_file(
    request: Request,
    export_id: str,
    name: str,
    store: Store,
    settings: Config,
    caller: Caller,
    _query: Annotated[Nothing, Query()],
) -> FileResponse:
    """One file of an export that is done. A part of it can be asked for with `Range`."""
    found = _export(request, store, settings, export_id, _asker(caller))
    if found["state"] != "done":
        raise Conflict("export-unfinished", f"the export is {found['state']}: it has no files")
    if name not in {file["name"] for file in found["files"]}:
        raise NotFound("not-found", f"no file {name[:80]} in this export")
    with store.transaction() as conn:
        withdrawn = snapshots.last_takedown(conn)
    path = settings.exports_dir / export_id / name
    if withdrawn is not None and withdrawn > found["changed_at"]:
        raise Refused("export-withdrawn", "an article was taken down since: ask for it anew")
    if found["expires_at"] < datetime.now(UTC) or not path.is_file():
        raise Refused("export-expired", "its files were kept long enough: ask for it anew")
    return FileResponse(
        path,
        media_type=MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream"),
        filename=name,
        headers=AS_IT_IS,
    )


def _asker(caller: Key | None) -> Key:
    if caller is None:
        raise NotFound("not-found", "no such export of yours: send the key that asked for it")
    return caller


def _export(
    request: Request, store: Store, settings: Settings, export_id: str, key: Key
) -> dict[str, Any]:
    with store.transaction() as conn:
        row = jobs.one(conn, export_id, key.key_id)
    if row is None or row["kind"] != snapshots.JOB:
        raise NotFound("not-found", f"no export {export_id[:80]} of this key")
    result = row["result"] or {}
    error = {"code": row["error_code"], "message": row["error_message"] or ""}
    done = row["state"] == "done"
    return row | {
        "export_id": row["job_id"],
        "snapshot_id": result.get("snapshot_id"),
        "spec": result.get("spec"),
        "files": [
            file
            | {
                "url": addresses.public(
                    request, f"/v1/exports/{row['job_id']}/files/{file['name']}"
                )
            }
            for file in result.get("files", [])
        ],
        "expires_at": row["changed_at"] + timedelta(hours=settings.exports.kept_h)
        if done
        else None,
        "error": error if row["state"] == "failed" else None,
    }


def _ring(settings: Settings) -> None:
    """Wake a worker; without a broker the schedule finds the job."""
    try:
        app = queue.make_app(settings)
    except Misconfigured:
        return
    with app:
        queue.ring(app, tasks=(queue.TASK_EXPORT,))
