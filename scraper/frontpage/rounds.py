"""The scheduled look: record the slots that passed unserved, then look at what is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from newsroom import ids
from newsroom.db import Database
from newsroom.records import Via
from newsroom.settings import Settings
from newsroom.store import front_pages as store
from newsroom.store import publishers
from scraper import crawl
from scraper.frontpage import schedule
from scraper.outlets.registry import Outlet

TIMEOUT_S = 6 * 60.0  # below the limit of a task; what it did not get to is due again


def take_due(
    settings: Settings,
    outlets: Sequence[Outlet],
    *,
    now: datetime | None = None,
    demo_address: tuple[str, int] | None = None,
    ring: Callable[[int], object] | None = None,
) -> list[str]:
    """Look at every front page whose slot is open and unserved; their outlets' ids.

    For a job every ten minutes. Running it twice at once costs a second look and breaks nothing.
    """
    now = now or datetime.now(UTC)
    hours = schedule.hours_of(settings.crawl.front_page_hours)
    with Database(settings.require_database(), size_max=1) as db, db.transaction() as conn:
        looks = store.last_looks(conn)
        for outlet, slot in schedule.missed(outlets, looks, now, hours):
            publishers.upsert(conn, [outlet.publisher])
            store.add(conn, _missed(outlet, slot))
    due = schedule.due(outlets, looks, now, hours)
    if due:
        crawl.crawl(
            settings,
            due,
            demo_address=demo_address,
            doors=(Via.FRONT_PAGE,),
            timeout_s=TIMEOUT_S,
            ring=ring,
        )
    return [outlet.publisher.publisher_id for outlet in due]


def _missed(outlet: Outlet, slot: datetime) -> store.FrontPage:
    publisher_id = outlet.publisher.publisher_id
    return store.FrontPage(
        snapshot_id=ids.snapshot_id(publisher_id, slot.isoformat(), "missed"),
        publisher_id=publisher_id,
        url=outlet.front_page,
        taken_at=slot,
        slot=slot,
        status="missed",
        code="not-looked",
        message="nobody looked within the hour",
    )
