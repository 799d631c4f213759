"""Exports: asked for, waited for, fetched, and held against their checksums."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from newsroom.client.asking import Door, Json
from newsroom.errors import BadRequest, Later, Misconfigured, Refused

# What is told while it goes on: the step in hand, and the share of it that is done, if known.
Progress = Callable[[str, float | None], None]

POLL_S: Final = 0.5
POLL_MAX_S: Final = 10.0
SUMS: Final = "SHA256SUMS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An export that lies in a folder, every file as its checksum says.

    ``spec`` is what decides its bytes; ``snapshot_id`` is the digest of that, and what to cite.
    """

    folder: Path
    export_id: str
    snapshot_id: str
    spec: Mapping[str, Any]
    files: tuple[str, ...]

    @property
    def citation(self) -> str:
        """Its CITATION.cff."""
        return (self.folder / "CITATION.cff").read_text(encoding="utf-8")


def refuse_full(folder: Path) -> None:
    """Raise BadRequest ``folder-not-empty`` where something is in the way."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadRequest("folder-not-empty", f"{folder} is there and not empty", field="folder")


def fetch(
    door: Door, export_id: str, folder: Path, *, wait_s: float, progress: Progress | None
) -> Exported:
    """Wait for an export and put its files into ``folder``: all of them, or none."""
    refuse_full(folder)
    with _told(progress) as told:
        export = _done(door, export_id, wait_s, told)
        _download(door, export, folder, told)
    return Exported(
        folder=folder,
        export_id=export_id,
        snapshot_id=str(export["snapshot_id"]),
        spec=export["spec"],
        files=tuple(file["name"] for file in export["files"]),
    )


def _address(export_id: str) -> str:
    return f"/v1/exports/{quote(export_id, safe='')}"


def _done(door: Door, export_id: str, wait_s: float, told: Progress) -> Json:
    until = time.monotonic() + wait_s
    pause_s = POLL_S
    while True:
        export = door.get(_address(export_id))
        if export["state"] == "done":
            return export
        if export["state"] == "failed":
            raise Refused(str(export["error"]["code"]), str(export["error"]["message"]))
        told("made" if export["state"] == "leased" else "waiting", export["progress"])
        if time.monotonic() >= until:
            raise Later(
                "export-unfinished",
                f"not done within {wait_s:g} s: fetch({export_id!r}, folder) takes it up again",
            )
        door.sleep(pause_s)
        pause_s = min(pause_s * 1.5, POLL_MAX_S)


def _download(door: Door, export: Json, folder: Path, told: Progress) -> None:
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        found = {file["name"]: _fetch(door, export, file, beside, told) for file in export["files"]}
        _verify(beside, found)
        beside.chmod(0o755)
        beside.rename(folder)
    except OSError as error:
        raise Misconfigured(
            "folder-unwritable", f"cannot write {folder}: {error.strerror}"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _fetch(door: Door, export: Json, file: Json, folder: Path, told: Progress) -> str:
    """Write one file, and give its SHA-256."""
    name, size = str(file["name"]), int(file["size_bytes"])
    if Path(name).name != name or name.startswith("."):
        raise Refused("bad-file-name", f"the export names a file {name[:80]!r}")
    digest, done = hashlib.sha256(), 0
    path = f"{_address(export['export_id'])}/files/{quote(name, safe='')}"
    with door.download(path) as parts, (folder / name).open("xb") as sink:
        for part in parts:
            sink.write(part)
            digest.update(part)
            done += len(part)
            told(name, done / size if size else None)
    if digest.hexdigest() != file["sha256"]:
        raise Refused("checksum-mismatch", f"{name} came with other bytes than it was made with")
    return digest.hexdigest()


def _verify(folder: Path, found: Mapping[str, str]) -> None:
    """Hold every file against ``SHA256SUMS``, which names each of them but itself."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines() if SUMS in found else []
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    if sums != {name: digest for name, digest in found.items() if name != SUMS}:
        raise Refused("checksum-mismatch", f"{SUMS} is about other files or other bytes")


@contextmanager
def _told(progress: Progress | None) -> Iterator[Progress]:
    """What hears of the progress: the caller's own, else a bar on stderr where that is one."""
    if progress is not None:
        yield progress
        return
    if not sys.stderr.isatty():
        yield lambda _step, _share: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("export", total=None)

        def told(step: str, share: float | None) -> None:
            bar.update(task, description=step, total=None if share is None else 1.0)
            bar.update(task, completed=share or 0.0)

        yield told
