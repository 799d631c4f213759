"""Which sitemaps of a backfill are done, for the spider that reads them."""

from __future__ import annotations

import asyncio
from datetime import datetime

from newsroom.db import Database
from newsroom.store import backfill


class Shelf:
    """``known``: when each listing was done in earlier runs."""

    def __init__(self, db: Database, backfill_id: str) -> None:
        self._db = db
        self._backfill_id = backfill_id
        with db.transaction() as conn:
            self.known: dict[str, datetime] = backfill.listings_done(conn, backfill_id)

    async def done(self, url: str, articles: int) -> None:
        """All articles of this listing are stored, refused, or were known."""

        def note() -> None:
            with self._db.transaction() as conn:
                backfill.listing_done(conn, self._backfill_id, url, articles)

        await asyncio.to_thread(note)
