"""An outlet's own archive of sitemaps or feeds, through the crawler and its manners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from newsroom.db import Database
from newsroom.records import Via
from newsroom.settings import Settings
from scraper import crawl
from scraper.backfill.lease import Lease
from scraper.backfill.listings import Window
from scraper.crawl import CrawlReport
from scraper.job import Past
from scraper.outlets.registry import Outlet


def backfill(
    settings: Settings,
    db: Database,
    outlet: Outlet,
    *,
    door: Via,
    window: Window,
    limit: int | None = None,
    demo_address: tuple[str, int] | None = None,
    progress: Callable[[int], object] | None = None,
    ring: Callable[[int], object] | None = None,
) -> CrawlReport:
    """Fetch up to ``limit`` articles (by default a run's budget) that may fall into the window.

    A later run goes on with what is left. A window that ended before today is done when every
    listing of it was; raises Later ``backfill-busy`` or ``backfill-done``, and what a crawl raises.
    """
    name = outlet.publisher.publisher_id
    with Lease(db, kind=str(door), source=name, scope=str(window)) as lease:
        report = crawl.crawl(
            settings,
            [outlet],
            demo_address=demo_address,
            limit=limit,
            doors=(Via.BACKFILL,),
            past=Past(backfill_id=lease.backfill_id, door=door, window=window),
            progress=progress,
            ring=ring,
        )
        [found] = report.outlets
        counts = Counter(found.stored) + Counter(found.refused) + Counter(found.failed)
        with db.transaction() as conn:
            lease.advance(conn, records=report.fetched, counts=counts)
        ended = window.until is not None and window.until < datetime.now(UTC).date()
        if ended and not found.listings.get("unfinished") and not found.failed:
            lease.done()
    return report
