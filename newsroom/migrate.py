"""Migrations: plain numbered SQL, run by dbmate, one migrator at a time.

dbmate takes no lock of its own: two first runs race. We poll ``pg_try_advisory_lock``, because a
waiting ``pg_advisory_lock`` holds a snapshot that ``CREATE INDEX CONCURRENTLY`` waits for.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from newsroom.errors import Misconfigured
from newsroom.store import roles

LOCK_KEY = 7_305_113_302  # any constant, the same for every migrator
WAIT_S = 60.0

DIGESTS = """
CREATE TABLE IF NOT EXISTS migration_digests (version text PRIMARY KEY, sha256 text NOT NULL)
"""


def folder() -> Path:
    """The migrations beside the packages."""
    return Path(__file__).resolve().parent.parent / "migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One migration on disk."""

    version: str
    path: Path
    digest: str


def files() -> list[File]:
    """Migrations in order of their number."""
    found = sorted(folder().glob("[0-9]*.sql"))
    return [
        File(
            version=re.match(r"\d+", path.name)[0],  # type: ignore[index]  # glob asks for a digit
            path=path,
            digest=sha256(path.read_bytes()).hexdigest(),
        )
        for path in found
    ]


def upgrade(database_url: str) -> list[str]:
    """Bring the schema to head; the versions applied. Safe to run from several hosts at once.

    Raises Misconfigured ``migration-edited`` where an applied file changed,
    ``migration-busy`` after 60 s of waiting, ``migration-failed`` with dbmate's words.
    """
    with _connect(database_url) as conn, _lock(conn):
        before = applied(conn)
        _refuse_edited(conn, before)
        _dbmate(database_url)
        new = [v for v in applied(conn) if v not in before]
        conn.execute(DIGESTS)
        for file in files():
            conn.execute(
                "INSERT INTO migration_digests VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (file.version, file.digest),
            )
        roles.ensure(conn)
        return new


def applied(conn: psycopg.Connection[tuple[str, ...]]) -> list[str]:
    """Versions in the database, oldest first."""
    if not _exists(conn, "schema_migrations"):
        return []
    return [
        row[0] for row in conn.execute("SELECT version FROM schema_migrations ORDER BY version")
    ]


def _exists(conn: psycopg.Connection[tuple[str, ...]], table: str) -> bool:
    row = conn.execute("SELECT to_regclass(%s)::text", (table,)).fetchone()
    return row is not None and row[0] is not None


def _connect(database_url: str) -> psycopg.Connection[tuple[str, ...]]:
    try:
        return psycopg.connect(database_url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        line = str(error).strip().splitlines()[0]
        raise Misconfigured(
            "database-unreachable", f"cannot reach PostgreSQL at DATABASE_URL: {line}"
        ) from error


@contextmanager
def _lock(conn: psycopg.Connection[tuple[str, ...]]) -> Iterator[None]:
    deadline = time.monotonic() + WAIT_S
    while conn.execute("SELECT pg_try_advisory_lock(%s)::text", (LOCK_KEY,)).fetchone() != (
        "true",
    ):
        if time.monotonic() > deadline:
            raise Misconfigured("migration-busy", "another migrator holds the lock; try again")
        time.sleep(0.2)
    try:
        yield
    finally:
        conn.execute("SELECT pg_advisory_unlock(%s)::text", (LOCK_KEY,))


def _refuse_edited(conn: psycopg.Connection[tuple[str, ...]], versions: list[str]) -> None:
    if not versions or not _exists(conn, "migration_digests"):
        return
    rows = conn.execute("SELECT version, sha256 FROM migration_digests").fetchall()
    recorded = {row[0]: row[1] for row in rows}
    for file in files():
        if file.version in versions and recorded.get(file.version, file.digest) != file.digest:
            raise Misconfigured(
                "migration-edited",
                f"{file.path.name} was changed after it was applied: write a new one instead",
            )


def _dbmate(database_url: str) -> None:
    binary = Path(sys.executable).parent / "dbmate"
    program = str(binary) if binary.exists() else shutil.which("dbmate")
    if program is None:
        raise Misconfigured("package-missing", "dbmate is not installed: run `make .venv`")
    done = subprocess.run(
        [program, "--migrations-dir", str(folder()), "--no-dump-schema", "migrate", "--strict"],
        env={"PATH": os.environ.get("PATH", ""), "DATABASE_URL": _for_dbmate(database_url)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Misconfigured("migration-failed", (done.stderr or done.stdout).strip()[-800:])


def _for_dbmate(database_url: str) -> str:
    """dbmate's driver asks for TLS unless told otherwise; libpq's default is to prefer it."""
    parts = urlsplit(database_url)
    if "sslmode=" in parts.query:
        return database_url
    query = f"{parts.query}&sslmode=disable" if parts.query else "sslmode=disable"
    return urlunsplit(parts._replace(query=query))
