"""Old snapshots read anew from the archive, without the network: a further layout of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from newsroom.db import Database
from newsroom.errors import Refused
from newsroom.settings import Settings
from newsroom.store import front_pages as store
from newsroom.store.reading import front_pages as reading_store
from scraper.extraction.extractors import Extractors
from scraper.frontpage import browser as browsers
from scraper.frontpage import measuring
from scraper.frontpage.browser import Browser
from scraper.frontpage.desk import archived_body, archived_sheet
from scraper.frontpage.page import LAYOUT, Front
from scraper.outlets.registry import Outlet, Registry


@dataclass(slots=True)
class Report:
    """What a rereading did: snapshots read, those whose order of the top 20 changed, failures."""

    read: int = 0
    changed: int = 0
    failed: int = 0


def reread(
    db: Database,
    settings: Settings,
    registry: Registry,
    outlet: Outlet | None,
    *,
    progress: Callable[[int], object],
    note: Callable[[str], object],
) -> Report:
    """Lay out each snapshot that this version would read better; ``note`` hears failures."""
    report = Report()
    program = browsers.find(settings.crawl.browser)
    browser = Browser(program) if program else None
    by_id = {o.publisher.publisher_id: o for o in registry.outlets}
    publisher_id = outlet.publisher.publisher_id if outlet else None
    with db.transaction() as conn:
        todo = reading_store.outdated(
            conn, publisher_id, version=LAYOUT, measured=browser is not None
        )
    try:
        with Extractors(1) as extractors:
            for snapshot_id in todo:
                try:
                    changed = _again(db, settings, by_id, browser, extractors, snapshot_id)
                except Refused as refusal:
                    report.failed += 1
                    note(f"{snapshot_id}: {refusal.message} [{refusal.code}]")
                else:
                    report.read += 1
                    report.changed += changed
                progress(1)
    finally:
        if browser is not None:
            browser.close()
    return report


def _again(
    db: Database,
    settings: Settings,
    outlets: dict[str, Outlet],
    browser: Browser | None,
    extractors: Extractors,
    snapshot_id: str,
) -> bool:
    with db.transaction() as conn:
        row = reading_store.one(conn, snapshot_id)
        assert row is not None  # listed a moment ago, and nothing is ever deleted
        sheets = [store.Sheet(**sheet) for sheet in reading_store.sheets(conn, snapshot_id)]
        before = reading_store.links(conn, snapshot_id, row["layout"])
    outlet = outlets.get(row["publisher_id"])
    if outlet is None:
        raise Refused("outlet-unknown", f"no outlet file for {row['publisher_id']}")
    folder = settings.archive_dir
    front = Front(
        body=archived_body(folder, row["warc_file"], row["warc_offset"]),
        url=row["final_url"],
        content_type=row["content_type"],
        outlet=outlet,
    )
    bodies = {s.url: archived_sheet(folder, s) for s in sheets if s.code is None}
    captured = measuring.capture(browser, front, bodies)
    if isinstance(captured, Refused) and row["method"] == "rendered":
        raise captured  # a measured layout is never followed by a guessed one
    reading = measuring.read(extractors, front, captured)
    page = _front_page(row)
    links = measuring.link_rows(reading.layout)
    with db.transaction() as conn:
        layout = measuring.layout_row(reading, sheets, datetime.now(UTC))
        store.add_layout(conn, page, layout, links)
    return [k["canonical_url"] for k in before[:20]] != [k.canonical_url for k in links[:20]]


def _front_page(row: dict[str, Any]) -> store.FrontPage:
    return store.FrontPage(**{name: row[name] for name in store.FrontPage.__dataclass_fields__})
