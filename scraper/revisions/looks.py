"""The effects of looking again: take what is due, note what was found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from newsroom.db import Conn, Database
from newsroom.errors import Refused
from newsroom.records import Article
from newsroom.store import revisits, sightings
from newsroom.store.revisits import Due
from newsroom.store.sightings import Finding
from scraper.revisions import changes, schedule
from scraper.revisions.schedule import Schedule

GONE = {404, 410}
WITHHELD = 451
PAYMENT = 402
LEASE_MIN_S = 600.0
T = TypeVar("T")


def finding(status: int, found: Article | Refused | None, article_id: str) -> Finding | None:
    """What an answer says of an article; None where it says nothing, or shows it."""
    if status in GONE:
        return Finding.GONE
    if status == WITHHELD:
        return Finding.WITHHELD
    if status == PAYMENT:
        return Finding.PAYWALLED
    if status != 200 or found is None:
        return None
    if isinstance(found, Article):
        return None if found.article_id == article_id else Finding.MOVED
    codes = {"soft-404": Finding.GONE, "paywall-stub": Finding.PAYWALLED}
    return codes.get(found.code, Finding.REFUSED)


class Looks:
    """What is due at outlets, and what looking at it brought."""

    def __init__(self, db: Database, plan: Schedule) -> None:
        self._db = db
        self._plan = plan

    async def lease(self, publisher_id: str, rows: int, pace_s: float) -> list[Due]:
        """Take up to ``rows`` due articles of an outlet that is asked every ``pace_s``."""
        lease_s = LEASE_MIN_S + 3 * rows * pace_s
        return await self._within(
            lambda conn, now: revisits.lease(
                conn, publisher_id, now=now, rows=rows, lease_s=lease_s
            )
        )

    async def release(self, article_ids: Sequence[str]) -> None:
        """Give back what was taken and not asked for."""
        if article_ids:
            await self._within(lambda conn, _: revisits.release(conn, article_ids))

    async def unchanged(self, article_id: str) -> None:
        """The server says: not modified."""

        def note(conn: Conn, now: datetime) -> None:
            sightings.seen_again(conn, article_id, now)
            changes.settle(conn, article_id)
            self._looked(conn, article_id, "unchanged", now)

        await self._within(note)

    async def found(
        self, article_id: str, what: Finding, *, page_id: str | None, moved_to: str | None
    ) -> None:
        """The address shows something else than the article, or nothing."""

        def note(conn: Conn, now: datetime) -> None:
            sightings.add(conn, article_id, now, what, page_id=page_id)
            self._looked(conn, article_id, what, now, moved_to=moved_to)

        await self._within(note)

    async def failed(self, article_id: str, code: str) -> None:
        """No answer that says anything of the article."""

        def note(conn: Conn, now: datetime) -> None:
            watch = revisits.watch(conn, article_id)
            if watch is None:
                return
            again = schedule.after_failure(
                self._plan, born_at=watch.born_at, failures=watch.failures + 1, now=now
            )
            revisits.failed(conn, article_id, code, next_at=again)

        await self._within(note)

    def _looked(
        self, conn: Conn, article_id: str, status: str, now: datetime, moved_to: str | None = None
    ) -> None:
        watch = revisits.watch(conn, article_id)
        if watch is None:
            return
        again = schedule.next_look(
            self._plan,
            born_at=watch.born_at,
            changed_at=watch.changed_at,
            checks=watch.checks + 1,
            now=now,
        )
        revisits.looked(
            conn,
            article_id,
            status,
            at=now,
            next_at=None if moved_to else again,
            moved_to=moved_to,
        )

    async def _within(self, act: Callable[[Conn, datetime], T]) -> T:
        def run() -> T:
            with self._db.transaction() as conn:
                return act(conn, datetime.now(UTC))

        return await asyncio.to_thread(run)
