"""Snapshots: what decided the bytes of an export, and what its files were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from newsroom.db import Conn

JOB: Final = "export"

ADD = """
INSERT INTO snapshots (snapshot_id, spec, as_of, files)
VALUES (%(snapshot_id)s, %(spec)s, %(as_of)s, %(files)s) ON CONFLICT DO NOTHING
"""

ONE = """
SELECT snapshot_id, spec, as_of, files, made_at FROM snapshots
 WHERE snapshot_id = %(snapshot_id)s
"""

TAKEN_DOWN_SINCE = "SELECT count(*) AS n FROM takedowns WHERE taken_at > %(at)s"

LAST_TAKEDOWN = "SELECT max(taken_at) AS at FROM takedowns"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of an export; ``rows`` is None for what is no table."""

    name: str
    size_bytes: int
    sha256: str
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An export that was made: the spec gives the same files again."""

    snapshot_id: str
    spec: Mapping[str, Any]
    as_of: datetime
    files: tuple[File, ...]
    made_at: datetime


def add(
    conn: Conn, snapshot_id: str, spec: Mapping[str, object], as_of: datetime, files: Sequence[File]
) -> None:
    """Keep a snapshot; one that is kept stays as it was."""
    values = {"snapshot_id": snapshot_id, "spec": Jsonb(dict(spec)), "as_of": as_of}
    conn.execute(ADD, values | {"files": Jsonb([asdict(file) for file in files])})


def one(conn: Conn, snapshot_id: str) -> Snapshot | None:
    """A snapshot by its id."""
    row = conn.execute(ONE, {"snapshot_id": snapshot_id}).fetchone()
    if row is None:
        return None
    files = tuple(File(**file) for file in row["files"])
    return Snapshot(**{**row, "files": files})


def taken_down_since(conn: Conn, at: datetime) -> int:
    """How many articles were taken down after a time."""
    row = conn.execute(TAKEN_DOWN_SINCE, {"at": at}).fetchone()
    assert row is not None  # an aggregate has one row
    return int(row["n"])


def last_takedown(conn: Conn) -> datetime | None:
    """When an article was last taken down: files from before may have it in them."""
    row = conn.execute(LAST_TAKEDOWN).fetchone()
    assert row is not None  # an aggregate has one row
    moment = row["at"]
    assert moment is None or isinstance(moment, datetime)
    return moment
