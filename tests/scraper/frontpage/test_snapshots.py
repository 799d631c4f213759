"""Snapshots through the crawl: what is stored of each look, what is fetched, what is replayed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from newsroom.db import Database
from newsroom.records import Via
from newsroom.settings import Settings
from newsroom.store import front_pages as store
from newsroom.store.reading import front_pages as reading
from scraper.crawl import crawl
from scraper.frontpage import rereading, rounds
from scraper.frontpage.schedule import GRACE, slots
from scraper.outlets.registry import Outlet, Registry

Stories = Callable[..., str]
MakeOutlet = Callable[..., Outlet]


def looks(db: Database) -> dict[str, dict[str, Any]]:
    """The last look at each outlet, with its articles."""
    with db.transaction() as conn:
        rows = reading.page(conn, rows=100)
        for row in rows:
            row["articles"] = (
                reading.links(conn, row["snapshot_id"], row["layout"]) if row["layout"] else []
            )
    return {row["publisher_id"]: row for row in reversed(rows)}


def with_crawl(settings: Settings, **changes: Any) -> Settings:
    return settings.model_copy(update={"crawl": settings.crawl.model_copy(update=changes)})


def test_every_look_is_a_row_with_its_outcome(
    web: Any, make_outlet: MakeOutlet, settings: Settings, db: Database, stories: Stories
) -> None:
    web.add("/", stories(*range(1, 9)), host="fine.test")
    web.add("/", stories(1, 2), host="thin.test")
    web.add("/", "no such page", host="gone.test", status=404)
    web.add("/", "broken", host="down.test", status=500)
    web.add("/", b"%PDF", host="paper.test", Content_Type="application/pdf")
    web.add("/", host="moved.test", status=302, Location="http://fine.test/")
    web.add("/", "", host="empty.test")
    web.add("/robots.txt", "User-agent: *\nDisallow: /", host="closed.test")
    web.add("/", "x" * 20_000, host="large.test")
    names = ("fine", "thin", "gone", "down", "paper", "moved", "empty", "closed", "large")
    report = crawl(
        with_crawl(settings, body_max_bytes=10_000, front_page_top=3),
        [make_outlet(name) for name in names],
        demo_address=web.address,
        doors=(Via.FRONT_PAGE,),
    )
    found = looks(db)
    outcomes = {name: (found[name]["status"], found[name]["code"]) for name in names}
    assert outcomes == {
        "fine": ("ok", None),
        "thin": ("thin", "few-articles"),
        "gone": ("refused", "http-status"),
        "down": ("failed", "http-status"),
        "paper": ("refused", "not-html"),
        "moved": ("refused", "off-site"),
        "empty": ("refused", "not-html"),
        "closed": ("refused", "robots"),
        "large": ("refused", "too-large"),
    }
    assert (found["fine"]["method"], found["fine"]["why"]) == ("heuristic", "no-browser")
    assert [a["rank"] for a in found["fine"]["articles"]] == list(range(1, 9))
    assert all(a["x"] is None and a["y"] is None for a in found["fine"]["articles"])
    # Only the top is fetched; every body that came is archived.
    asked = [path for path in web.asked("fine.test") if path.startswith("/2026/")]
    assert asked == [f"/2026/story-number-{n}-of-ours" for n in (1, 2, 3)]
    assert all(found[n]["warc_file"] for n in ("fine", "thin", "gone", "paper", "moved"))
    assert next(o for o in report.outlets if o.publisher_id == "thin").notes


def test_listings_are_asked_conditionally_and_front_pages_never(
    web: Any, make_outlet: MakeOutlet, settings: Settings
) -> None:
    from scraper.spiders.outlet import OutletSpider

    outlet = make_outlet("fine", feeds=("http://fine.test/feed",))
    arguments: dict[str, Any] = {"outlet": outlet, "desk": None, "front_pages": None, "budget": 1,
                                 "limit": None, "doors": (Via.FRONT_PAGE, Via.FEED)}  # fmt: skip

    async def asked(*, revisit: bool) -> list[bool]:
        spider = OutletSpider(revisit=revisit, **arguments)
        return [bool(request.meta.get("conditional")) async for request in spider.start()]

    import asyncio

    assert asyncio.run(asked(revisit=False)) == [False, True]
    assert asyncio.run(asked(revisit=True)) == [False, False]


@pytest.mark.long  # half a minute; test_browser renders each time
@pytest.mark.usefixtures("browser")
def test_measured_with_fetched_stylesheets_and_again_from_the_archive(
    web: Any, make_outlet: MakeOutlet, settings: Settings, db: Database, program: str,
    stories: Stories,
) -> None:  # fmt: skip
    head = (
        "<!doctype html><html><head><link rel=stylesheet href=/a.css>"
        "<link rel=stylesheet href=/gone.css><link rel=stylesheet href=/page.html>"
        "<link rel=stylesheet href=/private/x.css></head><body>"
    )
    web.add("/", f"{head}{stories(*range(1, 7), tag='p')}</body></html>")
    web.add("/robots.txt", "User-agent: *\nDisallow: /private/")
    web.add("/a.css", "@import 'b.css'; p { font-size: 14px }", Content_Type="text/css")
    web.add("/b.css", "p:nth-child(4) { font-size: 50px !important }", Content_Type="text/css")
    web.add("/page.html", "<p>no stylesheet")
    outlet = make_outlet("fine")
    measured = with_crawl(settings, front_page_top=0, browser=program)
    for _ in range(2):
        crawl(measured, [outlet], demo_address=web.address, doors=(Via.FRONT_PAGE,))
    row = looks(db)["fine"]
    assert (row["method"], row["why"], row["sheets"], row["sheets_gone"]) == (
        "rendered", None, 2, 3,
    )  # fmt: skip
    assert row["engine"].startswith("Chrome/")
    assert row["articles"][0]["canonical_url"].endswith("/story-number-4-of-ours")
    assert row["articles"][0]["font_px"] == 50.0
    assert all(a["y"] is not None and a["width"] > 0 for a in row["articles"])
    with db.transaction() as conn:
        codes = {
            s["url"].split("/")[-1]: s["code"] for s in reading.sheets(conn, row["snapshot_id"])
        }
    assert codes == {
        "a.css": None, "b.css": None, "gone.css": "http-404", "page.html": "not-css",
        "x.css": "robots",
    }  # fmt: skip
    assert web.hits["fine.test", "/a.css"] == 1  # the second look took it from the archive
    assert web.hits["fine.test", "/private/x.css"] == 0

    # An older reading is replaced from the archive alone: the web is not asked.
    before = web.hits.copy()
    page = rereading._front_page(row)
    old = store.Layout(
        made_at=datetime.now(UTC), version="older", method="heuristic", why="no-browser",
        engine=None, viewport_w=1440, viewport_h=900, page_h=None, sheets=0, sheets_gone=0, links=0,
    )  # fmt: skip
    with db.transaction() as conn:
        store.add_layout(conn, page, old, [])
    heard: list[int] = []
    report = rereading.reread(
        db, measured, Registry((outlet,)), None, progress=heard.append, note=pytest.fail
    )
    again = looks(db)["fine"]
    assert (report.read, report.changed, report.failed) == (1, 1, 0)
    assert again["layout"] == 3
    assert [(a["rank"], a["url"], a["y"]) for a in again["articles"]] == [
        (a["rank"], a["url"], a["y"]) for a in row["articles"]
    ]
    assert web.hits == before


def test_a_browser_that_fails_leaves_a_row_that_says_so(
    web: Any, make_outlet: MakeOutlet, settings: Settings, db: Database, stories: Stories
) -> None:
    web.add("/", stories(*range(1, 7)))
    broken = with_crawl(settings, front_page_top=0, browser="/bin/false")
    crawl(broken, [make_outlet("fine")], demo_address=web.address, doors=(Via.FRONT_PAGE,))
    row = looks(db)["fine"]
    assert (row["status"], row["method"], row["why"]) == ("ok", "heuristic", "browser-failed")


def test_rounds_serve_each_slot_once_and_record_what_was_missed(
    web: Any, make_outlet: MakeOutlet, settings: Settings, db: Database, stories: Stories
) -> None:
    web.add("/", stories(*range(1, 7)))
    outlet = make_outlet("fine")
    hour = datetime.now(ZoneInfo(outlet.publisher.timezone)).hour
    hours = sorted((hour + n) % 24 for n in range(3))
    thrice = with_crawl(settings, front_page_top=0, front_page_hours=",".join(map(str, hours)))
    assert rounds.take_due(thrice, [outlet], demo_address=web.address) == ["fine"]
    assert rounds.take_due(thrice, [outlet], demo_address=web.address) == []
    first = looks(db)["fine"]
    later = first["slot"] + timedelta(hours=3, minutes=30)
    for _ in range(2):
        assert rounds.take_due(thrice, [outlet], now=later, demo_address=web.address) == []
    with db.transaction() as conn:
        rows = [r for r in reading.page(conn, rows=10) if r["status"] == "missed"]
    zone = outlet.publisher.timezone
    over = slots(zone, hours, first["slot"], later - GRACE)
    assert [r["slot"] for r in reversed(rows)] == over != []

    # A look at any other time is a further row; the same bytes are archived once.
    crawl(thrice, [outlet], demo_address=web.address, doors=(Via.FRONT_PAGE,))
    with db.transaction() as conn:
        came = [r for r in reading.page(conn, rows=10) if r["status"] == "ok"]
    assert len({r["snapshot_id"] for r in came}) == 2
    assert len({(r["warc_file"], r["warc_offset"]) for r in came}) == 1
    assert web.hits["fine.test", "/"] == 2
    assert web.hits["fine.test", "/2026/story-number-1-of-ours"] == 0


def test_verbs_take_by_default() -> None:
    from typer.testing import CliRunner

    from newsroom.errors import BadRequest
    from scraper.frontpage.commands import app

    runner = CliRunner()
    assert "history" in runner.invoke(app, ["frontpages", "--help"]).output
    unknown = runner.invoke(app, ["frontpages", "no-such-outlet", "--no-fetch"])
    assert isinstance(unknown.exception, BadRequest)
    assert unknown.exception.code == "outlet-unknown"
    when = runner.invoke(app, ["frontpages", "show", "apnews", "--at", "yesterday"])
    assert isinstance(when.exception, BadRequest)
    assert when.exception.code == "bad-time"
