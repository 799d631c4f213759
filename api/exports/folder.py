"""The whole folder: written beside, and put in its place in one step when it is complete."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from api.exports import card, croissant, package
from api.exports.asked import Plan
from api.exports.facts import learn
from api.exports.writing import Sink, write
from newsroom.db import Conn, Database
from newsroom.errors import BadRequest, Misconfigured, Refused
from newsroom.store.exporting import cut, snapshots
from newsroom.store.exporting.snapshots import File

Told = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An export that lies there complete."""

    snapshot_id: str
    folder: Path
    files: tuple[File, ...]


def refuse_full(folder: Path) -> None:
    """Raise BadRequest ``folder-not-empty`` where something is in the way."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadRequest("folder-not-empty", f"{folder} is there and not empty", field="folder")


def make(
    database: Database, plan: Plan, folder: Path, told: Told = lambda _table, _share: None
) -> Made:
    """Write the export of a plan to ``folder``, which must be empty or absent.

    Either all of it is there at the end or nothing. ``told`` is called with the table in hand and
    the share of the whole that is done. Raises BadRequest ``folder-not-empty``, Misconfigured
    ``disk-full``, Refused ``snapshot-changed`` where the snapshot was made before with other bytes.
    """
    refuse_full(folder)
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _of_disk(error, folder) from error
    try:
        with database.transaction() as conn:
            files = _fill(conn, plan, beside, told)
        with database.transaction() as conn:
            _keep(conn, plan, files)
        beside.chmod(0o755)
        beside.rename(folder)
    except OSError as error:
        raise _of_disk(error, folder) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Made(snapshot_id=plan.snapshot_id, folder=folder, files=files)


def _fill(conn: Conn, plan: Plan, folder: Path, told: Told) -> tuple[File, ...]:
    cut.cut(conn, plan.where())
    facts = learn(conn, plan)
    tables = plan.declared
    data = []
    for number, table in enumerate(tables):

        def heard(share: float, name: str = table.name, before: int = number) -> None:
            told(name, (before + share) / len(tables))

        data.append(
            write(
                conn,
                table,
                plan.format,
                folder,
                articles=facts.span["articles"],
                values=plan.values(),
                told=heard,
            )
        )
    described = {
        "datapackage.json": package.text(facts, data),
        "croissant.json": croissant.text(facts, data),
        "README.md": card.readme(facts, data),
        "CITATION.cff": card.citation(facts),
    }
    files = [*data, *(_written(folder / name, text) for name, text in described.items())]
    sums = "".join(f"{file.sha256}  {file.name}\n" for file in sorted(files, key=lambda f: f.name))
    return (*files, _written(folder / "SHA256SUMS", sums))


def _keep(conn: Conn, plan: Plan, files: tuple[File, ...]) -> None:
    """Note the snapshot, or see that it is what it was."""
    before = snapshots.one(conn, plan.snapshot_id)
    if before is None:
        snapshots.add(conn, plan.snapshot_id, plan.spec, plan.as_of, files)
    elif before.files != files:
        gone = snapshots.taken_down_since(conn, before.made_at)
        why = f"{gone} articles were taken down since" if gone else "what it was made from changed"
        raise Refused(
            "snapshot-changed",
            f"snapshot {plan.snapshot_id} cannot be made again: {why}; export the same anew",
        )


def _written(path: Path, text: str) -> File:
    sink = Sink(path)
    try:
        sink.write(text.encode())
        return sink.done()
    finally:
        sink.close()


def _of_disk(error: OSError, folder: Path) -> Misconfigured:
    if error.errno == errno.ENOSPC:
        return Misconfigured("disk-full", f"no space left to write {folder}")
    return Misconfigured("folder-unwritable", f"cannot write {folder}: {error.strerror}")
