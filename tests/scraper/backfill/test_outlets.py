from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from newsroom.db import Database
from newsroom.errors import Later
from newsroom.records import Via
from newsroom.settings import Settings
from newsroom.store import backfill as store
from scraper.backfill.listings import Window
from scraper.backfill.outlets import backfill
from scraper.outlets.registry import Outlet

MARCH = Window(since=date(2024, 3, 1), until=date(2024, 3, 31))
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def _stock(web: Any, story: Callable[..., str]) -> None:
    """An index, an index in it, a sitemap a day, and a story that answers only the second time."""
    days = "".join(
        f"<sitemap><loc>http://quay.test/2024-03-0{d}.xml</loc></sitemap>" for d in (1, 2)
    )
    web.add("/sitemap.xml", f"<sitemapindex {NS}><sitemap><loc>http://quay.test/march.xml</loc></sitemap>"
            "<sitemap><loc>http://quay.test/2023-12.xml</loc></sitemap></sitemapindex>", Content_Type="text/xml")  # fmt: skip
    web.add("/march.xml", f"<sitemapindex {NS}>{days}</sitemapindex>", Content_Type="text/xml")
    for day in (1, 2):
        urls = "".join(
            f"<url><loc>http://quay.test/2024/03/0{day}/story-{n}</loc></url>" for n in range(3)
        )
        web.add(f"/2024-03-0{day}.xml", f"<urlset {NS}>{urls}</urlset>", Content_Type="text/xml")
        for n in range(3):
            web.add(f"/2024/03/0{day}/story-{n}", story(f"Story {n} of day {day}"))


@pytest.mark.long  # half a minute of crawls; feeds are walked each time
def test_a_window_of_sitemaps_in_several_runs(
    web: Any, make_outlet: Callable[..., Outlet], settings: Settings, db: Database, story: Callable[..., str]
) -> None:  # fmt: skip
    """A server that fails for a while, then all of it; nothing is fetched twice."""
    _stock(web, story)
    whole = web.pages["/2024/03/02/story-2"]
    web.add("/2024/03/02/story-2", "broken", status=500)
    outlet = make_outlet(sitemaps=("http://quay.test/sitemap.xml",))

    def run() -> Any:
        return backfill(
            settings, db, outlet, door=Via.SITEMAP, window=MARCH, demo_address=web.address
        ).outlets[0]  # fmt: skip

    first = run()
    assert first.fetched == 6
    assert first.listings["unfinished"] == 1
    web.pages["/2024/03/02/story-2"] = whole
    second = run()
    assert second.fetched == 1
    assert second.listings["done-before"] == 1
    assert not second.listings.get("unfinished")
    assert ("quay.test", "/2023-12.xml") not in web.hits
    stories = {path: n for (_, path), n in web.hits.items() if "/story-" in path}
    assert len(stories) == 6
    assert [path for path, n in stories.items() if n > 1] == ["/2024/03/02/story-2"]
    assert web.hits["quay.test", "/2024-03-01.xml"] == 1
    with db.transaction() as conn:
        [row] = store.every(conn)
        vias = {r["via"] for r in conn.execute("SELECT DISTINCT via FROM articles")}
    assert (row.kind, row.source, row.state, row.records) == ("sitemap", "quay", "done", 7)
    assert vias == {"backfill"}
    with pytest.raises(Later, match="all of it was read before"):
        run()


def test_a_feed_page_after_page(
    web: Any, make_outlet: Callable[..., Outlet], settings: Settings, db: Database, story: Callable[..., str]
) -> None:  # fmt: skip
    """Six pages deep, past the depth at which a crawl of today stops."""
    for n in range(6):
        day = f"2024-03-{20 - n:02d}T08:00:00Z"
        older = f'<link rel="next" href="http://quay.test/feed?page={n + 1}"/>' if n < 5 else ""
        web.add(
            "/feed" if n == 0 else f"/feed?page={n}",
            f'<feed xmlns="http://www.w3.org/2005/Atom">{older}<entry><link href="http://quay.test/story-{n}"/>'
            f"<published>{day}</published></entry></feed>",
            Content_Type="application/atom+xml",
        )
        web.add(f"/story-{n}", story(f"Story number {n} of the feed"))
    outlet = make_outlet(feeds=("http://quay.test/feed",))
    since = Window(since=date(2024, 3, 17))
    report = backfill(settings, db, outlet, door=Via.FEED, window=since, demo_address=web.address)
    assert report.outlets[0].fetched == 4
    assert web.hits["quay.test", "/feed?page=4"] == 1
    assert web.hits["quay.test", "/feed?page=5"] == 0
    with db.transaction() as conn:
        [row] = store.every(conn)
    assert row.state == "due"  # an open window is never done
