"""What readiness asks of the database."""

from __future__ import annotations

from typing import Final

from newsroom.db import Conn

MIGRATED: Final = "SELECT to_regclass('schema_migrations') IS NOT NULL AS found"
MIGRATIONS: Final = "SELECT version FROM schema_migrations"


def migrations(conn: Conn) -> set[str]:
    """Versions applied to this database; none where it was never migrated."""
    row = conn.execute(MIGRATED).fetchone()
    if row is None or not row["found"]:
        return set()
    return {str(r["version"]) for r in conn.execute(MIGRATIONS)}
