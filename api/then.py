"""What an answer as of a time says of itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from newsroom.db import Conn
from newsroom.errors import NotFound
from newsroom.store.reading import lineage

# Columns of articles that are overwritten, so that nobody knows what they were.
OF_NOW: Final = ("publisher", "wire_source", "duplicate_of", "duplicate_reason")


def version(conn: Conn, at: datetime | None) -> int | None:
    """The version of the ledger at a time; None for now, and before the first."""
    return None if at is None else lineage.version_at(conn, at)


def begun(conn: Conn, at: datetime) -> int:
    """The version of the ledger at a time. Raises NotFound ``not-yet`` before the first."""
    found = lineage.version_at(conn, at)
    if found is None:
        raise NotFound("not-yet", "the ledger of events begins later")
    return found


def meta(
    at: datetime | None, ledger_version: int | None, of_now: tuple[str, ...] = OF_NOW
) -> dict[str, Any] | None:
    """The ``as_of`` of an answer; None for one of now."""
    if at is None:
        return None
    return {"at": at, "ledger_version": ledger_version, "of_now": list(of_now)}
