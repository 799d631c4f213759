"""A source of the past in one reader's hands, and no other's, until it is done or given back."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from newsroom import ids
from newsroom.db import Conn, Database
from newsroom.errors import Later, NewsroomError, Refused
from newsroom.store import backfill
from newsroom.store.backfill import Backfill

LEASE_S = 60.0
RENEW_S = 15.0


class Lease:
    """Holds a source while its block runs; a thread keeps the lease from ending meanwhile.

    Entering raises Later ``backfill-busy`` where another process reads it and ``backfill-done``
    where nothing is left. A Refused leaves it failed under its code, any other error due for the
    next run, and so does a block that never says :meth:`done`.
    """

    def __init__(self, db: Database, *, kind: str, source: str, scope: str, mark: str = "") -> None:
        self.backfill_id = ids.digest("backfill", kind, source, scope, mark)[: ids.ID_HEX]
        self._db = db
        self._named = {"kind": kind, "source": source, "scope": scope}
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._ended = threading.Event()
        self._state = "due"
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        with self._db.transaction() as conn:
            backfill.add(conn, self.backfill_id, **self._named)
            held = backfill.lease(conn, self.backfill_id, self._holder, LEASE_S)
            self.found: Backfill = backfill.get(conn, self.backfill_id)
        if not held and self.found.state == "done":
            raise Later("backfill-done", f"{self.found.source}: all of it was read before")
        if not held:
            until = self.found.lease_until
            shown = f"{until:%H:%M:%S} UTC at the latest" if until else "it ends"
            raise Later(
                "backfill-busy",
                f"{self.found.source}: {self.found.holder} reads it, until {shown}",
                delay_s=LEASE_S,
            )
        self._thread.start()
        return self

    def advance(
        self,
        conn: Conn,
        *,
        offset_bytes: int = 0,
        records: int,
        counts: Mapping[str, int],
        size_bytes: int | None = None,
    ) -> None:
        """Note a step, in the transaction that stores its pages. Later ``backfill-lost``."""
        backfill.advance(
            conn,
            self.backfill_id,
            self._holder,
            offset_bytes=offset_bytes,
            records=records,
            counts=counts,
            size_bytes=size_bytes,
        )

    def done(self) -> None:
        """Nothing is left to read."""
        self._state = "done"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        refusal = error if isinstance(error, Refused) else None
        state = "failed" if refusal else "due" if error else self._state
        with self._db.transaction() as conn:
            backfill.end(
                conn,
                self.backfill_id,
                self._holder,
                state=state,
                code=refusal.code if refusal else None,
                message=refusal.message if refusal else None,
            )

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_S):
            try:
                with self._db.transaction() as conn:
                    backfill.renew(conn, self.backfill_id, self._holder, LEASE_S)
            except NewsroomError:
                continue  # the next step finds out whether the lease is still ours
